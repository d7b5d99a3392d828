"""The pages in a real browser, opened as files."""

import time
from functools import partial
from pathlib import Path
from typing import Any

import ibis
import pytest
from built import Built
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import Select, WebDriverWait

from crm_ibis.config.settings import Settings
from crm_ibis.expressions import wilson_lower_bound
from crm_ibis.site.build import build
from crm_ibis.site.charts.numbers import short
from crm_ibis.testing import assuming
from crm_ibis.warehouse import open_warehouse

pytestmark = pytest.mark.e2e
PAGES = ("index", "lists", "catalog", "lineage", "runs", "tables/conversion_funnel", "tables/leads")
ONE_FACILITY = {"first-response-times", "resolution-times"}


def show(browser: Any, site: Built, page: str = "index", anchor: str = "") -> None:
    browser.get("about:blank")
    browser.get(f"{(site.folder / page).resolve().as_uri()}.html{anchor}")
    if page in ("index", "runs"):
        WebDriverWait(browser, 20).until(drawn)


def drawn(browser: Any) -> bool:
    return browser.execute_script("return document.body.dataset.drawn") == "all"


def says(browser: Any, at: str, words: list[str]) -> bool:
    return texts(browser, at) == words


def resize(browser: Any, width: int, theme: str = "light") -> None:
    size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    media = {"features": [{"name": "prefers-color-scheme", "value": theme}]}
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", media)


def texts(browser: Any, selector: str) -> list[str]:
    """What is written there, closed details included."""
    script = "return [...document.querySelectorAll(arguments[0])].map((e) => e.textContent)"
    return [
        text.replace("\u00a0", " ").strip() for text in browser.execute_script(script, selector)
    ]


def table(browser: Any, figure: str) -> dict[str, list[str]]:
    script = """return [...document.querySelectorAll(`#${arguments[0]} tbody tr`)].map(
        (row) => [...row.cells].map((cell) => cell.firstChild.textContent))"""
    rows = browser.execute_script(script, figure)
    return {row[0]: [cell.replace("\u00a0", " ") for cell in row[1:]] for row in rows}


def cut_off(browser: Any) -> list[str]:
    """What is written in a chart and lies, in part, outside of it."""
    script = """return [...document.querySelectorAll("svg.marks")].flatMap((svg) => {
        const whole = svg.getBoundingClientRect();
        const seen = [...svg.querySelectorAll("text")].filter(
            (text) => text.getAttribute("opacity") !== "0" && text.textContent);
        return seen.filter((text) => {
            const box = text.getBoundingClientRect();
            return box.left < whole.left - 1 || box.right > whole.right + 1
                || box.top < whole.top - 1 || box.bottom > whole.bottom + 1;
        }).map((text) => text.textContent);
    })"""
    return list(browser.execute_script(script))


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [400, 1400])
@pytest.mark.parametrize("page", PAGES)
def test_a_page_has_no_error_and_fits(
    browser: Any, site: Built, page: str, width: int, theme: str
) -> None:
    resize(browser, width, theme)
    browser.get_log("browser")
    show(browser, site, page)
    assert [e for e in browser.get_log("browser") if e["level"] == "SEVERE"] == []
    size = "return [document.documentElement.scrollWidth, innerWidth]"
    needed, there = browser.execute_script(size)
    assert needed <= there
    assert cut_off(browser) == []
    ground = browser.execute_script("return getComputedStyle(document.body).backgroundColor")
    assert ground == ("rgb(245, 246, 247)" if theme == "light" else "rgb(18, 23, 29)")


def test_the_charts_of_a_large_company_fit_on_a_phone(browser: Any, large: Built) -> None:
    resize(browser, 400)
    show(browser, large)
    assert cut_off(browser) == []


def test_a_hostile_name_stays_a_name(browser: Any, hostile: Built) -> None:
    resize(browser, 1400)
    browser.get_log("browser")
    show(browser, hostile)
    assert [e for e in browser.get_log("browser") if e["level"] == "SEVERE"] == []
    assert any("<script>alert(1)</script>" in text for text in texts(browser, "#facility option"))
    assert any("<script>" in text for text in texts(browser, "#outreach-channels svg text"))


def test_every_chart_is_drawn_and_has_its_table(browser: Any, site: Built) -> None:
    resize(browser, 1400)
    show(browser, site)
    for figure in site.page().data()["figures"]:
        name = figure["name"]
        if name in ONE_FACILITY:
            assert texts(browser, f"#{name} .said") == ["Choose a facility to see its months."]
            continue
        marks = f"#{name} .mark-rect path, #{name} .mark-symbol path, #{name} .mark-rule line"
        assert texts(browser, f"#{name} svg")
        assert len(browser.find_elements(By.CSS_SELECTOR, marks)) >= 2, name
        assert table(browser, name), name
    labelled = browser.find_elements(By.CSS_SELECTOR, ".chart svg[aria-label]")
    assert len(labelled) >= 15 or browser.find_elements(By.CSS_SELECTOR, ".chart [aria-label]")


