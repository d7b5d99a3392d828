"""Charts of tables that no section is made for, chosen by the types of their columns."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import ibis
import pytest

from crm_ibis.contracts.contract import Contract, contract_of
from crm_ibis.contracts.models import Published, column, contracts
from crm_ibis.contracts.types import Count, Day, Flag, Instant, Money, Number, Text
from crm_ibis.metrics import catalog, graph
from crm_ibis.site.charts import defaults as charts
from crm_ibis.site.charts.figures import Section
from crm_ibis.site.data import defaults, reading
from crm_ibis.site.data.defaults import TableColumns, is_additive, sums_of, values_of
from crm_ibis.testing import drawn, value
from crm_ibis.warehouse import Warehouse

FACILITY: dict[str, Any] = {"references": "facilities"}


class DealSizes(Published):
    """Won deals of a rep, a month."""

    rep_id: Text = column("Sales rep.")
    month: Day = column("Month of closing.", whole_month=True)
    won_deals: Count = column("Won deals.")
    won_amount: Money = column("Their amount.")
    avg_deal_amount: Money = column("Mean amount of a won deal.")
    close_rate_pct: Number = column("Won, of all that closed.")

    class Config:
        unique = ["rep_id", "month"]


class RetentionByRegion(Published):
    """What is left of last year's revenue."""

    facility_id: Text = column("Facility.", **FACILITY)
    region: Text = column("Region.", isin=["north", "south"])
    month: Day = column("Month.", whole_month=True)
    retention_pct: Number = column("Revenue kept.", nullable=True)
    accounts: Count = column("Accounts.")

    class Config:
        unique = ["facility_id", "region", "month"]


class DailyBacklog(Published):
    """Open tickets at the end of each day."""

    day: Day = column("Day.")
    opened: Count = column("Opened that day.")
    oldest_hours: Number = column("Age of the oldest.")

    class Config:
        unique = ["day"]


class SurvivalByAge(Published):
    """Accounts by age."""

    facility_id: Text = column("Facility.", **FACILITY)
    cohort_month: Day = column("Month of the first invoice.", whole_month=True)
    age_months: Count = column("Months after it.")
    accounts: Count = column("Accounts still there.")

    class Config:
        unique = ["facility_id", "cohort_month", "age_months"]


class TopAccounts(Published):
    """What each account pays."""

    account_id: Text = column("Account.")
    seen_on: Day = column("Last visit.")
    paid_amount: Money = column("Paid so far.")
    discount_pct: Number = column("Discount.", nullable=True)

    class Config:
        unique = ["account_id"]


class ClosedDeals(Published):
    """A row for each deal."""

    deal_id: Text = column("Deal.")
    facility_id: Text = column("Facility.", **FACILITY)
    channel: Text = column("Channel.", isin=["web", "phone"])
    close_month: Day = column("Month of closing.", whole_month=True)
    amount: Money = column("Amount.")
    days_open_days: Number = column("Days that it was open.")

    class Config:
        unique = ["deal_id"]


class FirstCalls(Published):
    """When each lead was first called."""

    lead_id: Text = column("Lead.")
    month: Day = column("Month.", whole_month=True)
    called_at: Instant = column("When.")
    by_robot: Flag = column("By a robot.")
    note: Text = column("Note.", private=True)

    class Config:
        unique = ["lead_id"]


class PayByName(Published):
    """A key and a number that nobody may read."""

    name: Text = column("Name.", private=True)
    month: Day = column("Month.", whole_month=True)
    hired: Count = column("Hired.")
    pay: Money = column("Pay.", private=True)
    mean_score: Number = column("Score.")

    class Config:
        unique = ["name", "month"]


OWN = [contract_of(model) for model in Published.__subclasses__() if model.__module__ == __name__]
BY_NAME = {contract.name: contract for contract in OWN}


