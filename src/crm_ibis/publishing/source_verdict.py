"""What is wrong with the rows of a source, and how many would go to quarantine."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from ibis import Table

from crm_ibis.config.params import Params
from crm_ibis.contracts import audit, models
from crm_ibis.contracts.audit import ChecksFailed
from crm_ibis.contracts.violations import Violation
from crm_ibis.engines import Engine
from crm_ibis.errors import DatabaseError, DataError, TransientError, UsageError
from crm_ibis.runlog.clock import now
from crm_ibis.runlog.summaries import SourceRun
from crm_ibis.sources import check, spec, volume
from crm_ibis.sources.columns import casting
from crm_ibis.sources.connectors.unread import Unread
from crm_ibis.sources.quarantine import Quarantine
from crm_ibis.warehouse import Warehouse


def judge(
    engine: Engine,
    name: str,
    table: Table,
    readable: dict[str, Table],
    unread: tuple[Unread, ...],
    params: Params,
) -> dict[str, Any]:
    """The broken checks of a source, or why they cannot be looked for."""
    try:
        with engine.attempt():
            return {"violations": _violations(engine, name, table, readable, unread, params)}
    except TransientError:
        raise
    except (DataError, DatabaseError, UsageError) as error:
        return {"problem": str(error)}


def _violations(
    engine: Engine,
    name: str,
    table: Table,
    readable: dict[str, Table],
    unread: tuple[Unread, ...],
    params: Params,
) -> tuple[Violation, ...]:
    """Every broken check, but for references to a source that cannot be read."""
    contract = models.contracts()[name]
    safe = _safe(readable)
    demanded = check.rules_of(contract, params, now())
    demanded = [r for r in demanded if r.refers_to is None or r.refers_to in safe]
    conversions = casting.rules_of_raw(table, contract)
    given, demanded = casting.split_unreadable(table, contract, demanded)
    absent = spec.load_spec().absent
    found = audit.audit(engine, given, contract, demanded, safe, absent).violations
    if not spec.load_spec().of(name).quarantines:
        found += _as_a_whole(engine, name, readable, params)
    if conversions:
        found = audit.audit(engine, table, contract, conversions, {}).violations + found
    if unread:
        rules = [seen.rule for seen in unread]
        found = audit.audit(engine, table, contract, rules, {}).violations + found
    return found


def _safe(landed: Mapping[str, Table]) -> dict[str, Table]:
    """Sources in the types of their contracts, null where a number would stop the database."""
    declared = models.contracts()
    return {
        name: casting.cast_to_contract(casting.null_unreadable(t, declared[name]), declared[name])
        for name, t in landed.items()
    }


def _as_a_whole(
    engine: Engine, name: str, landed: Mapping[str, Table], params: Params
) -> tuple[Violation, ...]:
    """What is wrong with a source, and with no row of it: that its amounts are in several
    currencies, for one."""
    contract = models.contracts()[name]
    demanded = check.rules_of_all(name, landed, params, now())
    if not demanded:
        return ()
    safe = _safe(landed)
    return audit.audit(engine, safe[name], contract, demanded, safe).violations


def count_quarantined(
    warehouse: Warehouse,
    engine: Engine,
    readable: dict[str, Table],
    unread: dict[str, tuple[Unread, ...]],
    params: Params,
    before: dict[str, list[SourceRun]],
) -> dict[str, dict[str, Any]]:
    """How many rows a refresh would leave out of each source, where they are too many, and what is
    not as it must be in the rows that are left."""
    quarantine = Quarantine(engine, params, report=lambda event: None)
    found: dict[str, dict[str, Any]] = {}
    with warehouse.transaction():
        with suppress(ChecksFailed):  # of violations, `_violations` tells as well
            quarantine.settle(readable, unread)
        left_of_all = {name: settled.table for name, settled in quarantine.settled.items()}
        for name, settled in quarantine.settled.items():
            left = _unexpected(engine, name, left_of_all, params, before.get(name, []))
            found[name] = {"quarantined": settled.left_out, "unexpected": left}
        quarantine.free()
    for sentence, violations in quarantine.excess.items():
        found[violations[0].table]["problem"] = sentence
    return found


def _unexpected(
    engine: Engine,
    name: str,
    settled: Mapping[str, Table],
    params: Params,
    before: list[SourceRun],
) -> tuple[Violation, ...]:
    """What stops a refresh that reads the rows of a source that are not in quarantine."""
    declared = spec.load_spec()
    contract = models.contracts()[name]
    if name in declared.absent:
        return ()
    given = casting.cast_to_contract(casting.null_unreadable(settled[name], contract), contract)
    (seen,) = engine.rows(given.aggregate(rows=given.count(), newest=volume.newest(given, now())))
    found = volume.violations(name, seen["rows"], seen["newest"], now(), before)
    if declared.of(name).quarantines:
        found += _as_a_whole(engine, name, settled, params)
    return found
