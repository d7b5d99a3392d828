"""A column of sources.yml: what one of our columns is made of, and how."""

from decimal import Decimal
from typing import Annotated, Any

import ibis.expr.datatypes as dt
from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from crm_ibis.config.declarations import zone_name
from crm_ibis.config.files import Record
from crm_ibis.config.literal_yaml import source_text
from crm_ibis.sources.formats.directives import WORDS
from crm_ibis.sources.formats.instants import instant_format
from crm_ibis.sources.formats.numbers import number_format


def _single(value: Any) -> Any:
    if isinstance(value, list | dict):
        raise ValueError("must be a single value")
    return value


def _several(value: Any) -> Any:
    return value if isinstance(value, list) else [value]


def _some(values: list[Any]) -> list[Any]:
    if not values:
        raise ValueError("names one at least")
    return values


def _format(text: str) -> str:
    if text not in WORDS:
        instant_format(text)
    return text


def _sample(value: Any) -> str:
    text = source_text(value)
    number_format(text)
    return text


def _factor(value: Any) -> str:
    try:
        number = Decimal(source_text(value))
    except ArithmeticError:
        raise ValueError("must be a number such as 0.01") from None
    if isinstance(value, bool) or not number.is_finite() or not number:
        raise ValueError("must be a number such as 0.01")
    plain = f"{number.normalize():f}"
    if len(plain) > 13:
        raise ValueError("must be a number of at most 12 digits, such as 0.01")
    return plain


def _column_name(value: Any) -> Any:
    if isinstance(value, bool | int | float):
        raise ValueError("put the name in quotes: YAML takes it for a number, or no for false")
    return value


def _null(value: Any) -> None:
    if value is not None:
        raise ValueError("can only be null")


def _condition(given: Any) -> Any:
    return given if isinstance(given, dict) else {"is": given}


def _moment(given: Any) -> Any:
    return {"from": given} if isinstance(given, str) else given


def _column(given: Any) -> Any:
    given = _column_name(given)
    return {"from": given} if isinstance(given, str) else given


def _columns(given: Any) -> list[Any]:
    return [_column(column) for column in _several(given)]


Single = Annotated[Any, AfterValidator(_single)]
Values = Annotated[list[Single], BeforeValidator(_several)]
Choices = dict[str, Values]
Name = Annotated[str, BeforeValidator(_column_name)]
Names = Annotated[list[Name], BeforeValidator(_several), AfterValidator(_some)]
Zone = Annotated[str, AfterValidator(zone_name)]
Formats = Annotated[
    list[Annotated[str, AfterValidator(_format)]], BeforeValidator(_several), AfterValidator(_some)
]
Samples = Annotated[
    list[Annotated[str, BeforeValidator(_sample)]], BeforeValidator(_several), AfterValidator(_some)
]


class Condition(Record):
    """Whether a landed column has one of some values, or none of them."""

    is_: Annotated[Values, Field(alias="is")] = []
    not_: Annotated[Values, Field(alias="not")] = []

    @model_validator(mode="after")
    def _says_one_thing(self) -> "Condition":
        if len(self.model_fields_set) != 1:
            raise ValueError("is a value, a list of values, or {not: ...} of either")
        return self

    @property
    def negated(self) -> bool:
        return "not_" in self.model_fields_set

    @property
    def choices(self) -> list[Any]:
        return self.not_ if self.negated else self.is_


Conditions = dict[str, Annotated[Condition, BeforeValidator(_condition)]]


class Moment(Record):
    """What rows are ordered by: an instant, or a number."""

    from_: Annotated[Name, Field(alias="from")]
    format: Formats | None = None
    time_zone: Zone | None = None
    number: Samples | None = None

    @model_validator(mode="after")
    def _is_one_thing(self) -> "Moment":
        if self.number and (self.format or self.time_zone):
            raise ValueError("has `number`, and what goes with an instant; it is one of them")
        return self


Moments = Annotated[list[Moment], BeforeValidator(_columns), AfterValidator(_some)]

ORIGINS = ("from_", "value", "latest", "first", "last", "first_value", "last_value", "key")
OF_GROUPS = ("first", "last", "first_value", "last_value")
"""Forms that make one value of several rows."""

INSTANT = {"format", "time_zone", "null_values", "out_of_order"}
TRANSFORM = INSTANT | {"values", "else_", "missing", "number", "scale"}
GOES_WITH = {
    "from_": TRANSFORM | {"when"},
    "value": {"when", "missing"},
    "latest": INSTANT | {"when"},
    "first": INSTANT | {"where"},
    "last": INSTANT | {"where"},
    "first_value": TRANSFORM | {"where", "by", "ties"},
    "last_value": TRANSFORM | {"where", "by", "ties"},
    "key": {"when", "null_values"},
}


