"""sources.yml: columns, constants, values, filters, time zones, functions; and what is refused."""

from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest
from mappings import SourcesFile, land, rows_of

from crm_ibis.contracts import audit
from crm_ibis.contracts.models import contracts
from crm_ibis.errors import DataError, UsageError
from crm_ibis.publishing.refresh import refresh
from crm_ibis.sources import spec, transform
from crm_ibis.testing import expect, read, store
from crm_ibis.warehouse import Warehouse

DEALS = {
    "deal_no": "int64",
    "client": "string",
    "owner": "string",
    "StageName": "string",
    "value": "float64",
    "entered": "timestamp(6)",
    "changed": "timestamp(6)",
    "closed": "date",
    "is_test": "boolean",
    "kind": "string",
}


def test_columns_are_renamed_translated_and_filled(
    warehouse: Warehouse, landed: str, sources_file: SourcesFile
) -> None:
    """An id that is a number becomes text, a date an instant; what is not said is null."""
    land(
        warehouse,
        f"{landed}.deals",
        DEALS,
        """
        deal_no | client | owner | StageName  | value | entered          | changed          | closed
        1       | f1     | -     | Closed Won | 10.5  | 2024-01-01 10:00 | -                | 2024-01-05
        2       | f2     | r2    | Dropped    | -     | 2024-01-02 10:00 | 2024-01-03 10:00 | -
        3       | f2     | r2    | -          | 7     | 2024-01-02 10:00 | 2024-01-01 10:00 | -
        """,
    )
    sources_file.write(
        f"""
        schema: {landed}
        sources:
          leads:
            table: deals
            columns:
              id: deal_no
              facility_id: client
              rep_id: {{from: owner, missing: unassigned}}
              status: {{value: imported}}
              stage: {{from: StageName, values: {{Closed Won: won}}, else: lost, missing: lead}}
              amount: {{from: value, missing: 0}}
              created_at: entered
              updated_at: {{latest: [entered, changed, closed]}}
              closed_at: closed
        """
    )
    expect(
        rows_of(warehouse, "leads"),
        """
        id | facility_id | rep_id     | status   | stage | updated_at       | qualified_at | closed_at
        1  | f1          | unassigned | imported | won   | 2024-01-05       | -            | 2024-01-05
        2  | f2          | r2         | imported | lost  | 2024-01-03 10:00 | -            | -
        3  | f2          | r2         | imported | lead  | 2024-01-02 10:00 | -            | -
        """,
    )
    assert [float(row["amount"]) for row in rows_of(warehouse, "leads")] == [10.5, 0, 7]


TICKETS = {
    "id": "string",
    "facility_id": "string",
    "priority": "string",
    "urgent": "boolean",
    "grade": "int64",
    "status": "string",
    "created_at": "timestamp(6)",
    "updated_at": "timestamp(6)",
}


def test_a_value_without_a_translation_stays_and_the_contract_names_it(
    warehouse: Warehouse, sources_file: SourcesFile
) -> None:
    store(warehouse, tickets="id | priority\nt1 | P1\nt2 | P9\nt3 | low")
    sources_file.write(
        "sources: {tickets: {columns: {priority: {from: priority, values: {P1: critical}}}}}"
    )
    assert [row["priority"] for row in rows_of(warehouse, "tickets")] == ["critical", "P9", "low"]
    with pytest.raises(audit.ChecksFailed, match="priority is one of") as failure:
        refresh(warehouse, ["ticket_sla_compliance"])
    (violation,) = failure.value.violations
    assert violation.samples == [{"id": "t2", "priority": "P9"}]