@pytest.fixture
def own(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The tables of this file beside the shipped ones, each a function of no other table."""
    for contract in OWN:

        def function() -> None:
            """What a reader sees."""

        monkeypatch.setitem(contracts(), contract.name, contract)
        for functions in (graph.kpi_functions(), graph.table_functions()):
            monkeypatch.setitem(functions, contract.name, function)
    for found in (catalog.entries, charts.all_sections):
        found.cache_clear()
    yield
    for found in (catalog.entries, charts.all_sections):
        found.cache_clear()


def load(warehouse: Warehouse, contract: Contract, text: str) -> None:
    """Writes drawn rows as a published table."""
    types = {c.name: c.dtype for c in contract.values}
    rows = [{name: value(row[name], types[name]) for name in types} for row in drawn(text)]
    warehouse.ensure_schema(warehouse.analytics)
    warehouse.con.create_table(
        contract.name,
        ibis.memtable(rows, schema=ibis.schema(types)),
        database=warehouse.analytics,
    )


def rows_of(warehouse: Warehouse, dataset: defaults.DefaultDataset | None) -> list[tuple[Any, ...]]:
    """The rows that a page carries, as tuples in the order of their keys, then their values."""
    assert dataset
    table = warehouse.table(warehouse.analytics, dataset.table)
    names = (*dataset.keys, *dataset.sums, *dataset.values)
    rows = reading._queried(warehouse, dataset, table)
    return sorted(tuple(row[name] for name in names) for row in rows)


def section(name: str) -> Section:
    return next(s for s in charts.default_sections() if s.table == name)


@pytest.mark.parametrize(
    ("name", "is_added"),
    [
        ("won_deals", True),
        ("won_amount", True),
        ("avg_deal_amount", False),
        ("close_rate_pct", False),
    ],
)
def test_counts_and_amounts_are_added_up_and_means_and_rates_are_not(
    name: str, is_added: bool
) -> None:
    (found,) = [c for c in BY_NAME["deal_sizes"].columns if c.name == name]
    assert is_additive(found) == is_added


@pytest.mark.parametrize(
    ("table", "sums", "values"),
    [
        # Over months; of reps the sum, and a line each of what has none.
        ("deal_sizes", (("month",), ("won_deals", "won_amount")), (("rep_id", "month"), 1)),
        # A line for each value of a list; a rate is of facility and region.
        (
            "retention_by_region",
            (("facility_id", "region", "month"), ("accounts",)),
            (("facility_id", "region", "month"), 1),
        ),
        ("daily_backlog", (("month",), ("opened",)), (("month",), 1)),
        # The same accounts are in every age: a line for each, and no sum over them.
        ("survival_by_age", (("facility_id", "age_months", "month"), ("accounts",)), None),
        # Bars: no day of the key, and a visit says nothing of what was paid when.
        ("top_accounts", (("account_id",), ("paid_amount",)), (("account_id",), 1)),
        # A row for each deal, which says its month: the sum of each channel, and no mean of days.
        ("closed_deals", (("facility_id", "channel", "month"), ("amount",)), None),
        # Nothing to draw.
        ("first_calls", None, None),
        # Of people nobody may read the names of, the sum alone.
        ("pay_by_name", (("month",), ("hired",)), None),
    ],
)
def test_what_is_charted_follows_from_the_columns(
    table: str, sums: tuple[Any, Any] | None, values: tuple[Any, int] | None
) -> None:
    columns = TableColumns(BY_NAME[table])
    added, kept = sums_of(columns), values_of(columns)
    assert (added and (added.keys, added.sums)) == sums
    assert (kept and (kept.keys, len(kept.values))) == values


def test_a_table_has_at_most_three_charts_in_the_order_of_its_contract(own: None) -> None:
    assert [f.title for f in section("deal_sizes").figures] == [
        "Won deals",
        "Won amount",
        "Average deal amount",
    ]


def test_a_table_without_a_number_has_no_section(own: None) -> None:
    found = [s.table for s in charts.default_sections()]
    assert "deal_sizes" in found
    assert "first_calls" not in found
    assert "health_scores" not in found  # it has a section of its own


def marks(spec: Any) -> set[str]:
    layers = spec.get("layer", [spec])
    return {layer["mark"]["type"] for layer in layers}


def encodings(spec: Any) -> dict[str, Any]:
    found: dict[str, Any] = spec.get("layer", [spec])[0]["encoding"]
    return found


def test_days_make_lines_and_no_days_make_bars(own: None) -> None:
    (opened, oldest) = section("daily_backlog").figures
    assert marks(opened.chart.to_dict()) == {"line", "point"}
    assert "The last value of each month." in oldest.note
    paid = section("top_accounts").figures[0]
    assert marks(paid.chart.to_dict()) == {"bar"}
    assert paid.first == ("paid_amount", "desc", 12)
    assert paid.month == ""


@pytest.mark.parametrize(
    ("table", "measure", "unit"),
    [
        ("deal_sizes", "won_deals", "won deals"),
        ("retention_by_region", "retention_pct", "percent"),
        ("daily_backlog", "oldest_hours", "hours"),
    ],
)
def test_an_axis_says_the_unit(own: None, table: str, measure: str, unit: str) -> None:
    (figure,) = [f for f in section(table).figures if f.columns[-1].field == measure]
    assert encodings(figure.chart.to_dict())["y"]["title"] == unit


def test_a_line_is_named_by_all_that_tells_rows_apart(own: None) -> None:
    rate, accounts = section("retention_by_region").figures
    assert rate.series == ("facility_id", "region")
    assert rate.first == ("accounts", "desc", 5)
    assert encodings(rate.chart.to_dict())["color"]["field"] == "series"
    assert accounts.series == ("region",)
    assert accounts.note == (
        "Accounts. Summed over facility. "
        "By region: the first 5 with most; all of them in the table."
    )


def test_all_charts_keep_the_schema_of_vega_lite(own: None) -> None:
    """A site build does not hold them against it."""
    for part in charts.all_sections():
        for figure in part.figures:
            assert figure.chart.to_dict(validate=True) == figure.to_json()["spec"], figure.name


def test_no_figure_ever_adds_up_what_may_not_be(own: None) -> None:
    """A row of such a figure stands for one row of its dataset."""
    datasets = {d.name: d for d in defaults.default_datasets()}
    for part in charts.default_sections():
        for figure in part.figures:
            if not datasets[figure.dataset].sums:
                assert set(figure.by) == set(datasets[figure.dataset].keys), figure.name


def test_sums_are_those_of_the_rows(own: None, warehouse: Warehouse) -> None:
    contract = BY_NAME["deal_sizes"]
    load(
        warehouse,
        contract,
        """
        rep_id | month   | won_deals | won_amount | avg_deal_amount | close_rate_pct
        r1     | 2024-01 | 2         | 10.50      | 5.25            | 50
        r2     | 2024-01 | 3         | 20.25      | 6.75            | 25
        r1     | 2024-02 | 1         | 7.00       | 7.00            | 10
        """,
    )
    columns = TableColumns(contract)
    assert rows_of(warehouse, sums_of(columns)) == [
        (date(2024, 1, 1), 5, Decimal("30.75")),
        (date(2024, 2, 1), 1, Decimal("7.00")),
    ]
    assert rows_of(warehouse, values_of(columns)) == [
        ("r1", date(2024, 1, 1), Decimal("5.25")),
        ("r1", date(2024, 2, 1), Decimal("7.00")),
        ("r2", date(2024, 1, 1), Decimal("6.75")),
    ]


def test_days_add_up_to_months_and_of_an_age_the_last_stands(
    own: None, warehouse: Warehouse
) -> None:
    contract = BY_NAME["daily_backlog"]
    load(
        warehouse,
        contract,
        """
        day        | opened | oldest_hours
        2024-01-30 | 4      | 12.5
        2024-01-31 | 6      | 3.25
        2024-02-01 | 1      | 8
        """,
    )
    columns = TableColumns(contract)
    months = [date(2024, 1, 1), date(2024, 2, 1)]
    assert rows_of(warehouse, sums_of(columns)) == [(months[0], 10), (months[1], 1)]
    assert rows_of(warehouse, values_of(columns)) == [(months[0], 3.25), (months[1], 8.0)]


def test_the_last_24_months_are_shown(own: None, warehouse: Warehouse) -> None:
    contract = BY_NAME["daily_backlog"]
    days = [f"{year}-{month:02}-15" for year in (2021, 2022, 2023) for month in range(1, 13)]
    text = "day | opened | oldest_hours\n" + "\n".join(f"{day} | 1 | 2" for day in days)
    load(warehouse, contract, text)
    found = rows_of(warehouse, sums_of(TableColumns(contract)))
    assert (len(found), found[0][0], found[-1][0]) == (24, date(2022, 1, 1), date(2023, 12, 1))


def test_a_deal_without_a_month_is_in_none(own: None, warehouse: Warehouse) -> None:
    contract = BY_NAME["closed_deals"]
    load(
        warehouse,
        contract,
        """
        deal_id | facility_id | channel | close_month | amount | days_open_days
        d1      | f1          | web     | 2024-01     | 10     | 1
        d2      | f1          | web     | 2024-01     | 5      | 2
        d3      | f2          | phone   | 2024-01     | 7      | 3
        d4      | f2          | phone   | -           | 9      | 4
        """,
    )
    assert rows_of(warehouse, sums_of(TableColumns(contract))) == [
        ("f1", "web", date(2024, 1, 1), Decimal("15.00")),
        ("f2", "phone", date(2024, 1, 1), Decimal("7.00")),
    ]


def test_too_many_facilities_are_shown_together(
    own: None, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "MAX_ROWS", 2)
    contract = BY_NAME["retention_by_region"]
    load(
        warehouse,
        contract,
        """
        facility_id | region | month   | retention_pct | accounts
        f1          | north  | 2024-01 | 90            | 1
        f2          | north  | 2024-01 | 80            | 2
        f3          | south  | 2024-01 | 70            | 4
        """,
    )
    dataset = sums_of(TableColumns(contract))
    assert dataset
    table = warehouse.table(warehouse.analytics, contract.name)
    rows = reading._queried(warehouse, dataset, table)
    assert sorted((row["region"], row["accounts"]) for row in rows) == [("north", 3), ("south", 4)]
    assert "facility_id" not in rows[0]


def test_of_too_many_lines_each_facility_keeps_its_largest(
    own: None, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(defaults, "MAX_SERIES", 2)
    contract = BY_NAME["retention_by_region"]
    load(
        warehouse,
        contract,
        """
        facility_id | region | month   | retention_pct | accounts
        f1          | north  | 2024-01 | 90            | 50
        f1          | south  | 2024-01 | 80            | 40
        f2          | south  | 2024-01 | 70            | 4
        f2          | south  | 2024-02 | -             | 5
        """,
    )
    found = rows_of(warehouse, values_of(TableColumns(contract)))
    assert [row[:3] for row in found] == [
        ("f1", "north", date(2024, 1, 1)),
        ("f2", "south", date(2024, 1, 1)),
        ("f2", "south", date(2024, 2, 1)),
    ]
