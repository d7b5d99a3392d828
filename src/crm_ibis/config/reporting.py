"""What all numbers are reported in: the section `reporting` of params.yml."""

import re
from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, model_validator

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


class Reporting(BaseModel):
    """The currency of all amounts, and the day whose exchange rates count where it is one day."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    currency: Annotated[str | None, BeforeValidator(_check_code)] = None
    """Null where the sources hold one currency, whichever that is."""
    rates_as_of: Annotated[date | None, BeforeValidator(_check_day)] = None
    """Null where each amount is converted at the rate of the day on which its row was created."""

    @property
    def basis(self) -> str:
        """What published amounts cannot change without all tables being computed anew."""
        return f"currency {self.currency or 'none'}"

    @model_validator(mode="after")
    def _check_currency(self) -> "Reporting":
        if self.rates_as_of is not None and self.currency is None:
            raise ValueError(
                "rates_as_of without currency: say which currency amounts are converted to, such "
                "as currency: EUR"
            )
        return self


def amounts_in_words(reporting: Mapping[str, Any]) -> str | None:
    """What amounts are in, by the parameters of a run as the run log keeps them; null without."""
    currency = reporting.get("currency")
    if currency is None:
        return None
    day = reporting.get("rates_as_of")
    return f"{currency} at the rates of {day}" if day else str(currency)
