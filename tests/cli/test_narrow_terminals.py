"""At any width, numbers are whole: names go on in the next line, a number that is cut is wrong."""

import re
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from crm_ibis.cli import terminal
from crm_ibis.cli.terminal.tables import SCORECARD
from crm_ibis.contracts.audit import (
    Checked,
)
from crm_ibis.history.merge import Merged
from crm_ibis.operations.status import Status
from crm_ibis.publishing.refresh import RefreshResult
from crm_ibis.runlog.log import TableRun

AS_OF = datetime(2024, 3, 1)
LONG = "weighted_pipeline_scenarios"


@pytest.fixture(params=[40, 60, 80, 100, 120])
def width(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr(terminal.console, "width", request.param)
    return int(request.param)


def test_a_refresh_of_millions_of_rows(width: int, capsys: pytest.CaptureFixture[str]) -> None:
    run = TableRun(
        LONG, "published", 50_494, 1_234, 1234.56, new=150_494, changed=9_876_543, gone=7
    )
    terminal.print_refresh(
        RefreshResult(
            run_id="run1",
            as_of=AS_OF,
            dry_run=False,
            tables=[run],
            seconds=1.0,
            warnings=[],
            previews={},
            merged=[],
        )
    )
    cells = capsys.readouterr().out.split()
    assert {"50,494", "150,494", "9,876,543", "1,234", "1234.56"} <= set(cells)


def test_a_merge_of_millions_of_rows(width: int, capsys: pytest.CaptureFixture[str]) -> None:
    merged = Merged(
        LONG, AS_OF, current=1_111_111, new=2_222_222, changed=3_333_333, gone=4_444_444
    )
    terminal.print_merges([merged])
    cells = capsys.readouterr().out.split()
    assert {"1,111,111", "2,222,222", "3,333,333", "4,444,444"} <= set(cells)


def test_a_check_of_millions_of_rows(width: int, capsys: pytest.CaptureFixture[str]) -> None:
    terminal.print_checks([Checked(LONG, 123_456_789, 12_345, 98765.43)])
    out = capsys.readouterr().out
    assert {"123,456,789", "12,345", "98765.43"} <= set(out.split())
    assert LONG[:12] in out


def test_a_scorecard_of_many_months_shows_the_newest_that_fit(
    width: int, capsys: pytest.CaptureFixture[str]
) -> None:
    months: list[dict[str, Any]] = [
        {**dict.fromkeys(SCORECARD, 1_234_567.89), "month": date(2024, month, 1)}
        for month in range(1, 13)
    ]
    terminal.print_scorecard(months)
    out = capsys.readouterr().out
    assert "December 2024" in out
    assert ("January 2024" in out) is False
    numbers = set(re.findall(r"[\d,.]*\d", out)) - {"2024", "1", "5", "0", "100", "1-5", "0-100"}
    assert numbers == {"1,234,567.89"}


def test_the_status_of_an_old_table(width: int, capsys: pytest.CaptureFixture[str]) -> None:
    status = Status(
        table=LONG,
        owner="Executive Leadership",
        criticality="critical",
        as_of=AS_OF,
        published_at=AS_OF,
        age_hours=1_000_000.0,
        rows=123_456_789,
        state="late",
        late=True,
        failing=False,
        blocked_by=(),
        sla="45m",
        due_since=AS_OF,
        next_run=AS_OF + timedelta(days=1),
        seconds=None,
        usual_seconds=None,
        slow=False,
        failed_run=None,
        last_error=None,
        broken=(),
    )
    terminal.print_status([status])
    out = capsys.readouterr().out
    assert "41666.7 days" in out
    assert "45m" in out
