"""HubSpot: pauses by the stages of tickets, and which resolution of a ticket counts."""

from typing import Any

import pytest
from mappings import SourcesFile, fit_of, land
from systems import LANDED, made, without

from crm_ibis.contracts.audit import ChecksFailed
from crm_ibis.errors import DataError
from crm_ibis.publishing.refresh import refresh
from crm_ibis.testing import Engine, expect
from crm_ibis.warehouse import Warehouse

STAGES = """
    stage_id | label              | is_closed
    1        | New                | false
    2        | Waiting on contact | false
    3        | Waiting on us      | false
    4        | Closed             | true
    90       | Waiting on Contact | false
    91       | Done               | true
"""
TICKETS = """
    id | property_hs_pipeline_stage | property_createdate | property_closed_date | is_deleted
    1  | 4                          | 2024-02-01 08:00    | 2024-02-03 08:00     | false
    2  | 90                         | 2024-02-01 08:00    | -                    | false
    3  | 2                          | 2024-02-01 08:00    | -                    | true
    4  | 91                         | 2024-02-01 08:00    | 2024-02-02 08:00     | -
"""
HISTORY = """
    ticket_id | name              | timestamp_instant | value
    1         | hs_pipeline_stage | 2024-02-01 08:00  | 1
    1         | hs_pipeline_stage | 2024-02-01 09:00  | 2
    1         | hs_pipeline_stage | 2024-02-01 10:00  | 90
    1         | hs_pipeline_stage | 2024-02-01 11:00  | 3
    1         | hs_pipeline_stage | 2024-02-02 08:00  | 4
    1         | hs_pipeline_stage | 2024-02-02 12:00  | 3
    1         | hs_pipeline_stage | 2024-02-03 08:00  | 4
    1         | subject           | 2024-02-03 08:00  | 2
    2         | hs_pipeline_stage | 2024-02-01 08:00  | 4
    2         | hs_pipeline_stage | 2024-02-01 09:00  | 90
    3         | hs_pipeline_stage | 2024-02-01 08:00  | 2
    9         | hs_pipeline_stage | 2024-02-01 08:00  | 2
"""


def pauses(engine: Engine, pause_on: list[str], **tables: Any) -> list[Any]:
    given = {
        "ticket": TICKETS,
        "ticket_pipeline_stage": STAGES,
        "ticket_property_history": HISTORY,
        **tables,
    }
    return made(engine, "hubspot", "ticket_pauses", told={"pause_on": pause_on}, **given)


def test_a_label_stands_for_the_stages_of_that_name_in_every_pipeline(engine: Engine) -> None:
    """1 moves from the one to the other without a break, 2 is still in the second. 3 was deleted,
    and 9 did not land."""
    expect(
        pauses(engine, ["waiting on contact"]),
        """
        ticket_id | paused_at        | resumed_at
        1         | 2024-02-01 09:00 | 2024-02-01 11:00
        2         | 2024-02-01 09:00 | -
        """,
    )


@pytest.mark.parametrize(
    ("pause_on", "found"),
    [
        (["2"], ["09:00-10:00"]),
        (["90"], ["10:00-11:00"]),
        (["2", "Waiting on us"], ["09:00-10:00", "11:00-08:00", "12:00-08:00"]),
        (["90", "3"], ["10:00-08:00", "12:00-08:00"]),
    ],
)
def test_an_id_stands_for_one_stage(engine: Engine, pause_on: list[str], found: list[str]) -> None:
    """Of ticket 1; from 10:00 in stage 90 and from 11:00 in 3 is one pause."""
    rows = [row for row in pauses(engine, pause_on) if row["ticket_id"] == "1"]
    rows.sort(key=lambda row: row["paused_at"])
    assert [f"{r['paused_at']:%H:%M}-{r['resumed_at']:%H:%M}" for r in rows] == found


@pytest.mark.parametrize("column", ["timestamp", "_fivetran_start"])
def test_the_instant_may_have_landed_by_other_names(engine: Engine, column: str) -> None:
    name = "ticket_property_history"
    types = without("hubspot", name, "timestamp_instant")
    types[name] |= {column: "string"}
    history = f"""
        ticket_id | name              | {column}             | value
        1         | hs_pipeline_stage | 2024-02-01T09:00:00Z | 2
        1         | hs_pipeline_stage | 2024-02-01T10:30:00Z | 3
    """
    expect(
        pauses(engine, ["2"], landed=types, ticket_property_history=history),
        """
        ticket_id | paused_at        | resumed_at
        1         | 2024-02-01 09:00 | 2024-02-01 10:30
        """,
    )


