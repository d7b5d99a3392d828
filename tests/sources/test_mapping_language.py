"""The words of sources.yml: what YAML makes of them, ids of any type, and what is refused."""

from datetime import datetime
from typing import Any

import pytest
from mappings import SourcesFile, fit_of, land, rows_of
from stored import project_in

from crm_ibis.errors import DataError, UsageError
from crm_ibis.publishing.refresh import refresh
from crm_ibis.site.data.provenance import provenances
from crm_ibis.sources import check, spec
from crm_ibis.testing import expect, read, store
from crm_ibis.warehouse import Warehouse

TYPES = {
    "id": "string",
    "word": "string",
    "n": "int64",
    "day": "date",
    "at": "timestamp(6)",
    "flag": "boolean",
}
ROWS = """
    id | word    | n   | day        | at               | flag
    t1 | Yes     | 123 | 2024-01-01 | 2024-01-01 10:00 | true
    t2 | 0123    | 750 | 2024-01-02 | 2024-01-02 00:00 | false
    t3 | 1_000   | 83  | -          | -                | -
    t4 | 12:30   | 5   | -          | -                | -
    t5 | 1.50    | 31  | -          | -                | -
    t6 | 0x1F    | 1   | -          | -                | -
    t7 | 2024-01-01 | 0 | -         | -                | -
"""


def words(landed: str, more: str) -> str:
    return f"""
        sources:
          tickets:
            table: {landed}.words
            columns:
              facility_id: {{value: f1}}
              priority: {{value: low}}
              status: {{value: any}}
              created_at: {{value: 2024-01-01}}
              updated_at: {{value: 2024-01-01}}
            {more}
        """


@pytest.mark.parametrize(
    ("chosen", "expected"),
    [
        ("word: 'Yes'", "t1"),
        ("word: 0123", "t2"),
        ("word: 1_000", "t3"),
        ("word: 12:30", "t4"),
        ("word: 1.50", "t5"),
        ("word: 0x1F", "t6"),
        ("word: 2024-01-01", "t7"),
        ("n: 0123", "t1"),
        ("n: 0x1F", "t5"),
        ("n: 7_50", "t2"),
        ("n: true", "t6"),
        ("day: 2024-01-02", "t2"),
        ("at: 2024-01-02", "t2"),
        ("at: 2024-01-01 10:00", "t1"),
        ("at: 2024-01-01T12:00:00+02:00", "t1"),
        ("flag: Yes", "t1"),
    ],
)
def test_values_are_what_the_file_says_not_what_yaml_makes_of_them(
    warehouse: Warehouse, landed: str, sources_file: SourcesFile, chosen: str, expected: str
) -> None:
    land(warehouse, f"{landed}.words", TYPES, ROWS)
    sources_file.write(words(landed, f"only: {{{chosen}}}"))
    assert [row["id"] for row in rows_of(warehouse, "tickets")] == [expected]


PLACES = {
    "only: {word: Yes}": "sources.tickets.only.word",
    "leave_out: {word: [spam, off]}": "sources.tickets.leave_out.word",
    "null_values: [no]": "sources.tickets.null_values",
    "only: {day: on}": "sources.tickets.only.day",
    "columns.resolved_at: {from: at, when: {word: Yes}}": "resolved_at.when.word",
    "columns.resolved_at: {from: at, when: {word: {not: [No]}}}": "resolved_at.when.word",
    "columns.status: {from: word, values: {Yes: open}}": "columns.status.values",
    "columns.status: {from: word, null_values: [No]}": "columns.status.null_values",
    "columns.status: {from: word, values: {a: Yes}}": "columns.status: the column is text",
    "columns.status: {value: Yes}": "columns.status: the column is text",
    "columns.status: {from: word, missing: No}": "columns.status: the column is text",
}


@pytest.mark.parametrize("said", PLACES)
def test_a_boolean_against_text_is_an_error_that_names_the_quotes(
    warehouse: Warehouse, landed: str, sources_file: SourcesFile, said: str
) -> None:
    land(warehouse, f"{landed}.words", TYPES, ROWS)
    text = words(landed, "" if said.startswith("columns.") else said)
    if said.startswith("columns."):
        line = said.removeprefix("columns.")
        replaced = "status: {value: any}" if line.startswith("status") else "columns:"
        text = text.replace(
            replaced, f"{replaced}\n{' ' * 14}{line}" if replaced == "columns:" else line
        )
    sources_file.write(text)
    with pytest.raises(UsageError, match=r'such as "Yes"') as failure:
        rows_of(warehouse, "tickets")
    assert PLACES[said] in str(failure.value)


