"""Finds the project's files: the package's own, and a team's that lie over them.

A project folder holds only what is the team's own; `crm_ibis.yml` marks it. CRM_IBIS_HOME names it,
else the current folder is one, else nothing lies over what the package ships. A folder made by
version 0.1.0 has no such file and is a copy of everything: its files stand for the shipped ones.
"""

import os
import shutil
from pathlib import Path

from crm_ibis.errors import UsageError

PACKAGE = Path(__file__).parents[1]
PARTS = ("schemas", "seeds", "flows")
MARK = "crm_ibis.yml"
"""The file that makes a folder a project folder; it says which version made it."""
SHIPPED_AT = {
    "jobs.yml": Path("flows", "jobs.yml"),
    "exposures.yml": Path("schemas", "exposures.yml"),
    "snapshots.yml": Path("schemas", "snapshots.yml"),
    "params.yml": Path("params.yml"),
}
OF_DEVELOPERS = ("decisions", "validation.md")
"""Pages about the program itself, which a project folder does not need."""


def home() -> Path:
    """The project folder, or the shipped files where there is none.

    Raises UsageError when CRM_IBIS_HOME names something else.
    """
    if named := _home_from_environment():
        if not (named / MARK).is_file() and not (named / "schemas").is_dir():
            raise UsageError(
                f"CRM_IBIS_HOME is {named}, which has no {MARK} and no schemas/ folder; "
                "`crm-ibis init DIR` makes a project folder"
            )
        return named
    here = Path.cwd()
    if os.path.isfile(here / MARK):  # False where the folder may not be read
        return here
    return shipped_home()


def own_home() -> Path | None:
    """The project folder that lies over the shipped files, if there is one."""
    found = home()
    return found if (found / MARK).is_file() else None


def copied_home() -> Path | None:
    """The project folder of version 0.1.0 that is in use, if one is: a copy of all files."""
    found = home()
    if (found / MARK).is_file() or found in (shipped_home(), PACKAGE / "_content"):
        return None
    return found


def is_packaged() -> bool:
    """Whether the content is the copy inside the installed package, which nobody is to change."""
    return home() == PACKAGE / "_content"


def _home_from_environment() -> Path | None:
    named = os.environ.get("CRM_IBIS_HOME")
    return Path(named).expanduser() if named else None


def shipped_home() -> Path:
    """The folder that comes with the program: of the checkout, or inside the package."""
    checkout = PACKAGE.parents[1]
    if (checkout / "pyproject.toml").is_file() and (checkout / "schemas").is_dir():
        return checkout
    return PACKAGE / "_content"


def layers(name: str) -> list[Path]:
    """The files that declare something, such as `jobs.yml`: the shipped one, then the team's.

    Only those that exist; of a copy of all files, only its own.
    """
    inner = SHIPPED_AT[name]
    if copy := copied_home():
        candidates = [copy / inner]
    else:
        own = own_home()
        candidates = [shipped_home() / inner, *([own / name] if own else [])]
    return [path for path in candidates if path.exists()]


def path(*parts: str) -> Path:
    """A shipped file or folder, or that of a copy; raises UsageError when it is not there."""
    found = (copied_home() or shipped_home()).joinpath(*parts)
    if not found.exists():
        raise UsageError(f"{found} is missing; `crm-ibis init DIR` makes a complete project folder")
    return found


def own_modules() -> list[Path]:
    """The modules of the team's own tables, in order of name."""
    own = own_home()
    return sorted((own / "metrics").glob("*.py")) if own else []


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
