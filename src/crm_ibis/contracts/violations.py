"""A broken check, in words for a terminal and for logs."""

from dataclasses import dataclass, field
from typing import Any

from crm_ibis.text import count_of


@dataclass(frozen=True)
class Violation:
    """A broken check: how many rows, and up to 20 of them (key and offending columns only)."""

    table: str
    check: str
    columns: tuple[str, ...]
    severity: str
    rows: int
    samples: list[dict[str, Any]] = field(default_factory=list)
    key: tuple[str, ...] = ()
    """The columns of a sample that logs and alerts may show."""

    @property
    def summary(self) -> str:
        """The check and how many rows break it."""
        return f"{self.check}: {count_of(self.rows, 'row')}"

    @property
    def detailed(self) -> str:
        """With the offending values of a few rows, for a person at a terminal."""
        return self._lines([*self.samples[:5]])

    def __str__(self) -> str:
        """With the keys of a few rows: logs and alerts hold no other value of a row."""
        keys = [{c: sample[c] for c in self.key if c in sample} for sample in self.samples[:5]]
        return self._lines([key for key in keys if key])

    def _lines(self, samples: list[dict[str, Any]]) -> str:
        few = "\n".join(
            "    " + ", ".join(f"{name}={_format_value(value)}" for name, value in sample.items())
            for sample in samples
        )
        more = f"\n    ... and {self.rows - 5:,} more" if self.rows > 5 and few else ""
        return f"{self.table}: {self.summary}\n{few}{more}".rstrip()


def _format_value(value: Any) -> str:
    if value is None:
        return "null"
    text = str(value)
    return text if len(text) <= 60 else text[:57] + "..."
