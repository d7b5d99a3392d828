"""`crm-ibis site`, and the site at the end of the demo."""

from pathlib import Path

import pytest
from commands import Demo, Run, words

from crm_ibis.config.settings import Settings
from crm_ibis.site import build


def test_the_demo_ends_with_the_site_and_where_it_is(demo: Demo) -> None:
    assert demo.outcome.out.splitlines()[-1].endswith("open site/index.html")
    assert (demo.folder / "site" / "index.html").is_file()


@pytest.mark.e2e
def test_the_demo_leaves_the_site_out_without_its_extra(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(build, "find_spec", lambda name: None)
    outcome = run("demo")
    assert outcome.exit_code == 0
    assert "no site: pip install 'crm-ibis[site]'" in words(outcome.err)
    assert not Path("site").exists()


def built_in_a_folder(run: Run) -> None:
    outcome = run("site", "build", "--out", "shown/here")
    assert outcome.exit_code == 0, outcome.err
    assert outcome.out.endswith("open shown/here/index.html\n")
    assert Path("shown/here/tables/health_scores.html").is_file()


@pytest.mark.e2e
def test_a_site_is_built_where_it_is_wanted(published: Settings, run: Run) -> None:
    built_in_a_folder(run)


@pytest.mark.e2e
def test_a_site_is_built_again(published: Settings, run: Run) -> None:
    built_in_a_folder(run)
    built_in_a_folder(run)


def test_a_file_is_no_place_for_a_site(published: Settings, run: Run) -> None:
    Path("site").write_text("mine")
    outcome = run("site", "build")
    assert outcome.exit_code == 2
    assert "site is a file; give a folder with --out" in words(outcome.err)


def test_nothing_built_is_nothing_to_serve(run: Run) -> None:
    outcome = run("site", "serve")
    assert outcome.exit_code == 2
    assert "there is no site in site; build one: crm-ibis site build" in words(outcome.err)