def test_fiscal_quarters_are_named_above_the_months(
    browser: Any, seeds: Settings, tmp_path: Path
) -> None:
    """Fiscal years from February on: that of January 2024 ends with it."""
    with open_warehouse(seeds, read_only=True) as warehouse:
        build(warehouse, tmp_path / "out", assuming("reporting: {fiscal_year_start: 2}"))
    resize(browser, 1400)
    browser.get_log("browser")
    show(browser, Built(tmp_path / "out"))
    assert [e for e in browser.get_log("browser") if e["level"] == "SEVERE"] == []
    assert texts(browser, "#months .quarters th") == ["FY2024 Q4", "FY2025 Q1"]
    assert texts(browser, "#months thead tr:last-child th") == ["Number", "Jan 2024", "Feb 2024"]
    labels = "return [...document.querySelectorAll('#from optgroup')].map((g) => g.label)"
    assert browser.execute_script(labels) == ["FY2024 Q4", "FY2025 Q1"]
    Select(browser.find_element(By.ID, "from")).select_by_value("2024-02-01")
    WebDriverWait(browser, 20).until(lambda b: says(b, "#months .quarters th", ["FY2025 Q1"]))
    assert texts(browser, "#months thead tr:last-child th") == ["Number", "Feb 2024"]


def test_the_page_adds_up_counts_and_divides_at_the_end(browser: Any, site: Built) -> None:
    resize(browser, 1400)
    show(browser, site)
    # 12 leads, 7 qualified, 6 of them opportunities or further, 4 won.
    funnel = table(browser, "funnel-steps")
    assert funnel["lead"] == ["12", "\u2013", "\u2013"]
    assert funnel["sql"] == ["7", "12", "58.3 %"]
    assert funnel["opportunity"] == ["6", "7", "85.7 %"]
    assert funnel["won"] == ["4", "6", "66.7 %"]
    # 765,000 in total: the stages of the base scenario.
    totals = [float(row[1].replace(",", "")) for row in table(browser, "pipeline-stages").values()]
    assert sum(totals) == 765_000
    tickets = table(browser, "sla-tickets")
    assert sum(int(row[0]) for row in tickets.values()) == 10
    assert sum(int(row[2]) for row in tickets.values()) == 1


def test_a_number_without_its_source_is_a_dash_with_the_reason(
    browser: Any, without_invoices: Built
) -> None:
    show(browser, without_invoices)
    assert texts(browser, "#headline-total_revenue > *")[1:4] == [
        "\u2013",
        "cannot be known",
        "computed without invoices",
    ]
    assert texts(browser, "[data-line=total_revenue] > *") == [
        "Revenue without invoices",
        "\u2013",
        "\u2013",
    ]
    assert texts(browser, "#headline-total_leads .value") == ["4"]


def test_counts_are_whole_and_a_legend_names_what_is_drawn(browser: Any, site: Built) -> None:
    resize(browser, 1400)
    show(browser, site)
    # One ticket of the seeds is open and overdue.
    assert {"0", "1"} <= set(texts(browser, "#sla-overdue .role-axis-label text"))
    assert not [t for t in texts(browser, "#sla-overdue .role-axis-label text") if "." in t]
    stages = texts(browser, "#funnel-months .role-legend-label text")
    assert stages == ["sql", "opportunity", "won"]


def test_the_filter_selects_facility_and_period(browser: Any, site: Built) -> None:
    resize(browser, 1400)
    show(browser, site)
    Select(browser.find_element(By.ID, "facility")).select_by_value("fac_001")
    Select(browser.find_element(By.ID, "to")).select_by_value("2024-01-01")
    for figure in ONE_FACILITY:
        nothing_said = partial(says, at=f"#{figure} .said", words=[""])  # no "Choose a facility"
        WebDriverWait(browser, 10).until(nothing_said)
    WebDriverWait(browser, 10).until(lambda b: len(table(b, "health-months")) == 1)
    assert texts(browser, "#headline-overall_health_score .value") == ["84.5"]
    assert texts(browser, '[data-line="health_status"] td') == ["excellent"]
    assert "facility=fac_001&from=2024-01-01&to=2024-01-01" in browser.current_url
    browser.find_element(By.CSS_SELECTOR, "#filter button").click()
    WebDriverWait(browser, 10).until(lambda b: len(texts(b, "#months thead th")) == 3)
    assert texts(browser, "#headline-overall_health_score .value") == ["78.2"]


