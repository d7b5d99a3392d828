"""Checks sources, published tables and histories as they are."""

from collections.abc import Iterable

from crm_ibis.config.declarations import snapshots
from crm_ibis.config.params import Params, load_params
from crm_ibis.contracts import models
from crm_ibis.contracts.audit import Checked, plan_audits, run_audits
from crm_ibis.contracts.models import Contract
from crm_ibis.engines import Engine, computing
from crm_ibis.errors import DataError
from crm_ibis.events import ProgressEvent, Report, to_log
from crm_ibis.history import reader
from crm_ibis.reporting_zone import reporting_as
from crm_ibis.sources import spec
from crm_ibis.sources.check import check_source, read_sources, sources_with_parents
from crm_ibis.sources.functions import Materialized
from crm_ibis.sources.resolve import missing_optional, places
from crm_ibis.warehouse import Place, Warehouse

REPORT_TO_LOG = to_log(__name__)


def check(
    warehouse: Warehouse,
    names: Iterable[str] = (),
    report: Report = REPORT_TO_LOG,
    params: Params | None = None,
) -> list[Checked]:
    """Checks sources, published tables and snapshots as they are, and writes nothing.

    Without names: all sources but absent ones, and whatever is there. Reports violations whatever
    sources.yml does about them. Raises UsageError for an unknown name.
    """
    params = params or load_params()
    with computing(warehouse) as engine, reporting_as(params.reporting):
        return _check(warehouse, engine, names, report, params)


def _check(
    warehouse: Warehouse, engine: Engine, names: Iterable[str], report: Report, params: Params
) -> list[Checked]:
    chosen = [models.get_contract(name.removeprefix(f"{warehouse.raw}.")) for name in names]
    if not chosen:
        published = warehouse.tables(warehouse.analytics)
        known = [*models.contracts().values(), *models.histories().values()]
        present = published | {c.name for c in known if c.kind == "source"}
        declared = spec.load_spec()
        present -= declared.absent | missing_optional(engine, declared)
        chosen = [c for c in known if c.name in present]
    outcomes = []
    with (
        warehouse.reading(lambda: _places(warehouse, engine, chosen)),
        Materialized(engine) as written,
    ):
        for contract in chosen:
            outcomes.append(_as_it_is(warehouse, engine, contract, written, params))
            report(ProgressEvent("checked", f"checked {outcomes[-1]}", contract.name))
    return outcomes


def _places(warehouse: Warehouse, engine: Engine, chosen: Iterable[Contract]) -> set[Place]:
    """The tables that checking some contracts reads."""
    there = warehouse.tables(warehouse.analytics)
    needed = {c.name for c in chosen if c.kind == "source"}.union(*(c.parents for c in chosen))
    own = {c.name for c in chosen if c.kind != "source"}
    own |= {snapshot.archive for name, snapshot in snapshots().items() if name in own}
    made_of = places(engine, sources_with_parents(needed))
    return made_of | {(warehouse.analytics, name) for name in own & there}


def _as_it_is(
    warehouse: Warehouse,
    engine: Engine,
    contract: Contract,
    written: Materialized,
    params: Params,
) -> Checked:
    try:
        if contract.kind == "source":
            sources = read_sources(engine, sources_with_parents([contract.name]), written)
            if contract.name not in sources:
                raise DataError(
                    f"there is no source table {engine.raw}.{contract.name}, which is optional; "
                    "load it, or say in sources.yml where it comes from"
                )
            return check_source(engine, contract.name, sources, params, written)
        if contract.name not in warehouse.tables(warehouse.analytics):
            remedy = "snapshot" if contract.kind == "snapshot" else "refresh"
            raise DataError(f"{contract.name} is not there yet; run crm-ibis {remedy}")
        table = warehouse.table(warehouse.analytics, contract.name)
        if contract.kind == "snapshot":
            table = reader.versions(warehouse, contract.name)
        else:
            models.check_types(table, contract)
        sources = read_sources(engine, sources_with_parents(contract.parents), written)
        absent = spec.load_spec().absent
        refers = any(rule.refers_to for rule in contract.rules)
        there = engine.borrow(contract.name, table, warehouse) if refers else table
        audits = plan_audits(
            warehouse, engine, table, contract, contract.rules, sources, absent, there
        )
        return run_audits(audits)
    except DataError as error:
        return Checked(contract.name, 0, 0, 0.0, problem=str(error))
