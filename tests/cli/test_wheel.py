"""The wheel, installed into an empty folder and used from another: all it needs is inside."""

import os
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import pytest

import crm_ibis

pytestmark = pytest.mark.e2e

CHECKOUT = Path(__file__).parents[2]
CONTENT = "crm_ibis/_content"


def python(*arguments: str, cwd: Path, installed: Path | None = None) -> str:
    """Runs Python without settings; with an installed package it imports that one first."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("CRM_IBIS_", "PYTHON"))}
    environment |= {"COLUMNS": "80", "PYTHONIOENCODING": "utf-8"}
    if installed:
        environment["PYTHONPATH"] = str(installed)
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=cwd,
        env=environment,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    python(
        *("-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), "."), cwd=CHECKOUT
    )
    (built,) = folder.iterdir()
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("installed")
    options = ("--quiet", "--no-deps", "--no-index", "--disable-pip-version-check")
    python("-m", "pip", "install", *options, "--target", str(folder), str(wheel), cwd=folder)
    return folder


def crm_ibis_of(installed: Path, *arguments: str, cwd: Path) -> str:
    return python("-m", "crm_ibis", *arguments, cwd=cwd, installed=installed)


def names_in(wheel: Path) -> set[str]:
    with ZipFile(wheel) as archive:
        return set(archive.namelist())


def files_in(folder: Path) -> set[str]:
    files = (file for file in folder.rglob("*") if file.is_file())
    return {
        file.relative_to(folder).as_posix() for file in files if "__pycache__" not in file.parts
    }


def test_the_wheel_is_pure_python_of_this_version(wheel: Path) -> None:
    assert wheel.name == f"crm_ibis-{crm_ibis.__version__}-py3-none-any.whl"


def test_the_wheel_holds_the_package_its_content_and_nothing_else(wheel: Path) -> None:
    expected = {f"crm_ibis/{name}" for name in files_in(CHECKOUT / "src" / "crm_ibis")}
    for part in ("schemas", "seeds", "flows", "docs"):
        expected |= {f"{CONTENT}/{part}/{name}" for name in files_in(CHECKOUT / part)}
    expected |= {f"{CONTENT}/CHANGELOG.md", "crm_ibis/py.typed"}
    found = {name for name in names_in(wheel) if ".dist-info/" not in name}
    assert found == expected


def test_the_wheel_holds_no_tests_and_no_stray_files(wheel: Path) -> None:
    kinds = {"py", "yml", "md", "csv", "html", "css", "js", "svg", "txt", "typed"}
    for name in names_in(wheel):
        if ".dist-info/" in name or "/config/templates/project/" in name:
            continue  # the second is what a new project folder holds
        assert name.startswith("crm_ibis/")
        assert name.rpartition(".")[2] in kinds, name
        parts = name.removeprefix(f"{CONTENT}/docs/").split("/")
        assert not {"tests", "benchmarks", "docs", "__pycache__"} & set(parts), name
        assert not parts[-1].startswith((".", "test_", "conftest")), name


def test_the_wheel_has_licence_command_and_requirements(wheel: Path) -> None:
    info = f"crm_ibis-{crm_ibis.__version__}.dist-info"
    with ZipFile(wheel) as archive:
        assert f"{info}/licenses/LICENSE" in archive.namelist()
        commands = archive.read(f"{info}/entry_points.txt").decode()
        metadata = archive.read(f"{info}/METADATA").decode()
    assert "crm-ibis = crm_ibis.cli:main" in commands
    assert "crm_ibis.testing.plugin = crm_ibis.testing.plugin" in commands
    assert "Requires-Dist: ibis-framework[duckdb,postgres]" in metadata
    assert "Requires-Python: >=3.11" in metadata


def test_code_and_content_are_those_of_the_installed_package(installed: Path) -> None:
    code = (
        "import crm_ibis\n"
        "from crm_ibis.config import project\n"
        "print(crm_ibis.__file__)\n"
        "for parts in [('schemas', 'sources.py'), ('schemas', 'kpis.py'),\n"
        "              ('schemas', 'exposures.yml'), ('seeds', 'leads.csv'),\n"
        "              ('flows', 'jobs.yml')]:\n"
        "    print(project.path(*parts))\n"
    )
    files = [Path(line) for line in python("-c", code, cwd=Path.cwd(), installed=installed).split()]
    assert len(files) == 6
    for file in files:
        assert file.is_file()
        assert file.is_relative_to(installed), file


def test_flows_are_modules_of_the_installed_package(installed: Path) -> None:
    code = (
        "import crm_ibis.flows.refresh as refresh, crm_ibis.flows.automation as automation\n"
        "print(refresh.refresh.name, refresh.__file__, automation.__file__)"
    )
    name, *files = python("-c", code, cwd=Path.cwd(), installed=installed).split()
    assert name == "refresh"
    content = installed / CONTENT / "flows"
    assert [Path(file) for file in files] == [content / "refresh.py", content / "automation.py"]


def test_the_demo_works_in_an_empty_folder(installed: Path) -> None:
    told = crm_ibis_of(installed, "demo", cwd=Path.cwd())
    lines = {" ".join(line.split()) for line in told.splitlines()}
    assert "Health (0-100) 72.82 78.23" in lines
    assert "Won % 37.5 25" in lines
    assert "SLA attainment % 95 100" in lines
    assert {file.name for file in Path.cwd().iterdir()} == {"crm-demo.duckdb", "site"}


def test_commands_that_need_no_database_work(installed: Path) -> None:
    listed = crm_ibis_of(installed, "list", cwd=Path.cwd())
    assert "health_scores" in listed
    assert "Executive Leadership" in listed
    assert "SELECT" in crm_ibis_of(installed, "sql", "revenue_kpis", cwd=Path.cwd())
    assert list(Path.cwd().iterdir()) == []


def test_init_makes_a_project_folder(installed: Path) -> None:
    crm_ibis_of(installed, "init", "acme", cwd=Path.cwd())
    made = files_in(Path("acme"))
    assert made >= {"README.md", "jobs.yml", ".gitignore", "prefect.yaml", "metrics/deal_size.py"}
    assert not made & {"schemas/kpis.py", "flows/jobs.yml", "docs/sources.md"}
    assert not list((Path("acme")).rglob("__pycache__"))
