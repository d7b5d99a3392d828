"""Tables computed from drawn ones, wherever in the graph these are, and what all tables promise."""

from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent

import pytest

from crm_ibis.config.settings import Settings
from crm_ibis.errors import UsageError
from crm_ibis.metrics import catalog
from crm_ibis.publishing.refresh import refresh
from crm_ibis.testing import AS_OF, Engine, assuming, check_promises, expect, read, store
from crm_ibis.warehouse import Warehouse, open_warehouse

HEAD = """\
import random
from datetime import datetime, date
import time

import ibis
from ibis import Table, _
from pydantic import BaseModel

from crm_ibis import Published, Source, column
from crm_ibis.expressions import instant
from crm_ibis.types import Count, Day, Flag, Text
"""


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A module of own tables, in a project folder that the program uses meanwhile."""
    (tmp_path / "crm_ibis.yml").write_text('made_with: "0.1.0"\n', encoding="utf-8")
    (tmp_path / "metrics").mkdir()
    monkeypatch.setenv("CRM_IBIS_HOME", str(tmp_path))
    yield tmp_path / "metrics" / "deals.py"
    monkeypatch.undo()
    catalog.forget()


@pytest.fixture
def fresh(settings: Settings) -> Iterator[Engine]:
    """An engine that has seen no other project, once for each kind of database."""
    with open_warehouse(settings) as warehouse:
        yield Engine(warehouse)


def write(module: Path, text: str) -> None:
    module.write_text(HEAD + dedent(text), encoding="utf-8")
    catalog.forget()


OWN = """
    class Params(BaseModel):
        least: int = 1

    class Visits(Source):
        id: Text = column("Id.")
        lead_id: Text = column("Lead.", references="leads")
        kind: Text = column("Kind.", isin=["call", "visit"])
        minutes: Count = column("How long it took.", ge=5)
        is_paid: Flag = column("Whether it is paid.")
        note: Text = column("Note.", nullable=True)

        class Config:
            unique = ["id"]

    class VisitsByLead(Published):
        lead_id: Text = column("Lead.", references="leads")
        visits: Count = column("Visits.", ge=1, le=9)

        class Config:
            unique = ["lead_id"]

    def stg_visits(visits: Table) -> Table:
        return visits.rename(visit_id="id")

    def visits_by_lead(stg_visits: Table, deals_params: Params) -> Table:
        totals = stg_visits.group_by("lead_id").agg(visits=_.count())
        return totals.filter(totals.visits >= deals_params.least)
