"""Parameters of own modules in params.yml: what is wrong with one stops only who asks for it."""

from pathlib import Path

import pytest
from commands import crm_ibis
from folders import Folder, fill

from crm_ibis.config.settings import Settings
from crm_ibis.metrics import catalog

POSTGRES_IS_SLOW = True

CHURN = """
from pydantic import Field


class Grace(BaseModel):
    days: int = 0


class Params(BaseModel):
    min_deals: int = Field(default=1, ge=1, alias="fewest_deals")
    grace: Grace = Grace()
    by_rep: dict[str, Grace] = {}


class Churn(Published):
    rep_id: Text = column("The rep.")
    deals: Count = column("Deals.")

    class Config:
        unique = ["rep_id"]


def churn(stg_opportunities, churn_params):
    '''Deals of each rep.'''
    found = stg_opportunities.group_by("rep_id").agg(deals=_.count())
    return found.filter(_.deals >= churn_params.min_deals)


class ChurnTwice(Published):
    rep_id: Text = column("The rep.")
    deals: Count = column("Deals.")

    class Config:
        unique = ["rep_id"]


def churn_twice(churn):
    '''Once more.'''
    return churn
"""
OTHER = """
class Deals(Published):
    rep_id: Text = column("The rep.")
    deals: Count = column("Deals.")

    class Config:
        unique = ["rep_id"]


def deals(stg_opportunities):
    '''Deals of each rep.'''
    return stg_opportunities.group_by("rep_id").agg(deals=_.count())
"""


@pytest.fixture
def project(folder: Folder, database: Settings) -> Folder:
    """A KPI that asks for parameters, one that needs it, and one that does neither."""
    folder.module("churn", CHURN)
    folder.module("other", OTHER)
    fill(database)
    return folder


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("churn:\n  fewst_deals: 2\n", 2, 'fewst_deals: unknown key (did you mean "fewest_deals"'),
        ("churn:\n  grace:\n    dyas: 2\n", 3, 'grace.dyas: unknown key (did you mean "days"'),
        ("churn:\n  by_rep:\n    ann: {day: 2}\n", 3, "by_rep.ann.day: unknown key (did you mean"),
    ],
    ids=["of the model", "of a model within", "of a model in a mapping"],
)
def test_a_misspelt_key_is_named_with_a_near_match(
    project: Folder, text: str, line: int, words: str
) -> None:
    file = project.write("params.yml", text)
    done = crm_ibis("list")
    assert done.exit_code == 0
    assert f"churn.{words}" in done.err
    assert f"({file}, line {line})" in done.err
    refused = crm_ibis("refresh", "churn")
    assert refused.exit_code == 2
    assert refused.err.count(words) == 1


def test_keys_that_the_model_has_are_taken(project: Folder) -> None:
    project.write("params.yml", "churn: {fewest_deals: 2, by_rep: {ann: {days: 1}}}")
    assert crm_ibis("list").err == ""
    assert crm_ibis("refresh", "churn_twice", "--as-of", "2024-03-01").exit_code == 0


def test_a_model_may_say_itself_what_becomes_of_other_keys(project: Folder) -> None:
    model = "class Params(BaseModel, extra='allow'):"
    project.module("churn", CHURN.replace("class Params(BaseModel):", model))
    project.write("params.yml", "churn: {anything: 2}")
    assert crm_ibis("list").err == ""


def test_parameters_of_a_module_that_has_none_are_named(project: Folder) -> None:
    file = project.write("params.yml", "cohort_months: 3\nother: {days: 2}\n")
    done = crm_ibis("list")
    assert done.exit_code == 0
    assert f"{file}, line 2: other: metrics/other.py has no parameters; write" in done.err


def test_only_those_who_ask_for_invalid_parameters_are_left_out(project: Folder) -> None:
    file = project.write("params.yml", "churn:\n  fewest_deals: 0\n")
    done = crm_ibis("refresh", "deals", "--as-of", "2024-03-01")
    assert done.exit_code == 0, done.err
    assert done.err.count("churn.fewest_deals: Input should be greater than or equal to 1") == 1
    assert f"({file}, line 2)" in done.err
    assert "until then, without churn" in done.err
    assert "churn_twice is left out, as it needs churn, which is broken" in done.err
    for name in ("churn", "churn_twice"):
        assert crm_ibis("refresh", name).exit_code == 2
    everything = crm_ibis("refresh")
    assert everything.exit_code == 2
    assert "the project has 2 problems, and nothing was done" in everything.err


def test_parameters_of_a_file_that_is_named_count(
    project: Folder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    named = tmp_path / "push.yml"
    named.write_text("churn: {fewest_deals: 0}", encoding="utf-8")
    for name in ("revenue_kpis", "deals"):
        assert crm_ibis("--params", named, "refresh", name, "--dry-run").exit_code == 0
    refused = crm_ibis("--params", named, "refresh", "churn_twice", "--dry-run")
    assert refused.exit_code == 2
    assert f"({named}, line 1)" in refused.err
    monkeypatch.setenv("CRM_IBIS_PARAMS", str(named))
    catalog.forget()
    assert "until then, without churn" in crm_ibis("list").err


@pytest.mark.e2e
def test_the_site_does_without_them(project: Folder) -> None:
    project.write("params.yml", "churn:\n  fewest_deals: 0\n")
    assert crm_ibis("refresh", "deals", "--as-of", "2024-03-01").exit_code == 0
    done = crm_ibis("site", "build")
    assert done.exit_code == 0, done.err
    assert done.err.count("churn.fewest_deals") == 1
