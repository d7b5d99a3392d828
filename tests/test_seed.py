"""The sample data: loaded exactly, again and again, all or nothing, over nobody else's data."""

import csv
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from reports import into
from stored import Project, another_session, project_in, raw

from crm_ibis.config import project as content
from crm_ibis.contracts.models import contracts
from crm_ibis.errors import CrmIbisError, DataError
from crm_ibis.sources.seeds import load_seeds
from crm_ibis.testing import value
from crm_ibis.warehouse import Warehouse

ROWS = {
    "applications": 9,
    "facilities": 2,
    "invoices": 6,
    "leads": 12,
    "opportunities": 6,
    "outreach": 14,
    "satisfaction": 10,
    "tickets": 10,
}


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Project]:
    """A project folder of the test's own, in use while the test runs."""
    with project_in(tmp_path / "project", monkeypatch) as opened:
        yield opened


def loaded(warehouse: Warehouse, name: str) -> list[dict[str, Any]]:
    table = warehouse.table(warehouse.raw, name)
    return warehouse.rows(table.order_by("id"))


def everything(warehouse: Warehouse) -> dict[str, list[dict[str, Any]]]:
    return {name: loaded(warehouse, name) for name in sorted(warehouse.tables(warehouse.raw))}


@pytest.mark.parametrize("force", [False, True])
def test_all_sources_are_loaded(warehouse: Warehouse, force: bool) -> None:
    lines: list[str] = []
    assert load_seeds(warehouse, force=force, report=into(lines)) == ROWS
    assert warehouse.tables(warehouse.raw) == set(ROWS)
    assert f"loaded {warehouse.raw}.leads: 12 rows" in lines
    assert len(lines) == 8


def test_values_are_those_of_the_files_to_the_last_digit(warehouse: Warehouse) -> None:
    load_seeds(warehouse)
    for name in ROWS:
        schema = contracts()[name].schema
        with content.path("seeds", f"{name}.csv").open(encoding="utf-8", newline="") as file:
            expected = [
                {c: value(row.get(c) or None, dtype) for c, dtype in schema.items()}
                for row in csv.DictReader(file)
            ]
        assert loaded(warehouse, name) == expected, name


def test_columns_have_the_types_of_the_contracts(warehouse: Warehouse) -> None:
    load_seeds(warehouse)
    for name in ROWS:
        table = warehouse.table(warehouse.raw, name)
        types = {c: t.copy(nullable=True) for c, t in table.schema().items()}
        assert types == dict(contracts()[name].schema), name


def test_some_values_by_hand(warehouse: Warehouse) -> None:
    load_seeds(warehouse)
    lead = loaded(warehouse, "leads")[2]
    assert lead == {
        "id": "lead_003",
        "facility_id": "fac_001",
        "rep_id": "rep_001",
        "status": "active",
        "stage": "lead",
        "amount": Decimal(60000),
        "currency": None,
        "win_probability": None,
        "created_at": datetime(2024, 1, 8, 13, 15),
        "updated_at": datetime(2024, 1, 19, 9),
        "qualified_at": None,
        "closed_at": None,
    }
    assert loaded(warehouse, "invoices")[1]["amount"] == Decimal("9800.50")
    assert loaded(warehouse, "satisfaction")[4]["feedback"] == "Resolved, but it took a while"
    assert sum(row["amount"] for row in loaded(warehouse, "leads")) == 765_000
    assert sum(row["amount"] for row in loaded(warehouse, "opportunities")) == 490_000


def test_seeding_again_replaces_what_was_changed(warehouse: Warehouse) -> None:
    load_seeds(warehouse)
    before = everything(warehouse)
    warehouse.run(f"UPDATE {raw(warehouse, 'leads')} SET amount = 1")
    warehouse.run(f"DELETE FROM {raw(warehouse, 'tickets')}")
    warehouse.run(f"DROP TABLE {raw(warehouse, 'invoices')}")
    assert load_seeds(warehouse) == ROWS
    assert everything(warehouse) == before


def test_a_seeded_table_with_other_columns_is_made_anew(warehouse: Warehouse) -> None:
    load_seeds(warehouse)
    before = everything(warehouse)
    warehouse.run(f"ALTER TABLE {raw(warehouse, 'leads')} DROP COLUMN amount")
    load_seeds(warehouse)
    assert everything(warehouse) == before


