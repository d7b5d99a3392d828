"""`path:`: Parquet and CSV files that DuckDB reads where they lie."""

from datetime import datetime
from pathlib import Path

import pytest
from mappings import SourcesFile, fit_of, rows_of
from paths import (
    APPLICATIONS,
    FACILITIES,
    INVOICE_ROWS,
    LEADS,
    RATE_ROWS,
    SOURCES,
    write_exports,
    write_parquet,
)
from stored import leftovers

from crm_ibis.config.settings import Settings
from crm_ibis.contracts.audit import ChecksFailed
from crm_ibis.errors import CrmIbisError, DataError, UsageError
from crm_ibis.publishing.refresh import refresh
from crm_ibis.sources import check, resolve
from crm_ibis.warehouse import Warehouse

AS_OF = datetime(2024, 3, 1)


@pytest.fixture
def settings(duckdb_settings: Settings) -> Settings:
    return duckdb_settings


def refusal(
    warehouse: Warehouse, file: SourcesFile, said: str, kind: type[CrmIbisError] = DataError
) -> str:
    file.write(f"sources:\n  facilities: {said}\n")
    with pytest.raises(kind) as raised:
        resolve.source_tables(warehouse, ["facilities"])
    assert "\n" not in str(raised.value)
    return str(raised.value).removeprefix("sources.yml: sources.facilities.path: ")


