"""What all numbers are reported in: the section `reporting` of params.yml."""

import json
import re
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, model_validator

from crm_ibis.config.time_zones import UTC_ZONE, Zone, month_at

CODE = re.compile(r"[A-Z]{3}")
"""A currency, as ISO 4217 writes it."""
_ISO_DAY = re.compile(r"\d{4}-\d\d-\d\d")


def _check_code(given: Any) -> Any:
    if given is None or (isinstance(given, str) and CODE.fullmatch(given)):
        return given
    meant = str(given).strip().upper()
    remedy = ", such as EUR"
    if CODE.fullmatch(meant):
        remedy = f": write {meant}"
    raise ValueError(f"must be three capital letters, as in ISO 4217{remedy}")


def _check_day(given: Any) -> Any:
    # Pydantic would read a number as seconds since 1970, and an instant as its day.
    is_day = isinstance(given, date) and not isinstance(given, datetime)
    if given is None or is_day or (isinstance(given, str) and _ISO_DAY.fullmatch(given)):
        return given
    raise ValueError("must be a day, such as 2026-12-31")


def _check_month(given: Any) -> Any:
    if isinstance(given, bool) or not isinstance(given, int) or not 1 <= given <= 12:
        raise ValueError("must be the number of a month, from 1 (January) to 12 (December)")
    return given


@dataclass(frozen=True)
class Basis:
    """What published numbers are of, and cannot change without all tables being computed anew."""

    time_zone: str = UTC_ZONE
    currency: str | None = None
    rates_as_of: date | None = None

    def __str__(self) -> str:
        amounts = "no currency"
        if self.amounts:
            amounts = f"amounts in {self.amounts}"
        return f"months of {self.time_zone}, {amounts}"

    @property
    def amounts(self) -> str | None:
        """What amounts are in, in words; null where nobody says it."""
        if self.currency is None or self.rates_as_of is None:
            return self.currency
        return f"{self.currency} at the rates of {self.rates_as_of}"

    @property
    def months(self) -> str | None:
        """The time zone that months are of, where it is not UTC."""
        return None if self.time_zone == UTC_ZONE else self.time_zone

    def to_yaml(self) -> str:
        """The section `reporting` of params.yml that says it."""
        said = {"currency": self.currency, "rates_as_of": self.rates_as_of}
        more = "".join(f", {key}: {value}" for key, value in said.items() if value is not None)
        return f"reporting: {{time_zone: {self.time_zone}{more}}}"

    def to_json(self) -> str:
        """As the run log keeps it."""
        return json.dumps(
            {
                "time_zone": self.time_zone,
                "currency": self.currency,
                "rates_as_of": self.rates_as_of and self.rates_as_of.isoformat(),
            }
        )

    @classmethod
    def from_json(cls, text: str | None) -> "Basis":
        """By the run log; a run without a record, of an earlier version, was of UTC."""
        if text is None:
            return cls()
        said = json.loads(text)
        day = said["rates_as_of"] and date.fromisoformat(said["rates_as_of"])
        return cls(said["time_zone"], said["currency"], day)


class Reporting(BaseModel):
    """The calendar of all months; the currency of all amounts, and the day whose exchange rates
    count where it is one day."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    time_zone: Zone = UTC_ZONE
    """Where months begin: at the earliest instant whose local date lies in them."""
    fiscal_year_start: Annotated[int, BeforeValidator(_check_month)] = 1
    """The month that fiscal years begin with; they are named after the year in which they end."""
    currency: Annotated[str | None, BeforeValidator(_check_code)] = None
    """Null where the sources hold one currency, whichever that is."""
    rates_as_of: Annotated[date | None, BeforeValidator(_check_day)] = None
    """Null where each amount is converted at the rate of the day on which its row was created."""

    @property
    def basis(self) -> Basis:
        """What published numbers are of; fiscal years only name months."""
        return Basis(self.time_zone, self.currency, self.rates_as_of)

    def month_at(self, moment: datetime) -> date:
        """The first day of the month that an instant (UTC) lies in."""
        if self.time_zone == UTC_ZONE:
            return moment.date().replace(day=1)
        return month_at(self.time_zone, moment)

    def fiscal_quarter(self, month: date) -> str:
        """The fiscal year and quarter that a day lies in, such as `FY2025 Q1`."""
        months = month.year * 12 + month.month - 1 + (1 - self.fiscal_year_start) % 12
        return f"FY{months // 12} Q{months % 12 // 3 + 1}"

    @model_validator(mode="after")
    def _check_currency(self) -> "Reporting":
        if self.rates_as_of is not None and self.currency is None:
            raise ValueError(
                "rates_as_of without currency: say which currency amounts are converted to, such "
                "as currency: EUR"
            )
        return self