@pytest.mark.parametrize(
    ("column", "given", "expected"),
    [
        ("{from: urgent, values: {true: critical, false: low}}", "true", "critical"),
        ("{from: urgent, values: {true: critical, false: low}}", "false", "low"),
        ("{from: urgent, values: {true: critical, false: low}}", "-", None),
        ("{from: grade, values: {1: critical, 2: high}, else: low}", "2", "high"),
        ("{from: grade, values: {1: critical, 2: high}, else: low}", "3", "low"),
        ("{from: grade, values: {1: critical, 2: high}, else: low}", "-", None),
        ("{from: grade, values: {1: critical}, else: null, missing: high}", "3", None),
        ("{from: grade, values: {1: critical}, else: null, missing: high}", "-", "high"),
    ],
)
def test_values_of_any_type_are_translated(
    warehouse: Warehouse,
    landed: str,
    sources_file: SourcesFile,
    column: str,
    given: str,
    expected: str | None,
) -> None:
    read_column = "urgent" if "urgent" in column else "grade"
    land(
        warehouse,
        f"{landed}.tickets",
        TICKETS,
        f"id | {read_column} | created_at\nt1 | {given} | 2024-01-01",
    )
    sources_file.write(
        f"sources: {{tickets: {{table: {landed}.tickets, columns: {{priority: {column}}}}}}}"
    )
    assert [row["priority"] for row in rows_of(warehouse, "tickets")] == [expected]


def test_rows_are_left_out_by_value_and_null_is_no_value(
    warehouse: Warehouse, landed: str, sources_file: SourcesFile
) -> None:
    land(
        warehouse,
        f"{landed}.tickets",
        TICKETS,
        """
        id | urgent | grade | status  | created_at
        t1 | true   | 1     | open    | 2024-01-01
        t2 | false  | 1     | open    | 2024-01-01
        t3 | -      | 1     | open    | 2024-01-01
        t4 | false  | 2     | open    | 2024-01-01
        t5 | false  | -     | open    | 2024-01-01
        t6 | false  | 1     | spam    | 2024-01-01
        t7 | false  | 1     | deleted | 2024-01-01
        t8 | false  | 1     | -       | 2024-01-01
        """,
    )
    sources_file.write(
        f"""
        sources:
          tickets:
            table: {landed}.tickets
            only: {{grade: [1, null]}}
            leave_out: {{urgent: true, status: [spam, deleted]}}
        """
    )
    assert [row["id"] for row in rows_of(warehouse, "tickets")] == ["t2", "t3", "t5", "t8"]


FLAGS = {
    "id": "string",
    "flag": "boolean",
    "bit": "int64",
    "rate": "float64",
    "cost": "decimal(12, 5)",
    "word": "string",
}
FLAGGED = """
    id | flag  | bit | rate | cost    | word
    t1 | true  | 1   | 1    | 1       | 1
    t2 | false | 0   | 0    | 0       | 0
    t3 | -     | -   | -    | -       | -
    t4 | false | 7   | 2.5  | 2.50001 | true
"""