@pytest.mark.parametrize(
    ("reopened", "first", "open_again"),
    [("last", "2024-02-03 08:00", "-"), ("first", "2024-02-02 08:00", "2024-02-01 08:00")],
)
def test_the_last_or_the_first_resolution_counts(
    engine: Engine, reopened: str, first: str, open_again: str
) -> None:
    """1 was closed twice, 2 once and waits again; of 4, which is closed, there is no history."""
    rows = made(
        engine,
        "hubspot",
        "tickets",
        told={"reopened": reopened},
        ticket=TICKETS,
        ticket_pipeline_stage=STAGES,
        ticket_property_history=HISTORY,
    )
    expect(
        rows,
        f"""
        id | status | resolved_at
        1  | 4      | {first}
        2  | 90     | {open_again}
        4  | 91     | 2024-02-02 08:00
        """,
    )


def test_the_history_knows_the_first_resolution_without_a_closed_date(engine: Engine) -> None:
    rows = made(
        engine,
        "hubspot",
        "tickets",
        told={"reopened": "first"},
        landed=without("hubspot", "ticket", "property_closed_date"),
        ticket="id | property_hs_pipeline_stage | property_createdate\n1 | 4 | 2024-02-01",
        ticket_pipeline_stage=STAGES,
        ticket_property_history=HISTORY,
    )
    expect(rows, "id | resolved_at\n1 | 2024-02-02 08:00")


def test_the_first_resolution_needs_a_history(engine: Engine) -> None:
    with pytest.raises(DataError, match=r"no ticket_property_history.*leave out `reopened: first`"):
        made(
            engine,
            "hubspot",
            "tickets",
            told={"reopened": "first"},
            ticket=TICKETS,
            ticket_pipeline_stage=STAGES,
            ticket_property_history=None,
        )


YAML = """
schema: {schema}
sources:
  facilities: {{constant: {{id: unassigned, name: None}}}}
  tickets: {{connector: hubspot}}
  ticket_pauses: {{connector: hubspot, pause_on: {pause_on}}}
"""


def write(
    warehouse: Warehouse, landed: str, sources_file: SourcesFile, pause_on: str, **changed: str
) -> None:
    known = [line for line in HISTORY.splitlines() if "9         |" not in line]
    tables = {
        "ticket": TICKETS,
        "ticket_company": "ticket_id",
        "ticket_pipeline_stage": STAGES,
        "ticket_property_history": "\n".join(known),
    }
    for name, text in tables.items():
        land(warehouse, f"{landed}.{name}", LANDED["hubspot"][name], text)
    sources_file.write(YAML.format(schema=landed, pause_on=pause_on))


@pytest.mark.parametrize("settings", ["duckdb"], indirect=True)
def test_a_stage_that_there_is_not_stops_a_refresh(
    warehouse: Warehouse, landed: str, sources_file: SourcesFile
) -> None:
    """Or else a misspelt one would pause nothing, and nobody would know."""
    write(warehouse, landed, sources_file, "[2, Waiting on costumer]")
    with pytest.raises(ChecksFailed) as caught:
        refresh(warehouse, ["ticket_sla"])
    (violation,) = caught.value.violations
    assert violation.check.startswith("pause_on names stages of ticket_pipeline_stage")
    assert "pause_on=Waiting on costumer" in str(violation)
    seen = fit_of(warehouse, "ticket_pauses")
    assert seen.fails
    assert seen.violations == (violation,)
    assert seen.readings == (
        "paused: while the stage is 2 or Waiting on costumer (pause_on), by ticket_property_history",
    )
    sources_file.write(YAML.format(schema=landed, pause_on="[2, WAITING ON CONTACT]"))
    refresh(warehouse, ["ticket_sla"])
    assert fit_of(warehouse, "ticket_pauses").rows == 2


@pytest.mark.parametrize("settings", ["postgres"], indirect=True)
def test_a_stage_that_did_not_land_is_known_by_the_history(
    warehouse: Warehouse, landed: str, sources_file: SourcesFile
) -> None:
    """A deleted stage, by its id."""
    write(warehouse, landed, sources_file, '"2"')
    warehouse.run(f"DELETE FROM {landed}.ticket_pipeline_stage WHERE stage_id = '2'")
    refresh(warehouse, ["ticket_sla"])
    assert fit_of(warehouse, "ticket_pauses").rows == 1
