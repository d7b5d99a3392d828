"""What sources.yml expects of a source as a whole, and values that it names and nobody has."""

from datetime import datetime, timedelta

import pytest
from mappings import SourcesFile, fit_of
from reports import into
from stored import raw, runs

from crm_ibis.cli import terminal
from crm_ibis.config.settings import Settings
from crm_ibis.contracts.audit import ChecksFailed
from crm_ibis.errors import UsageError
from crm_ibis.operations.watchdog import watch
from crm_ibis.publishing.refresh import RefreshResult, refresh
from crm_ibis.runlog.publications import publications
from crm_ibis.runlog.summaries import source_ages
from crm_ibis.sources.spec import load_spec
from crm_ibis.testing import read, store
from crm_ibis.warehouse import Warehouse, open_warehouse

POSTGRES_IS_SLOW = True

AT = datetime(2024, 1, 20)
KPI = ["ticket_sla"]
TEN = "id\n" + "\n".join(f"t{number}" for number in range(10))
"""Ten tickets of 2024-01-10."""


def hints_of(outcome: RefreshResult, source: str = "tickets") -> tuple[str, ...]:
    (found,) = (table.warnings for table in outcome.tables if table.table == source)
    return found


def expecting(file: SourcesFile, expected: str) -> None:
    file.write(f"sources: {{tickets: {{expect: {expected}}}}}")


@pytest.mark.parametrize(("least", "stops"), [(10, False), (11, True)])
def test_too_few_rows_stop_a_refresh(
    warehouse: Warehouse, sources_file: SourcesFile, least: int, stops: bool
) -> None:
    store(warehouse, tickets=TEN)
    expecting(sources_file, f"{{min_rows: {least}}}")
    assert fit_of(warehouse).fails is stops
    if not stops:
        refresh(warehouse, KPI, as_of=AT)
        return
    with pytest.raises(ChecksFailed, match="tickets: has at least 11 rows: 10 rows") as told:
        refresh(warehouse, KPI, as_of=AT)
    (broken,) = told.value.broken
    assert (broken.table, broken.check, broken.rows) == ("tickets", "has at least 11 rows", 10)
    assert not warehouse.tables(warehouse.analytics)
    assert runs(warehouse)[-1]["state"] == "failed"


@pytest.mark.parametrize(("least", "stops"), [(9, False), (10, True)])
def test_rows_in_quarantine_do_not_count(
    warehouse: Warehouse, sources_file: SourcesFile, least: int, stops: bool
) -> None:
    store(warehouse, tickets=TEN)
    warehouse.run(f"UPDATE {raw(warehouse, 'tickets')} SET priority = 'odd' WHERE id = 't9'")
    more = "on_violation: quarantine, max_quarantined_pct: 10"
    sources_file.write(f"sources: {{tickets: {{expect: {{min_rows: {least}}}, {more}}}}}")
    seen = fit_of(warehouse)
    assert (seen.rows, seen.quarantined, seen.fails) == (10, 1, stops)
    if not stops:
        refresh(warehouse, KPI, as_of=AT)
        return
    with pytest.raises(ChecksFailed, match="tickets: has at least 10 rows: 9 rows"):
        refresh(warehouse, KPI, as_of=AT)


def test_a_warning_is_told_and_stops_nothing(
    warehouse: Warehouse, sources_file: SourcesFile
) -> None:
    store(warehouse, tickets=TEN)
    expecting(sources_file, "[{min_rows: 5}, {min_rows: 100, severity: warn}]")
    lines: list[str] = []
    outcome = refresh(warehouse, KPI, as_of=AT, report=into(lines))
    assert "warning: tickets: has at least 100 rows: 10 rows" in lines
    assert [warning.check for warning in outcome.warnings] == ["has at least 100 rows"]
    assert hints_of(outcome) == ("has at least 100 rows: 10 rows",)
    seen = fit_of(warehouse)
    assert [found.severity for found in seen.unexpected] == ["warn"]
    assert not seen.fails


@pytest.mark.parametrize(("deleted", "stops"), [(3, False), (4, True)])
def test_rows_are_held_against_the_last_successful_run(
    warehouse: Warehouse, sources_file: SourcesFile, deleted: int, stops: bool
) -> None:
    """Of ten, at most 30 % may go: three, but not four."""
    store(warehouse, tickets=TEN)
    expecting(sources_file, "{max_drop_pct: 30}")
    refresh(warehouse, KPI, as_of=AT)
    warehouse.run(f"DELETE FROM {raw(warehouse, 'tickets')} WHERE id < 't{deleted}'")
    assert fit_of(warehouse).fails is stops
    if not stops:
        refresh(warehouse, KPI, as_of=AT)
        return
    words = r"at most 30 % fewer rows than in the last run: 6 rows"
    for _ in range(2):  # a run that failed is no measure
        with pytest.raises(ChecksFailed, match=words) as failed:
            refresh(warehouse, KPI, as_of=AT)
        assert "rows_in_the_last_run=10" in failed.value.detailed
    assert len(read(warehouse, KPI[0])) == 10


