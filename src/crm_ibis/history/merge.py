"""History: each version of each row of a KPI, with the time during which it held (type 2).

A merge compares the KPI with the versions that are current: `updated_at` says what changed since.
It is one transaction, looks at everything before it writes anything, and at what it wrote before
it commits. Instants are UTC without a zone, so no session's or machine's time zone matters.
"""

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property
from typing import NoReturn

import ibis
import ibis.expr.datatypes as dt
from ibis import Table

from crm_ibis.config.declarations import MASS_CHANGE_MIN_ROWS, Snapshot
from crm_ibis.contracts import audit, models, rules
from crm_ibis.contracts.audit import Audit
from crm_ibis.contracts.rules import Violation
from crm_ibis.errors import DataError
from crm_ibis.history import reader
from crm_ibis.history.diff import BEGAN, CHANGE, Differences, Known, literal
from crm_ibis.runlog.log import TableRun
from crm_ibis.warehouse import Warehouse


class SnapshotRefused(DataError):
    """A merge that would have damaged the history; nothing of it was written."""


@dataclass(frozen=True)
class Merged:
    """What a merge did with a snapshot, in rows of the KPI."""

    snapshot: str
    as_of: datetime
    current: int = 0
    """Versions that are current now."""
    new: int = 0
    """Rows that were not current before: new ones, and ones that came back."""
    changed: int = 0
    corrected: int = 0
    """Current versions with other values at the same instant, corrected in place."""
    gone: int = 0
    archived: int = 0
    """Versions that moved to the archive."""
    seconds: float = 0.0
    refused: str | None = None

    def __str__(self) -> str:
        if self.refused:
            return f"{self.snapshot}: refused"
        return (
            f"{self.snapshot}: {self.current:,} current, {self.new:,} new, {self.changed:,} "
            f"changed, {self.corrected:,} corrected, {self.gone:,} gone, "
            f"{self.archived:,} archived, {self.seconds:.2f} s"
        )

    def table_run(self) -> TableRun:
        """The merge as the run log has it; a correction counts as a change."""
        return TableRun(
            self.snapshot,
            "refused" if self.refused else "snapshot",
            self.current,
            checks=0,
            seconds=self.seconds,
            new=self.new,
            changed=self.changed + self.corrected,
            gone=self.gone,
            warnings=(self.refused,) if self.refused else (),
        )


def merge(
    warehouse: Warehouse,
    snapshot: Snapshot,
    given: Table,
    as_of: datetime,
    allow_mass_close: bool = False,
    allow_earlier: bool = False,
) -> Merged:
    """Merges the rows of a KPI, `updated_at` included, into its snapshot.

    `given` is a table of the database, published or staged; `as_of` is the run's instant. Call
    inside the run's transaction. What would damage the history is refused before anything is
    written, and told in the result.

    `allow_mass_close` lets most of the current rows end at once. `allow_earlier` accepts rows whose
    `updated_at` went back: with the same values the current version takes it, with others a new
    version begins at the run's instant.

    Raises DataError if what was written breaks an invariant: then the transaction must be undone.
    """
    began = time.perf_counter()
    try:
        differences = _differences(warehouse, snapshot, given, as_of)
        merged = _Merge(differences, as_of).run(allow_mass_close, allow_earlier)
        return replace(merged, seconds=time.perf_counter() - began)
    except SnapshotRefused as refusal:
        return Merged(snapshot.name, as_of, refused=str(refusal))


def undo_future_with(name: str) -> str:
    """How a history gets rid of what a clock that was ahead wrote into it, in words."""
    return f"a clock was ahead. crm-ibis snapshot {name} --undo-future takes that back"


def undo_future(warehouse: Warehouse, snapshot: Snapshot) -> int:
    """Takes back what begins or ends after the database's now; the number of versions concerned.

    Versions that begin later are deleted, and those that end later are current again: the history
    is what it says that held now. Call inside the run's transaction.
    """
    contract = models.get_contract(snapshot.name)
    moment = literal(warehouse.now())
    there = reader.columns_of(warehouse, snapshot.name, contract)
    archived = reader.columns_of(warehouse, snapshot.archive, contract)
    current = warehouse.quote(warehouse.analytics, snapshot.name)
    archive = warehouse.quote(warehouse.analytics, snapshot.archive)
    concerned = 0
    for table in [current] * bool(there) + [archive] * bool(archived):
        concerned += warehouse.run(f"DELETE FROM {table} WHERE valid_from > {moment}")
    if archived:
        names = ", ".join(map(warehouse.quote, archived))
        later = f"FROM {archive} WHERE valid_to > {moment}"
        warehouse.run(f"INSERT INTO {current} ({names}) SELECT {names} {later}")
        warehouse.run(f"DELETE {later}")
    if there:
        concerned += warehouse.run(
            f"UPDATE {current} SET valid_to = NULL WHERE valid_to > {moment}"
        )
    return concerned


