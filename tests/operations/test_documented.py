"""What docs/operations.md shows is valid, and its words are those of the program."""

import re
from pathlib import Path
from typing import get_args

import pytest
import yaml
from pydantic import TypeAdapter

from crm_ibis.config.alerting import Event
from crm_ibis.config.declarations import Jobs
from crm_ibis.operations.status import State

TEXT = (Path(__file__).parents[2] / "docs" / "operations.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```yaml\n(.*?)```", TEXT, flags=re.DOTALL)


@pytest.mark.parametrize("example", EXAMPLES)
def test_an_example_is_a_jobs_file(example: str) -> None:
    assert TypeAdapter(Jobs).validate_python(yaml.safe_load(example))


def test_there_are_examples() -> None:
    assert len(EXAMPLES) == 5


def test_an_example_says_what_the_text_says_of_it() -> None:
    jobs = TypeAdapter(Jobs).validate_python(yaml.safe_load(EXAMPLES[1])).jobs
    assert jobs["cohort_retention"].paused
    assert jobs["quarter_end"].schedule is None
    first = TypeAdapter(Jobs).validate_python(yaml.safe_load(EXAMPLES[0])).jobs
    assert first["ticket_sla"].sla_duration is not None
    assert first["ticket_sla"].sla_duration.total_seconds() == 45 * 60


def test_every_state_and_every_event_is_explained() -> None:
    for word in (*get_args(State), *get_args(Event)):
        assert re.search(rf"^\| (`[^|]*)?`{word}`", TEXT, flags=re.MULTILINE), word
