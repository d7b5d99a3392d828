"""Turns a project folder of version 0.1.0, a copy of everything, into one of own files."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import yaml

import crm_ibis
from crm_ibis.config import project, shipped_before
from crm_ibis.config.modules import declares_tables, own_modules_in
from crm_ibis.config.new_project import HIDDEN, MARK_TEXT, TEMPLATES
from crm_ibis.errors import UsageError

CONTRACTS = ("schemas/sources.py", "schemas/kpis.py")
DECLARATIONS = {
    name: project.SHIPPED_AT[name].as_posix()
    for name in ("jobs.yml", "exposures.yml", "snapshots.yml")
}
PREFECT = "prefect.yaml"
AS_SHIPPED = "dropped, as it is as shipped"
KEPT = {
    "seeds": "kept: `crm-ibis seed` loads it for the source of its name",
    "flows": "kept, but the jobs run the flows of the package: deploy it yourself, or delete it",
    "docs": "kept: it is not as shipped",
    "schemas": "kept, but nothing reads it",
}


@dataclass
class Plan:
    """What becomes of a folder: files to write, files to remove, and what to say about each."""

    writes: dict[str, str] = field(default_factory=dict)
    removes: list[str] = field(default_factory=list)
    notes: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Upgrade:
    """What was done to each file, and where everything is as it was."""

    notes: dict[str, str]
    backup: Path


def upgrade(folder: Path, finish: Callable[[], object] = lambda: None) -> Upgrade | None:
    """Upgrades a folder, None when there is nothing to do.

    `finish` writes prefect.yaml with the folder in use. Raises UsageError when the folder is no
    project folder or holds changed contracts; whatever fails leaves the folder as it was.
    """
    folder = folder.resolve()
    if (project.check_mark(folder) / project.MARK).is_file():
        return None
    planned = plan(folder)
    backup = _free_name(folder)
    try:
        shutil.copytree(folder, backup, ignore=_not_of_the_project, symlinks=True)
    except (OSError, shutil.Error) as error:
        shutil.rmtree(backup, ignore_errors=True)
        raise UsageError(
            f"cannot copy {folder} to {backup}, nothing was changed: {error}"
        ) from None
    try:
        _carry_out(folder, planned)
        with project.using(folder):
            finish()
    except BaseException as error:
        _restore(folder, backup, planned)
        if isinstance(error, OSError):
            raise UsageError(f"cannot change {folder}, so it is as it was: {error}") from None
        raise
    return Upgrade(planned.notes, backup)


def plan(folder: Path) -> Plan:
    """What an upgrade would do; raises UsageError when it would lose something."""
    if not (folder / "schemas").is_dir():
        raise UsageError(
            f"{folder} is no project folder of version 0.1.0: it has no schemas/; "
            "`crm-ibis init DIR` makes a new folder"
        )
    if folder == project.shipped_home().resolve() or (folder / "src" / "crm_ibis").is_dir():
        raise UsageError(f"{folder} is crm_ibis itself, not a project folder; name yours")
    _refuse_changed_contracts(folder)
    _refuse_foreign_modules(folder)
    planned = Plan()
    for name, copy in DECLARATIONS.items():
        _plan_declarations(planned, folder, name, copy)
    for file in sorted(_files_of(folder)):
        _plan_file(planned, folder, file)
    _plan_new_files(planned, folder)
    return planned


def _refuse_changed_contracts(folder: Path) -> None:
    changed = []
    for file in CONTRACTS:
        if (folder / file).is_file():
            try:
                found = shipped_before.changed_contracts(folder, file)
            except SyntaxError as error:
                place = f"{folder / file}, line {error.lineno or 1}"
                raise UsageError(f"{place}: {error.msg}") from None
            except UnicodeDecodeError as error:
                raise UsageError(f"{folder / file} is not UTF-8: {error}") from None
            changed += [f"{file}, line {line}: {name}" for name, line in found.items()]
    if changed:
        listed = "\n".join(f"  {each}" for each in changed)
        raise UsageError(
            f"{folder} has contracts that are not as shipped, and nothing was changed:\n{listed}\n"
            "Move what is yours to a module in metrics/: a further column or check of a shipped "
            "table to a class of its name with the base Extension, a table of your own to a class "
            "beside its function (docs/project-folder.md of the manual). Then delete the file in "
            "schemas/ and run this again."
        )


def _refuse_foreign_modules(folder: Path) -> None:
    """0.1.0 gave metrics/ no meaning: what stands there may be a script that must not be run."""
    modules = own_modules_in(folder)
    foreign = [f"metrics/{path.name}" for path in modules if not declares_tables(path)]
    if foreign:
        listed = "\n".join(f"  {each}" for each in foreign)
        raise UsageError(
            f"{folder} has modules in metrics/ that declare no table, and nothing was changed or "
            f"run:\n{listed}\n"
            "Version 0.1.0 did nothing with them; from now on, all modules in metrics/ are run as "
            "tables of your own. Move these elsewhere, or begin their names with _ if your tables "
            "import them. Then run this again; one that declares tables imports Published, Fact, "
            "Source or Extension from crm_ibis."
        )


def _plan_declarations(planned: Plan, folder: Path, name: str, copy: str) -> None:
    template = (TEMPLATES / name).read_text(encoding="utf-8")
    if not (folder / copy).is_file():
        planned.writes[name] = template
        planned.notes[copy] = "was not there; what the package ships holds from now on"
    else:
        own = shipped_before.own_values(name, folder / copy)
        planned.removes.append(copy)
        planned.writes[name] = template
        planned.notes[copy] = AS_SHIPPED
        if own:
            dumped = yaml.safe_dump(own, sort_keys=False, allow_unicode=True, width=95)
            planned.writes[name] = f"{template}\n{dumped}"
            planned.notes[copy] = f"now {name}, with what is your own: {', '.join(_keys(own))}"
    there = folder / name
    same = there.is_file() and there.read_bytes() == planned.writes[name].encode()
    if there.exists() and not same:
        raise UsageError(
            f"{there} is there already, and nothing was changed; rename it, then run this again"
        )


def _keys(own: dict[str, Any], at: str = "") -> Iterator[str]:
    """Every key that has a value, such as jobs.health_scores.schedule."""
    for key, value in own.items():
        if isinstance(value, dict) and value:
            yield from _keys(value, f"{at}{key}.")
        else:
            yield f"{at}{key} (taken away)" if value is None else f"{at}{key}"


def _files_of(folder: Path) -> Iterator[str]:
    """The files that 0.1.0 copied, and others beside them."""
    for part in KEPT:
        for path in (folder / part).rglob("*"):
            if path.is_file() and "__pycache__" not in path.parts:
                yield path.relative_to(folder).as_posix()


def _plan_file(planned: Plan, folder: Path, file: str) -> None:
    if file in DECLARATIONS.values():
        return
    if file in CONTRACTS or shipped_before.is_as_shipped(folder, file):
        planned.removes.append(file)
        planned.notes[file] = AS_SHIPPED
    else:
        planned.notes[file] = KEPT[file.split("/")[0]]


def _plan_new_files(planned: Plan, folder: Path) -> None:
    readme = folder / "README.md"
    if not readme.is_file() or shipped_before.is_as_shipped(folder, "README.md"):
        planned.writes["README.md"] = _template("README.md")
        planned.notes["README.md"] = "written anew"
    else:
        planned.notes["README.md"] = "kept; it may still describe the old folder"
    for name in ("params.yml", "sources.yml"):
        if not (folder / name).exists():
            planned.writes[name] = _template(name)
        elif name == "params.yml":
            planned.notes[name] = "kept; from now on it holds without CRM_IBIS_PARAMS"
    for shown, hidden in HIDDEN.items():
        if not (folder / hidden).exists():
            planned.writes[hidden] = _template(shown)
    for path in own_modules_in(folder):
        planned.notes[f"metrics/{path.name}"] = "kept; from now on it is run as tables of your own"
    planned.notes[PREFECT] = "written anew from the jobs"
    planned.writes[project.MARK] = MARK_TEXT.format(version=crm_ibis.__version__)


def _template(name: str) -> str:
    return (TEMPLATES / name).read_text(encoding="utf-8")


def _free_name(folder: Path) -> Path:
    """A name beside the folder that nothing has yet."""
    base = folder.with_name(f"{folder.name}.backup-{date.today():%Y-%m-%d}")
    names = [base, *(base.with_name(f"{base.name}-{number}") for number in range(2, 1000))]
    return next(name for name in names if not name.exists())


def _not_of_the_project(folder: str, names: list[str]) -> list[str]:
    """Version control, environments and databases, which an upgrade does not touch."""
    here = Path(folder)
    return [
        name
        for name in names
        if name in (".git", "__pycache__")
        or ".duckdb" in name
        or (here / name / "pyvenv.cfg").is_file()
    ]


def _carry_out(folder: Path, planned: Plan) -> None:
    # What is new comes first and the mark last: a folder is read as a copy, whole, until then.
    for name, text in planned.writes.items():
        (folder / name).write_text(text, encoding="utf-8")
    for name in planned.removes:
        (folder / name).unlink()
    for part in KEPT:
        _remove_empty(folder / part)


def _remove_empty(folder: Path) -> None:
    """Removes a folder and those inside it as far as they hold no file."""
    if not folder.is_dir() or folder.is_symlink():
        return
    shutil.rmtree(folder / "__pycache__", ignore_errors=True)
    for inner in folder.iterdir():
        _remove_empty(inner)
    if not any(folder.iterdir()):
        folder.rmdir()


def _restore(folder: Path, backup: Path, planned: Plan) -> None:
    for name in [*planned.writes, *planned.removes, PREFECT]:
        kept = backup / name
        target = folder / name
        if kept.is_file():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(kept, target)
        else:
            target.unlink(missing_ok=True)
    shutil.rmtree(backup, ignore_errors=True)