def test_a_link_keeps_the_selection(browser: Any, site: Built) -> None:
    resize(browser, 1400)
    show(browser, site, anchor="#facility=fac_002&from=2024-02-01&to=2024-02-01")
    assert texts(browser, "#headline-overall_health_score .value") == ["57.9"]
    assert texts(browser, '#months [data-line="health_status"] td') == ["fair"]


def test_the_page_writes_numbers_as_the_build_did(browser: Any, site: Built) -> None:
    resize(browser, 1400)
    show(browser, site)
    for name in ("total_leads", "won_pct", "avg_csat", "nps", "total_revenue"):
        built = [text.replace("\u00a0", " ") for exact, text in site.page().line(name)]
        shown = [text.removesuffix(" n") for text in texts(browser, f'[data-line="{name}"] td')]
        assert shown == built


def test_the_page_shortens_amounts_as_the_build_does(browser: Any, site: Built) -> None:
    show(browser, site)
    amounts = [99_999.99, 100_000, 123_456.789, 999_994, 999_995, -15_386_142.08, 1e9, 1.5e12]
    script = "return arguments[0].map((amount) => short(amount, 'money'))"
    assert browser.execute_script(script, amounts) == [short(a, "money") for a in amounts]


def test_a_sheet_of_paper_has_the_last_twelve_months_and_no_empty_figure(
    browser: Any, large: Built
) -> None:
    resize(browser, 720)
    show(browser, large)
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    script = """const shown = (selector) => [...document.querySelectorAll(selector)].filter(
        (element) => element.offsetParent !== null).map((element) => element.textContent);
        const leads = shown("#months [data-line=total_leads] td").length;
        const fits = document.getElementById("months").offsetWidth <= innerWidth;
        const screen = shown("#filter, #resolution-times, #search, #theme");
        return [shown("#months thead th").slice(1), leads, screen, fits]"""
    months, cells, hidden, fits = browser.execute_script(script)
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})
    assert (months[0], months[-1], len(months), cells) == ("Mar 2023", "Feb 2024*", 12, 12)
    assert hidden == []
    assert fits


def test_charts_are_drawn_anew_for_paper(browser: Any, large: Built) -> None:
    """Half a sheet is 330 pixels, a whole one 680: what is drawn wider would be made smaller."""

    def widths(event: str) -> dict[str, int]:
        browser.execute_script("dispatchEvent(new Event(arguments[0]))", event)
        script = """return Object.fromEntries([...document.querySelectorAll(".chart svg.marks")]
            .map((svg) => [svg.closest("figure").id, svg.viewBox.baseVal.width]))"""
        return browser.execute_script(script)

    resize(browser, 1400)
    show(browser, large)
    screen = widths("afterprint")
    try:
        paper = widths("beforeprint")
        assert cut_off(browser) == []
    finally:
        back = widths("afterprint")
    whole = {"sla-overdue", "health-months", "health-components"}
    assert paper == {figure: 680 if figure in whole else 330 for figure in screen}
    assert back == screen
    assert min(screen.values()) > 500


def test_the_parts_of_a_bar_are_in_the_order_of_their_legend(browser: Any, site: Built) -> None:
    """Of three tickets of high priority one breached its targets, two met them."""
    resize(browser, 1400)
    show(browser, site)
    script = """const within = (what) => [...document.querySelectorAll(`#sla-tickets ${what}`)];
        const left = (bar) => bar.getBoundingClientRect().left;
        const bars = within('[aria-label*="priority: high"]').sort((a, b) => left(a) - left(b));
        const told = (bar) => /tickets: (.*?);.*state: (.*?);/.exec(bar.ariaLabel).slice(1);
        return bars.map(told)"""
    parts = browser.execute_script(script)
    assert parts == [["1", "breached"], ["2", "met both targets"], ["0", "pending"]]
    legend = texts(browser, "#sla-tickets .role-legend-label text")
    assert legend == [state for _, state in parts]


def intervals(browser: Any, site: Built, counts: list[tuple[int, int]]) -> list[list[float | None]]:
    """The ends of the 95 % interval of each c of n, as the page computes them."""
    show(browser, site, "catalog")
    script = "return arguments[0].map(([c, n]) => wilson(c, n))"
    return browser.execute_script(script, counts)


