"""Amounts of a connector are in one currency, or a refresh is refused."""

from pathlib import Path

import pytest
from mappings import SourcesFile, fit_of, land
from stored import project_in
from systems import LANDED

from crm_ibis.contracts.audit import ChecksFailed
from crm_ibis.publishing.check import check
from crm_ibis.publishing.preflight import fit
from crm_ibis.publishing.refresh import refresh
from crm_ibis.warehouse import Warehouse

POSTGRES_IS_SLOW = True

ABSENT = "".join(
    f"  {name}: absent\n"
    for name in ("outreach", "tickets", "satisfaction", "applications", "invoices")
)
KPI = ["conversion_funnel"]
"""Reads both sources that have amounts."""

YAML = """schema: {landed}
sources:
  facilities: {{connector: salesforce}}
  leads: {{connector: salesforce{more}}}
  opportunities: {{connector: salesforce{more}}}
"""
TWO = """
    id | account_id | stage_name  | amount  | currency_iso_code | is_won | is_closed | created_date
    o1 | a1         | Prospecting | 1000    | EUR               | false  | false     | 2024-02-01
    o2 | a1         | Prospecting | 1000000 | JPY               | false  | false     | 2024-02-01
    o3 | a1         | Prospecting | -       | USD               | false  | false     | 2024-02-01
"""


def write(
    warehouse: Warehouse, landed: str, sources_file: SourcesFile, deals: str, more: str = ""
) -> None:
    types = LANDED["salesforce"]
    land(warehouse, f"{landed}.account", types["account"], "id | name\na1 | North")
    land(warehouse, f"{landed}.lead", types["lead"], "id")
    land(warehouse, f"{landed}.opportunity", types["opportunity"], deals)
    sources_file.path.write_text(YAML.format(landed=landed, more=more) + ABSENT, encoding="utf-8")


def test_two_currencies_are_refused_by_name(
    warehouse: Warehouse, landed: str, sources_file: SourcesFile
) -> None:
    """Everywhere that sources are looked at; a deal without an amount is in no currency."""
    write(warehouse, landed, sources_file, TWO)
    with pytest.raises(ChecksFailed) as refused:
        refresh(warehouse, KPI, as_of=None)
    told = refused.value.detailed
    assert "opportunity.currency_iso_code is one currency" in told
    assert "currency=EUR" in told
    assert "currency=JPY" in told
    assert "USD" not in told
    fitted = fit_of(warehouse, "leads")
    (checked,) = check(warehouse, ["leads"])
    for leads in (checked, fitted):
        assert [violation.rows for violation in leads.violations] == [2]
    assert fitted.fails


def test_a_rule_that_only_warns_hides_no_second_currency(
    warehouse: Warehouse,
    landed: str,
    sources_file: SourcesFile,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Currencies are looked at after the contract, which a negative amount does not stop here."""
    write(warehouse, landed, sources_file, TWO.replace("1000    |", "-1000   |"))
    with project_in(tmp_path / "project", monkeypatch) as project:
        for words in ("would be worth", "is worth"):
            declared = f'"What the deal {words}.", ge=0'
            project.edit("schemas/sources.py", declared, f"{declared}, raise_warning=True")
        with pytest.raises(ChecksFailed) as refused:
            refresh(warehouse, ["conversion_funnel"])
        (leads,) = check(warehouse, ["leads"])
    (told, same) = [f"{broken.table}: {broken.check}" for broken in refused.value.broken]
    assert told.startswith("leads: opportunity.currency_iso_code is one currency")
    assert same.startswith("opportunities: opportunity.currency_iso_code is one currency")
    assert [warning.summary for warning in leads.warnings] == ["amount >= 0: 1 row"]
    assert [error.rows for error in leads.errors] == [2]


@pytest.mark.e2e
def test_quarantine_is_no_way_around_it(
    warehouse: Warehouse, landed: str, sources_file: SourcesFile
) -> None:
    """Which of two currencies is to go, no row can tell: `sources` and a refresh agree on that."""
    more = ", on_violation: quarantine, max_quarantined_pct: 50"
    write(warehouse, landed, sources_file, TWO, more)
    with pytest.raises(ChecksFailed, match="is one currency"):
        refresh(warehouse, KPI, as_of=None)
    assert fit(warehouse).fails


@pytest.mark.e2e
def test_one_currency_that_is_left_after_quarantine_is_enough(
    warehouse: Warehouse, landed: str, sources_file: SourcesFile
) -> None:
    """The deal in yen was made in the year 24."""
    more = ", on_violation: quarantine, max_quarantined_pct: 50"
    deals = TWO.replace(
        "JPY               | false  | false     | 2024", "JPY | false | false | 0024"
    )
    write(warehouse, landed, sources_file, deals, more)
    assert not fit(warehouse).fails
    refresh(warehouse, KPI, as_of=None)


def test_a_currency_that_is_missing_is_one_of_its_own(
    warehouse: Warehouse, landed: str, sources_file: SourcesFile
) -> None:
    write(warehouse, landed, sources_file, TWO.replace("JPY", "-  "))
    with pytest.raises(ChecksFailed) as refused:
        refresh(warehouse, KPI, as_of=None)
    assert "currency=null" in refused.value.detailed


@pytest.mark.e2e
@pytest.mark.parametrize(
    ("deals", "more"),
    [
        (TWO.replace("JPY", "EUR"), ""),
        (TWO.replace("JPY", "-  ").replace("EUR", "-  "), ""),
        (TWO, ", only: {currency: EUR}"),
        (TWO, ", leave_out: {currency: [JPY]}"),
    ],
    ids=["one", "none", "only one", "but one"],
)
def test_one_currency_is_published(
    warehouse: Warehouse, landed: str, sources_file: SourcesFile, deals: str, more: str
) -> None:
    write(warehouse, landed, sources_file, deals, more)
    assert refresh(warehouse, KPI, as_of=None).published


OURS = """
from crm_ibis.sources.connectors import salesforce


def _converted(opportunity):
    yen = opportunity.currency_iso_code == "JPY"
    return opportunity.mutate(amount=yen.ifelse(opportunity.amount / 160, opportunity.amount))


def leads(lead, opportunity):
    return salesforce.leads(lead, _converted(opportunity)).drop("currency")


def opportunities(opportunity, lead):
    return salesforce.opportunities(_converted(opportunity), lead).drop("currency")
"""


def test_a_function_of_the_users_may_convert_them_and_leave_the_currency_out(
    warehouse: Warehouse, landed: str, sources_file: SourcesFile
) -> None:
    write(warehouse, landed, sources_file, TWO)
    sources_file.beside("ours.py", OURS)
    yaml = sources_file.path.read_text(encoding="utf-8")
    first, _, rest = yaml.partition("  leads: {connector: salesforce}")
    ours = "  leads: {file: ours.py}" + rest.replace("{connector: salesforce}", "{file: ours.py}")
    sources_file.path.write_text(first + ours, encoding="utf-8")
    assert refresh(warehouse, KPI, as_of=None).published
