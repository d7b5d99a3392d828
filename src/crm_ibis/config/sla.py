"""SLA targets: how long a ticket may take, and by which calendar that is measured."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, get_args

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    ModelWrapValidatorHandler,
    PrivateAttr,
    model_validator,
)

from crm_ibis.config.calendars import ALWAYS, Calendar, unknown_calendar
from crm_ibis.config.validation import MICROSECONDS, duration_microseconds, problem_at

Priority = Literal["critical", "high", "medium", "low"]
Target = Literal["response", "resolution"]

Duration = Annotated[int, BeforeValidator(duration_microseconds)]


class SlaTarget(BaseModel):
    """Longest times, in microseconds, to the first response and to the resolution of a ticket."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    response: Duration
    resolution: Duration
    calendar: str | None = None
    """The calendar whose open time counts; null where that of the facility or the default does."""
    _in_days: dict[str, str] = PrivateAttr(default_factory=dict)
    """The targets given in days, as they are written."""

    @model_validator(mode="wrap")
    @classmethod
    def _note_days(cls, given: Any, read: ModelWrapValidatorHandler["SlaTarget"]) -> "SlaTarget":
        target = read(given)
        if isinstance(given, Mapping):
            written = {name: str(given.get(name, "")).strip() for name in get_args(Target)}
            target._in_days = {name: text for name, text in written.items() if text.endswith("d")}
        return target

    def of(self, target: str) -> int:
        """Microseconds of the target called `response` or `resolution`."""
        return getattr(self, target)

    @property
    def in_days(self) -> Mapping[str, str]:
        """The targets given in days, as they are written."""
        return self._in_days


def check_calendars(
    sla: Mapping[Priority, SlaTarget], calendars: Mapping[str, Calendar], default: str
) -> None:
    """Raises an error for the name of a calendar that there is not, and for a target in days whose
    calendar may be closed for a part of them."""
    if words := unknown_calendar(default, calendars):
        raise problem_at(["default_calendar"], words, default)
    for priority, target in sla.items():
        if target.calendar is not None and (words := unknown_calendar(target.calendar, calendars)):
            raise problem_at(["sla", priority, "calendar"], words, target.calendar)
        # Where calendars are declared, a facility may name one for priorities that name none.
        if target.calendar != ALWAYS and (calendars or target.calendar is not None):
            for name, written in target.in_days.items():
                hours = target.of(name) / MICROSECONDS["h"]
                raise problem_at(
                    ["sla", priority, name],
                    "a day of 24 hours says little about open time: with calendars, write hours "
                    f"({hours:g}h of open time), or `calendar: {ALWAYS}` beside it",
                    written,
                )


def may_use(sla: Mapping[Priority, SlaTarget], calendar: str) -> list[Priority]:
    """The priorities whose tickets a calendar may judge.

    One that names no calendar leaves it to the facility, which may name any, or to the default.
    """
    return [p for p, target in sla.items() if target.calendar in (None, calendar)]