def test_the_interval_of_the_page_is_that_of_wilson(browser: Any, site: Built) -> None:
    """(c + z²/2 ± z sqrt(c (n - c) / n + z²/4)) / (n + z²), z = 1.96: z²/2 is 1.9208, z² 3.8416.

    1 of 1: the root is 0.98, the lower end (2.9208 - 1.9208) / 4.8416. 1348 of 2696: the root is
    that of 674.9604, 25.98; the ends are (1349.9208 - 50.9208) / 2699.8416 and the rest.
    """
    one, half, none, nothing = intervals(browser, site, [(1, 1), (1348, 2696), (0, 1), (0, 0)])
    assert one == pytest.approx([100 / 4.8416, 100])
    assert half == pytest.approx([129_900 / 2699.8416, 140_084.16 / 2699.8416])
    assert none == pytest.approx([0, 384.16 / 4.8416])
    assert nothing == [None, None]


def test_the_interval_of_the_page_is_that_of_the_tables(browser: Any, site: Built) -> None:
    """The lower end ranks reps there; the upper one is the lower end of those that failed."""
    counts = [(0, 5), (5, 5), (1, 100), (80, 100), (99, 100), (3, 7), (0, 10**6), (10**6, 10**6)]
    counts += [(1, 10**9), (123_456_789, 10**9)]
    with open_warehouse(Settings(database_url="duckdb://")) as warehouse:

        def lowest(c: int, n: int) -> float:
            numbers = [ibis.literal(number, "int64") for number in (c, n)]
            ((bound,),) = warehouse.fetch(warehouse.compile(wilson_lower_bound(*numbers)))
            return bound

        wanted = [end for c, n in counts for end in (lowest(c, n), 100 - lowest(n - c, n))]
    shown = [end for ends in intervals(browser, site, counts) for end in ends]
    assert shown == pytest.approx(wanted, abs=1e-9)


def test_search_finds_a_column_by_keyboard(browser: Any, site: Built) -> None:
    resize(browser, 1400)
    show(browser, site, "catalog")
    browser.find_element(By.TAG_NAME, "body").send_keys("/")
    box = browser.switch_to.active_element
    assert box.get_attribute("id") == "search"
    box.send_keys("health_scores sla_health", Keys.ENTER)
    assert browser.current_url.endswith("tables/health_scores.html#sla_health")
    box = browser.find_element(By.ID, "search")
    box.send_keys("nothing is called so")
    assert texts(browser, "#found li") == ["Nothing found"]


def test_the_theme_is_chosen_and_kept(browser: Any, site: Built) -> None:
    resize(browser, 1400)
    show(browser, site, "catalog")
    browser.find_element(By.ID, "theme").click()
    assert browser.execute_script("return document.documentElement.dataset.theme") == "dark"
    show(browser, site, "lineage")
    assert browser.execute_script("return document.documentElement.dataset.theme") == "dark"
    browser.find_element(By.ID, "theme").click()
    browser.execute_script("delete localStorage.theme")


def test_a_column_is_traced_to_its_sources(browser: Any, site: Built) -> None:
    resize(browser, 1400)
    show(browser, site, "lineage")
    Select(browser.find_element(By.ID, "trace-table")).select_by_value("revenue_kpis")
    Select(browser.find_element(By.ID, "trace-column")).select_by_value("total_revenue")
    assert texts(browser, "#trace-origins li") == [
        "invoices.amount",
        "invoices.paid_at",
        "invoices.status",
    ]
    names = "return [...document.querySelectorAll('.node.on')].map((e) => e.dataset.name).sort()"
    assert browser.execute_script(names) == ["invoices", "revenue_kpis", "stg_invoices"]


def test_the_sql_of_another_dialect_is_shown(browser: Any, site: Built) -> None:
    resize(browser, 1400)
    show(browser, site, "tables/conversion_funnel")
    browser.find_element(By.CSS_SELECTOR, '[data-shows="sql-postgres-whole"]').click()
    shown = [e for e in browser.find_elements(By.CSS_SELECTOR, ".sql") if e.is_displayed()]
    assert [element.get_attribute("id") for element in shown] == ["sql-postgres-whole"]
    assert shown[0].text.count("WITH stg_leads AS (") or "WITH " in shown[0].text


def test_a_large_company_opens_quickly(browser: Any, large: Built) -> None:
    resize(browser, 1400)
    browser.get("about:blank")
    begun = time.monotonic()
    browser.get((large.folder / "index.html").resolve().as_uri())
    first = "return document.querySelector('#headline-nps svg') !== null"
    WebDriverWait(browser, 10, poll_frequency=0.05).until(lambda b: b.execute_script(first))
    # 2 seconds on a machine of its own; this one may be busy with other tests.
    assert time.monotonic() - begun < 6
    WebDriverWait(browser, 20).until(drawn)
    assert len(table(browser, "health-months")) == 50
