"""Finds the project's own content: contracts, seeds and jobs.

Looked for in the folder that CRM_IBIS_HOME names, else in the checkout this code runs from, else
in the copy inside the installed package.
"""

import os
import shutil
from pathlib import Path

from crm_ibis.errors import UsageError

PACKAGE = Path(__file__).parents[1]
PARTS = ("schemas", "seeds", "flows")
OF_DEVELOPERS = ("decisions", "validation.md")
"""Pages about the program itself, which a project folder does not need."""


def is_packaged() -> bool:
    """Whether the content is the copy inside the installed package, which nobody is to change."""
    return home() == PACKAGE / "_content"


def home() -> Path:
    """The folder that holds schemas/, seeds/ and flows/."""
    if named := _home_from_environment():
        if not (named / "schemas").is_dir():
            raise UsageError(
                f"CRM_IBIS_HOME is {named}, which has no schemas/ folder; "
                "`crm-ibis init DIR` makes a project folder"
            )
        return named
    return shipped_home()


def _home_from_environment() -> Path | None:
    named = os.environ.get("CRM_IBIS_HOME")
    return Path(named).expanduser() if named else None


def shipped_home() -> Path:
    """The folder that comes with the program: of the checkout, or inside the package."""
    checkout = PACKAGE.parents[1]
    if (checkout / "pyproject.toml").is_file() and (checkout / "schemas").is_dir():
        return checkout
    return PACKAGE / "_content"


def path(*parts: str) -> Path:
    """A file or folder of the project's content; raises UsageError when it is not there."""
    found = home().joinpath(*parts)
    if not found.exists():
        raise UsageError(f"{found} is missing; `crm-ibis init DIR` makes a complete project folder")
    return found


def copy_to(folder: Path) -> None:
    """Makes a project folder with everything in it; raises UsageError unless it is new or empty."""
    if folder.is_file():
        raise UsageError(f"{folder} is a file; give a new folder")
    if folder.exists() and any(folder.iterdir()):
        raise UsageError(f"{folder} is not empty; give a new folder, so that nothing is lost")
    # CRM_IBIS_HOME may name the folder that is to be made.
    named = _home_from_environment()
    same = named is not None and named.resolve() == folder.resolve()
    source = shipped_home() if same else home()
    parts = {part: source / part for part in PARTS}
    if missing := [str(place) for place in parts.values() if not place.exists()]:
        raise UsageError(f"{', '.join(missing)} is missing; a project folder needs it")
    try:
        for part, place in parts.items():
            skip = shutil.ignore_patterns("__pycache__")
            shutil.copytree(place, folder / part, ignore=skip, dirs_exist_ok=True)
        shutil.copy(PACKAGE / "project_readme.md", folder / "README.md")
        # Always those of the program that is installed, whatever project is copied.
        skip = shutil.ignore_patterns(*OF_DEVELOPERS)
        shutil.copytree(shipped_home() / "docs", folder / "docs", ignore=skip, dirs_exist_ok=True)
    except OSError as error:
        raise UsageError(
            f"cannot make {folder}: {error.strerror or error}; give a folder that can be written"
        ) from None