def foreign_table(warehouse: Warehouse) -> None:
    warehouse.ensure_schema(warehouse.raw)
    warehouse.run(f"CREATE TABLE {raw(warehouse, 'leads')} (id VARCHAR)")
    warehouse.run(f"INSERT INTO {raw(warehouse, 'leads')} VALUES ('precious')")


def test_a_table_that_it_did_not_load_is_not_overwritten(warehouse: Warehouse) -> None:
    foreign_table(warehouse)
    with pytest.raises(DataError) as refused:
        load_seeds(warehouse)
    message = str(refused.value)
    assert f"{warehouse.raw}.leads was not loaded by `seed`" in message
    assert "--force" in message
    assert "CRM_IBIS_RAW_SCHEMA" in message
    assert everything(warehouse) == {"leads": [{"id": "precious"}]}


def test_force_overwrites_it(warehouse: Warehouse) -> None:
    foreign_table(warehouse)
    assert load_seeds(warehouse, force=True) == ROWS
    assert len(loaded(warehouse, "leads")) == 12
    load_seeds(warehouse)


def test_a_foreign_view_is_not_overwritten_either(warehouse: Warehouse) -> None:
    warehouse.ensure_schema(warehouse.raw)
    warehouse.run(f"CREATE VIEW {raw(warehouse, 'leads')} AS SELECT 'precious' AS id")
    with pytest.raises(DataError, match="was not loaded by `seed`"):
        load_seeds(warehouse)
    assert everything(warehouse) == {"leads": [{"id": "precious"}]}


def test_force_replaces_a_foreign_view(warehouse: Warehouse) -> None:
    warehouse.ensure_schema(warehouse.raw)
    warehouse.run(f"CREATE VIEW {raw(warehouse, 'leads')} AS SELECT 'precious' AS id")
    assert load_seeds(warehouse, force=True) == ROWS


def test_other_tables_of_the_schema_are_left_alone(warehouse: Warehouse) -> None:
    warehouse.ensure_schema(warehouse.raw)
    warehouse.run(f"CREATE TABLE {raw(warehouse, 'notes')} (id VARCHAR)")
    load_seeds(warehouse)
    assert warehouse.tables(warehouse.raw) == {*ROWS, "notes"}


BROKEN = {
    "a value of another type": ("tickets.csv", "2024-01-04 08:00:00", "soon"),
    "an instant that is none": ("tickets.csv", "2024-01-04 08:30:00", "2024-13-04 08:30:00"),
    "a column too many": ("tickets.csv", "id,facility_id", "id,colour,facility_id"),
    "a column with another name": ("tickets.csv", "priority", "urgency"),
    "a row that is too long": ("tickets.csv", "tick_001,fac_001", "tick_001,fac_001,fac_002"),
}


@pytest.mark.parametrize(("file", "old", "new"), BROKEN.values(), ids=BROKEN)
def test_a_broken_file_leaves_all_old_tables(
    project: Project, warehouse: Warehouse, file: str, old: str, new: str
) -> None:
    load_seeds(warehouse)
    warehouse.run(f"UPDATE {raw(warehouse, 'applications')} SET source = 'mine'")
    before = everything(warehouse)
    project.edit(f"seeds/{file}", old, new)
    with pytest.raises(CrmIbisError, match="tickets"):
        load_seeds(warehouse)
    assert everything(warehouse) == before


def test_a_missing_file_is_named(project: Project, warehouse: Warehouse) -> None:
    (project.folder / "seeds" / "tickets.csv").unlink()
    with pytest.raises(CrmIbisError, match=r"tickets\.csv is missing"):
        load_seeds(warehouse)
    assert warehouse.tables(warehouse.raw) == set()


def test_columns_of_a_file_may_be_in_any_order(project: Project, warehouse: Warehouse) -> None:
    text = "updated_at,name,id,location,created_at,type\n2024-01-02,North,f1,,2024-01-01,\n"
    (project.folder / "seeds" / "facilities.csv").write_text(text, encoding="utf-8")
    load_seeds(warehouse)
    assert loaded(warehouse, "facilities") == [
        {
            "id": "f1",
            "name": "North",
            "type": None,
            "location": None,
            "created_at": datetime(2024, 1, 1),
            "updated_at": datetime(2024, 1, 2),
            "calendar": None,
        }
    ]