@pytest.mark.parametrize(
    ("column", "choice", "expected"),
    [
        ("flag", "true", "t1"),
        ("flag", "1", "t1"),
        ("flag", "0", "t2 t4"),
        ("flag", "[false, null]", "t2 t3 t4"),
        ("flag", "7", ""),
        ("bit", "true", "t1"),
        ("bit", "false", "t2"),
        ("bit", "'7'", "t4"),
        ("bit", "1.0", "t1"),
        ("bit", "[0.5, 99999999999999999999, word, .nan]", ""),
        ("rate", "1", "t1"),
        ("rate", "[2.5, 0]", "t2 t4"),
        ("rate", "true", "t1"),
        ("rate", "'2.50'", "t4"),
        ("cost", "1", "t1"),
        ("cost", "2.50001", "t4"),
        ("cost", "2.5", ""),
        ("word", "1", "t1"),
        ("word", "'true'", "t4"),
    ],
)
def test_values_are_compared_by_the_type_of_their_column(
    warehouse: Warehouse,
    landed: str,
    sources_file: SourcesFile,
    column: str,
    choice: str,
    expected: str,
) -> None:
    """The rows that `only` keeps, `leave_out` the others, and `values` translates."""
    land(warehouse, f"{landed}.flags", FLAGS, FLAGGED)
    table = warehouse.table(landed, "flags")
    contract = contracts()["tickets"]

    def kept(yaml: str) -> str:
        sources_file.write(f"sources: {{tickets: {{{yaml}}}}}")
        found = transform.apply_columns(table, "tickets", spec.load_spec().of("tickets"), contract)
        return " ".join(sorted(row["id"] for row in warehouse.rows(found)))

    assert kept(f"only: {{{column}: {choice}}}") == expected
    others = " ".join(sorted({"t1", "t2", "t3", "t4"} - set(expected.split())))
    assert kept(f"leave_out: {{{column}: {choice}}}") == others
    if choice.startswith("["):
        return
    sources_file.write(
        f"sources: {{tickets: {{columns: {{priority: {{from: {column}, "
        f"values: {{{choice}: high}}, else: low, missing: medium}}}}}}}}"
    )
    said = spec.load_spec().of("tickets")
    rows = warehouse.rows(transform.apply_columns(table, "tickets", said, contract))
    assert {row["id"] for row in rows if row["priority"] == "high"} == set(expected.split())
    assert [row["id"] for row in rows if row["priority"] == "medium"] == ["t3"]
    strange = warehouse.rows(transform.untranslated_values(table, said, said.columns["priority"]))
    assert sum(row["row_count"] for row in strange) == 3 - len(expected.split())


@pytest.mark.parametrize("column", ["is_test", "deal_no"])
def test_the_latest_of_what_is_no_instant_is_refused(
    warehouse: Warehouse, landed: str, sources_file: SourcesFile, column: str
) -> None:
    land(warehouse, f"{landed}.deals", DEALS, "deal_no")
    sources_file.write(
        f"sources: {{leads: {{table: {landed}.deals, "
        f"columns: {{updated_at: {{latest: [closed, {column}]}}}}}}}}"
    )
    with pytest.raises(
        DataError, match=f"leads.columns.updated_at.latest: column {column} is .*, must"
    ):
        rows_of(warehouse, "leads")


def test_a_source_may_be_the_distinct_values_of_a_column(
    warehouse: Warehouse, landed: str, sources_file: SourcesFile
) -> None:
    land(
        warehouse,
        f"{landed}.deals",
        DEALS,
        "deal_no | client\n1 | f1\n2 | f2\n3 | f2",
    )
    sources_file.write(
        f"""
        sources:
          facilities:
            table: {landed}.deals
            distinct: true
            columns:
              id: client
              name: client
              created_at: {{value: 2024-01-01}}
              updated_at: {{value: 2024-01-01 12:30:00}}
        """
    )
    expect(
        rows_of(warehouse, "facilities"),
        """
        id | name | type | created_at | updated_at
        f1 | f1   | -    | 2024-01-01 | 2024-01-01 12:30
        f2 | f2   | -    | 2024-01-01 | 2024-01-01 12:30
        """,
    )


def test_local_times_are_read_in_their_zone(
    warehouse: Warehouse, landed: str, sources_file: SourcesFile
) -> None:
    """Zurich is an hour ahead in winter, two in summer; t3 comes twice there and is the second,
    t4 never comes and is read as if the clock had not been put forward."""
    land(
        warehouse,
        f"{landed}.tickets",
        {**TICKETS, "answered": "date"},
        """
        id | created_at       | answered
        t1 | 2024-01-10 12:00 | 2024-01-11
        t2 | 2024-07-10 12:00 | 2024-07-11
        t3 | 2024-10-27 02:30 | -
        t4 | 2024-03-31 02:30 | -
        """,
    )
    sources_file.write(
        f"""
        sources:
          tickets:
            table: {landed}.tickets
            time_zone: Europe/Zurich
            columns: {{first_response_at: answered, updated_at: {{latest: [created_at]}}}}
        """
    )
    expect(
        rows_of(warehouse, "tickets"),
        """
        id | created_at       | first_response_at | updated_at
        t1 | 2024-01-10 11:00 | 2024-01-10 23:00  | 2024-01-10 11:00
        t2 | 2024-07-10 10:00 | 2024-07-10 22:00  | 2024-07-10 10:00
        t3 | 2024-10-27 01:30 | -                 | 2024-10-27 01:30
        t4 | 2024-03-31 01:30 | -                 | 2024-03-31 01:30
        """,
    )


