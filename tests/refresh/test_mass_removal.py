"""A refresh that would remove most rows of a published table is refused, unless it is allowed."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from stored import Project, project_in, raw, read_all, runs

from crm_ibis.cli import cli
from crm_ibis.config import project as content
from crm_ibis.config.declarations import removable_pct
from crm_ibis.errors import MassRemoval, UsageError
from crm_ibis.operations.status import statuses
from crm_ibis.publishing.refresh import refresh
from crm_ibis.testing import read, store
from crm_ibis.warehouse import Warehouse

AS_OF = datetime(2024, 3, 1)
LATER = AS_OF + timedelta(days=1)


def billed(warehouse: Warehouse, facilities: int) -> None:
    """An invoice in each of many facilities: so many rows of revenue_kpis."""
    ids = [f"f{n}" for n in range(facilities)]
    invoices = "\n".join(f"i{n} | {name} | 5" for n, name in enumerate(ids))
    store(
        warehouse,
        facilities="\n".join(["id", *ids]),
        invoices=f"id | facility_id | amount\n{invoices}",
    )


def unbill(warehouse: Warehouse, invoices: int) -> None:
    ids = ", ".join(f"'i{n}'" for n in range(invoices))
    warehouse.run(f"DELETE FROM {raw(warehouse, 'invoices')} WHERE id IN ({ids})")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Project]:
    """A project whose supporting_kpis job lets a table lose a tenth of its rows."""
    with project_in(tmp_path / "home", monkeypatch) as project:
        flows = project.folder / "flows"
        flows.mkdir()
        text = content_of_jobs()
        flows.joinpath("jobs.yml").write_text(
            text.replace("  supporting_kpis:\n", "  supporting_kpis:\n    max_removed_pct: 10\n"),
            encoding="utf-8",
        )
        yield project


def content_of_jobs() -> str:
    folder = Path(content.__file__).parents[3]
    return (folder / "flows" / "jobs.yml").read_text(encoding="utf-8")


def test_more_than_half_of_the_published_rows_stay(warehouse: Warehouse) -> None:
    billed(warehouse, 20)
    refresh(warehouse, ["revenue_kpis", "outreach_kpis"], as_of=AS_OF)
    before = read_all(warehouse)
    unbill(warehouse, 11)
    with pytest.raises(MassRemoval) as refused:
        refresh(warehouse, ["outreach_kpis", "revenue_kpis"], as_of=LATER)
    message = str(refused.value)
    assert message.startswith("revenue_kpis: 11 of its 20 published rows would be removed")
    assert "more than the 50 %" in message
    assert "crm-ibis refresh revenue_kpis --allow-mass-removal" in message
    assert read_all(warehouse) == before
    last = runs(warehouse)[-1]
    assert (last["state"], last["error"]) == ("failed", message)
    found = {status.table: status for status in statuses(warehouse)}
    assert found["revenue_kpis"].failing

    allowed = refresh(warehouse, ["revenue_kpis"], as_of=LATER, allow_mass_removal=True)
    assert [(t.table, t.gone, t.rows) for t in allowed.published] == [("revenue_kpis", 11, 9)]
    assert len(read(warehouse, "revenue_kpis")) == 9


@pytest.mark.parametrize(
    ("published", "removed"), [(20, 10), (19, 19), (40, 20)], ids=["half", "19 rows", "20 of 40"]
)
def test_half_of_the_rows_or_any_share_of_fewer_than_20_may_go(
    warehouse: Warehouse, published: int, removed: int
) -> None:
    billed(warehouse, published)
    refresh(warehouse, ["revenue_kpis"], as_of=AS_OF)
    unbill(warehouse, removed)
    (run,) = refresh(warehouse, ["revenue_kpis"], as_of=LATER).published
    assert (run.gone, run.rows) == (removed, published - removed)


def test_rows_under_other_keys_replace_none(warehouse: Warehouse) -> None:
    billed(warehouse, 20)
    refresh(warehouse, ["revenue_kpis"], as_of=AS_OF)
    for name, column in (("facilities", "id"), ("invoices", "facility_id")):
        warehouse.run(f"UPDATE {raw(warehouse, name)} SET {column} = 'x' || {column}")
    with pytest.raises(MassRemoval, match="20 of its 20 published rows"):
        refresh(warehouse, ["revenue_kpis"], as_of=LATER)


def test_a_published_fact_is_guarded_too(warehouse: Warehouse) -> None:
    tickets = "\n".join(["id", *(f"t{n}" for n in range(20))])
    store(warehouse, tickets=tickets)
    refresh(warehouse, ["ticket_sla"], as_of=AS_OF)
    warehouse.run(f"DELETE FROM {raw(warehouse, 'tickets')}")
    with pytest.raises(MassRemoval, match="ticket_sla: 20 of its 20 published rows"):
        refresh(warehouse, ["ticket_sla"], as_of=LATER)
    assert len(read(warehouse, "ticket_sla")) == 20


def test_a_dry_run_tells_of_it_and_shows_the_rest(warehouse: Warehouse) -> None:
    billed(warehouse, 20)
    refresh(warehouse, ["revenue_kpis"], as_of=AS_OF)
    unbill(warehouse, 20)
    result = refresh(warehouse, ["revenue_kpis"], as_of=LATER, dry_run=True)
    assert result.excess.keys() == {"revenue_kpis"}
    assert "20 of its 20" in result.excess["revenue_kpis"]
    assert [run.gone for run in result.published] == [20]
    allowed = refresh(
        warehouse, ["revenue_kpis"], as_of=LATER, dry_run=True, allow_mass_removal=True
    )
    assert allowed.excess == {}


@pytest.mark.parametrize("settings", ["duckdb"], indirect=True)
def test_the_command_line_refuses_and_allows_it(warehouse: Warehouse) -> None:
    billed(warehouse, 20)
    refresh(warehouse, ["revenue_kpis"], as_of=AS_OF)
    unbill(warehouse, 15)
    warehouse.close()
    database = ["--database", warehouse.settings.database_url]

    def run(*options: str) -> tuple[int, str]:
        done = CliRunner().invoke(cli, [*database, "refresh", "revenue_kpis", *options])
        return (done.exit_code, f"{done.output}{done.exception or ''}")

    for options in ([], ["--dry-run"], ["--dry-run", "--json"]):
        code, told = run(*options)
        assert code == 1
        assert "15 of its 20 published rows would be removed" in told
    assert "would be published" in run("--dry-run")[1]
    assert run("--dry-run", "--allow-mass-removal")[0] == 0
    assert run("--allow-mass-removal")[0] == 0


def test_a_job_may_say_another_share(warehouse: Warehouse, home: Project) -> None:
    billed(warehouse, 20)
    refresh(warehouse, ["revenue_kpis"], as_of=AS_OF)
    unbill(warehouse, 3)
    with pytest.raises(MassRemoval, match=r"3 of its 20 .*more than the 10 %"):
        refresh(warehouse, ["revenue_kpis"], as_of=LATER)


def test_a_share_that_is_none_is_named(home: Project) -> None:
    home.edit("flows/jobs.yml", "max_removed_pct: 10", "max_removed_pct: 101")
    with pytest.raises(UsageError, match=r"supporting_kpis\.max_removed_pct"):
        removable_pct()


def test_tickets_that_are_resolved_leave_their_queue_however_many_they_are(
    warehouse: Warehouse,
) -> None:
    tickets = "\n".join(f"t{n} | 2024-02-28 | -" for n in range(20))
    store(warehouse, tickets=f"id | created_at | resolved_at\n{tickets}")
    refresh(warehouse, ["ticket_queue"], as_of=AS_OF)
    warehouse.run(f"UPDATE {raw(warehouse, 'tickets')} SET resolved_at = '2024-03-01 12:00:00'")
    (run,) = refresh(warehouse, ["ticket_queue"], as_of=LATER).published
    assert (run.gone, run.rows) == (20, 0)


def test_a_queue_whose_source_was_emptied_is_guarded(warehouse: Warehouse) -> None:
    tickets = "\n".join(f"t{n} | 2024-02-28 | -" for n in range(40))
    store(warehouse, tickets=f"id | created_at | resolved_at\n{tickets}")
    refresh(warehouse, ["ticket_queue"], as_of=AS_OF)
    gone = ", ".join(f"'t{n}'" for n in range(21))
    warehouse.run(f"DELETE FROM {raw(warehouse, 'tickets')} WHERE id IN ({gone})")
    resolved = "resolved_at = '2024-03-01 12:00:00'"
    warehouse.run(f"UPDATE {raw(warehouse, 'tickets')} SET {resolved} WHERE id = 't39'")
    with pytest.raises(MassRemoval, match="ticket_queue: 21 of its 40 published rows"):
        refresh(warehouse, ["ticket_queue"], as_of=LATER)
    assert len(read(warehouse, "ticket_queue")) == 40