def test_a_time_of_day_against_numbers_is_refused(
    warehouse: Warehouse, landed: str, sources_file: SourcesFile
) -> None:
    land(warehouse, f"{landed}.words", TYPES, ROWS)
    sources_file.write(words(landed, "only: {n: 12:30}"))
    with pytest.raises(UsageError, match=r"only.n: 12:30 is compared with a column of numbers"):
        rows_of(warehouse, "tickets")


def test_ids_that_are_whole_doubles_are_written_without_decimals_everywhere(
    warehouse: Warehouse, landed: str, sources_file: SourcesFile
) -> None:
    """Ids, foreign keys, keys, joins, and what `values` leaves as it is."""
    land(
        warehouse,
        f"{landed}.deals",
        {
            "id": "float64",
            "client": "float64",
            "owner": "decimal(12, 2)",
            "stage": "int64",
            "at": "date",
        },
        "id | client | owner | stage | at\n1001 | 7 | 5.00 | 1 | 2024-01-01\n1002 | 8 | 6.50 | 2 | 2024-01-01",
    )
    land(
        warehouse,
        f"{landed}.names",
        {"client_id": "int64", "name": "string"},
        "client_id | name\n7 | Seven",
    )
    sources_file.write(
        f"""
        schema: {landed}
        sources:
          leads:
            table: deals
            join: {{names: {{table: names, on: {{client: client_id}}}}}}
            columns:
              facility_id: {{from: client, values: {{8: eight}}}}
              rep_id: owner
              status: {{key: [client, owner]}}
              stage: {{from: stage, values: {{1: won, 2: lead}}}}
              amount: {{value: 0}}
              created_at: at
              updated_at: at
          facilities:
            table: deals
            join: {{names: {{table: names, on: {{client: client_id}}}}}}
            columns: {{id: client, name: {{from: names.name, missing: nobody}}}}
        """
    )
    expect(
        [{**row, "status": row["status"].replace("|", "/")} for row in rows_of(warehouse, "leads")],
        """
        id   | facility_id | rep_id | status
        1001 | 7           | 5      | 7/5
        1002 | eight       | 6.5    | 8/6.5
        """,
    )
    expect(rows_of(warehouse, "facilities"), "id | name\n7 | Seven\n8 | nobody")


def test_numeric_ids_of_a_plain_raw_table_become_text(warehouse: Warehouse) -> None:
    store(warehouse, tickets="id | priority\n7 | low")
    facilities, tickets = (warehouse.quote(warehouse.raw, s) for s in ("facilities", "tickets"))
    warehouse.run(f"UPDATE {facilities} SET id = '12'")
    warehouse.run(f"UPDATE {tickets} SET id = '7', facility_id = '12'")
    for place, column, kind in (
        (facilities, "id", "DOUBLE PRECISION"),
        (tickets, "id", "DOUBLE PRECISION"),
        (tickets, "facility_id", "DECIMAL(8, 2)"),
    ):
        warehouse.run(
            f"ALTER TABLE {place} ALTER {column} TYPE {kind} USING CAST({column} AS {kind})"
        )
    (ticket,) = rows_of(warehouse, "tickets")
    assert (ticket["id"], ticket["facility_id"]) == ("7", "12")
    refresh(warehouse, ["ticket_sla_compliance"], as_of=datetime(2024, 3, 1))
    (row,) = read(warehouse, "ticket_sla_compliance")
    assert row["facility_id"] == "12"


@pytest.mark.parametrize(
    ("leads", "there", "expected"),
    [
        ("{from: client, missing: unassigned}", "", "main unassigned"),
        ("{from: client, values: {x: unassigned}}", "", "main unassigned"),
        ("{from: client, else: unassigned}", "unassigned: Nobody", "main unassigned"),
        ("{from: client, values: {unassigned: main}}", "", "main"),
        ("client", "", "main"),
    ],
)
def test_the_facility_unassigned_comes_by_itself_and_never_twice(
    warehouse: Warehouse,
    landed: str,
    sources_file: SourcesFile,
    leads: str,
    there: str,
    expected: str,
) -> None:
    rows = (
        "[{id: main, name: Main}, {id: unassigned, name: Nobody}]"
        if there
        else "{id: main, name: Main}"
    )
    sources_file.write(
        f"""
        sources:
          facilities: {{constant: {rows}}}
          leads: {{table: {landed}.deals, columns: {{facility_id: {leads}}}}}
        """
    )
    found = rows_of(warehouse, "facilities")
    assert " ".join(row["id"] for row in found) == expected
    if there:
        assert found[1]["name"] == "Nobody"


