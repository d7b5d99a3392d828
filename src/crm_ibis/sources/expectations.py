"""What sources.yml may expect of a source as a whole: how many rows, and how new."""

from datetime import datetime, timedelta
from typing import Annotated, Literal

from pydantic import Field, model_validator

from crm_ibis.config.files import Record
from crm_ibis.config.validation import Span, duration_microseconds

Severity = Literal["error", "warn"]
KINDS = ("min_rows", "max_drop_pct", "max_age", "unchanged_runs")


class Expectation(Record):
    """What must hold of a source, and whether a refresh stops or only warns where it does not."""

    min_rows: Annotated[int | None, Field(ge=1)] = None
    max_drop_pct: Annotated[float | None, Field(ge=0, lt=100)] = None
    """By how much fewer rows there may be than in the last successful run."""
    max_age: Span | None = None
    """How long before the run's instant the newest row may have been created or updated."""
    unchanged_runs: Annotated[int | None, Field(ge=2, le=100)] = None
    """So many runs in a row must not find the same number of rows and the same newest row."""
    severity: Severity = "error"

    @model_validator(mode="after")
    def _expects_something(self) -> "Expectation":
        if not self.model_fields_set & set(KINDS):
            raise ValueError(f"expects nothing; give {', '.join(KINDS[:-1])} or {KINDS[-1]}")
        return self

    @property
    def age(self) -> timedelta | None:
        """`max_age` as a span of time."""
        if self.max_age is None:
            return None
        return timedelta(microseconds=duration_microseconds(self.max_age))

    def is_older(self, newest_at: datetime | None, now: datetime) -> bool:
        """Whether the newest row of a source is older than `max_age`, or there is none."""
        return self.age is not None and (newest_at is None or now - newest_at > self.age)
