"""Imports go one way, by package; heavy packages stay with what needs them."""

import ast
import subprocess
import sys
from functools import cache
from graphlib import TopologicalSorter
from itertools import combinations
from pathlib import Path

import pytest

import crm_ibis
from crm_ibis import legacy

PACKAGE = Path(crm_ibis.__file__).parent
FLOWS = PACKAGE.parents[1] / "flows"
"""`crm_ibis.flows`; in a checkout they lie beside the package."""
LAYERS = [
    {"text"},
    {"errors", "events", "legacy"},
    {"config"},
    {"reporting_zone"},
    {"expressions"},
    {"warehouse"},
    {"engines"},
    {"runlog"},
    {"contracts"},
    {"metrics", "sources", "history", "types"},
    {"connectors", "publishing", "scaffold"},
    {"operations"},
    {"flows"},
    {"site"},
    {"cli", "testing"},
    {"__main__"},
]
"""A package imports only from itself and from the layers before its own."""

DRIVERS = {"duckdb", "psycopg"}
HEAVY = {"pandera", "prefect", "pandas", "duckdb", "psycopg", "pyarrow"}
HEAVY |= {"altair", "igraph", "jinja2", "vl_convert"}


@cache
def modules() -> dict[str, Path]:
    package = {
        ".".join(path.relative_to(PACKAGE).with_suffix("").parts): path
        for path in PACKAGE.rglob("*.py")
        if not {"_content", "templates"} & set(path.parts)
    }
    return package | {f"flows.{path.stem}": path for path in FLOWS.glob("*.py")}


@cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


@cache
def imported(path: Path) -> frozenset[str]:
    """Full names of the modules that a file imports, wherever it does."""
    names = set()
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return frozenset(names)


def own_imports(path: Path) -> set[str]:
    """Top rooms of this package that a file imports."""
    prefix = "crm_ibis."
    rooms = {name.removeprefix(prefix).split(".")[0] for name in imported(path) if prefix in name}
    return {
        room for room in rooms if (PACKAGE / f"{room}.py").exists() or (PACKAGE / room).is_dir()
    }


def modules_imported_by(path: Path) -> set[str]:
    """Modules of this package that a file imports at its top."""
    package = "flows." if path.parent == FLOWS else ""
    known = {name.removesuffix(".__init__") for name in modules()}
    found = set()
    for node in parsed(path).body:
        if isinstance(node, ast.ImportFrom) and node.module:
            base = node.module.removeprefix("crm_ibis").lstrip(".")
            base = f"{package}{base}" if node.level else base
            named = {f"{base}.{alias.name}".lstrip(".") for alias in node.names}
            found |= named & known or {base} & known
    return found


def layer_of(room: str) -> int:
    return next(number for number, layer in enumerate(LAYERS) if room in layer)


def test_nothing_imports_the_flows() -> None:
    """The entry points in prefect.yaml name them; the command line needs no Prefect."""
    others = {name: path for name, path in modules().items() if not name.startswith("flows.")}
    assert not {name for name, path in others.items() if "flows" in own_imports(path)}


def test_every_module_has_a_layer() -> None:
    rooms = {name.split(".")[0] for name in modules()} - {"__init__"}
    assert rooms == set().union(*LAYERS)
    for one, other in combinations(LAYERS, 2):
        assert not one & other


def test_imports_go_one_way() -> None:
    wrong = {name: later_rooms(name) for name in modules() if name != "__init__"}
    assert not {name: rooms for name, rooms in wrong.items() if rooms}


def later_rooms(name: str) -> set[str]:
    """What a module imports that is not in a layer before its own."""
    room = name.split(".")[0]
    others = own_imports(modules()[name]) - {room}
    return {other for other in others if layer_of(other) >= layer_of(room)}


def test_no_module_needs_itself() -> None:
    """No circle of imports, inside the packages either."""
    needs = {
        name.removesuffix(".__init__"): modules_imported_by(path)
        for name, path in modules().items()
    }
    TopologicalSorter(needs).prepare()


def test_names_of_version_0_1_0_are_for_others() -> None:
    today = {module.removesuffix(".__init__") for module in modules()}
    of_old = {f"crm_ibis.{module}" for module in legacy.MODULES if module not in today}
    used = {name: imported(path) & of_old for name, path in modules().items()}
    assert not {name: old for name, old in used.items() if old}


@pytest.mark.parametrize(
    "name",
    [
        name
        for name in sorted(modules())
        if name in ("metrics.staging", "metrics.facts") or name.startswith("metrics.kpis.")
    ],
)
def test_staging_facts_and_kpis_never_import_one_another(name: str) -> None:
    others = modules_imported_by(modules()[name])
    assert {other for other in others if other.startswith("metrics.")} <= {
        "metrics.currencies",
        "metrics.forecasts",
        "metrics.sla",
        "metrics.business_time",
    }


def packages_imported_by(name: str) -> set[str]:
    return {module.split(".")[0] for module in imported(modules()[name])}


def test_only_the_warehouse_knows_the_database() -> None:
    others = [name for name in modules() if not name.startswith("warehouse.")]
    assert not [name for name in others if packages_imported_by(name) & DRIVERS]


def test_only_flows_import_prefect() -> None:
    others = [name for name in modules() if not name.startswith("flows.")]
    assert not [name for name in others if "prefect" in packages_imported_by(name)]


@pytest.mark.parametrize(
    ("arguments", "absent"),
    [
        (["--help"], HEAVY | {"ibis"}),
        (["--version"], HEAVY | {"ibis"}),
        (["list"], HEAVY),
        (["sql", "monthly_scorecard", "--dialect", "postgres"], HEAVY),
        (["describe", "health_scores"], HEAVY - {"pandera"}),
    ],
    ids=["--help", "--version", "list", "sql", "describe"],
)
def test_quick_commands_load_nothing_heavy(arguments: list[str], absent: set[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "crm_ibis", *arguments],
        capture_output=True,
        text=True,
        check=True,
    )
    loaded = {line.rsplit("|", 1)[-1].strip() for line in done.stderr.splitlines()}
    assert "crm_ibis.cli" in loaded
    assert not loaded & absent


def test_a_command_loads_pandas_once_pandera_calls_it() -> None:
    code = """
import sys
from crm_ibis.config import process
process.is_command = True
import ibis
from crm_ibis.contracts.models import check_types, contracts
from crm_ibis.errors import DataError
assert "pandas" not in sys.modules
contract = contracts()["facilities"]
try:
    check_types(ibis.table({**contract.schema, "id": "int64"}, name="facilities"), contract)
except DataError as error:
    print(error)
import pandas
import pandera.pandas
numbers = pandera.pandas.DataFrameSchema({"a": pandera.pandas.Column(int)})
assert numbers.validate(pandas.DataFrame({"a": [1]})).a.sum() == 1
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert "column 'id' to have type string, got int64" in done.stdout, done.stderr
    assert done.returncode == 0, done.stderr
