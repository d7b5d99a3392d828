"""Measured ratios: kept in ratios.json, compared with it, and shown in the README."""

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

from benchmarks.usage import Usage

ROOT = Path(__file__).parents[1]
KEPT = ROOT / "benchmarks" / "ratios.json"
README = ROOT / "README.md"
BEGIN = "<!-- made by `make generate` from benchmarks/ratios.json -->\n"
END = "<!-- end -->\n"
WORSE = 1.2
"""A ratio that has grown by more than a fifth is a regression."""


NAMES = {"seconds": "", "cpu": " of CPU", "mib": " of memory"}


@dataclass(frozen=True)
class Line:
    """One thing held against another: medians of both, and ratios taken within each round."""

    what: str
    against: str
    ours: Usage
    other: Usage
    ratios: dict[str, float]
    database: str = ""
    leads: int = 0

    @property
    def title(self) -> str:
        """What was measured, and where."""
        where = f"{self.database}, {self.leads:,} leads: " if self.database else ""
        return f"{where}{self.what} / {self.against}"

    def __str__(self) -> str:
        numbers = [f"{ratio:.2f}{NAMES[kind]}" for kind, ratio in self.ratios.items()]
        used = f"{_shown(self.ours)} / {_shown(self.other)}"
        return f"{self.title}\n    {used}, ratio {', '.join(numbers)}"


@dataclass(frozen=True)
class Kept:
    """What ratios.json holds."""

    machine: str
    lines: list[Line]


def compared(
    what: str,
    against: str,
    ours: Sequence[Usage],
    other: Sequence[Usage],
    kinds: Sequence[str] = ("seconds", "cpu"),
    *,
    database: str = "",
    leads: int = 0,
) -> Line:
    """A line of rounds: the median of the ratios of each, as both sides met the same machine."""
    pairs = list(zip(ours, other, strict=True))
    ratios = {
        kind: round(median(getattr(one, kind) / getattr(two, kind) for one, two in pairs), 3)
        for kind in kinds
    }
    return Line(what, against, _median(ours), _median(other), ratios, database, leads)


def load(path: Path = KEPT) -> Kept:
    """The lines that are kept; none where there is no file yet."""
    if not path.exists():
        return Kept("", [])
    kept = json.loads(path.read_text(encoding="utf-8"))
    lines = [
        Line(**{**line, "ours": Usage(**line["ours"]), "other": Usage(**line["other"])})
        for line in kept["lines"]
    ]
    return Kept(kept["machine"], lines)


def keep(lines: Iterable[Line], machine: str, path: Path = KEPT) -> None:
    """Writes lines in the place of those with the same title; the others stay."""
    known = {line.title: line for line in [*load(path).lines, *lines]}
    kept = {
        "command": "make bench BENCH=--keep",
        "machine": machine,
        "lines": [asdict(line) for line in known.values()],
    }
    path.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")


def regressions(lines: Iterable[Line], kept: Iterable[Line]) -> list[str]:
    """A sentence about each ratio that grew by more than a fifth."""
    before = {line.title: line.ratios for line in kept}
    return [
        f"worse: {line.title}: ratio{NAMES[kind]} {ratio:.2f}, kept {before[line.title][kind]:.2f}"
        for line in lines
        for kind, ratio in line.ratios.items()
        if ratio > WORSE * before.get(line.title, {}).get(kind, ratio)
    ]


def readme_with(text: str, kept: Kept) -> str:
    """The README with what is kept in its marked block."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}{_tables(kept)}{END}{after}"


def _tables(kept: Kept) -> str:
    """Refreshes by database and size; then what single commands cost."""
    sized = sorted((i for i in kept.lines if i.leads), key=lambda i: (i.database, i.leads))
    small = [line for line in kept.lines if not line.leads]
    titles = ["", "", "seconds", "CPU", "memory", "against", "ratio", "ratio of CPU"]
    return "\n".join(
        [
            f"Measured on {kept.machine}.\n",
            _markdown(titles, map(_row, sized)),
            _markdown(["command", "seconds", "CPU"], map(_small_row, small)),
        ]
    )


def _median(usages: Sequence[Usage]) -> Usage:
    def middle(of: Callable[[Usage], float]) -> float:
        return round(median(of(usage) for usage in usages), 3)

    return Usage(middle(lambda u: u.seconds), middle(lambda u: u.cpu), middle(lambda u: u.mib))


def _shown(usage: Usage) -> str:
    times = f"{usage.seconds:.2f} s, {usage.cpu:.2f} s CPU, " if usage.seconds else ""
    return f"{times}{usage.mib:,.0f} MiB"


def _row(line: Line) -> list[str]:
    return [
        f"{line.database}, {line.leads / 1e6:g} million leads",
        line.what,
        f"{line.ours.seconds:.1f}",
        f"{line.ours.cpu:.1f}",
        f"{line.ours.mib / 1024:.1f} GiB",
        f"{line.against}, {line.other.seconds:.1f} s" if line.other.seconds else line.against,
        f"{line.ratios.get('seconds', line.ratios.get('mib', 0)):.2f}",
        f"{line.ratios['cpu']:.2f}" if "cpu" in line.ratios else "",
    ]


def _small_row(line: Line) -> list[str]:
    return [f"`{line.what}`", f"{line.ours.seconds:.2f}", f"{line.ours.cpu:.2f}"]


def _markdown(titles: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [titles, ["---"] * len(titles), *rows]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)
