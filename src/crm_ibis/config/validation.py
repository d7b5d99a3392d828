"""Values of the YAML files, and what is wrong with them in words: the key, a near match, why."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any, Protocol, runtime_checkable

from pydantic import AfterValidator, TypeAdapter, ValidationError
from pydantic_core import InitErrorDetails, PydanticCustomError

from crm_ibis.errors import near_match

MICROSECONDS = {
    "us": 1,
    "ms": 1_000,
    "s": 1_000_000,
    "m": 60_000_000,
    "min": 60_000_000,
    "h": 3_600_000_000,
    "d": 86_400_000_000,
}

UNIT_WORDS = {
    "sec": "s",
    "second": "s",
    "mn": "m",
    "minute": "m",
    "hr": "h",
    "hour": "h",
    "day": "d",
}
"""What people write for a unit, in the singular."""


def duration_microseconds(value: Any) -> int:
    """Whole microseconds of a number of hours or of a text such as `2min`."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([A-Za-z]*)", str(value).strip())
    if isinstance(value, bool) or not match:
        raise ValueError("not a duration: give hours (1.5) or a text such as 45m, 36h or 5d")
    unit = match[2] or "h"
    if unit not in MICROSECONDS:
        singular = unit.lower().removesuffix("s")
        meant = UNIT_WORDS.get(singular, singular)
        likely = f' (did you mean "{meant}"?)' if meant in MICROSECONDS else ""
        raise ValueError(
            f'not a duration: "{unit}" is no unit{likely}; there are s, m (or min), h and d, '
            "such as 36h"
        )
    microseconds = round(Decimal(match[1]) * MICROSECONDS[unit])
    if not 0 < microseconds <= 10 * 366 * MICROSECONDS["d"]:
        raise ValueError("must be longer than 0 and at most 10 years")
    return microseconds


def _check_span(text: str) -> str:
    duration_microseconds(text)
    return text


Span = Annotated[str, AfterValidator(_check_span)]
"""A duration as it is written, such as 36h."""


def problem_at(keys: Sequence[str], words: str, given: Any) -> ValidationError:
    """An error for a validator to raise, about a value below the one that it validates."""
    why = PydanticCustomError("value_error", "{words}", {"words": words})
    details = InitErrorDetails(type=why, loc=tuple(keys), input=given)
    return ValidationError.from_exception_data("value", [details])


class Placed(Protocol):
    """Knows where a value stands, by the keys that lead to it."""

    def place_of(self, key: Sequence[Any]) -> object: ...


@runtime_checkable
class Overlaid(Placed, Protocol):
    """Knows what an overlay added to what lies below it."""

    def added_entry(self, key: Sequence[Any]) -> tuple[str, ...] | None: ...

    def names_below(self, entry: Sequence[str]) -> list[str]: ...


@dataclass(frozen=True)
class Mistake:
    """What is wrong with a value: the keys that lead to it, in words, and where it stands."""

    keys: tuple[Any, ...]
    words: str
    place: Any = None

    def __str__(self) -> str:
        return f"{self.words} ({self.place})" if self.place else self.words


def explain(error: ValidationError, kind: Any, placed: Placed | None = None) -> str:
    """A line for each problem that Pydantic found with a value of a kind."""
    return "\n".join(f"  {mistake}" for mistake in mistakes(error, kind, placed))


def mistakes(error: ValidationError, kind: Any, placed: Placed | None = None) -> list[Mistake]:
    """Each problem that Pydantic found with a value of a kind.

    All that an entry of an overlay lacks is one: it may have changed an entry that the package no
    longer ships.
    """
    problems = error.errors()
    incomplete: dict[tuple[str, ...], list[Any]] = {}
    for problem in problems if isinstance(placed, Overlaid) else ():
        if entry := _incomplete_entry(problem, placed):
            incomplete.setdefault(entry, []).append(problem)
    grouped = [problem for lacking in incomplete.values() for problem in lacking]
    found = [_mistake(problem, kind, placed) for problem in problems if problem not in grouped]
    for entry, lacking in incomplete.items():
        found.append(_incomplete(entry, lacking, placed))
    return found