def _differences(
    warehouse: Warehouse, snapshot: Snapshot, given: Table, as_of: datetime
) -> Differences:
    try:
        return Differences(warehouse, snapshot, given, as_of)
    except DataError as unfit:
        raise SnapshotRefused(f"{snapshot.name} was not merged: {unfit}") from None


class _Merge:
    """One merge, inside its transaction."""

    def __init__(self, differences: Differences, as_of: datetime) -> None:
        self.differences = differences
        self.warehouse = differences.warehouse
        self.snapshot = differences.snapshot
        self.as_of = as_of

    def run(self, allow_mass_close: bool, allow_earlier: bool) -> Merged:
        """Looks, refuses or writes, looks again."""
        known = self.differences.recorded_counts()
        found = self.differences
        if known.newest and known.newest > self.as_of:
            remedy = "give a later instant; crm-ibis backfill goes before its first version"
            if known.newest > self.warehouse.now():
                remedy = f"that is in the future: {undo_future_with(self.snapshot.name)}"
            self._refuse(
                f"it knows what held at {known.newest} already, which is after {self.as_of}; a "
                f"merged history only grows forward: {remedy}"
            )
        found.find()
        try:
            self._refuse_input(known)
            self._refuse_changes(known, allow_mass_close, allow_earlier)
        except SnapshotRefused:
            found.free()
            raise
        self._write()
        if violations := self._violations():
            raise DataError(
                f"the merge would have damaged {self.snapshot.name}, so everything of this run was "
                "undone; please report it:\n" + "\n".join(map(str, violations))
            )
        archived = self._move_to_archive(known)
        found.free()
        return Merged(
            self.snapshot.name,
            self.as_of,
            current=found.counts["input"],
            new=found.counts["new"] + found.counts["back"],
            changed=found.counts["changed"] + found.counts["backwards"],
            corrected=found.counts["corrected"] + found.counts["earlier"],
            gone=found.counts["gone"],
            archived=archived,
        )

    def _refuse(self, why: str, violations: Iterable[Violation] = ()) -> NoReturn:
        lines = [f"{self.snapshot.name} was not merged: {why}", *map(str, violations)]
        raise SnapshotRefused("\n".join(lines))

    def _refuse_input(self, known: Known) -> None:
        """Every row must have a key of its own and an `updated_at`.

        Looked for where rows differ, and by counting: rows that do not differ have the keys of
        current versions, and are as many as these unless a key is repeated on one side.
        """
        found = self.differences
        quote = self.warehouse.quote
        counts = found.counts
        same_here = counts["input"] - counts["new"] - counts["back"]
        same_there = known.current - counts["gone"]
        incomplete = " OR ".join(f"{quote(c)} IS NULL" for c in (*found.grain, "updated_at"))
        keys = ", ".join(map(quote, found.grain))
        repeated = f"SELECT 1 FROM {found.table} GROUP BY {keys} HAVING count(*) > 1 LIMIT 1"
        if (
            same_here == same_there
            and not found.count(f"({incomplete}) AND {CHANGE} <> 'gone'")
            and not self.warehouse.fetch(repeated)
        ):
            return
        demanded = [rules.unique(found.grain)]
        demanded += [rules.required(c) for c in (*found.grain, "updated_at")]
        kpi = models.get_contract(self.snapshot.kpi)
        checked = audit.audit(self.warehouse, found.given, kpi, demanded, {})
        if checked.violations:
            self._refuse("its input is not fit for a history", checked.violations)
        self._refuse(
            "it has several current versions of a key, which no command of crm-ibis writes; "
            f"`crm-ibis check {self.snapshot.name}` shows them; fix them by hand"
        )

    def _refuse_changes(self, known: Known, allow_mass_close: bool, allow_earlier: bool) -> None:
        found = self.differences
        counts = self.differences.counts
        if (counts["backwards"] or counts["earlier"]) and not allow_earlier:
            some = found.some(f"{CHANGE} IN ('backwards', 'earlier')")
            self._refuse(
                f"updated_at of {some} is before what the current version knows; look whether "
                "somebody published an earlier state, or filled in the past after publishing. If "
                "what is published is right: "
                f"crm-ibis snapshot {self.snapshot.name} --allow-earlier"
            )
        future = f"updated_at > {found.moment}"
        if found.count(future):
            self._refuse(
                f"updated_at of {found.some(future)} is after {self.as_of}; give the instant of "
                "the publication or a later one"
            )
        momentary = f"{CHANGE} IN ('gone', 'backwards') AND {BEGAN} >= {found.moment}"
        if found.count(momentary):
            self._refuse(
                f"{found.some(momentary)} began at {self.as_of} and cannot end at the same "
                "instant; merge as of a later one"
            )
        missing_pct = 100 * counts["gone"] / max(known.current, 1)
        guarded = known.current >= MASS_CHANGE_MIN_ROWS and not allow_mass_close
        if guarded and missing_pct > self.snapshot.max_missing_pct:
            self._refuse(
                f"{counts['gone']:,} of its {known.current:,} current keys are not in "
                f"{self.snapshot.kpi}, more than the {self.snapshot.max_missing_pct:g} % that may "
                "disappear at once, and an emptied source looks the same; if they are really gone: "
                f"crm-ibis snapshot {self.snapshot.name} --allow-mass-close"
            )
        if found.columns and (violations := self._violations()):
            self._refuse(
                "its history is damaged, which no command of crm-ibis does; fix it by hand",
                violations,
            )

    def _write(self) -> None:
        """Ends, corrects and begins versions; the others are not touched."""
        found = self.differences
        quote = self.warehouse.quote
        self._bring_columns()
        current = f"FROM {found.table} AS x WHERE {found.same('x', 'h')} AND h.valid_to IS NULL"
        if found.any_of("changed", "gone", "backwards"):
            self.warehouse.run(
                f"UPDATE {found.history} AS h SET valid_to = CASE WHEN x.{CHANGE} = 'changed' "
                f"THEN x.updated_at ELSE {found.moment} END {current} "
                f"AND x.{CHANGE} IN ('changed', 'gone', 'backwards')"
            )
        if found.any_of("corrected", "earlier"):
            cells = ", ".join(f"{quote(c)} = {quote('x', c)}" for c in found.values)
            self.warehouse.run(
                f"UPDATE {found.history} AS h SET {cells} {current} "
                f"AND x.{CHANGE} IN ('corrected', 'earlier')"
            )
        if found.any_of("new", "back", "changed", "backwards"):
            names = [*found.grain, *found.values]
            self.warehouse.run(
                f"INSERT INTO {found.history} ({', '.join(map(quote, names))}, valid_from) "
                f"SELECT {', '.join(quote('x', c) for c in names)}, "
                f"CASE WHEN x.{CHANGE} IN ('back', 'backwards') THEN {found.moment} "
                f"ELSE x.updated_at END FROM {found.table} AS x "
                f"WHERE x.{CHANGE} IN ('new', 'back', 'changed', 'backwards')"
            )

    def _bring_columns(self) -> None:
        """Creates the table, or gives it the columns that the KPI has gained."""
        found = self.differences
        schema = self.warehouse.analytics
        wanted = {c: t.copy(nullable=True) for c, t in found.given.schema().items()}
        wanted |= {c: found.contract.schema[c] for c in models.VALIDITY}
        if not found.columns:
            self._create(self.snapshot.name, wanted)
            self.warehouse.add_unique(
                self.snapshot.name, "current", found.grain, "valid_to IS NULL"
            )
        else:
            added = {c: t for c, t in wanted.items() if c not in found.columns}
            self.warehouse.add_column(schema, self.snapshot.name, ibis.schema(added))
        found.columns = {**found.columns, **wanted}

    def _move_to_archive(self, known: Known) -> int:
        """Moves versions that ended longer ago than the retention; how many."""
        found = self.differences
        schema = self.warehouse.analytics
        ends = [end for end in (known.first_end, found.first_change) if end]
        age = self.as_of - min(ends, default=self.as_of)
        if age <= timedelta(days=self.snapshot.retention_days):
            return 0
        limit = self.as_of - timedelta(days=self.snapshot.retention_days)
        if not found.archive:
            self._create(self.snapshot.archive, found.columns)
        else:
            added = {c: t for c, t in found.columns.items() if c not in found.archive}
            self.warehouse.add_column(schema, self.snapshot.archive, ibis.schema(added))
        names = ", ".join(map(self.warehouse.quote, found.columns))
        old = f"FROM {found.history} WHERE valid_to < {literal(limit)}"
        archive = self.warehouse.quote(schema, self.snapshot.archive)
        moved = self.warehouse.run(f"INSERT INTO {archive} ({names}) SELECT {names} {old}")
        self.warehouse.run(f"DELETE {old}")
        return moved

    def _create(self, name: str, columns: Mapping[str, dt.DataType]) -> None:
        self.warehouse.ensure_schema(self.warehouse.analytics)
        self.warehouse.create_table(self.warehouse.analytics, name, ibis.schema(columns))
        self.warehouse.add_unique(name, "grain", self.differences.contract.key)
        self.warehouse.grant_read(name)

    def _violations(self) -> Sequence[Violation]:
        """What is wrong with the versions of the keys that change, archived ones included."""
        if not self.differences.rows:
            return ()
        return audit.run_audits(self.warehouse, [self._audit]).violations

    @cached_property
    def _audit(self) -> Audit:
        found = self.differences
        # Only what the rules read, as the merge itself may add columns.
        read = (*found.grain, "updated_at")
        versions = reader.recorded_versions(self.warehouse, self.snapshot, read)
        assert versions is not None
        keys = ibis.table(found.contract.schema_of(found.grain), name=found.name)
        touched = versions.semi_join(keys, list(found.grain))
        return audit.plan_audit(
            self.warehouse, touched, found.contract, found.contract.rules, {}, inline=False
        )
