"""What is written is true: the generated pages are up to date, the README's Python runs."""

import re
from pathlib import Path

import click
import ibis
import pytest

from crm_ibis.cli import cli
from crm_ibis.config import project
from crm_ibis.contracts.models import contracts
from crm_ibis.contracts.types import declared_tables
from crm_ibis.metrics import describe, describe_expressions

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_page_of_tables_is_up_to_date() -> None:
    page = (ROOT / "docs" / "kpis.md").read_text(encoding="utf-8")
    assert page == describe.markdown(), "run `make generate`"


def test_the_page_of_building_blocks_is_up_to_date() -> None:
    page = (ROOT / "docs" / "expressions.md").read_text(encoding="utf-8")
    assert page == describe_expressions.markdown(), "run `make generate`"


def test_the_page_of_building_blocks_has_each_with_its_parameters() -> None:
    page = describe_expressions.markdown()
    assert "## ratio_pct\n\n`ratio_pct(part, whole)`\n\n100 * part / whole, in percent; " in page
    assert "`weighted_forecast(values, weights, enabled=True)`" in page
    written = re.findall(r"^## (\w+)$", page, re.MULTILINE)
    source = (ROOT / "src" / "crm_ibis" / "expressions.py").read_text(encoding="utf-8")
    assert written == re.findall(r"^def ([a-z]\w*)", source, re.MULTILINE)


@pytest.mark.parametrize("program", re.findall(r"```python\n(.*?)```", README, re.DOTALL))
def test_the_readmes_python_runs(program: str, capsys: pytest.CaptureFixture[str]) -> None:
    exec(compile(program, "README.md", "exec"), {})
    assert capsys.readouterr().out.strip()


def test_the_readme_shows_the_excellent_facility(capsys: pytest.CaptureFixture[str]) -> None:
    program = re.findall(r"```python\n(.*?)```", README, re.DOTALL)[0]
    exec(compile(program, "README.md", "exec"), {})
    printed = capsys.readouterr().out
    assert printed.count("'health_status': 'excellent'") == 2
    assert "fac_002" not in printed


def test_the_map_names_everything_and_nothing_else() -> None:
    (drawn,) = re.findall(r"## The map\n\n```\n(.*?)```", README, re.DOTALL)
    named = set()
    for line in drawn.splitlines():
        folder = "src/crm_ibis/" if line.startswith("  ") else ""
        named |= {folder + name for name in re.split(r"\s{2,}", line.strip())[0].split()}
    package = {
        f"src/crm_ibis/{place.name}{'/' if place.is_dir() else ''}"
        for place in (ROOT / "src" / "crm_ibis").iterdir()
        if not place.name.startswith("_")
    }
    assert all((ROOT / name).exists() for name in named), named
    assert package <= named, package - named


def test_sources_read_without_pandera_are_those_of_the_contracts() -> None:
    read = declared_tables(project.path("schemas", "sources.py"))
    declared = {c.name: c.schema for c in contracts().values() if c.kind == "source"}
    assert {name: dict(schema) for name, schema in read.items()} == {
        name: dict(schema) for name, schema in declared.items()
    }
    assert all(isinstance(schema, ibis.Schema) for schema in read.values())


def test_every_table_and_column_is_described() -> None:
    for contract in contracts().values():
        assert describe.meaning(contract), contract.name
        for column in contract.columns:
            assert column.description.endswith((".", ".)")), f"{contract.name}.{column.name}"


def test_no_placeholder_is_left() -> None:
    pages = [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]
    for page in pages:
        assert not re.search(r"\b[A-Z]+_FIGURES\b|TODO|TBD", page.read_text(encoding="utf-8")), page


# The README's table of commands


def commands() -> dict[str, click.Command]:
    """Every command of the command line that does something, by its whole name."""
    found: dict[str, click.Command] = {}

    def walk(command: click.Command, name: str) -> None:
        if not isinstance(command, click.Group) or command.invoke_without_command:
            found[name] = command
        for sub, inner in getattr(command, "commands", {}).items():
            walk(inner, f"{name} {sub}".strip())

    walk(cli, "")
    found.pop("", None)
    return found


def flags(command: click.Command) -> set[str]:
    """The flags of a command, but for --help."""
    return {flag for option in command.params for flag in option.opts if flag.startswith("--")}


def documented_commands() -> dict[str, set[str]]:
    """The commands of the README's table, each with the flags that stand with it."""
    (table,) = re.findall(r"\| command \| does \|\n(.*?)\n\n", README, re.DOTALL)
    found: dict[str, set[str]] = {}
    for line in table.splitlines()[1:]:
        _, signatures, text, _ = line.split("|")
        names = []
        for signature in re.findall(r"`(.*?)`", signatures):
            name = re.match(r"[a-z]+(?: [a-z]+)*", signature)
            assert name, signature
            names.append(name[0])
            found.setdefault(name[0], set()).update(re.findall(r"--[a-z-]+", signature))
        found[names[0]] |= set(re.findall(r"`(--[a-z-]+)", text))
    return found


def test_readme_lists_every_command_and_flag_and_no_other() -> None:
    documented = documented_commands()
    there = commands()
    assert sorted(documented) == sorted(there)
    for name, command in there.items():
        assert documented[name] == flags(command) - {"--json"}, name


def test_readme_says_which_commands_print_json() -> None:
    (text,) = re.findall(r"All but (.*?) take\s`--json`", README, re.DOTALL)
    without = {name.strip("`") for name in re.findall(r"`[a-z ]+`", text)}
    for name, command in commands().items():
        is_excepted = name in without or name.split()[0] in without - commands().keys()
        assert ("--json" in flags(command)) != is_excepted, name
