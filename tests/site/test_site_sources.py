"""Where each source comes from, and queries over sources as sources.yml maps them."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from textwrap import dedent

import pytest
from built import HOSTILE, Built
from stored import raw

from crm_ibis.config.params import load_params
from crm_ibis.publishing.refresh import refresh
from crm_ibis.site.build import build
from crm_ibis.site.data import reading
from crm_ibis.site.data.provenance import provenances
from crm_ibis.site.data.reading import facility_names
from crm_ibis.site.pages.queries import queries
from crm_ibis.testing import read, store
from crm_ibis.warehouse import Warehouse

pytestmark = pytest.mark.e2e

AT = datetime(2024, 3, 1)
OURS = """
def tickets(cases):
    return cases.filter(cases.priority != "spam")


def leads(deals):
    return deals.alias("ours").sql("SELECT * FROM ours")


def satisfaction(cases):
    return cases.alias("ours").sql("SELECT 1 / (1 - 1) AS id FROM ours")
"""
IDS = {"f1": "f1", "f2": "f2"}
on_postgres = pytest.mark.parametrize("settings", ["postgres"], indirect=True)
Declare = Callable[[str], None]


@pytest.fixture
def declare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Declare:
    """Writes a sources.yml, beside Python files."""
    path = tmp_path / "sources.yml"
    monkeypatch.setenv("CRM_IBIS_SOURCES", str(path))
    (tmp_path / "ours.py").write_text(OURS)
    (tmp_path / "broken.py").write_text("def facilities(:")

    def write(yaml: str) -> None:
        path.write_text(dedent(yaml))

    return write


def rename(warehouse: Warehouse, table: str, name: str) -> None:
    warehouse.run(f"ALTER TABLE {warehouse.quote(warehouse.raw, table)} RENAME TO {name}")


def test_where_a_source_comes_from_is_told_whether_it_is_there_or_not(
    warehouse: Warehouse, declare: Declare
) -> None:
    store(warehouse)
    rename(warehouse, "tickets", "cases")
    rename(warehouse, "opportunities", "chances")
    declare(
        f"""
        schema: {warehouse.raw}
        sources:
          tickets: {{file: ours.py, on_violation: quarantine, max_quarantined_pct: 2.5}}
          applications: {{table: cases, columns: {{id: number}}}}
          outreach: {{connector: hubspot}}
          facilities: {{file: broken.py}}
          satisfaction: {{file: ours.py}}
          invoices: absent
        """
    )
    found = provenances(warehouse)
    raw = warehouse.raw
    assert {name: (source.words, source.is_read) for name, source in found.items()} == {
        "facilities": ("broken.py", False),
        "tickets": (f"ours.py over {raw}.cases", True),
        "opportunities": (f"{raw}.opportunities", False),
        "applications": (f"{raw}.cases", False),
        "outreach": ("connector hubspot", False),
        "leads": (f"{raw}.leads", True),
        "satisfaction": (f"ours.py over {raw}.cases", False),
        "invoices": ("absent in sources.yml", True),
    }
    assert found["tickets"].policy == "`quarantine`: they are left out, up to 2.5 % of the rows"
    assert found["leads"].policy == "`fail`: they stop a refresh"
    assert found["invoices"].policy is None
    assert facility_names(warehouse) == {}
    with warehouse.transaction():  # what could not be read does not stand in the way
        assert warehouse.fetch("SELECT 1") == [(1,)]


PEOPLE = {
    "translated reps": "columns: {rep_id: {from: owner, values: {jane: r1}}}",
    "reps left out": "leave_out: {rep_id: [jane]}",
    "reps left out, as named over there": "columns: {rep_id: owner}, leave_out: {owner: [jane]}",
    "an address anywhere": "only: {source: [web, jane@acme.example]}",
    "an address instead of null": "columns: {status: {from: status, missing: jane@acme.example}}",
}


@pytest.mark.parametrize("said", PEOPLE.values(), ids=PEOPLE)
def test_a_query_that_lists_people_is_not_shown(
    warehouse: Warehouse, declare: Declare, said: str
) -> None:
    store(warehouse)
    leads = warehouse.quote(warehouse.raw, "leads")
    warehouse.run(f"ALTER TABLE {leads} ADD COLUMN owner VARCHAR(9)")
    warehouse.run(f"ALTER TABLE {leads} ADD COLUMN source VARCHAR(9)")
    declare(f"sources: {{leads: {{{said}}}, tickets: {{leave_out: {{status: [spam]}}}}}}")
    found = provenances(warehouse)
    shown = queries(found, warehouse.dialect, warehouse.raw, load_params(), AT)
    assert "jane" not in f"{shown.own} {shown.whole} {found['leads'].columns}"
    why = "that lists values of people, which this site does not show"
    assert shown.other_sources("conversion_funnel") == [("leads", why)]
    assert "'spam'" in shown.whole["postgres"]["ticket_sla"]


def test_the_columns_of_a_mapped_source_are_told(warehouse: Warehouse, declare: Declare) -> None:
    """Of a source that has our columns, nothing need be told."""
    store(warehouse)
    declare(
        """
        sources:
          tickets:
            columns:
              id: id
              priority: {from: status, values: {P1: high}, missing: low}
              status: {value: open}
              updated_at: {latest: [created_at, updated_at]}
        """
    )
    found = provenances(warehouse)
    columns = found["tickets"].columns
    assert columns["priority"] == "status, translated, null becomes low"
    assert columns["status"] == "the constant open"
    assert columns["updated_at"] == "the latest of created_at, updated_at"
    assert columns["facility_id"] == "facility_id"
    assert found["leads"].columns == {}


def test_a_whole_query_is_what_runs_on_this_database(
    warehouse: Warehouse, declare: Declare
) -> None:
    """Two tickets remain of three. What a function says in SQL is said in that of one database."""
    here = warehouse.dialect
    there, named = {"duckdb": ("postgres", "PostgreSQL"), "postgres": ("duckdb", "DuckDB")}[here]
    store(
        warehouse,
        tickets="""
            id | priority | created_at | resolved_at
            t1 | low      | 2024-01-10 | 2024-01-11
            t2 | high     | 2024-01-12 | 2024-01-13
            t3 | spam     | 2024-01-14 | 2024-01-15
        """,
    )
    rename(warehouse, "tickets", "cases")
    rename(warehouse, "leads", "deals")
    declare("sources: {tickets: {file: ours.py}, leads: {file: ours.py}}")
    refresh(warehouse, ["ticket_sla_compliance"], as_of=AT)
    made = queries(provenances(warehouse), here, warehouse.raw, load_params(), AT)

    query = made.whole[here]["ticket_sla_compliance"]
    published = read(warehouse, "ticket_sla_compliance")
    assert sum(row["total_tickets"] for row in published) == 2
    computed = warehouse.fetch(f"SELECT sum(total_tickets), count(*) FROM ({query}) AS q")
    assert [tuple(map(int, row)) for row in computed] == [(2, len(published))]
    assert query.startswith("WITH tickets AS (")

    assert made.whole[there]["ticket_sla_compliance"].startswith("WITH tickets AS (")
    for dialect in (here, there):  # and no name of the database, which may be that of a file
        assert f'FROM "{warehouse.raw}"."cases"' in made.own[dialect]["tickets"]
    assert f'"{warehouse.raw}"."satisfaction"' in made.own[here]["stg_satisfaction"]
    assert made.inlined_sources("ticket_sla_compliance") == ["tickets"]
    assert made.other_sources("ticket_sla_compliance") == []

    assert 'FROM "leads"' in made.own[here]["stg_leads"]
    assert f'FROM "{warehouse.raw}"."leads"' in made.own[there]["stg_leads"]
    assert made.other_sources("conversion_funnel") == [
        ("leads", f"cannot be written in the SQL of {named}")
    ]


@pytest.fixture
def paid(warehouse: Warehouse) -> Warehouse:
    """Two facilities that have names, and their revenue."""
    store(
        warehouse,
        facilities="""
            id | name
            f1 | North
            f2 | South
        """,
        invoices="""
            id | facility_id | created_at | status | amount
            i1 | f1          | 2024-01-10 | paid   | 100
            i2 | f2          | 2024-01-10 | paid   | 200
        """,
    )
    refresh(warehouse, ["revenue_kpis"], as_of=AT)
    return warehouse


def named(warehouse: Warehouse) -> dict[str, str]:
    """The facilities of the scorecard, read as a build does it."""
    names = facility_names(warehouse)
    with warehouse.transaction():
        return reading.read(warehouse, names, {}).facilities


def test_facilities_whose_source_is_absent_or_gone_go_by_their_ids(
    paid: Warehouse, declare: Declare
) -> None:
    declare("sources: {}")
    assert named(paid) == {"f1": "North", "f2": "South"}
    declare("sources: {facilities: absent}")
    assert named(paid) == IDS
    declare("sources: {}")
    rename(paid, "facilities", "gone")
    assert named(paid) == IDS


@pytest.mark.e2e
def test_a_site_without_facilities_is_built(without_invoices: Built) -> None:
    ids = {"fac_001": "fac_001", "fac_002": "fac_002"}
    assert without_invoices.page().data()["facilities"] == ids


@on_postgres
def test_facilities_that_the_role_may_not_read_go_by_their_ids(
    paid: Warehouse, role: str, tmp_path: Path
) -> None:
    for schema in (paid.raw, paid.analytics, paid.meta):
        paid.run(f"GRANT USAGE ON SCHEMA {schema} TO {role}")
        paid.run(f"GRANT SELECT ON ALL TABLES IN SCHEMA {schema} TO {role}")
    paid.run(f"REVOKE SELECT ON {raw(paid, 'facilities')} FROM {role}")
    paid.run(f"SET ROLE {role}")
    build(paid, tmp_path / "site", load_params())
    site = Built(tmp_path / "site")
    assert site.page().data()["facilities"] == IDS
    catalog = site.page("catalog.html").words
    assert f"{paid.raw}.facilities cannot be read" in catalog
    assert f"{paid.raw}.invoices cannot be read" not in catalog


def test_the_site_tells_how_new_sources_are_and_what_they_were_warned_of(
    warehouse: Warehouse, tmp_path: Path
) -> None:
    """The second of four runs finds another newest ticket, and the two after it the same."""
    store(warehouse, tickets="id\nt1\nt2", invoices="id")
    for moment in ("2024-01-11", "2024-01-12", "2024-01-12 01:00", "2024-01-12 02:00"):
        refresh(warehouse, as_of=datetime.fromisoformat(moment))
        warehouse.run(
            f"UPDATE {raw(warehouse, 'tickets')} SET updated_at = TIMESTAMP '2024-01-12' "
            "WHERE id = 't1'"
        )
    build(warehouse, tmp_path / "site", load_params())
    site = Built(tmp_path / "site")
    told = site.page("runs.html").words
    assert "How new the sources are" in told
    assert "2024-01-12 00:00" in told
    assert "the same in 3 runs" in told
    assert "has no rows" in site.page("tables/invoices.html").words
    assert "has no rows" not in site.page("tables/tickets.html").words


def test_pages_of_sources_tell_where_they_come_from(hostile: Built) -> None:
    tickets = hostile.page("tables/tickets.html").words
    assert "Comes from raw.cases Broken rows quarantine : they are left out, up to 10 %" in tickets
    assert "In quarantine 1 row, by the newest run that read it priority is one of" in tickets
    scorecard = hostile.page().words
    assert "in quarantine, and not counted: 1 row of its sources." in scorecard
    assert "critical, high, medium, low: 1 key" in tickets
    assert "DuckDB, this table PostgreSQL, this table" in tickets
    outreach = hostile.page("tables/outreach.html").words
    assert "Broken rows fail : they stop a refresh" in outreach
    assert f"the constant {HOSTILE}" in outreach
    assert "absent in sources.yml: an empty table" in hostile.page("tables/invoices.html").words
    leads = hostile.page("tables/leads.html").words
    assert "Comes from broken.py cannot be read ; crm-ibis sources says why" in leads

    catalog = hostile.page("catalog.html").words
    assert "Table Meaning Comes from" in catalog
    told = ("raw.cases", "absent in sources.yml", "raw.applications cannot be read", "broken.py")
    assert [words for words in told if words not in catalog] == []


def test_pages_of_tables_tell_what_is_part_of_their_queries(hostile: Built) -> None:
    compliance = hostile.page("tables/ticket_sla_compliance.html").words
    assert "what sources.yml says of tickets is part of the query" in compliance
    assert "What is in quarantine is left out" in compliance
    funnel = hostile.page("tables/conversion_funnel.html").words
    assert "leads is mapped in sources.yml, but cannot be read: the query starts from" in funnel
    assert "quarantine" not in funnel


def test_no_page_tells_keys_paths_or_errors_of_sources(hostile: Built) -> None:
    everything = "\n".join(hostile.texts.values())
    for private in ("tick_001", "secret", str(hostile.folder.parent), "SyntaxError"):
        assert private not in everything, private
