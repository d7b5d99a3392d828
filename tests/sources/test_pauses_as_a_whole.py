"""From a help desk's tables to SLA states in office hours, with pauses and reopened tickets."""

from datetime import datetime
from typing import Any

import pytest
from mappings import SourcesFile, fit_of, land
from systems import LANDED

from crm_ibis.errors import DataError, UsageError
from crm_ibis.publishing.refresh import refresh
from crm_ibis.sources.spec import load_spec
from crm_ibis.testing import assuming, expect, read
from crm_ibis.warehouse import Warehouse

POSTGRES_IS_SLOW = True

AT = datetime(2024, 3, 1)
on_duckdb = pytest.mark.parametrize("settings", ["duckdb"], indirect=True)
on_postgres = pytest.mark.parametrize("settings", ["postgres"], indirect=True)
OFFICE = """
calendars:
  office:
    time_zone: Europe/Zurich
    hours:
      {mon: ["09:00-17:00"], tue: ["09:00-17:00"], wed: ["09:00-17:00"], thu: ["09:00-17:00"],
       fri: ["09:00-17:00"]}
default_calendar: office
sla:
  high: {response: 2, resolution: 8}
"""
ZENDESK = {
    "organization": "id | name\n370 | North",
    "user": "id | role\n1 | agent",
    "ticket_comment": "id",
    "ticket_tag": "ticket_id",
    "ticket": """
        id | organization_id | priority | status | created_at       | updated_at
        1  | 370             | high     | closed | 2024-02-05 08:00 | 2024-02-20
        2  | 370             | high     | closed | 2024-02-05 08:00 | 2024-02-20
        3  | 370             | high     | hold   | 2024-02-26 08:00 | 2024-02-27
        4  | 370             | high     | closed | 2024-02-05 08:00 | 2024-02-20
        5  | 370             | high     | open   | 2024-02-05 08:00 | 2024-02-20
    """,
    "ticket_field_history": """
        ticket_id | field_name | updated          | value
        1         | status     | 2024-02-05 08:00 | new
        1         | status     | 2024-02-05 14:00 | hold
        1         | status     | 2024-02-07 09:00 | open
        1         | status     | 2024-02-07 10:00 | solved
        2         | status     | 2024-02-05 08:00 | new
        2         | status     | 2024-02-05 14:00 | pending
        2         | status     | 2024-02-07 09:00 | open
        2         | status     | 2024-02-07 10:00 | solved
        3         | status     | 2024-02-26 08:00 | new
        3         | status     | 2024-02-26 15:00 | hold
        4         | status     | 2024-02-05 13:00 | solved
        4         | status     | 2024-02-06 08:00 | open
        4         | status     | 2024-02-08 10:00 | solved
        5         | status     | 2024-02-05 13:00 | solved
        5         | status     | 2024-02-06 08:00 | open
    """,
}
YAML = """
schema: {schema}
sources:
  facilities: {{connector: zendesk}}
  tickets: {{connector: zendesk{tickets}}}
  {pauses}
  leads: absent
  opportunities: absent
  outreach: absent
  satisfaction: absent
  applications: absent
  invoices: absent
"""
PAUSES = "ticket_pauses: {connector: zendesk}"


def write(
    warehouse: Warehouse,
    landed: str,
    sources_file: SourcesFile,
    pauses: str = PAUSES,
    tickets: str = "",
    **changed: str,
) -> None:
    for name, text in {**ZENDESK, **changed}.items():
        land(warehouse, f"{landed}.{name}", LANDED["zendesk"][name], text)
    sources_file.write(YAML.format(schema=landed, pauses=pauses, tickets=tickets))


def states(warehouse: Warehouse, *also: str) -> list[dict[str, Any]]:
    refresh(warehouse, ["ticket_sla", *also], as_of=AT, params=assuming(OFFICE))
    return sorted(read(warehouse, "ticket_sla"), key=lambda row: row["ticket_id"])


