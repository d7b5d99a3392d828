"""`crm-ibis init --upgrade`: a copy of everything becomes a folder of what is one's own."""

from pathlib import Path
from typing import Any

import old_project
import pytest
import yaml
from commands import crm_ibis, words

from crm_ibis.config import declarations, project
from crm_ibis.config.upgrade import upgrade
from crm_ibis.errors import UsageError


@pytest.fixture
def old(monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder as 0.1.0 made it, in use."""
    folder = Path("acme").resolve()
    old_project.copy_to(folder)
    monkeypatch.setenv("CRM_IBIS_HOME", str(folder))
    return folder


def edit(file: Path, before: str, after: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert text.count(before) == 1, before
    file.write_text(text.replace(before, after), encoding="utf-8")


def contents(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def backups() -> list[Path]:
    return sorted(Path.cwd().glob("acme.backup-*"))


def own_of(folder: Path, name: str) -> object:
    return yaml.safe_load((folder / name).read_text(encoding="utf-8"))


def test_what_is_as_shipped_is_dropped_and_kept_in_the_backup(old: Path) -> None:
    before = contents(old)
    done = crm_ibis("init", "--upgrade", "acme")
    assert done.exit_code == 0, done.err
    assert set(contents(old)) == {
        ".gitignore",
        "README.md",
        "crm_ibis.yml",
        "exposures.yml",
        "jobs.yml",
        "params.yml",
        "prefect.yaml",
        "snapshots.yml",
        "sources.yml",
    }
    assert all(own_of(old, name) is None for name in ("jobs.yml", "exposures.yml", "params.yml"))
    assert [contents(backup) for backup in backups()] == [before]
    assert f"as it was: {backups()[0]}" in done.out
    assert "flows/ (6 files): dropped, as it is as shipped" in done.out
    assert "seeds/ (8 files): dropped" in done.out


def with_new_facts(copied: Any) -> Any:
    """Jobs with the list that a job of the package publishes since."""
    job = copied.jobs["weighted_pipeline"].model_copy(update={"facts": ["deal_queue"]})
    return copied.model_copy(update={"jobs": {**copied.jobs, "weighted_pipeline": job}})


def test_declarations_mean_the_same_after_the_upgrade(old: Path) -> None:
    edit(old / "flows" / "jobs.yml", 'schedule: "0 3 * * *"', 'schedule: "0 5 * * *"')
    jobs = yaml.safe_load((old / "flows" / "jobs.yml").read_text(encoding="utf-8"))
    del jobs["jobs"]["rep_activity"], jobs["jobs"]["ticket_sla"]["facts"]
    jobs["jobs"]["nightly"] = {"refresh": ["revenue_kpis"]}
    jobs["jobs"]["supporting_kpis"]["refresh"].remove("revenue_kpis")
    jobs["owners"]["The Board"] = jobs["owners"].pop("Executive Leadership")
    (old / "flows" / "jobs.yml").write_text(yaml.safe_dump(jobs), encoding="utf-8")
    edit(old / "schemas" / "exposures.yml", "owner: Executive Leadership", "owner: The Board")
    edit(
        old / "schemas" / "snapshots.yml",
        "pipeline_kpi_snapshot: pipeline_kpis",
        "ours: revenue_kpis",
    )
    jobs["jobs"]["pipeline_kpi_snapshot"]["snapshot"] = ["ours"]
    (old / "flows" / "jobs.yml").write_text(yaml.safe_dump(jobs), encoding="utf-8")
    readers = (declarations.jobs, declarations.exposures, declarations.snapshots)
    meant = [read() for read in readers]
    meant[0] = with_new_facts(meant[0])
    done = crm_ibis("init", "--upgrade")
    assert done.exit_code == 0, done.err
    assert project.own_home() == old
    assert [read() for read in readers] == meant
    assert own_of(old, "exposures.yml") == {"facility_health_scorecard": {"owner": "The Board"}}
    assert own_of(old, "snapshots.yml") == {"ours": "revenue_kpis", "pipeline_kpi_snapshot": None}
    assert own_of(old, "jobs.yml")["jobs"] == {  # type: ignore[index]
        "health_scores": {"schedule": "0 5 * * *"},
        "nightly": {"refresh": ["revenue_kpis"]},
        "pipeline_kpi_snapshot": {"snapshot": ["ours"]},
        "rep_activity": None,
        "supporting_kpis": {
            "refresh": [
                "pipeline_kpis",
                "compliance_kpis",
                "outreach_kpis",
                "combined_kpis",
                "monthly_scorecard",
            ]
        },
        "ticket_sla": {"facts": None},
    }
    assert "jobs.rep_activity (taken away)" in words(done.out)
    assert crm_ibis("deployments", "--check").exit_code == 0


def test_twice_changes_nothing(old: Path) -> None:
    assert crm_ibis("init", "--upgrade", "acme").exit_code == 0
    before = contents(old)
    done = crm_ibis("init", "--upgrade", "acme")
    assert (done.exit_code, contents(old), len(backups())) == (0, before, 1)
    assert "nothing to do" in done.out


def test_a_folder_whose_mark_is_wrong_is_not_said_to_be_in_order(tmp_path: Path) -> None:
    (tmp_path / "crm_ibis.yml").write_text("made_with: banana\n", encoding="utf-8")
    done = crm_ibis("init", "--upgrade", tmp_path)
    assert done.exit_code == 2
    assert '"banana" is no version' in done.err


def test_files_of_ones_own_are_kept_and_named(old: Path) -> None:
    edit(old / "seeds" / "invoices.csv", "inv_002,", "inv_999,")
    with (old / "flows" / "refresh.py").open("a", encoding="utf-8") as file:
        file.write("# ours\n")
    (old / "sources.yml").write_text("sources: {invoices: absent}\n", encoding="utf-8")
    (old / "README.md").write_text("# Ours\n", encoding="utf-8")
    (old / "notes.txt").write_text("mine", encoding="utf-8")
    done = crm_ibis("init", "--upgrade", "acme")
    assert done.exit_code == 0, done.err
    kept = contents(old)
    assert {"seeds/invoices.csv", "flows/refresh.py", "notes.txt"} <= set(kept)
    assert kept["README.md"] == b"# Ours\n"
    assert kept["sources.yml"] == b"sources: {invoices: absent}\n"
    assert "seeds/invoices.csv: kept" in done.out
    assert "flows/refresh.py: kept, but the jobs run the flows of the package" in done.out
    assert project.seed_file("invoices") == old / "seeds" / "invoices.csv"


def test_changed_contracts_stop_the_upgrade_with_what_to_do(old: Path) -> None:
    edit(old / "schemas" / "kpis.py", '"Paid invoices.", ge=0', '"Paid invoices.", ge=7')
    before = contents(old)
    done = crm_ibis("init", "--upgrade", "acme")
    assert (done.exit_code, contents(old), backups()) == (2, before, [])
    line = next(
        number
        for number, text in enumerate((old / "schemas" / "kpis.py").read_text().splitlines(), 1)
        if text.startswith("class RevenueKpis")
    )
    assert f"schemas/kpis.py, line {line}: RevenueKpis" in done.err
    assert done.err.count("schemas/kpis.py, line") == 1
    assert "base Extension" in words(done.err)
    (old / "schemas" / "kpis.py").unlink()
    assert crm_ibis("init", "--upgrade", "acme").exit_code == 0


def test_comments_in_contracts_are_no_change(old: Path) -> None:
    edit(old / "schemas" / "kpis.py", "class RevenueKpis(", "# Ours.\nclass RevenueKpis(")
    assert crm_ibis("init", "--upgrade", "acme").exit_code == 0


def test_a_failure_midway_leaves_the_folder_as_it_was(old: Path) -> None:
    before = contents(old)

    def fail() -> None:
        raise UsageError("prefect.yaml cannot be made")

    with pytest.raises(UsageError, match="cannot be made"):
        upgrade(old, fail)
    assert contents(old) == before
    assert backups() == []


def test_a_broken_file_stops_the_upgrade(old: Path) -> None:
    (old / "flows" / "jobs.yml").write_text("jobs: {", encoding="utf-8")
    before = contents(old)
    done = crm_ibis("init", "--upgrade", "acme")
    assert (done.exit_code, contents(old), backups()) == (2, before, [])
    assert "jobs.yml, line 1 is not valid YAML" in words(done.err)


def test_a_folder_that_is_no_project_is_refused() -> None:
    Path("acme").mkdir()
    done = crm_ibis("init", "--upgrade", "acme")
    assert done.exit_code == 2
    assert "no project folder of version 0.1.0" in words(done.err)
    assert contents(Path("acme")) == {}


def test_the_checkout_is_no_project_folder(tmp_path: Path) -> None:
    for folder in (project.shipped_home(), tmp_path / "another"):
        (folder / "schemas").mkdir(parents=True, exist_ok=True)
        (folder / "src" / "crm_ibis").mkdir(parents=True, exist_ok=True)
        done = crm_ibis("init", "--upgrade", folder)
        assert done.exit_code == 2
        assert "is crm_ibis itself" in words(done.err)


def test_a_file_that_would_be_overwritten_stops_the_upgrade(old: Path) -> None:
    (old / "flows" / "jobs.yml").unlink()
    (old / "jobs.yml").write_text("jobs: {mine: {refresh: [revenue_kpis]}}\n", encoding="utf-8")
    before = contents(old)
    done = crm_ibis("init", "--upgrade", "acme")
    assert (done.exit_code, contents(old), backups()) == (2, before, [])
    assert "jobs.yml is there already, and nothing was changed" in words(done.err)


def test_contracts_that_are_not_utf_8_stop_the_upgrade(old: Path) -> None:
    (old / "schemas" / "sources.py").write_bytes("# Geb\u00e4ude".encode("latin-1"))
    done = crm_ibis("init", "--upgrade", "acme")
    assert done.exit_code == 2
    assert "sources.py is not UTF-8" in words(done.err)


def test_scripts_in_metrics_are_never_run(old: Path) -> None:
    (old / "metrics").mkdir()
    script = old / "metrics" / "export.py"
    script.write_text("from pathlib import Path\n\nPath('was_run').touch()\n", encoding="utf-8")
    before = contents(old)
    done = crm_ibis("init", "--upgrade", "acme")
    assert (done.exit_code, contents(old), backups()) == (2, before, [])
    assert not Path("was_run").exists()
    assert "  metrics/export.py\n" in done.err
    assert "nothing was changed or run" in words(done.err)
    assert "Move these elsewhere" in words(done.err)
    script.rename(old / "metrics" / "_export.py")
    done = crm_ibis("init", "--upgrade", "acme")
    assert done.exit_code == 0, done.err
    assert not Path("was_run").exists()


def test_tables_that_were_written_for_the_upgrade_are_taken(old: Path) -> None:
    (old / "metrics").mkdir()
    text = "from crm_ibis import Extension\n\n\nclass Leads(Extension):\n    pass\n"
    (old / "metrics" / "ours.py").write_text(text, encoding="utf-8")
    done = crm_ibis("init", "--upgrade", "acme")
    assert done.exit_code == 0, done.err
    assert "metrics/ours.py: kept; from now on it is run as tables of your own" in done.out
