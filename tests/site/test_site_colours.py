"""The site's colours can be read, in light and in dark: the contrasts of WCAG 2.1, level AA."""

import re
from pathlib import Path

import pytest

import crm_ibis.site
from crm_ibis.site.charts.drawing import RANGE_OPACITY
from crm_ibis.site.charts.figures import NEUTRAL

STYLE = Path(crm_ibis.site.__file__).parent / "assets" / "site.css"
TEXT, MARK = 4.5, 3.0
"""What AA asks of small text, and of lines, points and borders that mean something."""

ON_BOTH = ("ink", "muted", "link", "good", "bad")
CODE = ("c1", "c3", "c4", "mark-ink", "muted")
SERIES = ("c1", "c2", "c3", "c4", "c5", "focus")
CELLS = [("ink", f"h{step}") for step in (1, 2, 3)] + [("h-ink", "h4"), ("h-ink", "h5")]
STATES = [("s-ink", "s1"), ("s-ink-2", "s2"), ("s-ink-2", "s3"), ("s-ink", "s4")]
WRITTEN = [(name, ground) for name in ON_BOTH for ground in ("surface", "page")]
WRITTEN += [(name, "surface") for name in CODE] + CELLS + STATES + [("mark-ink", "mark")]
FAINT = 0.4
"""How much is left of a cell's colour where its value is doubtful; `ink` is written on it."""

Colour = tuple[float, float, float]


def colours(theme: str) -> dict[str, Colour]:
    blocks = re.findall(r"^:root.*?\{(.*?)\}", STYLE.read_text("utf-8"), re.DOTALL | re.MULTILINE)
    block = blocks[0] if theme == "light" else blocks[1]
    return {name: rgb(text) for name, text in re.findall(r"--([\w-]+): #(\w+);", block)}


def rgb(text: str) -> Colour:
    whole = "".join(2 * digit for digit in text) if len(text) == 3 else text
    red, green, blue = (int(whole[at : at + 2], 16) / 255 for at in (0, 2, 4))
    return red, green, blue


def luminance(colour: Colour) -> float:
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in colour]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: Colour, other: Colour) -> float:
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def through(colour: Colour, opacity: float, under: Colour) -> Colour:
    """What is seen of a colour that lets through what is under it."""
    pairs = zip(colour, under, strict=True)
    red, green, blue = (opacity * over + (1 - opacity) * below for over, below in pairs)
    return red, green, blue


def test_half_black_on_white_is_grey() -> None:
    assert through((0, 0, 0), 0.5, (1, 1, 1)) == (0.5, 0.5, 0.5)


def test_black_on_white_has_the_greatest_contrast_and_grey_that_of_the_definition() -> None:
    assert contrast(rgb("000"), rgb("fff")) == pytest.approx(21)
    assert contrast(rgb("767676"), rgb("fff")) == pytest.approx(4.54, abs=0.005)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(("name", "ground"), WRITTEN)
def test_what_is_written_can_be_read(theme: str, name: str, ground: str) -> None:
    known = colours(theme)
    assert contrast(known[name], known[ground]) >= TEXT


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("name", SERIES)
def test_lines_and_points_can_be_seen(theme: str, name: str) -> None:
    known = colours(theme)
    assert contrast(known[name], known["surface"]) >= MARK


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("step", [1, 2, 3, 4, 5])
def test_a_doubtful_cell_can_be_read(theme: str, step: int) -> None:
    known = colours(theme)
    cell = through(known[f"h{step}"], FAINT, known["surface"])
    assert contrast(known["ink"], cell) >= TEXT


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_range_of_a_rate_can_be_seen(theme: str) -> None:
    known = colours(theme)
    assert contrast(through(known["c1"], RANGE_OPACITY, known["surface"]), known["surface"]) >= MARK


def test_what_is_neither_good_nor_bad_has_a_colour_that_can_be_seen() -> None:
    assert NEUTRAL in {f"var(--{name})" for name in SERIES}
