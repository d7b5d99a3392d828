"""Files as a team exports them, and what becomes of them."""

import gzip
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import duckdb

FACILITIES = "id,name,created_at\nf1,One,2023-01-01\nf2,Two,2023-01-01\n"
INVOICES = (
    "\ufeffid;facility_id;amount;status;created_at;updated_at;paid_at\r\n"
    '007;f1;1234.56;paid;2024-01-10;2024-01-20T08:30:00Z;"2024-01-20 08:30"\r\n'
    '"a ""b""\nc; d";f2;-3;pending;2024-02-01 12:00;2024-02-01 12:00;\r\n'
)
"""As spreadsheets write them: a mark of UTF-8, semicolons, \\r\\n at ends of rows, \\n in a text."""
INVOICE_ROWS = [
    {
        "id": "007",
        "facility_id": "f1",
        "amount": Decimal("1234.56"),
        "status": "paid",
        "created_at": datetime(2024, 1, 10),
        "updated_at": datetime(2024, 1, 20, 8, 30),
        "paid_at": datetime(2024, 1, 20, 8, 30),
    },
    {
        "id": 'a "b"\nc; d',
        "facility_id": "f2",
        "amount": Decimal(-3),
        "status": "pending",
        "created_at": datetime(2024, 2, 1, 12),
        "updated_at": datetime(2024, 2, 1, 12),
        "paid_at": None,
    },
]
RATES = "currency|valid_from|rate\nUSD|2024-01-01|0.923456789012\nJPY|2024-01-01|1\n"
RATE_ROWS = [
    {"currency": "JPY", "valid_from": date(2024, 1, 1), "rate": Decimal(1)},
    {"currency": "USD", "valid_from": date(2024, 1, 1), "rate": Decimal("0.923456789012")},
]
APPLICATIONS = (
    "id,facility_id,candidate_id,status,compliance_score,has_violations,created_at,updated_at\n"
    'a1,f1,c1,hired,80.5,true,2024-01-01,2024-01-02\na2,f1,c2,pending,"",FALSE,2024-01-01,2024-01-02\n'
    "a3,f1,c3,pending,,0,2024-01-01,2024-01-02\n"
)

SOURCES = """
    sources:
      facilities: {path: exports/facilities.csv}
      invoices: {path: exports/invoices*.csv}
      exchange_rates: {path: exports/rates.csv.gz}
      applications: {path: exports/applications}
"""


def write_exports(folder: Path) -> None:
    """CSV in all forms: a file, a pattern, a packed one, a folder with other files in it."""
    exports = folder / "exports"
    (exports / "applications" / "2024").mkdir(parents=True)
    (exports / "facilities.csv").write_text(FACILITIES, encoding="utf-8")
    head, *rows, _ = INVOICES.split("\r\n")
    for number, row in enumerate(rows, 1):
        text = f"{head}\r\n{row}\r\n"
        (exports / f"invoices-{number}.csv").write_text(text, encoding="utf-8", newline="")
    (exports / "rates.csv.gz").write_bytes(gzip.compress(RATES.encode()))
    (exports / "applications" / "2024" / "all.CSV").write_text(APPLICATIONS, encoding="utf-8")
    (exports / "applications" / "_SUCCESS").write_text("", encoding="utf-8")
    (exports / "applications" / ".all.csv").write_text("broken", encoding="utf-8")
    (exports / "applications" / "notes.txt").write_text("broken", encoding="utf-8")


def write_parquet(file: Path, query: str) -> None:
    """The rows of a query of DuckDB as a Parquet file."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with duckdb.connect() as con:
        con.execute("SET TimeZone = 'UTC'")
        con.execute(f"COPY ({query}) TO '{file}' (FORMAT parquet)")


LEADS = (
    "SELECT {n}::INT AS id, 'f1' AS facility_id, 'r' AS rep_id, 'any' AS status, 'lead' AS stage, "
    "10.5::DECIMAL(10, 2) AS amount, TIMESTAMP '2024-01-0{n} 01:00' AS created_at, "
    "TIMESTAMPTZ '2024-01-0{n} 02:00:00+01' AS updated_at"
)
"""As a system exports them: numbers as ids, one instant with a zone and one without."""