def test_files_may_hold_quotes_newlines_and_any_script(
    project: Project, warehouse: Warehouse
) -> None:
    names = ['Say "hi", friend', "two\nlines", "Zürich 東京 🙂", "it's; -- fine"]
    with (project.folder / "seeds" / "facilities.csv").open("w", newline="", encoding="utf-8") as f:
        writer = csv.writer(f)
        writer.writerow(["id", "name", "type", "location", "created_at", "updated_at"])
        for number, name in enumerate(names):
            writer.writerow([f"f{number}", name, "", "", "2024-01-01", "2024-01-01"])
    load_seeds(warehouse)
    assert [row["name"] for row in loaded(warehouse, "facilities")] == names


def write(project: Project, name: str, data: bytes) -> None:
    (project.folder / "seeds" / f"{name}.csv").write_bytes(data)


FACILITY = "id,name,type,location,created_at,updated_at\nf1,{name},,,2024-01-01,2024-01-01\n"


@pytest.mark.parametrize(
    ("encoding", "told"),
    [
        ("latin-1", "facilities.csv is not in UTF-8: line 2 has the byte 0xfc"),
        ("utf-16", "facilities.csv is in UTF-16"),
        ("utf-16-le", "facilities.csv holds zero bytes, as UTF-16 does"),
        ("utf-16-be", "facilities.csv holds zero bytes, as UTF-16 does"),
        ("utf-32", "facilities.csv is in UTF-32"),
    ],
)
def test_a_file_in_another_encoding_is_named(
    project: Project, warehouse: Warehouse, encoding: str, told: str
) -> None:
    # Letters beyond ASCII where an encoding without a mark would pass for UTF-8 with zeros.
    name = "Zürich" if encoding == "latin-1" else "Zurich"
    write(project, "facilities", FACILITY.format(name=name).encode(encoding))
    with pytest.raises(DataError) as refused:
        load_seeds(warehouse)
    assert told in str(refused.value)
    assert "Save it as UTF-8" in str(refused.value)
    assert warehouse.tables(warehouse.raw) == set()


def test_a_byte_order_mark_is_no_part_of_the_first_column(
    project: Project, warehouse: Warehouse
) -> None:
    write(project, "facilities", FACILITY.format(name="Zürich").encode("utf-8-sig"))
    load_seeds(warehouse)
    assert [(row["id"], row["name"]) for row in loaded(warehouse, "facilities")] == [
        ("f1", "Zürich")
    ]


def test_an_empty_field_is_null_quoted_or_not(project: Project, warehouse: Warehouse) -> None:
    header = "id,name,type,location,created_at,updated_at\r\n"
    rows = 'f1,North,"",,"2024-01-01","2024-01-01"\r\n"f2"," ","a ""b""",x,2024-01-01,2024-01-01'
    write(project, "facilities", (header + rows).encode())
    load_seeds(warehouse)
    found = [(r["name"], r["type"], r["location"]) for r in loaded(warehouse, "facilities")]
    assert found == [("North", None, None), (" ", 'a "b"', "x")]


def test_an_instant_with_an_offset_is_that_instant_in_utc(
    project: Project, warehouse: Warehouse
) -> None:
    written = {
        "2024-02-01T05:00:00+08:00": datetime(2024, 1, 31, 21),
        "2024-02-01T05:00:00Z": datetime(2024, 2, 1, 5),
        "2024-02-01 05:00:00.25-03:30": datetime(2024, 2, 1, 8, 30, 0, 250_000),
        "2024-02-01T05:00": datetime(2024, 2, 1, 5),
        "2024-02-01": datetime(2024, 2, 1),
    }
    rows = "\n".join(f"f{n},North,2023-01-01,{text}" for n, text in enumerate(written))
    write(project, "facilities", f"id,name,created_at,updated_at\n{rows}\n".encode())
    load_seeds(warehouse)
    found = [row["updated_at"] for row in loaded(warehouse, "facilities")]
    assert found == list(written.values())


