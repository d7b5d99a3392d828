"""The SQL of Spark, compiled without it; tests/spark runs it."""

import ibis
import pytest

from crm_ibis.warehouse.sql import to_sql


def regex(pattern: str) -> str:
    table = ibis.table({"code": "string"}, name="t")
    found = to_sql(table.select(found=table.code.re_search(pattern)), "pyspark")
    return found.split("REGEXP_LIKE(`t0`.`code`, '")[1].split("') AS `found`")[0]


def test_what_a_pattern_finds_can_be_compared() -> None:
    """`code RLIKE 'A' = TRUE` would compare the pattern: RLIKE binds less than `=` on Spark."""
    table = ibis.table({"code": "string"}, name="t")
    written = to_sql(table.filter(table.code.re_search("A") == True), "pyspark")  # noqa: E712
    assert "REGEXP_LIKE(`t0`.`code`, 'A') = TRUE" in " ".join(written.split())


@pytest.mark.parametrize(
    ("pattern", "java"),
    [
        (r"^[A-Z]{3}$", r"^[A-Z]{3}\\z"),
        (r"^\d+(€|$)", r"^\\d+(€|\\z)"),
        (r"^[$€]\d$", r"^[$€]\\d\\z"),
        (r"\$$", r"\\$\\z"),
        (r"a\]$", r"a\\]\\z"),
        (r"[\]$]", r"[\\]$]"),
    ],
)
def test_an_end_of_text_is_none_before_a_line_break(pattern: str, java: str) -> None:
    """Java's `$` matches before a last line break as well, those of the databases do not."""
    assert regex(pattern) == java
