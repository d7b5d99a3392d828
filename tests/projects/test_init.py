"""`crm-ibis init` makes a small folder that works as it is."""

import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from commands import crm_ibis

from crm_ibis import __version__
from crm_ibis.config import declarations, new_project, project
from crm_ibis.config.params import load_params

FILES = {
    ".gitignore",
    "README.md",
    "crm_ibis.yml",
    "exposures.yml",
    "jobs.yml",
    "metrics/deal_size.py",
    "params.yml",
    "prefect.yaml",
    "snapshots.yml",
    "sources.yml",
    "tests/test_deal_size.py",
}

PLUGIN = ("-p", "crm_ibis.testing.plugin")
"""Named here, as a checkout need not be installed; elsewhere pytest finds it itself."""


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> Path:
    """A new folder that is in use."""
    done = crm_ibis("init", "acme")
    assert done.exit_code == 0, done.err
    monkeypatch.setenv("CRM_IBIS_HOME", str(Path("acme").resolve()))
    return Path("acme").resolve()


def files_in(folder: Path) -> set[str]:
    return {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}


def test_a_new_folder_holds_only_what_is_to_be_ones_own(made: Path) -> None:
    assert files_in(made) == FILES
    assert yaml.safe_load((made / "crm_ibis.yml").read_text()) == {"made_with": __version__}


def test_a_new_folder_changes_nothing_that_is_declared(
    made: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def declared() -> tuple[object, ...]:
        names = ("jobs", "exposures", "snapshots")
        return (
            load_params().model_dump(exclude={"deal_size"}),
            *(getattr(declarations, name)() for name in names),
        )

    in_use = declared()
    assert project.own_home() == made
    monkeypatch.delenv("CRM_IBIS_HOME")
    assert declared() == in_use


@pytest.mark.parametrize("name", sorted(f for f in FILES if f.endswith(".yml")))
def test_the_files_are_yaml_in_which_all_but_the_version_is_a_comment(
    made: Path, name: str
) -> None:
    expected = {"made_with": __version__} if name == "crm_ibis.yml" else None
    assert yaml.safe_load((made / name).read_text(encoding="utf-8")) == expected


def test_prefect_yaml_is_that_of_the_jobs(made: Path) -> None:
    assert crm_ibis("deployments", "--check").exit_code == 0
    deployed = yaml.safe_load((made / "prefect.yaml").read_text(encoding="utf-8"))["deployments"]
    assert [each["name"] for each in deployed] == list(declarations.jobs().jobs)


def test_the_next_commands_are_named(tmp_path: Path) -> None:
    out = crm_ibis("init", "acme").out
    assert f"export CRM_IBIS_HOME={Path('acme').resolve()}" in out
    for command in ("demo", "config", "sources"):
        assert f"crm-ibis {command}" in out


@pytest.mark.parametrize("there", [False, True], ids=["new", "empty"])
def test_the_environment_may_name_the_folder_that_is_made(
    monkeypatch: pytest.MonkeyPatch, there: bool
) -> None:
    monkeypatch.setenv("CRM_IBIS_HOME", str(Path("acme").resolve()))
    if there:
        Path("acme").mkdir()
    done = crm_ibis("init", "acme")
    assert done.exit_code == 0, done.err
    assert files_in(Path("acme")) == FILES
    assert crm_ibis("list").exit_code == 0


def test_a_folder_is_made_whatever_project_is_in_use(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRM_IBIS_HOME", "nowhere")
    assert crm_ibis("init", "acme").exit_code == 0
    assert files_in(Path("acme")) == FILES


def test_a_folder_that_is_not_empty_is_refused() -> None:
    Path("acme").mkdir()
    Path("acme/notes.txt").write_text("mine", encoding="utf-8")
    done = crm_ibis("init", "acme")
    assert done.exit_code == 2
    assert "acme is not empty; give a new folder" in done.err
    assert files_in(Path("acme")) == {"notes.txt"}


def test_a_project_folder_is_refused(made: Path) -> None:
    done = crm_ibis("init", "acme")
    assert done.exit_code == 2
    assert "acme is a project folder already" in done.err


def test_an_old_folder_is_refused_with_the_way_out() -> None:
    Path("acme/schemas").mkdir(parents=True)
    done = crm_ibis("init", "acme")
    assert done.exit_code == 2
    assert "crm-ibis init --upgrade acme" in done.err


def test_a_template_counts_as_no_file_until_it_is_changed(made: Path) -> None:
    assert new_project.is_template(made / "sources.yml")
    with (made / "sources.yml").open("a", encoding="utf-8") as file:
        file.write("# ours\n")
    assert not new_project.is_template(made / "sources.yml")


def test_own_seeds_stand_for_the_shipped_ones(made: Path) -> None:
    (made / "seeds").mkdir()
    (made / "seeds" / "facilities.csv").write_text("id,name\n", encoding="utf-8")
    assert project.seed_file("facilities") == made / "seeds" / "facilities.csv"
    assert project.seed_file("leads") == project.shipped_home() / "seeds" / "leads.csv"
    assert project.seed_file("contracts_of_ours") is None


@pytest.mark.e2e
def test_the_test_of_the_example_is_green(made: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *PLUGIN],
        cwd=made,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert "3 passed" in done.stdout