@pytest.mark.parametrize(
    ("as_of", "age", "stops"),
    [
        ("2024-01-12 12:00", "36h", False),
        ("2024-01-12 12:01", "36h", True),
        ("2024-01-09 12:00", "1d", False),
        ("2024-01-10 12:00", "1h", True),
        ("2024-01-01 00:00", "365d", True),
    ],
)
def test_the_newest_row_by_the_instant_of_the_run_has_an_age(
    warehouse: Warehouse, sources_file: SourcesFile, as_of: str, age: str, stops: bool
) -> None:
    """t1 is of the 9th at noon; t2 of the 10th at 10:00, and was updated on the 11th at 0:00."""
    tickets = """
        id | created_at       | updated_at
        t1 | 2024-01-09 12:00 | 2024-01-09 12:00
        t2 | 2024-01-10 10:00 | 2024-01-11 00:00
    """
    store(warehouse, tickets=tickets)
    expecting(sources_file, f"{{max_age: {age}}}")
    moment = datetime.fromisoformat(as_of)
    if stops:
        with pytest.raises(ChecksFailed, match=f"has a row of the last {age}: 2 rows"):
            refresh(warehouse, KPI, as_of=moment)
    else:
        refresh(warehouse, KPI, as_of=moment)


def test_a_source_that_stays_the_same_for_three_runs_is_told(
    warehouse: Warehouse, sources_file: SourcesFile
) -> None:
    store(warehouse, tickets=TEN)
    expecting(sources_file, "{unchanged_runs: 3, severity: warn}")
    found = []
    for _ in range(3):
        found.append([w.check for w in refresh(warehouse, KPI, as_of=AT).warnings])
    assert found == [[], [], ["is not the same in 3 runs in a row"]]
    seen = {source.source: source for source in source_ages(warehouse)}
    assert (seen["tickets"].rows, seen["tickets"].unchanged_runs) == (10, 3)
    assert seen["tickets"].newest_at == datetime(2024, 1, 10)
    updated = "SET updated_at = TIMESTAMP '2024-01-15' WHERE id = 't1'"
    warehouse.run(f"UPDATE {raw(warehouse, 'tickets')} {updated}")
    assert refresh(warehouse, KPI, as_of=AT).warnings == []
    seen = {source.source: source for source in source_ages(warehouse)}
    assert seen["tickets"].unchanged_runs == 1
    assert seen["tickets"].newest_at == datetime(2024, 1, 15)


def test_seed_data_that_stays_the_same_alarms_nobody(warehouse: Warehouse) -> None:
    store(warehouse, tickets=TEN)
    for _ in range(4):
        assert refresh(warehouse, KPI, as_of=AT).warnings == []


def test_a_log_of_an_earlier_version_is_read(
    warehouse: Warehouse, sources_file: SourcesFile
) -> None:
    store(warehouse, tickets=TEN)
    expecting(sources_file, "{max_drop_pct: 30, unchanged_runs: 2}")
    assert source_ages(warehouse) == []
    refresh(warehouse, KPI, as_of=AT)
    log = warehouse.quote(warehouse.meta, "run_tables")
    warehouse.run(f"ALTER TABLE {log} DROP COLUMN newest_at")
    assert {(seen.rows, seen.newest_at) for seen in source_ages(warehouse)} == {
        (1, None),
        (10, None),
    }
    assert not fit_of(warehouse).fails


@pytest.mark.parametrize(
    ("expected", "words"),
    [
        ("{}", "expects nothing; give min_rows"),
        ("{max_age: soon}", "max_age"),
        ("{max_drop_pct: 100}", "max_drop_pct"),
        ("{min_row: 5}", "min_row"),
    ],
)
def test_what_cannot_be_expected_is_refused(
    sources_file: SourcesFile, expected: str, words: str
) -> None:
    expecting(sources_file, expected)
    with pytest.raises(UsageError, match=words):
        load_spec()


def test_an_expectation_maps_nothing(sources_file: SourcesFile) -> None:
    expecting(sources_file, "{min_rows: 5}")
    assert not load_spec().of("tickets").is_mapped
    assert load_spec().of("tickets").expect[0].age is None
    expecting(sources_file, "{max_age: 36h}")
    assert load_spec().of("tickets").expect[0].age == timedelta(hours=36)


