"""Imports go one way, heavy packages stay with what needs them, one package talks to databases."""

import ast
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest

import crm_ibis

PACKAGE = Path(crm_ibis.__file__).parent
LAYERS = [
    {
        "errors",
        "types",
        "validation",
        "params",
        "content",
        "settings",
        "ahead",
        "declarations",
        "deadlines",
        "emptiness",
        "expectations",
        "mapping",
        "column_mapping",
        "instant_formats",
        "number_formats",
        "outage",
        "written",
    },
    {
        "measures",
        "forecasts",
        "instants",
        "text_instants",
        "text_numbers",
        "matching",
        "reader",
    },
    {"staging", "facts", "kpis"},
    {"graph"},
    {"origins", "unavailable"},
    {"contracts", "rules", "marks", "fitting", "warehouse"},
    {"transforms", "column_parts", "one_row", "joining"},
    {"connectors", "functions", "mapped", "occurrences", "sources"},
    {"checks", "publish", "shape", "runlog", "runs", "history", "differences"},
    {"snapshots", "quarantine", "comments", "pruning", "volume"},
    {"prepend", "access"},
    {"upkeep"},
    {"results", "seeds"},
    {"recording"},
    {"catalog"},
    {"refresh", "retiring"},
    {"blocking"},
    {"status", "docs", "rows", "alerts", "deployments", "fit", "starting", "lineage", "coverage"},
    {"incidents", "metrics"},
    {"outcomes", "watch"},
    {"job_runs"},
    {"terminal"},
    {"site"},
    {"cli"},
    {"__main__"},
]
"""A module imports only from its own layer and those before it."""

DRIVERS = {"duckdb", "psycopg"}
HEAVY = {"pandera", "prefect", "pandas", "duckdb", "psycopg", "pyarrow"}
HEAVY |= {"altair", "igraph", "jinja2", "vl_convert"}


def modules() -> dict[str, Path]:
    return {
        ".".join(path.relative_to(PACKAGE).with_suffix("").parts): path
        for path in PACKAGE.rglob("*.py")
        if "_content" not in path.parts
    }


def imported(path: Path) -> set[str]:
    """Full names of the modules that a file imports, wherever it does."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return names


def own_imports(path: Path) -> set[str]:
    """Top rooms of this package that a file imports."""
    prefix = "crm_ibis."
    rooms = {name.removeprefix(prefix).split(".")[0] for name in imported(path) if prefix in name}
    return {
        room for room in rooms if (PACKAGE / f"{room}.py").exists() or (PACKAGE / room).is_dir()
    }


def layer_of(room: str) -> int:
    return next(number for number, layer in enumerate(LAYERS) if room in layer)


def test_every_module_has_a_layer() -> None:
    rooms = {name.split(".")[0] for name in modules()} - {"__init__"}
    assert rooms == set().union(*LAYERS)
    for one, other in pairwise(LAYERS):
        assert not one & other


@pytest.mark.parametrize("name", sorted(modules()))
def test_imports_go_one_way(name: str) -> None:
    room = name.split(".")[0]
    if room == "__init__":
        return
    later = {r for r in own_imports(modules()[name]) if layer_of(r) > layer_of(room)}
    assert not later, f"{name} imports {later} from a later layer"


@pytest.mark.parametrize("name", [n for n in sorted(modules()) if n.split(".")[0] in LAYERS[2]])
def test_staging_facts_and_kpis_never_import_one_another(name: str) -> None:
    assert not own_imports(modules()[name]) & LAYERS[2]


@pytest.mark.parametrize("name", sorted(modules()))
def test_only_the_warehouse_knows_the_database(name: str) -> None:
    drivers = {module.split(".")[0] for module in imported(modules()[name])} & DRIVERS
    assert not drivers or name.startswith("warehouse."), f"{name} imports {drivers}"


@pytest.mark.parametrize("name", sorted(modules()))
def test_only_flows_import_prefect(name: str) -> None:
    assert not {m for m in imported(modules()[name]) if m.split(".")[0] == "prefect"}


@pytest.mark.parametrize(
    ("arguments", "absent"),
    [
        (["--help"], HEAVY | {"ibis"}),
        (["--version"], HEAVY | {"ibis"}),
        (["list"], HEAVY),
        (["sql", "monthly_scorecard", "--dialect", "postgres"], HEAVY),
    ],
    ids=["--help", "--version", "list", "sql"],
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