def test_instants_with_a_zone_of_their_own_are_left_alone(
    warehouse: Warehouse, landed: str, sources_file: SourcesFile
) -> None:
    warehouse.run(
        f"CREATE TABLE {landed}.tickets AS SELECT 't1' AS id, 'f1' AS facility_id, "
        "'low' AS priority, 'open' AS status, "
        "CAST('2024-07-10 12:00:00+02' AS TIMESTAMP WITH TIME ZONE) AS created_at, "
        "CAST('2024-07-10 12:00:00' AS TIMESTAMP) AS updated_at"
    )
    sources_file.write(
        f"sources: {{tickets: {{table: {landed}.tickets, time_zone: America/New_York}}}}"
    )
    (row,) = rows_of(warehouse, "tickets")
    assert row["created_at"] == datetime(2024, 7, 10, 10)
    assert row["updated_at"] == datetime(2024, 7, 10, 16)


FUNCTIONS = """
    def tickets(ticket, ticket_urgency=None):
        rows = ticket.filter(ticket.status != "spam")
        if ticket_urgency is None:
            return rows.mutate(priority=rows.status.nullif(rows.status).fill_null("low"))
        return rows.join(ticket_urgency, "id")
"""


def test_a_function_makes_a_source_of_the_tables_its_parameters_name(
    warehouse: Warehouse, landed: str, sources_file: SourcesFile
) -> None:
    """One with a default may be missing; columns are mapped as those of a table."""
    types = {c: t for c, t in TICKETS.items() if c != "priority"}
    land(
        warehouse,
        f"{landed}.ticket",
        types,
        "id | status | created_at\nt1 | open | 2024-01-01\nt2 | spam | 2024-01-01",
    )
    sources_file.beside("mine.py", FUNCTIONS)
    sources_file.write(
        f"sources: {{tickets: {{file: mine.py, schema: {landed}, columns: {{facility_id: {{value: f9}}}}}}}}"
    )
    (row,) = rows_of(warehouse, "tickets")
    assert (row["id"], row["priority"], row["facility_id"]) == ("t1", "low", "f9")
    land(
        warehouse,
        f"{landed}.ticket_urgency",
        {"id": "string", "priority": "string"},
        "id | priority\nt1 | high",
    )
    (row,) = rows_of(warehouse, "tickets")
    assert row["priority"] == "high"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("def tickets(tickt): return tickt", r'landed.*\.tickt \(did you mean "ticket"\?\)'),
        ("def tickets(ticket): return ticket.nowhere", "tickets by .* cannot be made: Attribute"),
        ("def tickets(ticket): return 3", "the function returns no Ibis table"),
        ("def ticket(ticket): return ticket", r'no function tickets \(did you mean "ticket"\?\)'),
        ("def tickets(ticket): raise SystemExit(0)", "tickets by .* cannot be made: SystemExit: 0"),
        ("raise SystemExit(0)", "cannot read .*mine.py: SystemExit: 0"),
        ("def tickets(ticket) return ticket", "cannot read .*mine.py: SyntaxError"),
    ],
)
def test_what_is_wrong_with_a_function_is_said(
    warehouse: Warehouse, landed: str, sources_file: SourcesFile, text: str, message: str
) -> None:
    land(warehouse, f"{landed}.ticket", TICKETS, "id | created_at")
    sources_file.beside("mine.py", text)
    sources_file.write(f"sources: {{tickets: {{file: mine.py, schema: {landed}}}}}")
    with pytest.raises((DataError, UsageError), match=message):
        rows_of(warehouse, "tickets")