def test_tickets_on_hold_keep_their_promise_in_office_hours(
    warehouse: Warehouse, landed: str, sources_file: SourcesFile
) -> None:
    """The office is open 08:00 to 16:00 UTC in February, and the target is 8 of these hours.

    1: Monday 08:00 to 14:00, on hold over Tuesday until Wednesday 09:00, solved at 10:00: 6 + 1.
    2: the same, but pending, which does not pause: 8 + 8 + 2. 3: 7 hours, then on hold: neither due
    nor late. 4: solved for good on Thursday 10:00: 8 + 8 + 8 + 2. 5: open again, 25th of February
    long past.
    """
    write(warehouse, landed, sources_file)
    expect(
        states(warehouse),
        """
        ticket_id | resolution_state | resolution_business_hours | is_paused | resolution_due_at
        1         | met              | 7                         | false     | 2024-02-07 11:00
        2         | breached         | 18                        | false     | 2024-02-05 16:00
        3         | pending          | -                         | true      | -
        4         | breached         | 26                        | false     | 2024-02-05 16:00
        5         | breached         | -                         | false     | 2024-02-05 16:00
        """,
    )


def test_pending_tickets_pause_and_first_resolutions_count_where_the_file_says_so(
    warehouse: Warehouse, landed: str, sources_file: SourcesFile
) -> None:
    """2 was pending as long as 1 was on hold. 4 and 5 were solved on Monday at 13:00, after 5
    hours; 5 is open again, and no longer on the list of those who wait."""
    pauses = "ticket_pauses: {connector: zendesk, pause_on: [hold, pending]}"
    write(warehouse, landed, sources_file, pauses, tickets=", reopened: first")
    expect(
        states(warehouse, "ticket_queue"),
        """
        ticket_id | resolution_state | resolution_business_hours
        1         | met              | 7
        2         | met              | 7
        3         | pending          | -
        4         | met              | 5
        5         | met              | 5
        """,
    )
    assert [row["ticket_id"] for row in read(warehouse, "ticket_queue")] == ["3"]
    assert "resolved when they first were (reopened)" in fit_of(warehouse, "tickets").readings[-1]


@on_duckdb
def test_without_the_source_no_ticket_pauses(
    warehouse: Warehouse, landed: str, sources_file: SourcesFile
) -> None:
    write(warehouse, landed, sources_file, pauses="")
    expect(
        states(warehouse)[:3],
        """
        ticket_id | resolution_state | resolution_business_hours | is_paused
        1         | breached         | 18                        | false
        2         | breached         | 18                        | false
        3         | breached         | -                         | false
        """,
    )


@on_duckdb
def test_the_command_says_in_which_statuses_tickets_pause(
    warehouse: Warehouse, landed: str, sources_file: SourcesFile
) -> None:
    write(warehouse, landed, sources_file)
    seen = fit_of(warehouse, "ticket_pauses")
    assert seen.rows == 2
    assert seen.readings == (
        "paused: while the status is hold (pause_on), by ticket_field_history",
    )
    assert not seen.fails


@on_postgres
def test_pauses_of_a_ticket_that_did_not_land_are_left_out_with_a_warning(
    warehouse: Warehouse, landed: str, sources_file: SourcesFile
) -> None:
    """The history may have landed a moment before its ticket: that stops nothing."""
    unknown = "\n        99        | status     | 2024-02-05 08:00 | hold"
    history = ZENDESK["ticket_field_history"].rstrip() + unknown
    write(warehouse, landed, sources_file, ticket_field_history=history)
    done = refresh(warehouse, ["ticket_sla"], as_of=AT, params=assuming(OFFICE))
    (warning,) = done.warnings
    words = "pauses are of tickets that landed, or they are left out"
    assert (warning.table, warning.check, warning.rows) == ("ticket_pauses", words, 1)
    assert "ticket_id=99" in str(warning)
    seen = fit_of(warehouse, "ticket_pauses")
    assert (seen.rows, seen.fails, len(seen.violations)) == (2, False, 1)


@on_postgres
def test_a_change_of_status_that_cannot_be_read_goes_into_quarantine(
    warehouse: Warehouse, landed: str, sources_file: SourcesFile
) -> None:
    """With the ticket's other pauses, if that is what the file says; else it stops a refresh."""
    types = {**LANDED["zendesk"]["ticket_field_history"], "updated": "string"}
    for name, text in ZENDESK.items():
        of = types if name == "ticket_field_history" else LANDED["zendesk"][name]
        odd = text.replace("2024-02-07 09:00 | open", "yesterday        | open", 1)
        land(warehouse, f"{landed}.{name}", of, odd)
    sources_file.write(YAML.format(schema=landed, pauses=PAUSES, tickets=""))
    seen = fit_of(warehouse, "ticket_pauses")
    assert [v.check[:47] for v in seen.violations] == [
        "ticket_field_history.updated is an instant in I",
        "paused_at is not null",
    ]
    quarantine = ", on_violation: quarantine, max_quarantined_pct: 100"
    pauses = PAUSES.replace("}", f"{quarantine}}}")
    sources_file.write(YAML.format(schema=landed, pauses=pauses, tickets=quarantine))
    assert [row["ticket_id"] for row in states(warehouse)] == ["2", "3", "4", "5"]


