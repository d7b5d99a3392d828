"""Checks the sources before a refresh reads them."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType

import ibis.expr.types as ir
from ibis import Table

from crm_ibis.config.calendars import ALWAYS
from crm_ibis.config.params import Params
from crm_ibis.contracts import models, rules
from crm_ibis.contracts.audit import Audit, Checked, plan_audit, run_audits, source_rules
from crm_ibis.contracts.models import Contract
from crm_ibis.contracts.rules import Rule
from crm_ibis.engines import Engine
from crm_ibis.errors import DataError
from crm_ibis.runlog.clock import now
from crm_ibis.sources import currencies, spec
from crm_ibis.sources.columns import casting
from crm_ibis.sources.functions import Materialized
from crm_ibis.sources.resolve import source_tables, unread_of

CALENDAR = "calendar"


def sources_with_parents(names: Iterable[str]) -> list[str]:
    """The named sources and those that they are checked by, in order of name.

    Those that their foreign keys refer to, and the rates of their amounts.
    """
    declared = models.contracts()
    needed = set(names)
    needed |= currencies.rates_needed(needed) & declared.keys()
    while more := {p for name in needed for p in declared[name].parents} - needed:
        needed |= more
    return sorted(needed)


def cast_sources(raw: Mapping[str, Table]) -> dict[str, Table]:
    """Sources in the types of their contracts, not checked yet.

    Raises DataError naming every column that is missing or of another family of types.
    """
    sources = {}
    unfit = []
    for name, table in raw.items():
        try:
            sources[name] = casting.cast_to_contract(table, models.contracts()[name])
        except DataError as error:
            unfit.append(str(error))
    if unfit:
        raise DataError("\n".join(unfit))
    return sources


def drop_undecided(raw: Mapping[str, Table], sources: Mapping[str, Table]) -> dict[str, Table]:
    """The sources as tables are computed from them: a column that says whether an event happened
    is missing where it is missing in the source, as null would say that it did not."""
    found = {}
    for name, table in sources.items():
        undecided = models.contracts()[name].undecided_columns(raw[name].columns)
        found[name] = table.drop(*undecided) if undecided else table
    return found


def read_sources(
    engine: Engine, names: Iterable[str], written: Materialized | None = None
) -> dict[str, Table]:
    """Sources in the types of their contracts, not checked yet."""
    return cast_sources(source_tables(engine, names, written))


def rules_of(
    contract: Contract, params: Params, as_of: datetime, entered_by: datetime | None = None
) -> list[Rule]:
    """What a source must keep, its instants as of an instant and by the years of sources.yml.

    What rows must keep to be computed with goes by those `entered_by` an instant, else by `as_of`.
    """
    demanded = source_rules(contract, as_of, spec.load_spec().plausible_years)
    if contract.name in currencies.MONEY:
        by = entered_by or as_of
        demanded += currencies.conversion_rules(contract.name, params.reporting, by)
    if contract.name == "facilities" and CALENDAR in contract.schema:
        demanded.append(rules.known_name(CALENDAR, [ALWAYS, *params.calendars], "the parameters"))
    return demanded


def source_audits(
    engine: Engine,
    name: str,
    landed: Mapping[str, Table],
    sources: Mapping[str, Table],
    params: Params,
    as_of: datetime,
    also: Mapping[str, ir.Scalar] = MappingProxyType({}),
    unread: Sequence[Rule] = (),
    entered_by: datetime | None = None,
) -> list[Audit]:
    """The audits of a source, each of which makes sense only if the one before finds nothing.

    `landed` are the `sources` before they are in the types of their contracts. What is `unread` of
    landed tables is null in the source. Numbers that would not survive the
    conversion to the contract's type are looked for first too: the database would stop at them
    without naming a row.
    """
    contract = models.contracts()[name]
    raw = landed[name]
    demanded = rules_of(contract, params, as_of, entered_by)
    absent = spec.load_spec().absent
    audits = [
        plan_audit(engine, sources[name], contract, demanded, sources, also=also, absent=absent)
    ]
    if conversions := casting.rules_of_raw(raw, contract):
        audits.insert(0, plan_audit(engine, raw, contract, conversions, {}))
    if unread:
        audits.insert(0, plan_audit(engine, raw, contract, unread, {}))
    if together := rules_of_all(name, landed, params, entered_by or as_of):
        audits.append(plan_audit(engine, sources[name], contract, together, sources))
    return audits


def rules_of_all(
    name: str, landed: Mapping[str, Table], params: Params, entered_by: datetime
) -> list[Rule]:
    """What a source must keep as a whole: of what breaks it, no row can tell which is to go."""
    reporting = params.reporting
    return [
        *currencies.home_rules(name, reporting),
        *currencies.one_currency(name, landed, reporting, entered_by),
    ]


def check_source(
    engine: Engine,
    name: str,
    sources: Mapping[str, Table],
    params: Params,
    written: Materialized | None = None,
    as_of: datetime | None = None,
) -> Checked:
    """The contract of one source, as of an instant or now."""
    landed = source_tables(engine, sources, written)
    unread = [found.rule for found in unread_of(engine, [name]).get(name, ())]
    moment = as_of or now()
    audits = source_audits(engine, name, landed, sources, params, moment, unread=unread)
    return run_audits(audits)