def _keys_of(problem: Any) -> list[Any]:
    return [step for step in problem["loc"] if step != "[key]"]


def _incomplete_entry(problem: Any, placed: Placed | None) -> tuple[str, ...] | None:
    """The entry of an overlay, of a name that the package does not ship, that lacks something."""
    keys = _keys_of(problem)
    entry = placed.added_entry(keys) if isinstance(placed, Overlaid) else None
    if entry is None:
        return None
    lacks = problem["type"] == "missing" and len(keys) > len(entry)
    fails_whole = problem["type"] == "value_error" and len(keys) == len(entry)
    return entry if lacks or (fails_whole and isinstance(problem["input"], dict)) else None


def _incomplete(entry: tuple[str, ...], problems: list[Any], placed: Placed | None) -> Mistake:
    assert isinstance(placed, Overlaid)
    lacking = [_keys_of(p)[-1] for p in problems if p["type"] == "missing"]
    why = [p["msg"].removeprefix("Value error, ") for p in problems if p["type"] != "missing"]
    what = "; ".join([f"lacks {', '.join(map(str, lacking))}"] * bool(lacking) + why)
    words = f"{'.'.join(entry)}: {what}"
    if shipped := placed.names_below(entry):
        hint = near_match(entry[-1], shipped)
        words += (
            f". The package ships nothing of this name{hint} that the entry could change: write it "
            "whole, or delete it"
        )
    return Mistake(entry, words, placed.place_of(entry))


def _mistake(problem: Any, kind: Any, placed: Placed | None) -> Mistake:
    keys = _keys_of(problem)
    place = placed.place_of(keys) if placed else None
    return Mistake(tuple(keys), _problem(problem, kind), place)


def _problem(problem: Any, kind: Any) -> str:
    steps = _keys_of(problem)
    where = ".".join(map(str, steps))
    expected = problem.get("ctx", {}).get("expected")
    if problem["type"] in ("extra_forbidden", "literal_error"):
        is_key = problem["type"] == "extra_forbidden" or "[key]" in problem["loc"]
        word = str(steps[-1] if is_key else problem["input"])
        schema = TypeAdapter(kind).json_schema()
        hint = near_match(word, set(_words(schema)) - {word})
        what = f"unknown key{hint}" if is_key else f'"{word}" is not known{hint}'
        if is_key and not expected and not hint:
            expected = ", ".join(_keys_at(schema, steps[:-1]))
        return f"{where}: {what}" + (f"; there may be {expected}" if expected else "")
    message = problem["msg"].removeprefix("Value error, ")
    given = problem["input"]
    shown = f" (given: {given})" if isinstance(given, int | float | str | Decimal) else ""
    return f"{where}: {message}{shown}" if where else message


def _words(schema: Any) -> Iterator[str]:
    """Every key and every named value that a schema allows."""
    if isinstance(schema, dict):
        yield from schema.get("properties", {})
        yield from map(str, schema.get("enum", ()))
        for part in schema.values():
            yield from _words(part)
    elif isinstance(schema, list):
        for part in schema:
            yield from _words(part)


def _keys_at(schema: Any, steps: Sequence[Any]) -> list[str]:
    """The keys that a schema allows in the mapping that some keys lead to."""
    defined = schema.get("$defs", {})
    here = [schema]
    for step in steps:
        here = [deeper for part in here for deeper in _below(part, step, defined)]
    return [key for part in here for key in part.get("properties", {})]


def _below(schema: Any, step: Any, defined: Any) -> Iterator[Any]:
    """What a schema says of a value, by its key or its number in a list."""
    named = schema.get("properties", {}).get(step)
    others = (schema.get("additionalProperties"), schema.get("items"))
    for part in (named, *others, *schema.get("patternProperties", {}).values()):
        if isinstance(part, dict):
            yield from _alternatives(part, defined)


def _alternatives(schema: Any, defined: Any) -> Iterator[Any]:
    """The schemas that a reference or a union stands for."""
    if "$ref" in schema:
        yield from _alternatives(defined[schema["$ref"].rsplit("/", 1)[-1]], defined)
    elif "anyOf" in schema:
        for part in schema["anyOf"]:
            yield from _alternatives(part, defined)
    else:
        yield schema
