"""The pages in a real browser, within Airflow's own UI; skipped where there is no Chromium."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from importlib import resources
from pathlib import Path

import pytest

from pages.chromium import PROGRAM, Chromium
from pages.conftest import INCIDENT, Site, held
from safetynet.check import data_docs
from safetynet.publish import ledger

pytestmark = [
    pytest.mark.airflow,
    pytest.mark.skipif(PROGRAM is None, reason="no Chromium on this machine (Debian: apt-get install chromium)"),
]

_PATHS = (
    *("feeds", "series", "batch", "incidents", "incident", "distribution", "month", "people"),
    *("results", "suite", "index"),
)


@pytest.fixture(scope="module")
def browser() -> Iterator[Chromium]:
    """One browser for all tests of this module."""
    with Chromium() as browser:
        yield browser


def path_of(site: Site, page: str, dear: dict[str, str]) -> str:
    """The address of a page that has something to show."""
    batch = next(row for row in site.county.ledger(ledger.batch) if row["rows_quarantined"] and row["scope"])
    return {
        "series": f"series?feed={batch['feed']}&scope={batch['scope']}",
        "batch": f"batch/{batch['batch_id']}",
        "incident": f"incidents/{INCIDENT}",
        "distribution": f"incidents/{dear['incident']}",
        "month": "month?month=2025-07",
        "results": f"data-docs/{data_docs.page_path(batch['feed'], batch['batch_id'], batch['received_at'])}",
        "suite": f"data-docs/{data_docs.suite_path(batch['feed'])}",
        "index": "data-docs/index.html",
    }.get(page, page)


def axe() -> str:
    """The script of axe-core: the locked package's, or where AXE_CORE says."""
    told = os.environ.get("AXE_CORE")
    place = Path(told) if told else resources.files("axe_core_python") / "axe.min.js"
    return place.read_text(encoding="utf-8")


@pytest.mark.parametrize("is_dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_a_page_fits_and_axe_finds_nothing_serious(
    site: Site, dear: dict[str, str], browser: Chromium, width: int, is_dark: bool
) -> None:
    script = axe() + ";true"
    browser.screen(width, 900, is_dark=is_dark)
    found = {}
    for page in _PATHS:
        browser.open(f"{site.url}/safetynet/{path_of(site, page, dear)}", site.token("admin"))
        assert browser.run("document.documentElement.scrollWidth <= window.innerWidth"), f"{page} is too wide"
        browser.run(script)
        found[page] = browser.run(
            "axe.run().then(told => told.violations.filter(one => ['serious', 'critical'].includes(one.impact))"
            ".map(one => `${one.id}: ${one.nodes[0].html}`))"
        )
    assert {page: told for page, told in found.items() if told} == {}


def test_the_keyboard_walks_from_the_skip_link_to_the_content(site: Site, browser: Chromium) -> None:
    browser.screen(1280, 900)
    browser.open(f"{site.url}/safetynet/feeds", site.token("admin"))
    browser.press("Tab", 9)
    assert browser.run("document.activeElement.className") == "skip"
    browser.press("Enter", 13)
    browser.wait("document.activeElement.id === 'main'")
    browser.press("Tab", 9)
    assert "tile" in browser.run("document.activeElement.className")
    browser.press("Enter", 13)
    browser.wait("location.search.includes('level=')")


def test_the_pages_stand_in_airflows_own_ui_in_its_light_or_dark(site: Site, browser: Chromium) -> None:
    browser.screen(1280, 900)
    browser.open(f"{site.url}/safetynet/feeds?lang=en", site.token("admin"))
    browser.open(f"{site.url}/plugin/safetynet-feeds", site.token("admin"))
    frame = "document.querySelector('iframe')?.contentDocument"
    browser.wait(f"{frame}?.querySelector('main h1') != null")
    assert browser.run(f"{frame}.documentElement.dataset.theme") == "light"
    assert browser.run(f"{frame}.documentElement.scrollWidth <= {frame}.documentElement.clientWidth"), "too wide"
    browser.run("document.documentElement.classList.replace('light', 'dark')")
    browser.wait(f"{frame}.documentElement.dataset.theme === 'dark'")
    browser.run(f"{frame}.querySelector('table a').click()")
    browser.wait("location.pathname.includes('/safetynet/series')")


@pytest.mark.parametrize("where", ["required_actions", "dags/official_month"])
def test_a_month_leads_out_of_the_frame_to_airflows_question(site: Site, browser: Chromium, where: str) -> None:
    browser.screen(1280, 900)
    browser.open(f"{site.url}/safetynet/month?month=2025-08&lang=en", site.token("admin"))
    browser.open(f"{site.url}/plugin/safetynet-month/safetynet/month?month=2025-08", site.token("admin"))
    link = f"document.querySelector('iframe')?.contentDocument?.querySelector('main a[href$=\"{where}\"]')"
    browser.wait(f"{link} != null")
    browser.run(f"{link}.click()")
    browser.wait(f"location.pathname === '/{where}' && document.querySelector('iframe') === null")


def test_a_message_leads_to_its_file_within_airflow(
    site: Site, browser: Chromium, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW__API__BASE_URL", site.url)
    _, delivery_id = held(site)
    (told,) = [each for each in site.county.ledger(ledger.message) if each["message_id"] == f"held:{delivery_id}"]
    (address,) = re.findall(r"^Page: (\S+)$", told["body"], re.MULTILINE)
    browser.open(f"{site.url}/safetynet/feeds", site.token("admin"))
    browser.open(address)
    heading = "document.querySelector('iframe')?.contentDocument?.querySelector('main h1')?.innerText"
    browser.wait(f"{heading}?.endsWith('_20991231.xlsx')")


def test_an_incident_is_acknowledged_in_the_browser(site: Site, browser: Chromium) -> None:
    browser.screen(1280, 900)
    browser.open(f"{site.url}/safetynet/incidents/{INCIDENT}?lang=en", site.token("admin"))
    browser.run("document.querySelector('form[action$=acknowledge] button').click()")
    browser.wait("document.querySelector('.timeline')?.innerText.includes('acknowledged')")
    assert browser.run("document.querySelector('form[action$=acknowledge]') === null")


def test_a_held_batch_is_released_in_the_browser_and_not_without_a_reason(site: Site, browser: Chromium) -> None:
    batch_id, _ = held(site)
    browser.screen(390, 900)
    browser.open(f"{site.url}/safetynet/batch/{batch_id}?lang=en", site.token("admin"))
    browser.run("document.querySelector('form[action$=release] button').click()")
    assert browser.run("document.querySelector('form[action$=release] input').matches(':invalid')")
    browser.run("document.querySelector('form[action$=release] input').value = 'it is true'")
    browser.run("document.querySelector('form[action$=release] button').click()")
    browser.wait("document.querySelector('main')?.innerText.includes('Released by hand')")
    assert browser.run("document.querySelector('form[action$=release]') === null")