class Column(Record):
    """One of our columns: what it is made of, and how.

    `values` translates; what it does not name becomes `else`, or stays as it is. Null stays null
    unless `missing` says otherwise.
    """

    from_: Annotated[Name | None, Field(alias="from")] = None
    value: Single = None
    latest: Names = []
    first: Name | None = None
    last: Name | None = None
    first_value: Name | None = None
    last_value: Name | None = None
    key: Names = []
    by: Annotated[Moment | None, BeforeValidator(_moment)] = None
    ties: Moments = []
    where: Conditions = {}
    when: Conditions = {}
    null_values: Values | None = None
    values: dict[Any, Single] = {}
    else_: Annotated[Single, Field(alias="else")] = None
    missing: Single = None
    format: Formats | None = None
    time_zone: Zone | None = None
    number: Samples | None = None
    scale: Annotated[str, BeforeValidator(_factor)] | None = None
    out_of_order: Annotated[None, BeforeValidator(_null)] = None

    @model_validator(mode="after")
    def _comes_from_one_place(self) -> "Column":
        given = [name for name in ORIGINS if name in self.model_fields_set]
        if len(given) != 1:
            raise ValueError(f"needs one of {_join_words(ORIGINS)}, and no more than one")
        (origin,) = given
        if origin != "value" and not getattr(self, origin):
            hint = "; for null in every row, `value: null`" if origin == "from_" else ""
            raise ValueError(f"{_key(origin)} names a column{hint}")
        for name in self.model_fields_set - {origin} - GOES_WITH[origin]:
            homes = [form for form in ORIGINS if name in GOES_WITH[form]]
            raise ValueError(
                f"{_key(name)} goes with {_join_words(homes)}, not with {_key(origin)}"
            )
        if origin in ("first_value", "last_value") and self.by is None:
            raise ValueError(f"{_key(origin)} needs `by`, the instant that orders the rows")
        if self.number and self.format:
            raise ValueError("has `format`, for an instant, and `number`; it is one of them")
        return self

    @property
    def landed_column(self) -> str | None:
        """The one column of the table whose values it takes."""
        return self.from_ or self.first_value or self.last_value or self.first or self.last

    @property
    def groups(self) -> bool:
        """Whether it makes one value of several rows."""
        return any(name in self.model_fields_set for name in OF_GROUPS)

    @property
    def translates(self) -> bool:
        return bool({"values", "else_"} & self.model_fields_set)

    @property
    def words(self) -> str:
        """What it is made of."""
        condition = self.where or self.when
        limited = f" where {_in_words(condition)}" if condition else ""
        if self.latest:
            return f"the latest of {', '.join(self.latest)}{limited}"
        if self.key:
            return f"the key of {', '.join(self.key)}{limited}"
        if self.by:
            which = "first" if self.first_value else "last"
            return f"the {which} {self.landed_column} by {self.by.from_}{limited}"
        if self.first or self.last:
            return f"the {'first' if self.first else 'last'} {self.landed_column}{limited}"
        if self.from_ is None:
            return f"{'null' if self.value is None else f'the constant {self.value}'}{limited}"
        return f"{self.from_}{limited}"

    @property
    def results(self) -> list[Any]:
        """The values of the file that the column may become."""
        return [self.value, self.missing, self.else_, *self.values.values()]

    @property
    def literals(self) -> list[Any]:
        """The values that the file gives."""
        chosen = [choice for c in self.conditions.values() for choice in c.choices]
        return [*self.results, *self.values, *chosen, *(self.null_values or [])]

    @property
    def conditions(self) -> dict[str, Condition]:
        """Conditions on columns of the table."""
        return {**self.where, **self.when}

    def misfit(self, dtype: dt.DataType) -> str | None:
        """Why it cannot be a column of this type, if so."""
        for key, wanted, fits in (
            ("format", "an instant or a day", dtype.is_timestamp() or dtype.is_date()),
            ("out_of_order", "an instant", dtype.is_timestamp()),
            ("latest", "an instant", dtype.is_timestamp()),
            ("first", "an instant; for a value, use `first_value`", dtype.is_timestamp()),
            ("last", "an instant; for a value, use `last_value`", dtype.is_timestamp()),
            ("number", "a number", dtype.is_numeric()),
            ("scale", "a number", dtype.is_numeric()),
            ("key", "text", dtype.is_string()),
        ):
            if self.has(key) and not fits:
                return f"`{key}` makes {wanted}, and the column is {dtype}"
        return None

    def has(self, key: str) -> bool:
        """Whether the file gives this key, be it null."""
        return key in self.model_fields_set

    @property
    def reads(self) -> list[str]:
        """The columns of the table that it is made of."""
        landed = [self.landed_column] if self.landed_column else [*self.latest, *self.key]
        order = [moment.from_ for moment in (self.by, *self.ties) if moment]
        return list(dict.fromkeys([*landed, *order, *self.conditions]))


Columns = dict[str, Annotated[Column, BeforeValidator(_column)]]


def _key(field: str) -> str:
    return f"`{field.rstrip('_')}`"


def _join_words(fields: Any) -> str:
    keys = [_key(field) for field in fields]
    return f"{', '.join(keys[:-1])} and {keys[-1]}" if len(keys) > 1 else keys[0]


def _in_words(conditions: dict[str, Condition]) -> str:
    """The columns that conditions look at; what they look for is left to the file."""
    return f"{' and '.join(conditions)} {'matches' if len(conditions) == 1 else 'match'}"
