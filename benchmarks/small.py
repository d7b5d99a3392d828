"""Commands on the sample data: what anybody waits for at a terminal.

Each is held against a process that imports Ibis and runs one query, so that the ratio depends
less on the machine.
"""

import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from benchmarks.commands import CRM_IBIS, settings
from benchmarks.ratios import Line, compared
from benchmarks.usage import Usage, measured

ALONE = (
    sys.executable,
    "-c",
    "import ibis; ibis.duckdb.connect().sql('SELECT 1 AS one').to_pyarrow()",
)
COMMANDS = (
    "--version",
    "--help",
    "list",
    "sql health_scores",
    "status",
    "refresh --snapshot",
    "site build",
)


def small_commands(rounds: int, show: Callable[[str], None]) -> list[Line]:
    """What each command costs, on the database of the demo or on the seeds alone."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        _run(folder, "seeds", "seed")
        _run(folder, "demo", "demo")
        used: dict[str, list[Usage]] = {command: [] for command in COMMANDS}
        alone = []
        for number in range(rounds):
            show(f"small commands: round {number + 1} of {rounds}")
            alone.append(measured(ALONE)[0])
            for command in COMMANDS:
                used[command].append(_fresh(folder, command))
    return [compared(command, "Ibis alone", used[command], alone) for command in COMMANDS]


def _fresh(folder: Path, command: str) -> Usage:
    """A command on a copy of its database."""
    start = "seeds" if command.startswith("refresh") else "demo"
    shutil.copy(folder / f"{start}.duckdb", folder / "copy.duckdb")
    return _run(folder, "copy", *command.split())


def _run(folder: Path, name: str, *command: str) -> Usage:
    env = {**settings(f"duckdb://{folder / name}.duckdb"), "CRM_IBIS_RAW_SCHEMA": "raw"}
    env["CRM_IBIS_ANALYTICS_SCHEMA"] = "analytics"
    # `status` exits 1 as the sample data is of 2024.
    allowed = (0, 1) if command[0] == "status" else (0,)
    usage, _ = measured([*CRM_IBIS, *command], env, cwd=folder, allowed=allowed)
    return usage
