"""What is published shares one time zone and one currency, and changes both as a whole."""

from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from stored import runs

from crm_ibis.config.declarations import get_job
from crm_ibis.config.params import Params
from crm_ibis.config.reporting import Basis
from crm_ibis.errors import BasisChanged
from crm_ibis.history import reader
from crm_ibis.operations.jobs import attempt
from crm_ibis.operations.outcomes import JobRun
from crm_ibis.operations.status import statuses
from crm_ibis.publishing.backfill import backfill
from crm_ibis.publishing.record import record
from crm_ibis.publishing.refresh import RefreshResult, refresh
from crm_ibis.runlog.layout import log_table
from crm_ibis.runlog.publications import history_bases, publications
from crm_ibis.testing import assuming, expect, read, store
from crm_ibis.warehouse import Warehouse, open_warehouse

POSTGRES_IS_SLOW = True

NAMES = ["revenue_kpis", "pipeline_kpis"]
FIRST = datetime(2024, 3, 1, 12)
SECOND = datetime(2024, 3, 2, 12)
THIRD = datetime(2024, 3, 3, 12)
FOURTH = datetime(2024, 3, 4, 12)
UTC = Basis()
NEW_YORK = Basis("America/New_York")


def zone(name: str) -> Params:
    return assuming(f"reporting: {{time_zone: {name}}}")


EASTERN = "America/New_York"


@pytest.fixture
def invoiced(warehouse: Warehouse) -> Warehouse:
    """Two invoices: i1 is of 31 January in New York, i2 of February everywhere."""
    store(
        warehouse,
        invoices="""
            id | amount | status | created_at
            i1 | 100    | paid   | 2024-02-01 04:59
            i2 | 7      | paid   | 2024-02-15
        """,
        applications="id | created_at\na1 | 2024-02-10",
    )
    return warehouse


def rebuilt(warehouse: Warehouse, as_of: datetime) -> RefreshResult:
    return refresh(warehouse, as_of=as_of, params=zone(EASTERN), force=True, snapshot=True)


def bases(warehouse: Warehouse) -> set[Basis]:
    return {each["basis"] for each in publications(warehouse).values()}


def revenue(warehouse: Warehouse) -> list[tuple[str, int]]:
    rows = read(warehouse, "revenue_kpis")
    return sorted((str(row["month"]), int(row["total_revenue"])) for row in rows)


def test_another_zone_is_refused_and_nothing_changes(invoiced: Warehouse) -> None:
    refresh(invoiced, NAMES, as_of=FIRST)
    before = read(invoiced, "revenue_kpis")
    with pytest.raises(BasisChanged) as refused:
        refresh(invoiced, NAMES, as_of=SECOND, params=zone(EASTERN))
    words = str(refused.value)
    assert "published with months of UTC, no currency, while params.yml says" in words
    assert "says months of America/New_York, no currency" in words
    assert "crm-ibis refresh --force rebuilds all tables" in words
    assert "to keep it, write reporting: {time_zone: UTC} in params.yml" in words
    assert read(invoiced, "revenue_kpis") == before
    assert [run["state"] for run in runs(invoiced)] == ["succeeded", "failed"]
    failing = {status.table for status in statuses(invoiced, now=SECOND) if status.failing}
    assert "revenue_kpis" in failing


