"""A run is slow when it takes more than 1.5 times the median of its last ten successes."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from channels import Channels
from jobs_at_work import AT, add_run, carry_out, current, execute, planned, prepared_log

from crm_ibis.config.settings import Settings
from crm_ibis.operations.status import Status, statuses
from crm_ibis.runlog import log, summaries
from crm_ibis.warehouse import open_warehouse

NEWEST = datetime(2024, 3, 1, 12)
TABLE = ["ticket_sla_compliance"]
SLOW = {"slack_monitoring": ["ticket_sla_compliance took longer than usual"]}


def log_runs(
    settings: Settings, seconds: Sequence[float], tables: list[str] = TABLE, **columns: Any
) -> None:
    """Successful runs that took so many seconds, the last one the newest."""
    with prepared_log(settings) as warehouse:
        for n, took in enumerate(reversed(seconds)):
            at = NEWEST - timedelta(hours=n)
            add_run(warehouse, f"run{n}", tables, at, seconds=took, **columns)


def status(settings: Settings) -> Status:
    """What status says of the table."""
    with open_warehouse(settings, read_only=True) as warehouse:
        (found,) = [s for s in statuses(warehouse, NEWEST) if s.table == TABLE[0]]
    return found


@pytest.mark.parametrize(
    ("earlier", "newest", "usual", "slow"),
    [
        ([10] * 5, 15, 10, False),  # exactly 1.5 times
        ([10] * 5, 15.001, 10, True),
        ([10] * 4, 1000, None, False),  # too few to know what is usual
        ([8, 9, 10, 30, 30], 15.001, 10, True),  # the median and not the mean
        ([8, 9, 11, 12, 8, 12], 15.001, 10, True),  # of an even number: between the middle two
        ([8, 9, 11, 12, 8, 12], 15, 10, False),
        # The last ten are 5 of 10 s and 5 of 20 s, so 15 s is usual; with the eleventh, 20 s.
        ([20, *[10] * 5, *[20] * 5], 22.501, 15, True),
        # The eleventh would bring the median from 15 s to 10 s.
        ([10, *[10] * 5, *[20] * 5], 22.5, 15, False),
    ],
)
def test_slow_is_more_than_one_and_a_half_times_the_median_of_up_to_ten_earlier_runs(
    duckdb_settings: Settings,
    earlier: list[float],
    newest: float,
    usual: float | None,
    slow: bool,
) -> None:
    log_runs(duckdb_settings, [*earlier, newest])
    found = status(duckdb_settings)
    assert (found.seconds, found.usual_seconds, found.slow) == (newest, usual, slow)


def test_only_successes_of_the_same_tables_and_command_count(settings: Settings) -> None:
    log_runs(settings, [*[10] * 4, 100])
    with prepared_log(settings) as warehouse:
        for n in range(9):
            add_run(warehouse, f"failed{n}", TABLE, NEWEST - timedelta(minutes=n + 1), "failed", 1)
            retrying = NEWEST - timedelta(minutes=n + 10)
            add_run(warehouse, f"again{n}", TABLE, retrying, "retrying", 1)
            together = NEWEST - timedelta(minutes=n + 20)
            add_run(warehouse, f"more{n}", [*TABLE, "revenue_kpis"], together, seconds=1)
            by_hand = NEWEST - timedelta(minutes=n + 30)
            add_run(warehouse, f"history{n}", TABLE, by_hand, seconds=1, command="snapshot")
    found = status(settings)
    assert (found.seconds, found.usual_seconds, found.slow) == (100, None, False)
    with open_warehouse(settings) as warehouse:
        pace = summaries.paces(warehouse)["refresh", f"{TABLE[0]},revenue_kpis"]
    assert (pace.seconds, pace.usual_seconds) == (1, 1)


def test_a_slow_run_is_told_once_until_a_run_is_not_slow(
    seeded: Settings, channels: Channels
) -> None:
    usual = "UPDATE {meta}.runs SET finished_at = started_at + INTERVAL '%s'"
    log_runs(seeded, [1] * 6, planned("ticket_sla").job.published_tables)

    def run(minutes: int, usually: str) -> str:
        execute(seeded, usual % usually)
        outcome = carry_out(seeded, planned("ticket_sla", AT + timedelta(minutes=minutes)))
        return outcome.run_id or ""

    slow = run(0, "1 millisecond")
    (message,) = channels.messages()
    assert (message.channel, message.title) == (
        "slack_monitoring",
        "crm_ibis: ticket_sla_compliance took longer than usual",
    )
    assert f"run: {slow}" in message.text.splitlines()
    assert ", usually 0.0 s" in message.text
    run(1, "1 millisecond")
    assert channels.heard() == {}
    run(2, "1 hour")
    assert channels.heard() == {}
    assert current(seeded) == []
    run(3, "1 millisecond")
    assert channels.heard() == SLOW


def test_without_runs_nothing_is_known(settings: Settings) -> None:
    with open_warehouse(settings) as warehouse:
        assert summaries.paces(warehouse) == {}
        log.prepare(warehouse)
        assert summaries.paces(warehouse) == {}