def test_a_column_that_the_table_lacks_is_named(
    warehouse: Warehouse, landed: str, sources_file: SourcesFile
) -> None:
    land(warehouse, f"{landed}.deals", DEALS, "deal_no")
    sources_file.write(
        f"""
        sources:
          leads:
            table: {landed}.deals
            columns: {{id: deal_nr, updated_at: {{latest: [entered, chnged]}}}}
            leave_out: {{is_tset: true}}
        """
    )
    with pytest.raises(DataError) as failure:
        rows_of(warehouse, "leads")
    assert 'sources.leads.columns.id: there is no column deal_nr (did you mean "deal_no"?)' in str(
        failure.value
    )
    assert 'columns.updated_at: there is no column chnged (did you mean "changed"?)' in str(
        failure.value
    )
    assert 'leave_out: there is no column is_tset (did you mean "is_test"?)' in str(failure.value)


def test_what_the_contract_requires_must_be_mapped(
    warehouse: Warehouse, landed: str, sources_file: SourcesFile
) -> None:
    land(warehouse, f"{landed}.deals", DEALS, "deal_no")
    sources_file.write(f"sources: {{leads: {{table: {landed}.deals, columns: {{id: deal_no}}}}}}")
    with pytest.raises(DataError) as failure:
        rows_of(warehouse, "leads")
    assert "column stage (string) is missing" in str(failure.value)
    assert "qualified_at" not in str(failure.value)  # may be null


def test_all_missing_tables_are_named_at_once(
    warehouse: Warehouse, landed: str, sources_file: SourcesFile
) -> None:
    land(warehouse, f"{landed}.deals", DEALS, "deal_no")
    sources_file.write(
        f"""
        schema: {landed}
        sources:
          leads: {{table: deal}}
          opportunities: {{connector: hubspot}}
        """
    )
    with pytest.raises(DataError) as failure:
        refresh(warehouse, ["conversion_funnel"])
    assert f'{landed}.deal (did you mean "deals"?)' in str(failure.value)
    assert f"{landed}.deal_pipeline_stage, {landed}.deal_stage" in str(failure.value)
    assert "(for opportunities by connector hubspot)" in str(failure.value)
    assert f"{warehouse.raw}.facilities" in str(failure.value)


@pytest.mark.parametrize(
    ("yaml", "message"),
    [
        ("sources: {lead: absent}", r'no source "lead" \(did you mean "leads"\?\)'),
        (
            "sources: {leads: {columns: {stge: x}}}",
            r'leads has no column "stge" \(did you mean "stage"\?\)',
        ),
        ("sources: {leads: {tabel: x}}", r'leads.tabel: unknown key \(did you mean "table"\?\)'),
        (
            "sources: {leads: {on_violation: quarantin}}",
            r'"quarantin" is not known \(did you mean "quarantine"\?\)',
        ),
        ("sources: {leads: {table: x, connector: hubspot}}", "connector and table; it comes from"),
        ("sources: {leads: {absent: true, columns: {id: x}}}", "nothing else to say of it"),
        ("sources: {leads: {columns: {id: {values: {a: b}}}}}", "needs one of `from`, `value`"),
        (
            "sources: {leads: {columns: {id: {value: a, else: b}}}}",
            "`else` goes with `from`, .* not with `value`",
        ),
        ("sources: {leads: {columns: {id: {from: null}}}}", "`from` names a column"),
        (
            "sources: {leads: {columns: {id: {latest: []}}}}",
            "leads.columns.id.latest: names one at least",
        ),
        ("sources: {leads: {columns: {id: {value: [a]}}}}", "must be a single value"),
        ("sources: {leads: {columns: {id: no}}}", "columns.id: put the name in quotes"),
        ("sources: {leads: {columns: {id: 7}}}", "columns.id: put the name in quotes"),
        ("sources: {leads: {time_zone: Zurich}}", "not a time zone .*given: Zurich"),
        ("sources: {leads: {max_quarantined_pct: 101}}", "less than or equal to 100"),
        ("sources: [leads]", "sources"),
        ("sources: {leads: {", "not valid YAML"),
    ],
)
def test_a_wrong_file_is_refused_and_the_key_named(
    sources_file: SourcesFile, yaml: str, message: str
) -> None:
    sources_file.write(yaml)
    with pytest.raises(UsageError, match=message):
        spec.load_spec()


