"""What must not be merged into a history, as it would damage it."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import cached_property
from typing import NoReturn

import ibis

from crm_ibis.config.declarations import MASS_CHANGE_MIN_ROWS
from crm_ibis.contracts import audit, models, rules
from crm_ibis.contracts.audit import Audit
from crm_ibis.contracts.violations import Violation
from crm_ibis.errors import DataError
from crm_ibis.history import reader
from crm_ibis.history.diff import BEGAN, CHANGE, Differences, Known
from crm_ibis.history.future import undo_future_with


class SnapshotRefused(DataError):
    """A merge that would have damaged the history; nothing of it was written."""


class Guards:
    """Look at a merge before it writes anything, and at what it wrote; all inside its transaction.

    What they refuse is a SnapshotRefused.
    """

    def __init__(self, differences: Differences, known: Known, as_of: datetime) -> None:
        self.differences = differences
        self.known = known
        self.as_of = as_of
        self.warehouse = differences.warehouse
        self.snapshot = differences.snapshot

    def refuse_past(self) -> None:
        """A merge as of an instant that lies within what is known."""
        newest = self.known.newest
        if not newest or newest <= self.as_of:
            return
        remedy = "give a later instant; crm-ibis backfill goes before its first version"
        if newest > self.warehouse.now():
            remedy = f"that is in the future: {undo_future_with(self.snapshot.name)}"
        self._refuse(
            f"it knows what held at {newest} already, which is after {self.as_of}; a "
            f"merged history only grows forward: {remedy}"
        )

    def refuse_differences(self, allow_mass_close: bool, allow_earlier: bool) -> None:
        """Rows that are not fit for a history, and changes that it cannot take."""
        self._refuse_input()
        if not allow_earlier:
            self._refuse_earlier()
        self._refuse_later()
        self._refuse_momentary()
        if not allow_mass_close:
            self._refuse_mass_close()
        if self.differences.columns:
            self._refuse_damage()

    def violations(self) -> Sequence[Violation]:
        """What is wrong with the versions of the keys that change, archived ones included."""
        if not self.differences.rows:
            return ()
        return audit.run_audits([self._audit]).violations

    def _refuse_input(self) -> None:
        """Rows without a key of their own, or without an `updated_at`."""
        if self._is_fit():
            return
        grain = self.differences.grain
        demanded = [rules.unique(grain)]
        demanded += [rules.required(c) for c in (*grain, "updated_at")]
        kpi = models.get_contract(self.snapshot.kpi)
        checked = audit.audit(self.warehouse, self.differences.given, kpi, demanded, {})
        if checked.violations:
            self._refuse("its input is not fit for a history", checked.violations)
        self._refuse(
            "it has several current versions of a key, which no command of crm-ibis writes; "
            f"`crm-ibis check {self.snapshot.name}` shows them; fix them by hand"
        )

    def _is_fit(self) -> bool:
        """Whether every row has a key of its own and an `updated_at`.

        Looked for where rows differ, and by counting: rows that do not differ have the keys of
        current versions, and are as many as these unless a key is repeated on one side.
        """
        found = self.differences
        quote = self.warehouse.quote
        counts = found.counts
        same_here = counts["input"] - counts["new"] - counts["back"]
        same_there = self.known.current - counts["gone"]
        incomplete = " OR ".join(f"{quote(c)} IS NULL" for c in (*found.grain, "updated_at"))
        keys = ", ".join(map(quote, found.grain))
        repeated = f"SELECT 1 FROM {found.table} GROUP BY {keys} HAVING count(*) > 1 LIMIT 1"
        return (
            same_here == same_there
            and not found.count(f"({incomplete}) AND {CHANGE} <> 'gone'")
            and not self.warehouse.fetch(repeated)
        )

    def _refuse_earlier(self) -> None:
        found = self.differences
        if not found.any_of("backwards", "earlier"):
            return
        some = found.some(f"{CHANGE} IN ('backwards', 'earlier')")
        self._refuse(
            f"updated_at of {some} is before what the current version knows; look whether "
            "somebody published an earlier state, or filled in the past after publishing. If "
            "what is published is right: "
            f"crm-ibis snapshot {self.snapshot.name} --allow-earlier"
        )

    def _refuse_later(self) -> None:
        found = self.differences
        future = f"updated_at > {found.moment}"
        if found.count(future):
            self._refuse(
                f"updated_at of {found.some(future)} is after {self.as_of}; give the instant of "
                "the publication or a later one"
            )

    def _refuse_momentary(self) -> None:
        """Versions that would end at the instant at which they began."""
        found = self.differences
        momentary = f"{CHANGE} IN ('gone', 'backwards') AND {BEGAN} >= {found.moment}"
        if found.count(momentary):
            self._refuse(
                f"{found.some(momentary)} began at {self.as_of} and cannot end at the same "
                "instant; merge as of a later one"
            )

    def _refuse_mass_close(self) -> None:
        current = self.known.current
        gone = self.differences.counts["gone"]
        if current < MASS_CHANGE_MIN_ROWS:
            return
        if 100 * gone / current > self.snapshot.max_missing_pct:
            self._refuse(
                f"{gone:,} of its {current:,} current keys are not in "
                f"{self.snapshot.kpi}, more than the {self.snapshot.max_missing_pct:g} % that may "
                "disappear at once, and an emptied source looks the same; if they are really gone: "
                f"crm-ibis snapshot {self.snapshot.name} --allow-mass-close"
            )

    def _refuse_damage(self) -> None:
        if violations := self.violations():
            self._refuse(
                "its history is damaged, which no command of crm-ibis does; fix it by hand",
                violations,
            )

    def _refuse(self, why: str, violations: Iterable[Violation] = ()) -> NoReturn:
        lines = [f"{self.snapshot.name} was not merged: {why}", *map(str, violations)]
        raise SnapshotRefused("\n".join(lines))

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