def test_csv_exports_are_read_as_they_are(
    warehouse: Warehouse, sources_file: SourcesFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    sources_file.write(SOURCES)
    write_exports(sources_file.folder)
    monkeypatch.chdir("/")  # paths begin at sources.yml
    invoices = rows_of(warehouse, "invoices")
    assert [{c: row[c] for c in INVOICE_ROWS[0]} for row in invoices] == INVOICE_ROWS
    rates = resolve.source_tables(warehouse, ["exchange_rates"])
    found = warehouse.rows(check.cast_sources(rates)["exchange_rates"])
    assert sorted(found, key=lambda row: str(row["currency"])) == RATE_ROWS
    applications = rows_of(warehouse, "applications")
    assert [row["has_violations"] for row in applications] == [True, False, False]
    assert [row["compliance_score"] for row in applications] == [80.5, None, None]
    assert fit_of(warehouse, "invoices").made_of.endswith("exports/invoices*.csv")


def test_a_refresh_reads_files_and_frees_what_it_copied(
    warehouse: Warehouse, sources_file: SourcesFile
) -> None:
    sources_file.write(SOURCES)
    write_exports(sources_file.folder)
    refresh(warehouse, ["revenue_kpis"], as_of=AS_OF)
    revenue = warehouse.fetch(
        f"SELECT facility_id, total_revenue FROM {warehouse.analytics}.revenue_kpis ORDER BY 1"
    )
    assert [(facility, float(total)) for facility, total in revenue] == [
        ("f1", 1234.56),
        ("f2", 0),  # a credit note that is not settled
    ]
    assert not leftovers(warehouse)


def test_new_files_are_read_by_the_next_run(
    warehouse: Warehouse, sources_file: SourcesFile
) -> None:
    sources_file.write("sources: {leads: {path: lake/leads}, facilities: {path: f.csv}}")
    sources_file.beside("f.csv", FACILITIES)
    lake = sources_file.folder / "lake" / "leads"
    write_parquet(lake / "1.parquet", LEADS.format(n=1))
    assert [row["id"] for row in rows_of(warehouse, "leads")] == ["1"]
    write_parquet(lake / "2.parquet", LEADS.format(n=2))
    (first, second) = rows_of(warehouse, "leads")
    assert second["id"] == "2"
    assert first["created_at"] == first["updated_at"] == datetime(2024, 1, 1, 1)


def test_mappings_and_quarantine_work_on_files(
    warehouse: Warehouse, sources_file: SourcesFile
) -> None:
    sources_file.write("""
        sources:
          facilities: {path: facilities.csv}
          applications: absent
          invoices:
            path: bills.csv
            columns:
              id: Nr
              facility_id: client
              amount: {from: total, number: "1.234,5"}
              status: {value: paid}
              created_at: {from: day, format: "%d.%m.%Y"}
              updated_at: {from: day, format: "%d.%m.%Y"}
            leave_out: {kind: draft}
            on_violation: quarantine
            max_quarantined_pct: 50
    """)
    sources_file.beside("facilities.csv", FACILITIES)
    sources_file.beside(
        "bills.csv",
        "Nr;client;total;day;kind\n1;f1;1.000,5;31.01.2024;bill\n2;f9;1,0;01.02.2024;bill\n"
        "3;f1;5,0;01.02.2024;draft\n",
    )
    done = refresh(warehouse, ["revenue_kpis"], as_of=AS_OF)
    (invoices,) = [table for table in done.tables if table.table == "invoices"]
    assert (invoices.rows, invoices.quarantined) == (1, 1)


def test_unreadable_numbers_and_flags_break_the_contract(
    warehouse: Warehouse, sources_file: SourcesFile
) -> None:
    sources_file.write("sources: {applications: {path: a.csv}, facilities: {path: f.csv}}")
    sources_file.beside("f.csv", FACILITIES)
    broken = APPLICATIONS.replace("80.5,true", "80.5.1,maybe")
    sources_file.beside("a.csv", broken)
    with pytest.raises(ChecksFailed) as raised:
        refresh(warehouse, ["compliance_kpis"], as_of=AS_OF)
    assert "compliance_score can be read" in str(raised.value)
    assert "has_violations can be read" in str(raised.value)


def test_functions_and_joins_read_files(warehouse: Warehouse, sources_file: SourcesFile) -> None:
    sources_file.write("""
        sources:
          facilities:
            path: facilities.csv
            join: {more: {path: names.csv, on: id}}
            columns: {name: more.label}
          leads: {file: ours.py, paths: {deals: lake/deals.parquet}}
    """)
    sources_file.beside("facilities.csv", FACILITIES)
    sources_file.beside("names.csv", "id,label\nf1,Eins\nf2,Zwei\n")
    write_parquet(sources_file.folder / "lake" / "deals.parquet", LEADS.format(n=1))
    sources_file.beside(
        "ours.py", "def leads(deals):\n    return deals.mutate(rep_id=deals.rep_id.upper())\n"
    )
    assert [row["name"] for row in rows_of(warehouse, "facilities")] == ["Eins", "Zwei"]
    assert [row["rep_id"] for row in rows_of(warehouse, "leads")] == ["R"]


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("{path: facilitys.csv}", 'there is no {}/facilitys.csv (did you mean "facilities.csv"?)'),
        ("{path: export/x.csv}", 'there is no {}/export (did you mean "exports"?)'),
        ('{path: "x*.csv"}', "no file is called {}/x*.csv; correct the pattern"),
        ("{path: empty}", "the folder {}/empty holds no .parquet, .csv or .csv.gz file"),
        ("{path: notes.txt}", "{}/notes.txt is no .parquet, .csv or .csv.gz file"),
        ("{path: both}", "{}/both holds CSV and Parquet files; name those of one format"),
        ("{path: delta}", "{}/delta is a table of Delta, of which not every file counts"),
        ("{path: parts}", "the folder month=1 holds a column in its name"),
        ("{path: nothing.csv}", "{}/nothing.csv is empty; its first line names the columns"),
        ("{path: twice.csv}", "{}/twice.csv: the column ID is there twice"),
        ("{path: gap.csv}", "{}/gap.csv: column 2 has no name in the first line"),
        ("{path: latin.csv}", "{}/latin.csv is not UTF-8; save it as UTF-8"),
        ("{path: false.csv.gz}", "{}/false.csv.gz cannot be read: "),
        ('{path: "[1]/f.csv"}', "{}/[1]/f.csv has one of the signs "),
        ("{path: csvs}", "{}/csvs/b.csv has the columns id, title, and {}/csvs/a.csv has id, name"),
        ("{path: lake}", "{}/lake/2.parquet and {}/lake/1.parquet differ in id; "),
        ("{path: broken}", "cannot read {}/broken/2.parquet: "),
    ],
)
def test_files_that_cannot_be_read(
    warehouse: Warehouse, sources_file: SourcesFile, said: str, words: str
) -> None:
    folder = sources_file.folder
    for name in ("exports", "empty", "both", "delta/_delta_log", "parts/month=1", "csvs", "[1]"):
        (folder / name).mkdir(parents=True)
    for name, text in {
        "facilities.csv": FACILITIES,
        "notes.txt": "x",
        "both/a.csv": FACILITIES,
        "parts/month=1/a.csv": FACILITIES,
        "nothing.csv": "",
        "twice.csv": "id,ID\n",
        "gap.csv": "id,,name\n",
        "false.csv.gz": "id\n",
        "[1]/f.csv": FACILITIES,
        "csvs/a.csv": "id,name\n",
        "csvs/b.csv": "id,title\n",
    }.items():
        sources_file.beside(name, text)
    (folder / "latin.csv").write_bytes("id,Größe\n".encode("latin-1"))
    write_parquet(folder / "both" / "b.parquet", "SELECT 1 AS id")
    write_parquet(folder / "lake" / "1.parquet", "SELECT 1 AS id, 'a' AS name")
    write_parquet(folder / "lake" / "2.parquet", "SELECT '1' AS id, 'a' AS name")
    write_parquet(folder / "broken" / "1.parquet", "SELECT 1 AS id")
    (folder / "broken" / "2.parquet").write_text("no Parquet")
    assert refusal(warehouse, sources_file, said).startswith(words.replace("{}", str(folder)))


