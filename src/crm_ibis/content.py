"""Finds the project's own content: contracts, seeds and jobs.

Looked for in the folder that CRM_IBIS_HOME names, else in the checkout this code runs from, else
in the copy inside the installed package.
"""

import os
from pathlib import Path

from crm_ibis.errors import UsageError

PARTS = ("schemas", "seeds", "flows")


def home() -> Path:
    """The folder that holds schemas/, seeds/ and flows/."""
    package = Path(__file__).parent
    if named := os.environ.get("CRM_IBIS_HOME"):
        folder = Path(named).expanduser()
        if not (folder / "schemas").is_dir():
            raise UsageError(
                f"CRM_IBIS_HOME is {folder}, which has no schemas/ folder; "
                "`crm-ibis init DIR` makes a project folder"
            )
        return folder
    checkout = package.parents[1]
    if (checkout / "pyproject.toml").is_file() and (checkout / "schemas").is_dir():
        return checkout
    return package / "_content"


def path(*parts: str) -> Path:
    """A file or folder of the project's content; raises UsageError when it is not there."""
    found = home().joinpath(*parts)
    if not found.exists():
        raise UsageError(f"{found} is missing; `crm-ibis init DIR` makes a complete project folder")
    return found