@pytest.mark.parametrize(
    ("column", "given", "message"),
    [
        ("amount", "much", "leads.columns.amount: 'much' is no decimal"),
        ("amount", "true", "leads.columns.amount: True is no decimal"),
        ("amount", "1e30", "leads.columns.amount: '1e30' is no decimal"),
        ("amount", "1" * 45, "leads.columns.amount: 1{45} is no decimal"),
        ("amount", ".inf", "leads.columns.amount: inf is no decimal"),
        ("amount", ".nan", "leads.columns.amount: nan is no decimal"),
        ("created_at", "soon", "leads.columns.created_at: 'soon' is no timestamp"),
        (
            "created_at",
            "'9999-12-31T23:59:59-05:00'",
            "leads.columns.created_at: '9999-12-31T23:59:59-05:00' is no timestamp",
        ),
    ],
)
def test_a_constant_of_another_type_is_refused(
    warehouse: Warehouse,
    landed: str,
    sources_file: SourcesFile,
    column: str,
    given: str,
    message: str,
) -> None:
    land(warehouse, f"{landed}.deals", DEALS, "deal_no")
    sources_file.write(
        f"sources: {{leads: {{table: {landed}.deals, columns: {{{column}: {{value: {given}}}}}}}}}"
    )
    with pytest.raises(UsageError, match=message):
        rows_of(warehouse, "leads")


def test_a_whole_number_out_of_range_is_refused(
    warehouse: Warehouse, sources_file: SourcesFile
) -> None:
    sources_file.write("sources: {satisfaction: {constant: {id: a, score: 9223372036854775808}}}")
    message = "constant.score: 9223372036854775808 is no int64"
    with pytest.raises(UsageError, match=message):
        rows_of(warehouse, "satisfaction")


def test_numbers_of_the_file_keep_all_their_decimals(
    warehouse: Warehouse, landed: str, sources_file: SourcesFile
) -> None:
    land(
        warehouse, f"{landed}.deals", {"nr": "string", "p": "string"}, "nr | p\n1 | a\n2 | -\n3 | b"
    )
    sources_file.write(
        f"""
        sources:
          leads:
            table: {landed}.deals
            columns:
              id: nr
              facility_id: {{value: main}}
              rep_id: {{value: r1}}
              status: {{value: any}}
              stage: {{value: lead}}
              amount: {{value: 999999999999999999.12345}}
              win_probability: {{from: p, values: {{a: 0.12345}}, else: 0.9999995, missing: 25e-5}}
              created_at: {{value: 2024-01-01}}
              updated_at: {{value: 2024-01-01}}
        """
    )
    rows = rows_of(warehouse, "leads")
    assert {row["amount"] for row in rows} == {Decimal("999999999999999999.12345")}
    expected = [Decimal("0.12345"), Decimal("0.00025"), Decimal(1)]
    assert [row["win_probability"] for row in rows] == expected