"""


def test_a_kpi_is_built_from_sources(engine: Engine) -> None:
    built = engine.build(
        "conversion_funnel",
        leads="stage | closed_at\nwon | 2024-01-20\nlead | -",
        as_of="2024-02-01",
    )
    expect(
        built,
        """
        funnel_stage | stage_count
        lead         | 2
        sql          | 1
        opportunity  | 1
        won          | 1
        """,
    )
    assert built.name == "conversion_funnel"
    assert "funnel_stage" in str(built)


def test_a_kpi_is_built_from_what_lies_between(engine: Engine) -> None:
    """One invoice of 100.50 is paid, one of 50 is pending."""
    invoices = """
        invoice_id | facility_id | month   | amount | status
        i1         | f7          | 2024-01 | 100.50 | paid
        i2         | f7          | 2024-01 | 50     | pending
    """
    expect(
        engine.build("revenue_kpis", stg_invoices=invoices),
        """
        facility_id | month   | total_invoices | total_revenue | outstanding_amount
        f7          | 2024-01 | 1              | 100.50        | 50.00
        """,
    )
    expect(engine.build("revenue_kpis"), "facility_id | month")


def test_rows_may_be_values_of_python(engine: Engine) -> None:
    (row,) = engine.build("stg_leads", leads=[{"id": "a | -", "created_at": AS_OF}])
    assert row["lead_id"] == "a | -"


def test_parameters_may_be_yaml(engine: Engine) -> None:
    leads = "created_at\n2024-01-05"
    for params in ("cohort_months: 1", assuming("cohort_months: 1")):
        assert len(engine.build("cohort_retention", leads=leads, params=params)) == 1


def test_own_tables_are_built_from_own_sources(module: Path, fresh: Engine) -> None:
    write(module, OWN)
    visits = "lead_id\nl1\nl1\nl2"
    counted = fresh.build("visits_by_lead", visits=visits)
    expect(counted, "lead_id | visits\nl1 | 2\nl2 | 1")
    more = fresh.build("visits_by_lead", visits=visits, params="deals: {least: 2}")
    expect(more, "lead_id | visits\nl1 | 2")


def test_own_sources_are_completed_by_their_contract(module: Path, fresh: Engine) -> None:
    write(module, OWN)
    expect(
        fresh.build("stg_visits", visits="lead_id\nl7"),
        """
        visit_id | lead_id | kind | minutes | is_paid | note
        visits_1 | l7      | call | 5       | false   | -
        """,
    )


@pytest.mark.parametrize(
    ("name", "tables", "words"),
    [
        ("conversion_funel", {}, 'did you mean "conversion_funnel"'),
        ("conversion_funnel", {"lead": "id"}, 'did you mean "leads"'),
        ("conversion_funnel", {"stg_tickets": "id"}, "is not computed from stg_tickets"),
        ("leads", {}, 'no table "leads" that is computed'),
    ],
)
def test_a_wrong_name_is_refused(
    engine: Engine, name: str, tables: dict[str, str], words: str
) -> None:
    with pytest.raises(UsageError) as refusal:
        engine.build(name, **tables)  # type: ignore[arg-type]
    assert words in str(refusal.value)


def test_a_module_that_is_broken_is_named(module: Path, fresh: Engine) -> None:
    write(module, "def stg_visits(vizits: Table) -> Table:\n    return vizits\n")
    with pytest.raises(UsageError, match=r"deals\.py, line 12"):
        fresh.build("stg_visits")


def test_all_shipped_kpis_keep_the_promises(engines: list[Engine]) -> None:
    check_promises(engines, "conversion_funnel", leads="stage\nwon\nlead")
    check_promises(engines, "ticket_sla", tickets="priority\nhigh\nlow")


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ('stg_leads.mutate(leads=1).select("lead_id", "leads")', "lead_id is unique: 2 rows"),
        ('stg_leads.distinct().mutate(leads=12).select("lead_id", "leads")', "leads <= 9"),
        (
            'stg_leads.mutate(leads=1).select("lead_id", "leads")'
            ".filter(_.lead_id == datetime.now().isoformat())",
            "visits_by_lead asks for datetime.now",
        ),
        (
            'stg_leads.filter(_.created_at < ibis.now().cast("timestamp"))'
            '.mutate(leads=1).select("lead_id", "leads")',
            "TimestampNow",
        ),
        (
            'stg_leads.mutate(leads=ibis.literal(int(random.random() * 5)).cast("int64"))'
            '.select("lead_id", "leads")',
            "Random.random",
        ),
        ('stg_leads.mutate(leads=1).select("lead_id", "leads").limit(0)', "has no rows"),
    ],
)
def test_a_broken_promise_is_named(module: Path, fresh: Engine, body: str, words: str) -> None:
    write(
        module,
        f"""
        class VisitsByLead(Published):
            lead_id: Text = column("Lead.", references="leads")
            leads: Count = column("Leads.", ge=0, le=9)

            class Config:
                unique = ["lead_id"]

        def visits_by_lead(stg_leads: Table) -> Table:
            found = {body}
            return found.mutate(leads=found.leads.cast("int64"))
        """,
    )
    with pytest.raises(AssertionError) as broken:
        check_promises([fresh], "visits_by_lead", stg_leads="lead_id\nl1\nl1")
    assert words in str(broken.value)


def test_a_reference_counts_where_its_table_is_drawn(module: Path, fresh: Engine) -> None:
    write(module, OWN)
    check_promises([fresh], "visits_by_lead", visits="lead_id\nl1")
    check_promises([fresh], "visits_by_lead", visits="lead_id\nl1", leads="id\nl1")
    with pytest.raises(AssertionError, match="breaks its contract"):
        check_promises([fresh], "visits_by_lead", visits="lead_id\nl1", leads="id\nl2")


def test_databases_that_differ_are_named(engines: list[Engine], module: Path) -> None:
    from crm_ibis.testing.built import BuiltTable
    from crm_ibis.testing.promises import check_agreement

    one = BuiltTable("deals", ("id",), ({"id": "a", "x": 1.0},), ("id", "x"))
    check_agreement(one, BuiltTable("deals", ("id",), ({"id": "a", "x": 1 + 1e-12},), ("id", "x")))
    other = BuiltTable("deals", ("id",), ({"id": "a", "x": 2.0},), ("id", "x"))
    with pytest.raises(AssertionError, match=r"x is 1\.0 on one database and 2\.0 .* in id=a"):
        check_agreement(one, other)


def test_drawn_sources_are_refreshed_and_read(warehouse: Warehouse) -> None:
    store(warehouse, invoices="amount | status\n10 | paid\n5 | paid")
    refresh(warehouse, ["revenue_kpis"], as_of=AS_OF)
    expect(read(warehouse, "revenue_kpis"), "month | total_revenue\n2024-01 | 15.00")
