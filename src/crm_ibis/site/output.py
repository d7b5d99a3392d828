"""The folder that a site is built into: whose files are in it, and how a new site takes its place.

A build writes beside it, and exchanges the folders only when all is written, so that one that fails
leaves what is there. It never removes what it did not make.
"""

import os
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp

from crm_ibis.errors import UsageError

MARKER = "crm-ibis.txt"
"""In a folder that a build made: lists its files, which the next one replaces, and no others."""
PATIENCE = 30
"""Seconds that another build may take to look or to exchange."""
NAMED = 3
"""How many of the files in the way a message names."""


@contextmanager
def replaced_folder(folder: Path) -> Iterator[Path]:
    """An empty folder to build in; when all went well, it takes the place of the one there.

    Raises UsageError when that holds other things than a site, or cannot be written.
    """
    place = _place(folder)
    try:
        with _scratch(folder, place) as scratch:
            new = scratch / "new"
            new.mkdir()
            yield new
            _mark(new)
            _exchange(folder, place, new, scratch / "old")
    except OSError as error:
        reason = error.strerror or error
        raise UsageError(f"cannot write {folder}: {reason}; give another with --out") from None


def files(folder: Path) -> list[Path]:
    """All files in a folder; links are files, wherever they lead."""
    return [file for file in folder.rglob("*") if file.is_symlink() or not file.is_dir()]


def _place(folder: Path) -> Path:
    """Where the folder really is: of a link, what it leads to."""
    try:
        place = folder.resolve()
    except (OSError, RuntimeError):  # a link that leads to itself
        raise UsageError(f"{folder} leads nowhere; give another with --out") from None
    if place.is_mount():
        raise UsageError(
            f"{folder} is a mount point, which cannot be exchanged; name a folder in it"
        )
    if Path.cwd().is_relative_to(place):
        # It would be exchanged under the feet of the shell.
        raise UsageError(f"{folder} holds the current folder; give another with --out")
    return place


@contextmanager
def _scratch(folder: Path, place: Path) -> Iterator[Path]:
    """A folder beside the place, of this build's own: there may be others at the same time."""
    place.parent.mkdir(parents=True, exist_ok=True)
    with _exclusive(place):
        _refuse_other_things(folder, place)
    scratch = Path(mkdtemp(prefix=f".{place.name}.", dir=place.parent))
    try:
        yield scratch
    finally:
        # The old site is still there if it could not be put back.
        if not (scratch / "old").exists():
            shutil.rmtree(scratch, ignore_errors=True)


@contextmanager
def _exclusive(place: Path) -> Iterator[None]:
    """One build at a time looks at the place or exchanges it; another waits for that moment."""
    lock = _folder_lock(place.parent)
    try:
        yield
    finally:
        if lock is not None:
            os.close(lock)


def _folder_lock(folder: Path) -> int | None:
    """A lock on the folder itself, so that no file is left of it, until it is closed.

    There are none on Windows and on some network drives: there two builds may meet, and one fails.
    """
    if sys.platform == "win32":
        return None
    import fcntl

    try:
        lock = os.open(folder, os.O_RDONLY)
    except PermissionError:  # one may write in a folder that one may not list
        return None
    end = time.monotonic() + PATIENCE
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return lock
        except BlockingIOError:
            if time.monotonic() > end:
                os.close(lock)
                raise UsageError(
                    f"another program has locked {folder} for {PATIENCE} s; let it end, or give "
                    "another folder with --out"
                ) from None
            time.sleep(0.05)
        except OSError:
            return lock


def _refuse_other_things(folder: Path, place: Path) -> None:
    if place.is_file():
        raise UsageError(f"{folder} is a file; give a folder with --out")
    if others := sorted({name.split("/")[0] for name in _names(place) - _previous_files(place)}):
        more = f" and {len(others) - NAMED} more" if len(others) > NAMED else ""
        raise UsageError(
            f"{folder} holds other things than a site that was built there: "
            f"{', '.join(others[:NAMED])}{more}; a build would remove them: move them away, or "
            "give a new or empty folder with --out"
        )


def _names(folder: Path) -> set[str]:
    """The files in a folder, and folders in which there is nothing."""
    empty = [f for f in folder.rglob("*") if f.is_dir() and not any(f.iterdir())]
    return {file.relative_to(folder).as_posix() for file in (*files(folder), *empty)}


def _mark(folder: Path) -> None:
    """Lists what the build wrote."""
    listed = "\n".join(sorted(_names(folder) | {MARKER}))
    head = "Made by crm-ibis site build, which replaces these files:"
    (folder / MARKER).write_text(f"{head}\n{listed}\n", encoding="utf-8")


def _previous_files(folder: Path) -> set[str]:
    """What the build that was here before wrote."""
    marker = folder / MARKER
    return set(marker.read_text(encoding="utf-8").splitlines()[1:]) if marker.is_file() else set()


def _exchange(folder: Path, place: Path, new: Path, old: Path) -> None:
    """Puts the new folder in place of the one that is there, or leaves that one."""
    with _exclusive(place):
        _refuse_other_things(folder, place)  # files may have come meanwhile
        if place.exists():
            place.rename(old)
        try:
            new.rename(place)
        except OSError:
            if old.exists():
                old.rename(place)
            raise
    shutil.rmtree(old, ignore_errors=True)