def test_a_connector_and_facilities_of_a_table_get_along(
    warehouse: Warehouse, landed: str, sources_file: SourcesFile
) -> None:
    land(
        warehouse,
        f"{landed}.sites",
        {"id": "string", "name": "string", "created_at": "timestamp", "updated_at": "timestamp"},
        "id | name\ns1 | One",
    )
    sources_file.write(
        f"sources: {{facilities: {{table: {landed}.sites}}, tickets: {{connector: zendesk}}}}"
    )
    assert [row["id"] for row in rows_of(warehouse, "facilities")] == ["s1", "unassigned"]


def test_parameters_of_a_function_name_tables_of_other_schemas_and_names(
    warehouse: Warehouse, landed: str, sources_file: SourcesFile
) -> None:
    other = f"{landed}_b"
    types = {"id": "string", "priority": "string", "created_at": "timestamp(6)"}
    land(warehouse, f"{landed}.case-log", types, "id | priority | created_at\n1 | low | 2024-01-01")
    land(warehouse, f"{other}.users", {"id": "string", "site": "string"}, "id | site\n1 | f1")
    sources_file.beside(
        "ours.py",
        """
        def tickets(cases, users, extra=None):
            found = cases.join(users, "id")
            return found.mutate(facility_id="site", status="priority", updated_at="created_at")
        """,
    )
    try:
        text = (
            f"sources: {{tickets: {{file: ours.py, schema: {landed}, "
            f'tables: {{cases: "case-log", users: {other}.users}}}}}}'
        )
        sources_file.write(text)
        (row,) = rows_of(warehouse, "tickets")
        assert (row["id"], row["facility_id"]) == ("1", "f1")
        sources_file.write(text.replace("cases:", "casses:"))
        with pytest.raises(UsageError, match=r'no parameter "casses" \(did you mean "cases"\?\)'):
            rows_of(warehouse, "tickets")
        sources_file.write(text.replace(".users", ".user"))
        with pytest.raises(DataError, match=r'\.user \(did you mean "users"\?\) \(for tickets'):
            rows_of(warehouse, "tickets")
    finally:
        warehouse.run(f"DROP SCHEMA {other} CASCADE")


def test_a_mapping_works_on_what_a_connector_makes(
    warehouse: Warehouse, landed: str, sources_file: SourcesFile
) -> None:
    """A join, a condition and a key over a function's table, as over a landed one."""
    types = {"id": "string", "priority": "string", "status": "string", "created_at": "string"}
    land(
        warehouse,
        f"{landed}.case",
        types,
        "id | priority | status | created_at\n1 | low | shut | 2024-01-01",
    )
    land(warehouse, f"{landed}.ends", {"id": "string", "at": "string"}, "id | at\n1 | 1704153600")
    sources_file.beside(
        "ours.py", "def tickets(case):\n    return case.mutate(updated_at=case.created_at)"
    )
    sources_file.write(
        f"""
        sources:
          tickets:
            file: ours.py
            schema: {landed}
            join: {{ends: {{table: ends, on: id}}}}
            columns:
              id: {{key: [id, status]}}
              facility_id: {{value: f1}}
              resolved_at: {{from: ends.at, format: epoch, when: {{status: shut}}}}
        """
    )
    (row,) = rows_of(warehouse, "tickets")
    assert row["id"] == "1|shut"
    assert row["created_at"] == datetime(2024, 1, 1)
    assert row["resolved_at"] == datetime(2024, 1, 2)


def test_a_column_of_the_projects_own_is_mapped_like_any_other(
    warehouse: Warehouse, landed: str, sources_file: SourcesFile, tmp_path: Any, monkeypatch: Any
) -> None:
    land(warehouse, f"{landed}.words", TYPES, ROWS)
    with project_in(tmp_path / "project", monkeypatch) as project:
        project.edit(
            "schemas/sources.py",
            '    status: Text = column("Status in the support system, not interpreted.")\n',
            '    status: Text = column("Status in the support system, not interpreted.")\n'
            '    within_sla: Flag = column("Verdict of the service desk.", nullable=True)\n',
        )
        verdict = '{from: word, values: {"Yes": true, 1.50: false}}'
        sources_file.write(
            words(landed, 'only: {word: ["Yes", 1.50]}').replace(
                "columns:", f"columns:\n              within_sla: {verdict}"
            )
        )
        assert [row["within_sla"] for row in rows_of(warehouse, "tickets")] == [True, False]


