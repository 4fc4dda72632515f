"""Pictures of the pages of a running Airflow, for the documents, into docs/images/.

PYTHONPATH=tests .venv/bin/python tests/pages/pictures.py http://127.0.0.1:8080 admin PASSWORD
"""

from __future__ import annotations

import json
import sys
import urllib.request
from pathlib import Path

from pages.chromium import Chromium

IMAGES = Path(__file__).resolve().parents[2] / "docs" / "images"
_HIGHEST = 1500


def _token(url: str, user: str, password: str) -> str:
    body = json.dumps({"username": user, "password": password}).encode()
    request = urllib.request.Request(f"{url}/auth/token", body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request) as answer:
        return str(json.load(answer)["access_token"])


def _first(browser: Chromium, url: str, page: str, link: str) -> str:
    """The address behind the first link of a kind on a page."""
    browser.open(f"{url}/safetynet/{page}")
    return str(browser.run(f"document.querySelector('main table a[href*=\"{link}\"]').href"))


def _take(browser: Chromium, address: str, name: str, width: int, *, is_dark: bool = False) -> None:
    browser.screen(width, 900, is_dark=is_dark)
    browser.open(address)
    height = browser.run("document.documentElement.scrollHeight")
    browser.screen(width, min(height, _HIGHEST), is_dark=is_dark)
    browser.picture(IMAGES / f"{name}.png")


def main(url: str, user: str, password: str) -> None:
    """Take them all."""
    IMAGES.mkdir(exist_ok=True)
    with Chromium() as browser:
        browser.screen(1280, 900)
        browser.open(f"{url}/safetynet/feeds?lang=en", _token(url, user, password))
        addresses = {
            "feeds": f"{url}/safetynet/feeds",
            "series": _first(browser, url, "feeds", "series?feed=registry_member"),
            "incidents": f"{url}/safetynet/incidents?status=",
            "incident": _first(browser, url, "incidents?status=", "incidents/"),
            "month": f"{url}/safetynet/month?month=2025-05",
            "people": _first(browser, url, "people", "people?division=990181"),
        }
        browser.open(addresses["series"])
        addresses["batch"] = str(browser.run("document.querySelectorAll('tbody a[href*=\"/batch/\"]')[1].href"))
        for name, address in addresses.items():
            _take(browser, address, name, 1280)
        for name in ("feeds", "people"):
            _take(browser, addresses[name], f"{name}-narrow", 390, is_dark=True)
        browser.screen(1280, 900)
        browser.open(f"{url}/plugin/safetynet-feeds")
        browser.wait("document.querySelector('iframe')?.contentDocument?.querySelector('main h1') != null")
        browser.picture(IMAGES / "airflow.png")


if __name__ == "__main__":
    main(*sys.argv[1:4])
