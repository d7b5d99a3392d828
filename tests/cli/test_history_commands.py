"""Snapshots, histories and backfills on the command line."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from commands import Demo, Run, contents, execute, words

from crm_ibis.config.settings import Settings

POSTGRES_IS_SLOW = True

SNAPSHOTS = {"pipeline_kpi_snapshot", "conversion_funnel_snapshot", "health_score_snapshot"}
NOBODY_COMPLIES = "UPDATE {raw}.applications SET compliance_score = 0 WHERE facility_id = 'fac_001'"
"""Two thirds complied in January, all in February: both months' scores change."""


def merged(outcome: dict[str, Any], name: str) -> dict[str, Any]:
    """What the JSON of a command says of one merge."""
    (found,) = [merge for merge in outcome["merged"] if merge["snapshot"] == name]
    return found


def test_the_demo_records_the_three_histories(demo: Demo) -> None:
    assert "recorded as of 2024-03-01 00:00" in demo.outcome.out
    # Two facilities and two months; four stages for each of the four reps of each month.
    assert demo.outcome.cells["pipeline_kpi_snapshot"] == ["4", "4", "-", "-", "-"]
    assert demo.outcome.cells["conversion_funnel_snapshot"] == ["32", "32", "-", "-", "-"]
    assert demo.outcome.cells["health_score_snapshot"] == ["4", "4", "-", "-", "-"]


def test_a_snapshot_of_what_did_not_change_writes_nothing(published: Settings, run: Run) -> None:
    before = contents(published)
    done = run("snapshot", "--json")
    assert done.exit_code == 0
    assert {merge["snapshot"] for merge in done.json["merged"]} == SNAPSHOTS
    assert all(merge["changed"] == merge["new"] == 0 for merge in done.json["merged"])
    assert contents(published) == before


def test_a_refresh_records_what_it_publishes(seeded: Settings, run: Run) -> None:
    done = run("refresh", "health_scores", "--as-of", "2024-03-01", "--snapshot", "--json")
    assert [merge["snapshot"] for merge in done.json["merged"]] == ["health_score_snapshot"]
    execute(seeded, NOBODY_COMPLIES)
    done = run("refresh", "health_scores", "--as-of", "2024-03-02", "--snapshot", "--json")
    found = merged(done.json, "health_score_snapshot")
    assert done.exit_code == 0
    assert (found["current"], found["new"], found["changed"], found["gone"]) == (4, 0, 2, 0)
    assert done.json["tables"][-1]["kind"] == "published"


def test_history_shows_what_stood_and_every_version(seeded: Settings, run: Run) -> None:
    run("refresh", "revenue_kpis", "pipeline_kpis", "--as-of", "2024-03-01", "--snapshot")
    execute(
        seeded,
        "UPDATE {raw}.applications SET status = 'rejected', updated_at = TIMESTAMP '2024-03-01' "
        "WHERE status = 'pending'",
    )
    run("refresh", "pipeline_kpis", "--as-of", "2024-03-02", "--snapshot")
    key = "facility_id=fac_002,month=2024-01-01"
    versions = run("history", "pipeline_kpi_snapshot", "--key", key, "--json").json
    assert [(row["valid_from"], row["valid_to"]) for row in versions] == [
        ("2024-03-01T00:00:00", "2024-03-02T00:00:00"),
        ("2024-03-02T00:00:00", None),
    ]
    assert [row["pending_count"] for row in versions] == [1, 0]
    for instant, pending in (("2024-03-01", 1), ("2024-03-01T23:59:59", 1), ("2024-03-02", 0)):
        stood = run(
            "history", "pipeline_kpi_snapshot", "--as-of", instant, "--key", key, "--json"
        ).json
        assert [row["pending_count"] for row in stood] == [pending]
    assert len(run("history", "pipeline_kpi_snapshot", "--json").json) == 4
    assert run("history", "pipeline_kpi_snapshot", "--as-of", "2024-02-29", "--json").json == []


def test_a_refused_snapshot_exits_1_and_undoes_no_publication(seeded: Settings, run: Run) -> None:
    run("refresh", "health_scores", "--as-of", "2024-03-02", "--snapshot")
    done = run(
        *("refresh", "health_scores", "--as-of", "2024-03-01", "--force", "--snapshot", "--json")
    )
    assert done.exit_code == 1
    assert "knows what held at 2024-03-02 00:00:00 already" in done.err
    assert "only grows forward" in done.json["merged"][0]["refused"]
    status = run("status", "--json").json
    (published,) = [state for state in status if state["table"] == "health_scores"]
    assert published["as_of"] == "2024-03-01T00:00:00"


