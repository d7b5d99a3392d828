"""All that is wrong with a project's own files, each with its place and remedy.

What is in order goes on working: commands that read, or that name tables, only print these.
"""

from collections.abc import Iterable

from crm_ibis.config import files, project
from crm_ibis.config.declarations import (
    Contradiction,
    left_out,
    snapshots,
    wrong_recordings,
)
from crm_ibis.config.overlay import Key
from crm_ibis.config.renamed import new_name
from crm_ibis.config.tolerance import LeftOut, tolerating
from crm_ibis.contracts.own_modules import About, Problem
from crm_ibis.errors import UsageError
from crm_ibis.metrics import own
from crm_ibis.metrics.contradictions import contradictions

KINDS: dict[str, About] = {
    "jobs.yml": "jobs",
    "exposures.yml": "exposures",
    "snapshots.yml": "snapshots",
}
EVERY_RUN: tuple[Key, ...] = ((), ("jobs",), ("runs",))
"""What of jobs.yml every run goes by: how much of a table it may remove, how long runs are kept."""


def project_problems() -> list[Problem]:
    """What the project's YAML says wrongly, and its own tables that are left out.

    Of a copied folder, the contracts of tables that the package no longer has.
    """
    found = [Problem(words, is_warning=True) for words in files.layer_problems()]
    with tolerating():
        found += [_of_entry(entry) for entry in left_out()]
        if project.own_modules() or project.copied_home():
            found += _problems_of_contracts()
        found += own.own_functions().problems
        wrong = [*contradictions(), *wrong_recordings(), *_wrong_histories()]
    return [*found, *map(_of_contradiction, wrong)]


def _problems_of_contracts() -> list[Problem]:
    from crm_ibis.contracts import models  # Pandera, which contracts need, takes its time

    try:
        return [*models.shipped_contracts().problems, *models.own_tables().problems]
    except UsageError as error:  # a copied contract that cannot be read
        return [Problem(str(error))]


def _wrong_histories() -> list[Contradiction]:
    is_shipped = not project.own_home() and not project.copied_home()
    if is_shipped or all(files.is_left_over("snapshots.yml", name) for name in snapshots()):
        return []
    from crm_ibis.contracts import models  # Pandera, which contracts need, takes its time

    try:
        return models.wrong_histories()
    except UsageError:  # a copied contract that cannot be read, which is named already
        return []


def _of_entry(entry: LeftOut) -> Problem:
    about = KINDS[entry.file]
    if about == "jobs" and entry.entry[:1] != ("jobs",):
        about = "settings"
    return Problem(entry.words, entry.place, about=about)


def _of_contradiction(wrong: Contradiction) -> Problem:
    return Problem(wrong.words, about=KINDS[wrong.file])


def refuse_problems(takes_tables: bool = True, with_exposures: bool = False) -> None:
    """Raises UsageError naming all problems, for what concerns all tables of the project.

    Those of exposures only where asked, as no run goes by them. A command that takes names of
    tables can do without the broken ones.
    """
    errors = [problem for problem in project_problems() if not problem.is_warning]
    if not with_exposures:
        errors = [problem for problem in errors if problem.about != "exposures"]
    if errors:
        remedy = f"fix {'it' if len(errors) == 1 else 'them'}"
        if takes_tables:
            remedy += "; until then, name the tables that the command is to be about"
        listed = "\n".join(f"  {problem}" for problem in errors)
        raise UsageError(
            f"the project has {len(errors)} {'problem' if len(errors) == 1 else 'problems'}, and "
            f"nothing was done:\n{listed}\n{remedy}"
        )


def refuse_wrong_jobs(tables: Iterable[str]) -> None:
    """Raises UsageError when what jobs.yml says of one of the tables is not valid.

    By its job, a run knows how much of a table it may remove, and how long a history is kept.
    """
    for entry in _of_file("jobs.yml"):
        if entry.entry in EVERY_RUN or set(tables) & set(map(new_name, entry.said)):
            _refuse(entry)


def refuse_wrong_snapshots(names: Iterable[str] = ()) -> None:
    """Raises UsageError when what is said of one of the snapshots is not valid; of all, if none."""
    names = set(names)
    for entry in _of_file("snapshots.yml"):
        if not names or not entry.entry or entry.entry[0] in names:
            _refuse(entry)
    with tolerating():
        wrong = [*wrong_recordings(), *_wrong_histories()]
    for contradiction in wrong:
        if not names or names & set(contradiction.names):
            raise UsageError(contradiction.words)


def refuse_wrong_exposures() -> None:
    """Raises UsageError when an exposure is not valid, for who goes by all of them."""
    for entry in _of_file("exposures.yml"):
        _refuse(entry)


def _of_file(name: str) -> list[LeftOut]:
    return [entry for entry in left_out() if entry.file == name]


def _refuse(entry: LeftOut) -> None:
    raise UsageError(f"nothing was done, as it would go by this: {_of_entry(entry)}")