def test_force_rebuilds_all_that_is_published(invoiced: Warehouse) -> None:
    """Every row counts as changed, equal ones too, so that histories begin new versions; a fact
    published by name is rebuilt with the others."""
    refresh(invoiced, [*NAMES, "ticket_sla"], as_of=FIRST, snapshot=True)
    assert revenue(invoiced) == [("2024-02-01", 107)]
    done = rebuilt(invoiced, SECOND)
    assert revenue(invoiced) == [("2024-01-01", 100), ("2024-02-01", 7)]
    assert bases(invoiced) == {NEW_YORK}
    assert {"ticket_sla", "health_scores"} < {table.table for table in done.published}
    for name in publications(invoiced):
        assert {row["updated_at"] for row in read(invoiced, name)} <= {SECOND}, name
    hiring = next(table for table in done.published if table.table == "pipeline_kpis")
    assert (hiring.new, hiring.changed, hiring.gone) == (0, 1, 0)
    expect(
        versions(invoiced),
        """
        total_applications | valid_from       | valid_to
        1                  | 2024-03-01 12:00 | 2024-03-02 12:00
        1                  | 2024-03-02 12:00 | -
        """,
    )
    # From here on it is a refresh like any other: nothing changed.
    again = refresh(invoiced, NAMES, as_of=THIRD, params=zone(EASTERN))
    assert {table.changed_rows for table in again.published} == {0}
    with pytest.raises(BasisChanged, match=r"published with months of America/New_York"):
        refresh(invoiced, NAMES, as_of=THIRD)


@pytest.mark.parametrize("force", [True, False])
def test_a_part_is_never_published_on_another_basis(invoiced: Warehouse, force: bool) -> None:
    """Not even a table that was not published before, as it would stand beside the others."""
    refresh(invoiced, ["revenue_kpis"], as_of=FIRST)
    for names in (["revenue_kpis"], ["pipeline_kpis"]):
        with pytest.raises(BasisChanged, match=r"crm-ibis refresh --force rebuilds all tables"):
            refresh(invoiced, names, as_of=SECOND, params=zone(EASTERN), force=force)
    assert bases(invoiced) == {UTC}


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("currency: EUR", "amounts in EUR"),
        ("currency: EUR, rates_as_of: 2024-01-31", "amounts in EUR at the rates of 2024-01-31"),
    ],
)
@pytest.mark.parametrize("settings", ["duckdb"], indirect=True)
def test_a_currency_belongs_to_it_and_so_do_its_rates(
    invoiced: Warehouse, said: str, words: str
) -> None:
    refresh(invoiced, NAMES, as_of=FIRST, params=assuming("reporting: {currency: USD}"))
    with pytest.raises(BasisChanged) as refused:
        refresh(invoiced, NAMES, as_of=SECOND, params=assuming(f"reporting: {{{said}}}"))
    assert f"params.yml says months of UTC, {words}. Nothing" in str(refused.value)
    assert "write reporting: {time_zone: UTC, currency: USD} in params.yml" in str(refused.value)


@pytest.mark.parametrize("settings", ["duckdb"], indirect=True)
def test_what_does_not_belong_to_it_is_free(invoiced: Warehouse) -> None:
    refresh(invoiced, NAMES, as_of=FIRST)
    said = "reporting: {fiscal_year_start: 4}\ncompliance_threshold: 90"
    refresh(invoiced, NAMES, as_of=SECOND, params=assuming(said))