@pytest.mark.parametrize(
    ("column", "message"),
    [
        ("{form: a}", r'columns.id.form: unknown key \(did you mean "format"\?\)'),
        ("{from: a, fromat: iso}", r'unknown key \(did you mean "format"\?\)'),
        ("{from: a, value: b}", "needs one of `from`, `value`, .* and no more than one"),
        ("{first: a}", "columns.id: `first`, `last`, .* say of which, with `one_row_per"),
        ("{from: a, where: {b: c}}", "`where` goes with `first`, .* not with `from`"),
        ("{from: a, by: b}", "`by` goes with `first_value` and `last_value`, not with `from`"),
        ("{value: a, values: {b: c}}", "`values` goes with `from`, .* not with `value`"),
        ("{latest: [a], number: '1,5'}", "`number` goes with .* not with `latest`"),
        ("{from: a, format: '%d/%m'}", "columns.id.format.0: the format '%d/%m' lacks the year"),
        ("{from: a, format: isoo}", r'"isoo" is no format \(did you mean "iso"\?\)'),
        ("{from: a, format: []}", "columns.id.format: names one at least"),
        ("{from: a, number: '1.234'}", "may be a whole number or one with decimals"),
        ("{from: a, scale: much}", "must be a number such as 0.01"),
        ("{from: a, scale: 0}", "must be a number such as 0.01"),
        ("{from: a, out_of_order: drop}", "columns.id.out_of_order: can only be null"),
        ("{from: a, time_zone: Zurich}", "not a time zone"),
        ("{from: a, when: {b: {nto: 1}}}", r'unknown key \(did you mean "not"\?\)'),
        ("{from: a, when: {b: {}}}", "is a value, a list of values, or {not: ...} of either"),
        ("{from: a, when: [b]}", "columns.id.when: Input should be a valid dictionary"),
        ("{key: []}", "columns.id.key: names one at least"),
        ("{key: [no]}", "put the name in quotes"),
        (
            "{from: a, format: iso}",
            "columns.id: `format` makes an instant or a day, and the column is string",
        ),
        (
            "{from: a, number: '1,5'}",
            "columns.id: `number` makes a number, and the column is string",
        ),
    ],
)
def test_a_wrong_column_is_refused_and_the_key_named(
    sources_file: SourcesFile, column: str, message: str
) -> None:
    sources_file.write(f"sources: {{leads: {{columns: {{id: {column}}}}}}}")
    with pytest.raises(UsageError, match=message):
        spec.load_spec()


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ("one_row_per: a, columns: {stage: {first_value: x}}", "`first_value` needs `by`"),
        (
            "one_row_per: a, columns: {stage: {last: x}}",
            "`last` makes an instant; for a value, use",
        ),
        ("one_row_per: a, columns: {closed_at: {key: [x]}}", "`key` makes text, and the column is"),
        ("one_row_per: a, distinct: true", "leave out `distinct`"),
        ("one_row_per: []", "one_row_per: names one at least"),
        ("constant: {id: a}, columns: {id: b}", "is constant, so `columns` cannot be said of it"),
        ("constant: []", "is a row such as"),
        ("constant: {idd: a}", r'leads has no column "idd" \(did you mean "id"\?\)'),
        ("constant: {id: [a]}", "must be a single value"),
        ("constant: {id: a}, table: b", "constant and table; it comes from one"),
        ("tables: {a: b}", "`tables`, which go with `file` or `connector`"),
        ("join: {a: {table: b}}", "join.a.on: Field required"),
        ("join: {a: {table: b, on: {}}}", "`on` names a column at least"),
        ("join: {a: {tabel: b, on: c}}", r'unknown key \(did you mean "table"\?\)'),
        ("null_values: {a: b}", "must be a single value"),
    ],
)
def test_a_wrong_source_is_refused_and_the_key_named(
    sources_file: SourcesFile, said: str, message: str
) -> None:
    sources_file.write(f"sources: {{leads: {{{said}}}}}")
    with pytest.raises(UsageError, match=message):
        spec.load_spec()


