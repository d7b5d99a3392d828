"""A team's own tables, as far as they are in order; nothing is loaded where there are none."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import ibis
from ibis import Table
from pydantic import BaseModel

from crm_ibis.config import project
from crm_ibis.config.declarations import left_out, snapshots
from crm_ibis.config.params import Params, load_params
from crm_ibis.config.remembered import PerProject
from crm_ibis.config.settings import load_settings
from crm_ibis.config.tolerance import tolerating
from crm_ibis.contracts.known_sources import source_schemas
from crm_ibis.contracts.own_modules import Problem
from crm_ibis.errors import CrmIbisError, UsageError
from crm_ibis.metrics import own_params
from crm_ibis.metrics.linking import LOST, SUFFIX, OwnFunctions, link
from crm_ibis.metrics.shipped import TableFunction, shipped_facts, shipped_kpis, shipped_staging
from crm_ibis.metrics.trial import Trial, innermost

if TYPE_CHECKING:  # it loads Pandera, which takes its time
    from crm_ibis.contracts.own import Own


@PerProject
def own_functions() -> OwnFunctions:
    """The functions of the modules in a team's metrics/, those that are in order."""
    if not project.own_modules():  # Pandera, which contracts need, takes its time
        return OwnFunctions()
    with tolerating():  # what is wrong with a snapshot concerns those who read it
        return _linked()


@PerProject
def _linked() -> OwnFunctions:
    from crm_ibis.contracts import models

    own = models.own_tables()
    shipped = {**shipped_staging(), **shipped_facts(), **shipped_kpis()}
    functions = {name: table.function for name, table in own.tables.items() if table.function}
    sources = {name: ibis.table(schema, name=name) for name, schema in source_schemas().items()}
    given = {**sources, **unbound_histories("analytics")}
    found = _settings(own)
    trial = Trial({**shipped, **functions}, given, found.given)
    histories = {name: snapshot.kpi for name, snapshot in snapshots().items()}
    histories |= _lost_histories()
    linked = link(own, shipped, sources, histories, found.wrong, trial)
    linked.problems += found.problems
    return linked


def _lost_histories() -> dict[str, str]:
    """The snapshots whose entry is not valid, each as the history of nothing."""
    lost = [entry.entry for entry in left_out() if entry.file == "snapshots.yml"]
    return {entry[0]: LOST for entry in lost if entry}


def broken_tables() -> dict[str, Problem]:
    """A team's own tables that are left out, each with the first thing that is wrong."""
    known = own_functions().known
    return {name: problem for name, problem in named_in_problems().items() if name not in known}


def named_in_problems() -> dict[str, Problem]:
    """The same, and those whose name the package has taken, where it means the package's table."""
    if not project.own_modules():
        return {}
    from crm_ibis.contracts import models

    problems = [*models.own_tables().problems, *own_functions().problems]
    return {name: problem for problem in reversed(problems) for name in problem.tables}


def contract_place(name: str) -> str:
    """Where the contract of a published table is written down, for whoever has to change it."""
    place = own_functions().places.get(name)
    return str(place or project.path("schemas", "kpis.py"))


def unbound_histories(analytics: str) -> dict[str, Table]:
    """All snapshots as tables without a connection, without their archives."""
    from crm_ibis.contracts.models import histories

    return {
        name: ibis.table(contract.schema, name=name, database=analytics)
        for name, contract in histories().items()
    }


def call(name: str, function: TableFunction, arguments: Mapping[str, Any]) -> Table:
    """What the function of a table returns.

    Raises UsageError with file and line when one of a team's own fails, as it may where a source
    lacks a column.
    """
    place = own_functions().places.get(name)
    try:
        return function(**arguments)
    except CrmIbisError:
        raise
    except (Exception, SystemExit) as error:  # whatever a team's own function may raise
        if place is None:
            raise
        gist = " ".join(f"{type(error).__name__}: {error}".split())
        raise UsageError(f"{innermost(error, place)}: {name}: {gist}") from error


def params_of(table: str, params: Params) -> dict[str, BaseModel]:
    """The own parameters that the function of a table asks for, by their name there."""
    own = own_functions()
    if table not in own.asking:
        return {}
    module = own.asking[table]
    return {f"{module}{SUFFIX}": own_params.validated(module, own.params[module], params)}


def check_own_params(params: Params, tables: Iterable[str]) -> None:
    """Raises UsageError naming file, line and key when own parameters are not valid.

    Those that the functions of the named tables ask for.
    """
    for table in tables:
        params_of(table, params)


@dataclass
class _Settings:
    """What functions get beside tables, by the names of their parameters."""

    given: dict[str, Any] = field(default_factory=dict)
    wrong: dict[str, UsageError] = field(default_factory=dict)
    """Why the parameters of a module are not valid."""
    problems: list[Problem] = field(default_factory=list)


def _settings(own: "Own") -> _Settings:
    """As params.yml and CRM_IBIS_PARAMS say; where the package's own are not valid, nothing."""
    found = _Settings()
    try:
        params = load_params(load_settings().params_file)
    except UsageError:  # every run says so
        return found
    found.given["params"] = params
    for module, model in own.params.items():
        try:
            found.given[f"{module}{SUFFIX}"] = own_params.validated(module, model, params)
        except UsageError as error:
            found.wrong[module] = error
    found.problems += own_params.without_model(params, own.without_params)
    return found
