"""History: each version of each row of a KPI, with the time during which it held (type 2).

A merge compares the KPI with the versions that are current: `updated_at` says what changed since.
It is one transaction, looks at everything before it writes anything, and at what it wrote before
it commits. Instants are UTC without a zone, so no session's or machine's time zone matters.
"""

import time
from dataclasses import dataclass, replace
from datetime import datetime

from ibis import Table

from crm_ibis.config.declarations import Snapshot
from crm_ibis.errors import DataError
from crm_ibis.history.diff import Differences
from crm_ibis.history.guards import Guards, SnapshotRefused
from crm_ibis.history.writing import move_to_archive, write_versions
from crm_ibis.runlog.log import TableRun
from crm_ibis.warehouse import Warehouse


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
        merged = _write(differences, as_of, allow_mass_close, allow_earlier)
        return replace(merged, seconds=time.perf_counter() - began)
    except SnapshotRefused as refusal:
        return Merged(snapshot.name, as_of, refused=str(refusal))


def _differences(
    warehouse: Warehouse, snapshot: Snapshot, given: Table, as_of: datetime
) -> Differences:
    try:
        return Differences(warehouse, snapshot, given, as_of)
    except DataError as unfit:
        raise SnapshotRefused(f"{snapshot.name} was not merged: {unfit}") from None


def _write(
    differences: Differences, as_of: datetime, allow_mass_close: bool, allow_earlier: bool
) -> Merged:
    """Looks, refuses or writes, looks again."""
    known = differences.recorded_counts()
    guards = Guards(differences, known, as_of)
    guards.refuse_past()
    differences.find()
    try:
        guards.refuse_differences(allow_mass_close, allow_earlier)
    except SnapshotRefused:
        differences.free()
        raise
    write_versions(differences)
    if violations := guards.violations():
        raise DataError(
            f"the merge would have damaged {differences.snapshot.name}, so everything of this run "
            "was undone; please report it:\n" + "\n".join(map(str, violations))
        )
    archived = move_to_archive(differences, known, as_of)
    differences.free()
    return _merged(differences, as_of, archived)


def _merged(differences: Differences, as_of: datetime, archived: int) -> Merged:
    counts = differences.counts
    return Merged(
        differences.snapshot.name,
        as_of,
        current=counts["input"],
        new=counts["new"] + counts["back"],
        changed=counts["changed"] + counts["backwards"],
        corrected=counts["corrected"] + counts["earlier"],
        gone=counts["gone"],
        archived=archived,
    )