@pytest.mark.parametrize(
    ("said", "message"),
    [
        (
            "columns: {closed_at: {from: n, format: '%Y%m%d'}}",
            "`format` %Y%m%d reads text, and this is int64; use epoch",
        ),
        (
            "columns: {closed_at: {from: day, format: iso}}",
            "`format` iso reads text, and this is date; leave it out",
        ),
        (
            "columns: {amount: {from: n, number: '1,5'}}",
            "columns.amount: `number` reads text, and this is int64",
        ),
        (
            "columns: {amount: {from: word, scale: 2}}",
            "`scale` multiplies numbers, and this is string",
        ),
        (
            "columns: {created_at: {from: at, out_of_order: null}}",
            "for an instant that may be null",
        ),
        (
            "columns: {closed_at: {from: at, when: {wrod: x}}}",
            r'closed_at: there is no column wrod \(did you mean "word"\?\)',
        ),
        (
            "columns: {id: {key: [id, wrod]}}",
            r'columns.id: there is no column wrod \(did you mean "word"\?\)',
        ),
        ("one_row_per: idd", r'one_row_per: there is no column idd \(did you mean "id"\?\)'),
        ("join: {o: {table: wrods, on: id}}", r'wrods \(did you mean "words"\?\)'),
        (
            "join: {o: {table: words, on: {id: idd}}}",
            r'join.o.on: there is no column idd \(did you mean "id"\?\)',
        ),
        (
            "join: {o: {table: words, on: id, only: {wrod: x}}}",
            r"join.o.only: there is no column wrod",
        ),
        (
            "columns: {amount: word}",
            r"column amount is string, must be .*; sources.yml can read it: {from: ..., number",
        ),
        (
            "columns: {closed_at: n}",
            r"column closed_at is int64, must be .*; sources.yml can read it: .*epoch",
        ),
        ("constant: {id: a, amount: much}", "constant.amount: 'much' is no decimal"),
    ],
)
def test_what_does_not_fit_the_table_is_refused_and_the_key_named(
    warehouse: Warehouse, landed: str, sources_file: SourcesFile, said: str, message: str
) -> None:
    land(warehouse, f"{landed}.words", TYPES, ROWS)
    table = "" if said.startswith("constant") else "table: words, "
    sources_file.write(f"{{schema: {landed}, sources: {{leads: {{{table}{said}}}}}}}")
    with pytest.raises((UsageError, DataError), match=message):
        rows_of(warehouse, "leads")


def test_sources_tells_what_each_column_is_made_of_and_what_is_unused(
    warehouse: Warehouse, landed: str, sources_file: SourcesFile
) -> None:
    store(warehouse)
    land(warehouse, f"{landed}.words", TYPES, ROWS)
    sources_file.write(
        words(
            landed,
            f"one_row_per: id\n            join: {{o: {{table: {landed}.words, on: id, only: {{n: 5}}}}}}",
        ).replace(
            "status: {value: any}",
            "status: {last_value: word, by: n}\n              resolved_at: {first: at, where: {flag: true}}",
        )
    )
    seen = fit_of(warehouse)
    assert seen.mapped["status"] == "the last word by n"
    assert seen.mapped["resolved_at"] == "the first at where flag matches"
    assert seen.unused == ("day", "o.word", "o.day", "o.at", "o.flag")
    assert seen.made_of == f"{landed}.words with {landed}.words"
    assert not seen.violations


@pytest.mark.parametrize(
    ("rep", "stage", "more", "expected"),
    [
        ("owner", "{value: won, when: {owner: Ann}, missing: lead}", "", True),
        ("owner", "{value: won, when: {word: Ann}, missing: lead}", "", False),
        ("{from: owner, null_values: [a@b.c]}", "{value: lead}", "", True),
        ("owner", "{value: lead}", "null_values: [a@b.c]", True),
        ("owner", "{value: lead}", "null_values: [nobody]", False),
        ("owner", "{value: lead}", "join: {o: {table: words, on: id, only: {word: a@b.c}}}", True),
    ],
)
def test_a_query_that_lists_people_is_not_shown(
    warehouse: Warehouse,
    landed: str,
    sources_file: SourcesFile,
    rep: str,
    stage: str,
    more: str,
    expected: bool,
) -> None:
    land(warehouse, f"{landed}.words", {**TYPES, "owner": "string"}, "id")
    sources_file.write(
        f"""
        schema: {landed}
        sources:
          leads:
            table: words
            {more}
            columns:
              facility_id: {{value: f1}}
              rep_id: {rep}
              status: {{value: any}}
              stage: {stage}
              amount: {{value: 0}}
              created_at: at
              updated_at: at
        """
    )
    assert provenances(warehouse)["leads"].lists_people is expected


def test_marks_of_a_mapped_table_are_no_columns_of_the_source(
    warehouse: Warehouse, landed: str, sources_file: SourcesFile
) -> None:
    land(warehouse, f"{landed}.words", TYPES, ROWS)
    sources_file.write(words(landed, "only: {word: 'Yes'}"))
    sources = check.read_sources(warehouse, ["tickets"])
    assert not [column for column in sources["tickets"].columns if column.startswith("~")]
