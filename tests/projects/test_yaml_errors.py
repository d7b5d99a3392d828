"""A YAML file with a mistake: one sentence with the line to look at, and what to do there."""

from pathlib import Path

import pytest
from commands import crm_ibis
from folders import Folder

from crm_ibis.config.yaml_text import parse, read_text
from crm_ibis.errors import UsageError


@pytest.mark.parametrize(
    ("text", "line", "why"),
    [
        ("a: 1\nb: [c\nd: 3\n", 2, "the [ that opens here lacks a comma or its ] before line 3"),
        ("a: 1\nb: {c: 2\n", 2, "the { that opens here is never closed"),
        ("a: {b: 1 c: 2}\n", 1, "a comma or the closing } is missing"),
        ('a: "b\nc: 1\nd: 2\n', 1, "the quote that opens here is never closed"),
        ("a: 1\nb\nc: 2\n", 2, "it has no colon; write it like `name: value`"),
        ("a:\n  b: 1\n\tc: 2\n", 3, "it is indented by a tab; use spaces"),
        ("a:\n  b: 1\n c: 2\n", 3, "it is not indented like the lines that it belongs to"),
        ("a: 1\nb: c: d\n", 2, "it has one colon too many"),
        ("a: it's\nb: 'it's'\n", 2, "within single quotes, a quote is written twice"),
        ("a: 1\nb: @c\n", 2, "put text that begins with @"),
        ("a: 1\nb: *c\n", 2, "its * names no anchor (&) above"),
        ("a: 1\n---\nb: 2\n", 2, "a second document begins"),
        ("a: 1\nb: x\x07\n", 2, "it holds the control character 0x07; delete it"),
    ],
)
def test_the_line_and_the_reason(text: str, line: int, why: str) -> None:
    with pytest.raises(UsageError) as refused:
        parse(Path("jobs.yml"), text)
    assert str(refused.value).startswith(f"jobs.yml, line {line} is not valid YAML: ")
    assert why in str(refused.value)
    assert "<unicode string>" not in str(refused.value)


def test_a_day_that_no_month_has() -> None:
    told = "line 1 is not valid YAML: 2024-13-01 is no day of the calendar; correct it"
    with pytest.raises(UsageError, match=told):
        parse(Path("params.yml"), "since: 2024-13-01\n")


def test_another_encoding(tmp_path: Path) -> None:
    file = tmp_path / "jobs.yml"
    file.write_bytes(b"a: 1\nb: caf\xe9\n")
    with pytest.raises(UsageError) as refused:
        read_text(file)
    assert str(refused.value) == (
        f"{file} is not in UTF-8: line 2 has the byte 0xe9, perhaps of Latin-1 or Windows-1252; "
        "save it as UTF-8"
    )


@pytest.mark.parametrize("name", ["jobs.yml", "sources.yml"])
def test_a_command_says_it_in_one_line(folder: Folder, name: str) -> None:
    file = folder.write(name, "jobs:\n  a: {refresh: [b\n")
    done = crm_ibis("config")
    assert f"{file}, line 2 is not valid YAML: the [ that opens here is never closed" in (
        " ".join((done.out + done.err).replace("#", " ").split())
    )
