"""Finds the project's files: the package's own, and a team's that lie over them.

A project folder holds only what is the team's own; `crm_ibis.yml` marks it. CRM_IBIS_HOME names it,
else the current folder is one, else nothing lies over what the package ships. A folder made by
version 0.1.0 has no such file and is a copy of everything: its files stand for the shipped ones.
"""

import logging
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache, lru_cache
from pathlib import Path

import crm_ibis
from crm_ibis.config.modules import helpers_in, own_modules_in
from crm_ibis.config.overlay import lay_over, modified
from crm_ibis.errors import UsageError, near_match

PACKAGE = Path(__file__).parents[1]
MARK = "crm_ibis.yml"
"""The file that makes a folder a project folder; it says which version made it."""
SHIPPED_AT = {
    "jobs.yml": Path("flows", "jobs.yml"),
    "exposures.yml": Path("schemas", "exposures.yml"),
    "snapshots.yml": Path("schemas", "snapshots.yml"),
    "params.yml": PACKAGE / "config" / "params.yml",
}
"""Where the shipped files are that others may lie over."""
RENAMED = Path("schemas", "renamed.yml")
logger = logging.getLogger(__name__)


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
        return check_mark(named)
    here = Path.cwd()
    if os.path.isfile(here / MARK):  # False where the folder may not be read
        return check_mark(here)
    return shipped_home()


Identity = tuple[str | None, ...]


def identity() -> Identity:
    """What tells the project in use from others, without reading anything of it."""
    try:
        here = os.getcwd()
    except FileNotFoundError:  # somebody has removed the current folder
        here = ""
    marked = MARK if os.path.isfile(MARK) else None
    environment = (os.environ.get("CRM_IBIS_HOME"), os.environ.get("CRM_IBIS_PARAMS"))
    return (here, marked, *environment)


def check_mark(folder: Path) -> Path:
    """The folder; raises UsageError when its crm_ibis.yml says what nobody understands."""
    mark = folder / MARK
    if mark.is_file():
        _read_mark(mark, modified(mark))
    return folder


@lru_cache(maxsize=8)
def _read_mark(mark: Path, modified: int) -> None:
    """Warns once of a folder that a newer version made."""
    said = lay_over([mark])
    for key in said.values:
        if key != "made_with":
            raise UsageError(
                f"{said.place_of([key])}: {key}: unknown key{near_match(str(key), ['made_with'])}; "
                "there may be made_with"
            )
    made_with = str(said.values.get("made_with") or "")
    if not _numbers(made_with):
        place = said.place_of(["made_with"]) or mark
        given = f'"{made_with}" is no version' if made_with else "lacks made_with"
        raise UsageError(
            f"{place}: {given}; write the version of crm_ibis that the folder was made with, such "
            f'as made_with: "{crm_ibis.__version__}"'
        )
    installed = crm_ibis.__version__
    if not installed.startswith("0+") and _numbers(made_with) > _numbers(installed):
        logger.warning(
            f"{said.place_of(['made_with'])}: made with crm_ibis {made_with}, and {installed} is "
            "installed: it may not understand all of this folder; upgrade crm_ibis"
        )


def _numbers(version: str) -> tuple[int, ...]:
    """What versions are ordered by: 0.10.1 is (0, 10, 1); nothing for what is no version."""
    match = re.fullmatch(r"(\d+(?:\.\d+)*)(?:[.+a-z-][\w.+-]*)?", version)
    return tuple(map(int, match[1].split("."))) if match else ()


def own_home() -> Path | None:
    """The project folder that lies over the shipped files, if there is one."""
    found = home()
    return found if (found / MARK).is_file() else None


def folder_above() -> Path | None:
    """A project folder that holds the current folder and is not in use from there."""
    here = Path.cwd()
    if os.environ.get("CRM_IBIS_HOME") or os.path.isfile(here / MARK):
        return None
    return next((above for above in here.parents if os.path.isfile(above / MARK)), None)


def copied_home() -> Path | None:
    """The project folder of version 0.1.0 that is in use, if one is: a copy of all files."""
    found = home()
    if found == shipped_home() or (found / MARK).is_file() or found.resolve() in _shipped_homes():
        return None
    return found


@cache
def _shipped_homes() -> tuple[Path, ...]:
    return shipped_home().resolve(), (PACKAGE / "_content").resolve()


def prefer_current_folder() -> None:
    """Makes the current folder the project, if it is one, whatever CRM_IBIS_HOME names.

    A flow runs in the folder that its deployment names, or clones for this run: that one counts,
    and not the one that the worker's environment names.
    """
    here = Path.cwd()
    is_copy = (here / "schemas").is_dir() and (here / "flows").is_dir()
    if is_copy or (here / MARK).is_file():
        os.environ["CRM_IBIS_HOME"] = str(here)


def is_packaged() -> bool:
    """Whether the content is the copy inside the installed package, which nobody is to change."""
    return home() == PACKAGE / "_content"


def _home_from_environment() -> Path | None:
    named = os.environ.get("CRM_IBIS_HOME")
    return Path(named).expanduser() if named else None


@cache
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
    shipped = shipped_home() / SHIPPED_AT[name]
    if copy := copied_home():
        candidates = [copy / SHIPPED_AT[name]]
    else:
        own = own_home()
        candidates = [shipped, *([own / name] if own else [])]
    return [path for path in candidates if path.exists()]


def path(*parts: str) -> Path:
    """A shipped file or folder, or that of a copy; raises UsageError when it is not there."""
    found = (copied_home() or shipped_home()).joinpath(*parts)
    if not found.exists():
        raise UsageError(
            f"{found} is missing; copy it from {shipped_home().joinpath(*parts)}, or turn the "
            "folder into one that holds only what is your own: crm-ibis init --upgrade"
        )
    return found


def own_modules() -> list[Path]:
    """The modules of the team's own tables, in order of name."""
    own = own_home()
    return own_modules_in(own) if own else []


def own_helpers() -> list[Path]:
    """The modules in metrics/ that others import, whose names begin with _."""
    own = own_home()
    return helpers_in(own) if own else []


def seed_file(source: str) -> Path | None:
    """The sample data of a source: the team's, else the shipped; None for a source without.

    Raises UsageError when a copy of all files lacks what is shipped.
    """
    name = f"{source}.csv"
    own = home() / "seeds" / name
    if own.is_file():
        return own
    if not (shipped_home() / "seeds" / name).is_file():
        return None
    return path("seeds", name)


def seed_files() -> list[Path]:
    """The sample data of the project folder, whatever it is named."""
    return sorted((home() / "seeds").glob("*.csv"))


def display(file: Path) -> str:
    """A file's name as people know it: from the project folder or the shipped files on."""
    for base in (home(), shipped_home(), PACKAGE):
        if file.is_relative_to(base):
            return file.relative_to(base).as_posix()
    return str(file)


def is_shipped(file: Path) -> bool:
    """Whether a file comes with the program, and is not of a project folder inside the checkout."""
    own = own_home()
    if own and file.is_relative_to(own):
        return False
    return file.is_relative_to(shipped_home()) or file.is_relative_to(PACKAGE)


@contextmanager
def using(folder: Path) -> Iterator[None]:
    """Makes the program use a project folder for a while, whatever the environment says."""
    before = os.environ.get("CRM_IBIS_HOME")
    os.environ["CRM_IBIS_HOME"] = str(folder.resolve())
    try:
        yield
    finally:
        del os.environ["CRM_IBIS_HOME"]
        if before is not None:
            os.environ["CRM_IBIS_HOME"] = before