@pytest.mark.parametrize("settings", ["duckdb"], indirect=True)
def test_a_job_fails_at_once_and_never_rebuilds(
    invoiced: Warehouse, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Its facts are not tried apart, and it is no transient error."""
    refresh(invoiced, ["ticket_queue"], as_of=FIRST)
    params = tmp_path / "params.yml"
    params.write_text(f"reporting: {{time_zone: {EASTERN}}}", encoding="utf-8")
    settings = replace(invoiced.settings, params_file=params)
    invoiced.close()
    run = JobRun("ticket_sla", get_job("ticket_sla"), SECOND)
    said: list[str] = []
    with pytest.raises(BasisChanged):
        attempt(settings, run, 1, lambda event: said.append(str(event)))
    assert not any("left out" in line for line in said)
    with open_warehouse(settings) as warehouse:
        assert [each["state"] for each in runs(warehouse)] == ["succeeded", "failed"]


def test_a_dry_run_shows_it(invoiced: Warehouse) -> None:
    refresh(invoiced, NAMES, as_of=FIRST)
    said: list[str] = []
    shown = refresh(
        invoiced,
        NAMES,
        as_of=SECOND,
        params=zone(EASTERN),
        dry_run=True,
        report=lambda event: said.append(str(event)),
    )
    assert any("to publish it takes crm-ibis refresh --force" in line for line in said)
    changes = {t.table: (t.new, t.changed, t.gone) for t in shown.published}
    assert changes == {"revenue_kpis": (1, 1, 0), "pipeline_kpis": (0, 1, 0)}
    assert bases(invoiced) == {UTC}


def test_a_run_without_a_record_was_of_utc(invoiced: Warehouse) -> None:
    refresh(invoiced, NAMES, as_of=FIRST, params=zone(EASTERN))
    invoiced.run(f"UPDATE {log_table(invoiced, 'runs')} SET basis = NULL")
    assert bases(invoiced) == {UTC}
    with pytest.raises(BasisChanged, match=r"published with months of UTC, no currency"):
        refresh(invoiced, NAMES, as_of=SECOND, params=zone(EASTERN))


def test_a_log_of_an_earlier_layout_is_read(invoiced: Warehouse) -> None:
    refresh(invoiced, NAMES, as_of=FIRST)
    invoiced.run(f"ALTER TABLE {log_table(invoiced, 'runs')} DROP COLUMN basis")
    invoiced.run(f"UPDATE {log_table(invoiced, 'layout')} SET version = version - 1")
    assert bases(invoiced) == {UTC}
    assert history_bases(invoiced, "pipeline_kpi_snapshot") == []
    refresh(invoiced, NAMES, as_of=SECOND)
    assert bases(invoiced) == {UTC}


def versions(warehouse: Warehouse) -> list[dict[str, Any]]:
    rows = warehouse.rows(reader.versions(warehouse, "pipeline_kpi_snapshot"))
    return sorted(rows, key=lambda row: row["valid_from"])


def test_a_backfill_keeps_to_what_is_published(invoiced: Warehouse) -> None:
    refresh(invoiced, NAMES, as_of=SECOND)
    with pytest.raises(BasisChanged) as refused:
        backfill(invoiced, [FIRST], ["pipeline_kpi_snapshot"], params=zone(EASTERN))
    assert "pipeline_kpis has months of UTC, no currency" in str(refused.value)
    assert "run crm-ibis refresh --force first" in str(refused.value)
    assert "pipeline_kpi_snapshot" not in invoiced.tables(invoiced.analytics)
    backfill(invoiced, [FIRST], ["pipeline_kpi_snapshot"])


def test_a_backfill_without_a_publication_keeps_to_its_history(invoiced: Warehouse) -> None:
    backfill(invoiced, [FIRST], ["pipeline_kpi_snapshot"])
    with pytest.raises(BasisChanged):
        backfill(invoiced, [SECOND], ["pipeline_kpi_snapshot"], params=zone(EASTERN))


@pytest.mark.parametrize("settings", ["duckdb"], indirect=True)
def test_each_version_of_a_history_is_of_one_basis(invoiced: Warehouse) -> None:
    """A backfill fills in what lies between the old versions and the rebuilt tables; nothing comes
    before the old versions. The values are equal all the time."""
    name = "pipeline_kpi_snapshot"
    refresh(invoiced, NAMES, as_of=FIRST, snapshot=True)
    refresh(invoiced, as_of=THIRD, params=zone(EASTERN), force=True)
    with pytest.raises(BasisChanged, match=r"begins with months of UTC, no currency"):
        backfill(invoiced, [datetime(2024, 2, 20)], [name], params=zone(EASTERN))
    backfill(invoiced, [SECOND], [name], params=zone(EASTERN))
    record(invoiced, [name], as_of=FOURTH)
    assert [row["valid_from"] for row in versions(invoiced)] == [FIRST, SECOND, THIRD]
    assert history_bases(invoiced, name) == [UTC, NEW_YORK, NEW_YORK]