def test_values_that_never_occur_are_told(warehouse: Warehouse, sources_file: SourcesFile) -> None:
    """The status `any` is that of t1, and a number that is text is found by its text."""
    tickets = "id | status | priority\nt1 | any | high\nt2 | 7 | low"
    store(warehouse, tickets=tickets)
    sources_file.write(
        """
        sources:
          tickets:
            only: {status: [any, 7, Clsed, a@b.example]}
            leave_out: {resolved_at: null, id: t9}
            columns:
              priority: {from: priority, values: {high: critical, P9: low}}
        """
    )
    expected = (
        "sources.yml names values that never occur: only: status 'Clsed'; only: status an address; "
        "leave_out: id 't9'; priority.values: priority 'P9'"
    )
    seen = fit_of(warehouse)
    assert seen.hints == ("has no rows", expected)
    lines: list[str] = []
    outcome = refresh(warehouse, KPI, as_of=AT, report=into(lines))
    assert f"warning: tickets: {expected}" in lines
    assert "warning: tickets: has no rows" in lines
    assert hints_of(outcome) == ("has no rows", expected)
    assert outcome.warnings == []


def test_a_column_with_null_values_of_its_own_is_searched_by_those(
    warehouse: Warehouse, sources_file: SourcesFile
) -> None:
    """For the priority `?` is a value and `low` is none, whatever the source's list says."""
    store(warehouse, tickets="id | status | priority\nt1 | any | ?\nt2 | any | low")
    sources_file.write(
        """
        sources:
          tickets:
            null_values: ["?"]
            columns:
              priority:
                from: priority
                null_values: [low]
                values: {"?": high, low: medium}
                missing: low
        """
    )
    never = "sources.yml names values that never occur: priority.values: priority 'low'"
    assert fit_of(warehouse).hints == (never,)


def test_values_that_occur_are_not_told(warehouse: Warehouse, sources_file: SourcesFile) -> None:
    store(warehouse, tickets=TEN)
    sources_file.write("sources: {tickets: {only: {priority: high}, leave_out: {status: gone}}}")
    warehouse.run(f"UPDATE {raw(warehouse, 'tickets')} SET status = 'gone' WHERE id = 't1'")
    assert fit_of(warehouse).hints == ()
    assert hints_of(refresh(warehouse, KPI, as_of=AT)) == ()


@pytest.mark.e2e
def test_an_empty_source_is_told_and_an_absent_one_is_not(
    warehouse: Warehouse, sources_file: SourcesFile
) -> None:
    store(warehouse, tickets="id")
    sources_file.write("sources: {invoices: absent}")
    assert fit_of(warehouse).hints == ("has no rows",)
    assert fit_of(warehouse, "invoices").hints == ()
    assert fit_of(warehouse, "facilities").hints == ()
    assert hints_of(refresh(warehouse, KPI, as_of=AT)) == ("has no rows",)


def test_a_dry_run_before_any_run_has_nothing_to_hold_against(
    warehouse: Warehouse, sources_file: SourcesFile
) -> None:
    store(warehouse, tickets=TEN)
    expecting(sources_file, "{max_drop_pct: 0, unchanged_runs: 2}")
    assert refresh(warehouse, KPI, as_of=AT, dry_run=True).warnings == []
    assert publications(warehouse) == {}


def test_status_tells_how_old_the_newest_row_of_a_source_is(
    warehouse: Warehouse, capsys: pytest.CaptureFixture[str]
) -> None:
    store(warehouse, tickets=TEN)
    for _ in range(3):
        refresh(warehouse, KPI, as_of=AT)
    terminal.print_source_ages(source_ages(warehouse), {}, datetime(2024, 1, 14))
    told = capsys.readouterr().out
    assert "source tickets: 10 rows, newest row 4.0 days old, unchanged for 3 runs" in told


def test_the_summary_of_a_refresh_tells_of_sources_without_rows(
    warehouse: Warehouse, capsys: pytest.CaptureFixture[str]
) -> None:
    """The facility's only row is there: one warning, about tickets."""
    store(warehouse, tickets="id")
    outcome = refresh(warehouse, KPI, as_of=AT)
    assert outcome.hints == [("tickets", "has no rows")]
    terminal.print_refresh(outcome)
    told = " ".join(capsys.readouterr().out.split())
    assert "1 warning," in told
    assert "warning: tickets: has no rows" in told


def test_the_watch_says_which_sources_stay_the_same(settings: Settings) -> None:
    """No run of a job asked for an alert: a line is all."""
    with open_warehouse(settings) as warehouse:
        store(warehouse, tickets=TEN)
        for _ in range(3):
            refresh(warehouse, KPI, as_of=AT)
    lines: list[str] = []
    watch(settings, into(lines))
    words = "source tickets is the same in 3 runs in a row, the newest row is of 2024-01-10 00:00"
    assert f"{words} UTC" in lines
