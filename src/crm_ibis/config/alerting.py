"""What jobs.yml declares about alerts: their routes, the links that they carry, and metrics."""

from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, model_validator

from crm_ibis.config.files import Record
from crm_ibis.config.renamed import TableName
from crm_ibis.config.sla import Priority
from crm_ibis.config.validation import MICROSECONDS, Span, duration_microseconds

Criticality = Literal["critical", "high", "medium", "low"]
Event = Literal[
    "failure",
    "sla_breach",
    "late",
    "recovered",
    "success",
    "slow_run",
    "contract_warning",
    "due_soon",
]
Channel = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
OWNER = "owner"
"""The channel that stands for those of the table's owner."""
FLOW_RUN = "{flow_run}"


def _web_page(url: str) -> str:
    """An address that everybody may see: alerts carry it, and jobs.yml is in version control."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("is not an address such as https://kpis.example.com")
    if parts.username or parts.password or parts.query:
        raise ValueError("holds a login or a `?query`, which alerts would pass on; leave it out")
    return url.rstrip("/")


def _page_of_run(url: str) -> str:
    if url.count(FLOW_RUN) != 1 or set("{}") & set(url.replace(FLOW_RUN, "")):
        raise ValueError(
            f"needs {FLOW_RUN} once, where the id of the run goes, such as "
            f"https://prefect.example.com/runs/flow-run/{FLOW_RUN}"
        )
    return _web_page(url)


class Route(Record):
    """Which events of which tables go to which channels; without tables or criticality, of all."""

    events: list[Event]
    tables: list[TableName] = []
    criticality: list[Criticality] = []
    due_within: dict[Priority, Span] = {}
    """Tickets of which priorities are `due_soon`, and how much less time than this they have left,
    such as 1h; the others never are."""
    to: list[Channel]

    @model_validator(mode="after")
    def _says_when_tickets_are_due(self) -> "Route":
        if "due_soon" in self.events and not self.due_within:
            raise ValueError("has the event due_soon, so it needs `due_within`, such as {high: 2h}")
        if self.due_within and "due_soon" not in self.events:
            raise ValueError("has `due_within`, which goes with the event due_soon")
        return self

    def is_due(self, priority: str, hours_left: float) -> bool:
        """Whether a ticket that has missed no target has so little time left."""
        return hours_left < self._hours.get(priority, 0)

    @property
    def longest_hours(self) -> float:
        """The longest time of all priorities."""
        return max(self._hours.values(), default=0)

    @property
    def _hours(self) -> dict[str, float]:
        hour = MICROSECONDS["h"]
        return {p: duration_microseconds(span) / hour for p, span in self.due_within.items()}


class Links(Record):
    """Where a reader of an alert finds more: the site, and the run in Prefect's own pages."""

    site: Annotated[str, AfterValidator(_web_page)] | None = None
    run: Annotated[str, AfterValidator(_page_of_run)] | None = None
    """With `{flow_run}` where the id of the flow run goes."""


class Metrics(Record):
    """How metrics are called, and the tags that all of them carry."""

    prefix: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_.]*$")] = "crm_ibis"
    tags: dict[str, str] = {}