@pytest.mark.parametrize(
    ("system", "source", "message"),
    [
        ("zendsk", "tickets", r'no connector "zendsk" \(did you mean "zendesk"\?\)'),
        (
            "zendesk",
            "leads",
            "zendesk makes facilities, satisfaction, ticket_pauses, tickets, but not leads",
        ),
    ],
)
def test_an_unknown_connector_and_one_that_lacks_the_source(
    warehouse: Warehouse, sources_file: SourcesFile, system: str, source: str, message: str
) -> None:
    sources_file.write(f"sources: {{{source}: {{connector: {system}}}}}")
    with pytest.raises(UsageError, match=message):
        rows_of(warehouse, source)


def test_a_named_file_must_be_there(sources_file: SourcesFile) -> None:
    with pytest.raises(UsageError, match=r"CRM_IBIS_SOURCES names .*, which is not there"):
        spec.load_spec()


def test_a_file_of_other_bytes_and_a_folder_are_refused_by_name(sources_file: SourcesFile) -> None:
    sources_file.path.write_bytes("sources: {leads: {table: Büro}}".encode("latin-1"))
    with pytest.raises(UsageError, match=r"sources.yml is not in UTF-8: line 1 has the byte 0xfc"):
        spec.load_spec()
    sources_file.path.unlink()
    sources_file.path.mkdir()
    with pytest.raises(UsageError, match=r"cannot read .*sources.yml: Is a directory"):
        spec.load_spec()


def test_the_file_is_looked_for_in_the_project_folder(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "schemas").mkdir()
    (tmp_path / "schemas" / "sources.py").write_text("class Leads:\n    id: Text\n")
    monkeypatch.setenv("CRM_IBIS_HOME", str(tmp_path))
    assert not spec.load_spec().absent
    (tmp_path / "sources.yml").write_text("sources: {leads: absent}")
    assert spec.load_spec().absent == {"leads"}


def test_a_refresh_reads_through_the_mapping_and_copies_nothing(
    warehouse: Warehouse, landed: str, sources_file: SourcesFile
) -> None:
    """The same tickets in another shape give the same KPI, whatever the database."""
    plain = "id | priority | created_at | first_response_at | resolved_at\n" + (
        "t1 | critical | 2024-01-10 08:00 | 2024-01-10 08:30 | 2024-01-10 11:00\n"
        "t2 | low      | 2024-01-10 08:00 | 2024-01-12 08:30 | -"
    )
    store(warehouse, tickets=plain)
    sources_file.write("sources: {}")
    at = datetime(2024, 3, 1)
    refresh(warehouse, ["ticket_sla_compliance"], as_of=at)
    published = read(warehouse, "ticket_sla_compliance")
    assert [row["sla_compliant_tickets"] for row in published] == [1, 0]
    land(
        warehouse,
        f"{landed}.cases",
        {
            "no": "int64",
            "p": "string",
            "made": "timestamp(6)",
            "answered": "timestamp(6)",
            "done": "timestamp(6)",
        },
        """
        no | p  | made             | answered         | done
        1  | P1 | 2024-01-10 09:00 | 2024-01-10 09:30 | 2024-01-10 12:00
        2  | P4 | 2024-01-10 09:00 | 2024-01-12 09:30 | -
        """,
    )
    warehouse.run(f"DROP TABLE {warehouse.quote(warehouse.raw, 'tickets')}")
    sources_file.write(
        f"""
        sources:
          tickets:
            table: {landed}.cases
            time_zone: Europe/Zurich
            columns:
              id: "no"
              facility_id: {{value: f1}}
              priority: {{from: p, values: {{P1: critical, P4: low}}}}
              status: {{value: any}}
              created_at: made
              first_response_at: answered
              resolved_at: done
              updated_at: {{latest: [made, answered, done]}}
        """
    )
    outcome = refresh(warehouse, ["ticket_sla_compliance"], as_of=at)
    (run,) = outcome.published
    assert (run.new, run.changed, run.gone) == (0, 0, 0)
    assert "tickets" not in warehouse.tables(warehouse.raw)
    assert warehouse.tables(landed) == {"cases"}
