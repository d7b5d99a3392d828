"""The page about reading sources says what the code does."""

import re
from pathlib import Path

import pytest
from mappings import SourcesFile

from crm_ibis.sources import spec
from crm_ibis.sources.expectations import Expectation

PAGE = (Path(__file__).parents[2] / "docs" / "reading-sources.md").read_text(encoding="utf-8")


def test_the_examples_are_valid_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = []
    for number, example in enumerate(re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)):
        (tmp_path / str(number)).mkdir()
        SourcesFile(tmp_path / str(number), monkeypatch).write(example)
        found.append(spec.load_spec().of("tickets"))
    assert [len(said.expect) for said in found] == [0, 1, 2, 0]
    assert str(found[0].path).endswith("/0/lake/tickets")
    assert found[1].expect[0].max_drop_pct == 30
    assert [expected.severity for expected in found[2].expect] == ["error", "warn"]
    assert found[3].only == {"status": ["open", "Clsed"]}


def test_every_key_is_explained() -> None:
    for name in Expectation.model_fields:
        assert f"| `{name}` |" in PAGE, name