def test_a_backfill_records_each_date_and_publishes_nothing(seeded: Settings, run: Run) -> None:
    done = run(
        *("backfill", "--from", "2024-01-31", "--to", "2024-03-31", "--every", "month"),
        *("--snapshot", "pipeline_kpi_snapshot", "--json"),
    )
    assert done.exit_code == 0
    # Months are counted from the first: 31 January, the last of February, 31 March.
    assert [recording["as_of"] for recording in done.json] == [
        "2024-01-31T00:00:00",
        "2024-02-29T00:00:00",
        "2024-03-31T00:00:00",
    ]
    current = [merged(recording, "pipeline_kpi_snapshot")["current"] for recording in done.json]
    assert current == [2, 4, 4]
    tables = {name for name in contents(seeded) if name.startswith(seeded.analytics_schema)}
    assert tables == {f"{seeded.analytics_schema}.pipeline_kpi_snapshot"}


def test_dates_are_days_of_the_reporting_zone(
    seeded: Settings, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """1 April begins at 04:00 UTC in New York, the others at 05:00. An instant is UTC."""
    params = tmp_path / "params.yml"
    params.write_text("reporting: {time_zone: America/New_York}", encoding="utf-8")
    monkeypatch.setenv("CRM_IBIS_PARAMS", str(params))
    done = run(
        *("backfill", "--from", "2024-02-01", "--to", "2024-04-01", "--every", "month"),
        *("--snapshot", "pipeline_kpi_snapshot", "--json"),
    )
    assert [recording["as_of"] for recording in done.json] == [
        "2024-02-01T05:00:00",
        "2024-03-01T05:00:00",
        "2024-04-01T04:00:00",
    ]
    snapshot = ("history", "pipeline_kpi_snapshot", "--json", "--as-of")
    assert run(*snapshot, "2024-02-01").json != []
    assert run(*snapshot, "2024-02-01T00:00").json == []
    assert run(*snapshot, "2024-02-01T00:00-05:00").json != []


def test_check_show_and_describe_know_snapshots(published: Settings, run: Run) -> None:
    assert run("check", "health_score_snapshot").exit_code == 0
    execute(
        published,
        "INSERT INTO {analytics}.health_score_snapshot "
        "SELECT * FROM {analytics}.health_score_snapshot WHERE facility_id = 'fac_001'",
    )
    broken = run("check", "health_score_snapshot")
    assert broken.exit_code == 1
    assert "versions of a key do not overlap: 2 rows" in words(broken.out)
    shown = run("show", "health_score_snapshot", "--limit", "1", "--json").json
    assert shown[0]["valid_to"] is None
    told = run("describe", "health_score_snapshot", "--json").json
    assert told["needs"] == ["health_scores"]
    assert told["grain"] == ["facility_id", "month", "valid_from"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["snapshot", "pipeline_snapshot"], 'did you mean "pipeline_kpi_snapshot"'),
        (["history", "health_scores"], 'did you mean "health_score_snapshot"'),
        (["history", "health_score_snapshot", "--key", "fac_001"], "facility_id=...,month=..."),
        (["history", "health_score_snapshot", "--key", "month=March"], "month=March is not a date"),
        (["history", "health_score_snapshot", "--key", "facility=f"], 'mean "facility_id"'),
        (["backfill"], "--from 2024-01-01 --to 2024-03-01 --every month"),
        (["backfill", "--from", "2024-01-01"], "--from, --to and --every"),
        (["backfill", "2999-01-01"], "is in the future"),
        (["refresh", "--dry-run", "--snapshot"], "--dry-run merges no snapshot"),
    ],
)
def test_wrong_use_exits_2_and_says_what_is_right(
    published: Settings, run: Run, arguments: list[str], message: str
) -> None:
    before = contents(published)
    done = run(*arguments)
    assert done.exit_code == 2
    assert message in words(done.err)
    assert contents(published) == before


def test_what_is_not_there_yet_is_told(seeded: Settings, run: Run) -> None:
    done = run("snapshot")
    assert (done.exit_code, "is not published yet; run crm-ibis refresh" in done.err) == (1, True)
    done = run("history", "health_score_snapshot")
    assert done.exit_code == 1
    assert "nothing is recorded in health_score_snapshot yet" in done.err


def test_a_fourth_snapshot_is_one_line(
    seeded: Settings, run: Run, own_project: Callable[[Path], None], tmp_path: Path
) -> None:
    run("init", tmp_path / "project")
    own_project(tmp_path / "project")
    with (tmp_path / "project" / "snapshots.yml").open("a", encoding="utf-8") as file:
        file.write("revenue_snapshot: revenue_kpis\n")
    done = run("refresh", "revenue_kpis", "--as-of", "2024-03-01", "--snapshot", "--json")
    assert done.exit_code == 0, done.err
    assert merged(done.json, "revenue_snapshot")["current"] == 4
    assert len(run("history", "revenue_snapshot", "--json").json) == 4
