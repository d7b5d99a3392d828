"""A team's own tables, as far as they are in order; nothing is loaded where there are none."""

from collections.abc import Mapping
from contextlib import suppress
from functools import cache
from typing import Any, cast

import ibis
from ibis import Table
from pydantic import BaseModel, ValidationError, create_model

from crm_ibis.config import project
from crm_ibis.config.declarations import snapshots
from crm_ibis.config.params import Params, load_params
from crm_ibis.config.validation import explain
from crm_ibis.contracts.known_sources import source_schemas
from crm_ibis.contracts.own_modules import Problem
from crm_ibis.errors import CrmIbisError, UsageError
from crm_ibis.metrics.linking import SUFFIX, OwnFunctions, link
from crm_ibis.metrics.mistakes import gist
from crm_ibis.metrics.shipped import TableFunction, shipped_facts, shipped_kpis, shipped_staging
from crm_ibis.metrics.trial import Trial, innermost


@cache
def own_functions() -> OwnFunctions:
    """The functions of the modules in a team's metrics/, those that are in order."""
    if not project.own_modules():  # Pandera, which contracts need, takes its time
        return OwnFunctions()
    from crm_ibis.contracts import models

    own = models.own_tables()
    shipped = {**shipped_staging(), **shipped_facts(), **shipped_kpis()}
    functions = {name: table.function for name, table in own.tables.items() if table.function}
    sources = {name: ibis.table(schema, name=name) for name, schema in source_schemas().items()}
    given = dict(sources)
    with suppress(UsageError):  # reading a history raises it
        given |= unbound_histories("analytics")
    trial = Trial({**shipped, **functions}, given, _settings(own.params))
    histories = {name: snapshot.kpi for name, snapshot in snapshots().items()}
    return link(own, shipped, sources, histories, trial)


def broken_tables() -> dict[str, Problem]:
    """A team's own tables that are left out, each with the first thing that is wrong."""
    if not project.own_modules():
        return {}
    from crm_ibis.contracts import models

    linked = own_functions()
    problems = [*models.own_tables().problems, *linked.problems]
    broken = {name: problem for problem in reversed(problems) for name in problem.tables}
    return {name: problem for name, problem in broken.items() if name not in linked.known}


def contract_place(name: str) -> str:
    """Where the contract of a published table is, for an error that asks to change it."""
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
        raise UsageError(f"{innermost(error, place)}: {name}: {gist(error)}") from error


def params_of(table: str, params: Params) -> dict[str, BaseModel]:
    """The own parameters that the function of a table asks for, by their name there."""
    own = own_functions()
    if table not in own.asking:
        return {}
    module = own.asking[table]
    return {f"{module}{SUFFIX}": _validate(module, own.params[module], params)}


def check_own_params(params: Params) -> None:
    """Raises UsageError naming file, line and key when own parameters are not valid."""
    for module, model in own_functions().params.items():
        _validate(module, model, params)


def _settings(models: Mapping[str, type[BaseModel]]) -> dict[str, Any]:
    """What functions get beside tables, as far as params.yml is valid: a run refuses the rest."""
    found: dict[str, Any] = {}
    with suppress(UsageError):
        found["params"] = load_params()
        for module, model in models.items():
            with suppress(UsageError):
                found[f"{module}{SUFFIX}"] = _validate(module, model, found["params"])
    return found


def _validate(module: str, model: type[BaseModel], params: Params) -> BaseModel:
    keys: dict[str, Any] = {module: (model, ...)}
    kind = create_model("Given", **keys)
    try:
        found = kind.model_validate({module: getattr(params, module, {})})
    except ValidationError as error:
        raise UsageError(
            f"the parameters of metrics/{module}.py, under {module} in params.yml, are not valid:\n"
            f"{explain(error, kind, params.layered)}"
        ) from None
    return cast(BaseModel, getattr(found, module))