def test_a_column_that_may_be_null_may_be_missing(project: Project, warehouse: Warehouse) -> None:
    load_seeds(warehouse)
    write(project, "facilities", b"id,name,created_at,updated_at\nf1,N,2024-01-01,2024-01-01\n")
    load_seeds(warehouse)
    columns = ["id", "name", "created_at", "updated_at", "calendar"]
    assert list(loaded(warehouse, "facilities")[0]) == columns


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"", "id is missing"),
        (b"id,nmae,created_at,updated_at\n", 'nmae is unknown (did you mean "name"?)'),
        (b"id,name,id,created_at,updated_at\n", "id is there twice"),
        (b"name,created_at,updated_at\n", "id is missing"),
        (b"id,name,created_at,updated_at\nf1,N,2024-01-01\n", "line 2: 3 values for 4 columns"),
        (b'id,name,created_at,updated_at\nf1,"N" x,1,1\n', "line 2 is not CSV"),
        (
            b"id,name,created_at,updated_at\nf1,N,2024-01-01,infinity\n",
            "line 2: updated_at is not an instant",
        ),
    ],
)
def test_what_is_wrong_with_a_file_is_told(
    project: Project, warehouse: Warehouse, data: bytes, told: str
) -> None:
    write(project, "facilities", data)
    with pytest.raises(DataError) as refused:
        load_seeds(warehouse)
    assert told in str(refused.value)
    assert "nothing was loaded" in str(refused.value)


@pytest.mark.parametrize("value", ["sixty", "NaN", "60_000"])
def test_a_value_of_another_type_is_told_by_its_line(
    project: Project, warehouse: Warehouse, value: str
) -> None:
    project.edit("seeds/leads.csv", "lead,60000,2024-01-08", f"lead,{value},2024-01-08")
    with pytest.raises(DataError, match=r"leads\.csv, line 4: amount is not a number") as refused:
        load_seeds(warehouse)
    assert value not in str(refused.value)


@pytest.mark.parametrize(
    ("name", "old", "new", "message"),
    [
        ("invoices", "12500.00", "1e30", r"amount is out of the range of decimal\(24, 6\)"),
        (
            "satisfaction",
            "csat,5",
            "csat,9223372036854775808",
            "score is out of the range of int64",
        ),
    ],
)
def test_a_number_out_of_range_is_told_by_its_line(
    project: Project, warehouse: Warehouse, name: str, old: str, new: str, message: str
) -> None:
    file = project.folder / "seeds" / f"{name}.csv"
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(DataError, match=rf"{name}\.csv, line \d+: {message}; nothing was loaded"):
        load_seeds(warehouse)


def test_views_on_the_tables_survive_seeding_again(warehouse: Warehouse) -> None:
    load_seeds(warehouse)
    view = raw(warehouse, "open_tickets")
    warehouse.run(
        f"CREATE VIEW {view} AS SELECT id FROM {raw(warehouse, 'tickets')} WHERE status = 'open'"
    )
    warehouse.run(f"DELETE FROM {raw(warehouse, 'tickets')}")
    load_seeds(warehouse)
    assert warehouse.fetch(f"SELECT id FROM {view}") == [("tick_006",)]


def test_nobody_sees_half_of_it(warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    load_seeds(warehouse)
    warehouse.run(f"UPDATE {raw(warehouse, 'applications')} SET source = 'mine'")
    seen: list[tuple[Any, ...]] = []
    with another_session(warehouse) as query:
        load = warehouse.load_csv

        def load_and_look(*arguments: Any) -> None:
            load(*arguments)
            table = raw(warehouse, "applications")
            seen.extend(query(f"SELECT DISTINCT source FROM {table}"))

        monkeypatch.setattr(warehouse, "load_csv", load_and_look)
        load_seeds(warehouse)
    assert set(seen) == {("mine",)}
    assert {row["source"] for row in loaded(warehouse, "applications")} != {"mine"}


def test_a_file_that_names_no_source_is_reported(project: Project, warehouse: Warehouse) -> None:
    stray = project.folder / "seeds" / "leds.csv"
    stray.write_text("id\nl1\n", encoding="utf-8")
    lines: list[str] = []
    load_seeds(warehouse, report=into(lines))
    assert lines[0] == (
        f'warning: {stray} is not loaded: there is no source "leds" (did you mean "leads"?)'
    )
