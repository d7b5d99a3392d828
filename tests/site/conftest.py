"""Sites of the seeds, of a large company and of a hostile one, built once."""

import json
import os
import shutil
from collections.abc import Iterator
from typing import Any

import pytest
from benchmarks.generate import generate
from built import AS_OF, HOSTILE, MID_FEBRUARY, Built, build_site, settings_in
from commands import Demo

from crm_ibis.config.params import load_params
from crm_ibis.config.settings import Settings
from crm_ibis.publishing.refresh import refresh
from crm_ibis.site.build import build
from crm_ibis.sources.seeds import load_seeds
from crm_ibis.warehouse import open_warehouse

MAPPED = f"""
sources:
  outreach: {{columns: {{channel: {{value: {json.dumps(HOSTILE)}}}}}}}
  tickets: {{table: cases, on_violation: quarantine, max_quarantined_pct: 10}}
  invoices: absent
"""
CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")


@pytest.fixture(scope="session")
def seeds(demo: Demo) -> Settings:
    """The seeds, published and recorded as of 2024-03-01."""
    return Settings(database_url=f"duckdb://{demo.database}")


@pytest.fixture(scope="session")
def site(demo: Demo) -> Built:
    """The site of the seeds."""
    return Built(demo.folder / "site")


@pytest.fixture(scope="session")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """The seeds with a facility, a rep and a channel that try to be markup, over a sources.yml.

    One ticket of ten is in quarantine, invoices are absent; after the refresh applications and
    leads get out of reach.
    """
    folder = tmp_path_factory.mktemp("hostile")
    settings, declared = settings_in(folder), folder / "sources.yml"
    with pytest.MonkeyPatch.context() as environment, open_warehouse(settings) as warehouse:
        environment.setenv("CRM_IBIS_SOURCES", str(declared))
        load_seeds(warehouse)
        for table, column in (("facilities", "name"), ("leads", "rep_id")):
            warehouse.run(f"UPDATE raw.{table} SET {column} = ?", [HOSTILE])
        warehouse.run("ALTER TABLE raw.tickets RENAME TO cases")
        warehouse.run("UPDATE raw.cases SET priority = 'secret' WHERE id = 'tick_001'")
        declared.write_text(MAPPED)
        refresh(warehouse, as_of=AS_OF, snapshot=True)
        warehouse.run("DROP TABLE raw.applications")
        (folder / "broken.py").write_text("def leads(:")
        declared.write_text(f"{MAPPED}  leads: {{file: broken.py}}\n")
        build(warehouse, folder / "out", load_params())
    return Built(folder / "out")


@pytest.fixture(scope="session")
def large(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """50 facilities over 24 months, the last of which still ran."""
    folder = tmp_path_factory.mktemp("large")
    generate(20_000, folder / "data")
    settings = settings_in(folder)
    with open_warehouse(settings) as warehouse:
        warehouse.ensure_schema("raw")
        for file in (folder / "data").iterdir():
            warehouse.run(f"CREATE TABLE raw.{file.stem} AS SELECT * FROM '{file}'")
        refresh(warehouse, as_of=MID_FEBRUARY)
    return build_site(settings, folder / "out")


@pytest.fixture(scope="session")
def without_invoices(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """The seeds; by sources.yml without invoices, surveys and names of facilities since a while."""
    folder = tmp_path_factory.mktemp("without")
    settings, file = settings_in(folder), folder / "sources.yml"
    with open_warehouse(settings) as warehouse:
        load_seeds(warehouse)
        refresh(warehouse, ["revenue_kpis", "satisfaction_rollups"], as_of=AS_OF)
    file.write_text("sources: {invoices: absent, satisfaction: absent, facilities: absent}")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CRM_IBIS_SOURCES", str(file))
        with open_warehouse(settings) as warehouse:
            refresh(warehouse, ["monthly_scorecard", "conversion_funnel"], as_of=AS_OF)
        return build_site(settings, folder / "out")


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Debian's chromium; without it its tests are skipped, or fail where it is required."""
    if CHROMIUM is None or DRIVER is None:
        told = "no chromium and chromedriver here; apt-get install chromium chromium-driver"
        if os.environ.get("CRM_IBIS_REQUIRE_BROWSER"):
            pytest.fail(told)
        pytest.skip(told)
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    flags = "headless no-sandbox disable-gpu disable-quic no-first-run disable-sync"
    flags += " disable-background-networking disable-component-update disable-dev-shm-usage"
    for flag in flags.split():
        options.add_argument(f"--{flag}")
    options.add_argument(f"--user-data-dir={tmp_path_factory.mktemp('profile')}")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(DRIVER))
    try:
        yield driver
    finally:
        driver.quit()