def test_a_row_with_too_many_columns_is_told(
    warehouse: Warehouse, sources_file: SourcesFile
) -> None:
    sources_file.write("sources: {facilities: {path: f.csv}}")
    sources_file.beside("f.csv", FACILITIES + "secret,a,2024-01-01,more\n")
    with pytest.raises(CrmIbisError) as raised:
        rows_of(warehouse, "facilities")
    file = sources_file.folder / "f.csv"
    assert str(raised.value) == (
        f"{file}, line 4 has 4 columns, and the header 3; fix the file and run again"
    )


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("{path: a.csv, table: b}", "has path and table; it comes from one of them"),
        ("{path: a.csv, paths: {b: c.csv}}", "has `paths`, which go with `file`"),
        ("{path: a.csv, join: {b: {on: id}}}", "has a `table` or a `path`, and not both"),
        (
            "{file: a.py, tables: {b: c}, paths: {b: d.csv}}",
            "has b in `tables` and in `paths`; it is in one of them",
        ),
    ],
)
def test_a_path_and_something_else(sources_file: SourcesFile, said: str, words: str) -> None:
    from crm_ibis.sources.spec import load_spec

    sources_file.write(f"sources:\n  facilities: {said}\n")
    with pytest.raises(UsageError) as raised:
        load_spec()
    assert words in str(raised.value)


def test_a_url_is_for_spark(warehouse: Warehouse, sources_file: SourcesFile) -> None:
    said = refusal(warehouse, sources_file, "{path: s3a://lake/facilities}", UsageError)
    assert said == (
        "s3a://lake/facilities is a URL, which Spark alone reads; name a path, or compute on Spark "
        "(CRM_IBIS_ENGINE_URL)"
    )


def test_postgres_reads_no_files(
    postgres_settings: Settings, sources_file: SourcesFile, tmp_path: Path
) -> None:
    from crm_ibis.warehouse import open_warehouse

    sources_file.beside("f.csv", FACILITIES)
    with open_warehouse(postgres_settings) as warehouse:
        assert refusal(warehouse, sources_file, "{path: f.csv}", UsageError) == (
            f"PostgreSQL reads no files; load {tmp_path}/f.csv into a table, publish in a DuckDB "
            "file, or compute on Spark (CRM_IBIS_ENGINE_URL)"
        )
