"""A project folder as version 0.1.0 made it: a copy of all contracts, jobs, flows and seeds."""

import shutil
from pathlib import Path

from crm_ibis.config.project import SHIPPED_AT
from crm_ibis.config.shipped_before import BEFORE

CHECKOUT = Path(__file__).parents[1]
PARTS = ("schemas", "seeds", "flows")
OF_DEVELOPERS = ("decisions", "validation.md")
"""Pages about the program itself, which a project folder does not need."""
OLD = Path(__file__).parent / "projects"


def copy_to(folder: Path) -> None:
    """Makes the folder: contracts and flows as 0.1.0 had them, seeds and manual as they are."""
    skip = shutil.ignore_patterns("__pycache__")
    for part in PARTS:
        shutil.copytree(CHECKOUT / part, folder / part, ignore=skip, dirs_exist_ok=True)
    skip = shutil.ignore_patterns(*OF_DEVELOPERS)
    shutil.copytree(CHECKOUT / "docs", folder / "docs", ignore=skip, dirs_exist_ok=True)
    for part in ("schemas", "flows"):
        for file in (OLD / f"old_{part}").glob("*.py"):
            shutil.copy(file, folder / part)
    for name in ("jobs.yml", "exposures.yml", "snapshots.yml"):
        shutil.copy(BEFORE / name, folder / SHIPPED_AT[name])