@on_duckdb
def test_a_function_of_one_s_own_tells_the_connector_itself(
    warehouse: Warehouse, landed: str, sources_file: SourcesFile
) -> None:
    """And may take pauses from any other log, by the function that connectors use."""
    write(warehouse, landed, sources_file, "ticket_pauses: {file: ours.py}")
    sources_file.beside(
        "ours.py",
        """
        from crm_ibis.connectors import pauses_of, zendesk

        def ticket_pauses(ticket, ticket_field_history, visits):
            ours = zendesk.ticket_pauses(ticket, ticket_field_history, pause_on=["pending"])
            states = visits.select(id=visits.ticket, at=visits.since, holds=visits.waits == "yes")
            return ours.union(pauses_of(states))
        """,
    )
    types = {"ticket": "string", "since": "timestamp(6)", "waits": "string"}
    log = "ticket | since | waits\n5 | 2024-02-06 | yes\n5 | 2024-02-07 | no"
    land(warehouse, f"{landed}.visits", types, log)
    states(warehouse)
    assert fit_of(warehouse, "ticket_pauses").rows == 2


@pytest.mark.parametrize(
    ("pauses", "words"),
    [
        ("{connector: zendesk, pause_on: [onhold]}", 'pause_on: Zendesk has no status "onhold"'),
        ("{connector: zendesk, pause_on: hld}", '"hld" to pause on (did you mean "hold"?)'),
        ("{connector: zendesk, pause_on: []}", "pause_on: names one at least"),
        ("{connector: zendesk, pause_on: [no]}", "pause_on.0: is a word; put it in quotes"),
        ("{connector: zendesk, pauseon: hold}", 'unknown key (did you mean "pause_on"?)'),
        ("{connector: zendesk, reopened: first}", "reopened: goes with tickets, not with ticket_"),
        ("{table: pauses, pause_on: hold}", "has `pause_on`, for a `connector` only"),
        ("{file: ours.py, pause_on: hold}", "only; hand it to the connector's function that yours"),
        ("{connector: hubspot}", "pause_on: the connector hubspot needs it: the stages in which"),
        ("{connector: salesforce}", "pause_on: the connector salesforce needs it: the statuses"),
    ],
)
def test_wrong_keys_are_named(sources_file: SourcesFile, pauses: str, words: str) -> None:
    sources_file.write(f"sources: {{ticket_pauses: {pauses}}}")
    with pytest.raises(UsageError) as caught:
        load_spec()
    assert words in str(caught.value)
    assert "sources.ticket_pauses" in str(caught.value)
    assert "sources.yml" in str(caught.value)


@pytest.mark.parametrize(
    ("tickets", "words"),
    [
        ("{connector: zendesk, reopened: newest}", "\"newest\" is not known; there may be 'last'"),
        ("{connector: zendesk, reopened: frist}", '"frist" is not known (did you mean "first"?)'),
        ("{table: cases, reopened: first}", "has `reopened`, for a `connector` only"),
        ("{connector: zendesk, pause_on: hold}", "pause_on: goes with ticket_pauses, not with tic"),
    ],
)
def test_wrong_words_about_reopened_tickets_are_named(
    sources_file: SourcesFile, tickets: str, words: str
) -> None:
    sources_file.write(f"sources: {{tickets: {tickets}}}")
    with pytest.raises(UsageError) as caught:
        load_spec()
    assert words in str(caught.value)
    assert "sources.tickets" in str(caught.value)


@on_duckdb
def test_pauses_without_a_history_are_an_error(
    warehouse: Warehouse, landed: str, sources_file: SourcesFile
) -> None:
    """Whoever asks for pauses must not get none in silence."""
    land(warehouse, f"{landed}.ticket", LANDED["zendesk"]["ticket"], ZENDESK["ticket"])
    sources_file.write(
        f"""
        schema: {landed}
        sources:
          tickets: {{table: ticket}}
          ticket_pauses: {{connector: zendesk, pause_on: hold}}
        """
    )
    with pytest.raises(DataError) as caught:
        refresh(warehouse, ["ticket_sla"], as_of=AT)
    words = "there is neither ticket_field_history nor ticket_audits, so nobody knows when tickets"
    assert words in str(caught.value)
