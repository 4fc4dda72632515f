"""Files of one feed are measured by what arrived before them, whichever task comes first."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from clerk import row
from county import County
from safetynet import tasks
from safetynet.publish import ledger

FEED = "water_project"
ROWS = {"0430": 120, "0531": 150, "0630": 40}


@pytest.fixture
def landed(county: County, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Three months of a feed, the last of them with less than half of its rows, landed in their order."""
    for day, count in ROWS.items():
        month = f"2025-{day[:2]}"
        rows = [row(FEED, number, month=month, division_code="990121100201") for number in range(1, count + 1)]
        county.deliver(FEED, rows, f"水质_990121_2025{day}.csv")
    for name, path in (("HOME", "root"), ("INBOX", "inbox"), ("REFERENCE", "reference")):
        monkeypatch.setenv(f"SAFETYNET_{name}", str(getattr(county.home, path)))
    return tasks.land_feed(FEED)


def test_the_newest_first(county: County, landed: list[str]) -> None:
    told, refused = tasks.take_in_file(landed[2])
    assert [each["verdict"] for each in told] == ["held"]
    assert len(refused) == 1
    assert "40" in refused[0]
    assert "150" in refused[0]
    for landing_id, received in zip(landed[:2], (120, 150), strict=True):
        (each,), none_refused = tasks.take_in_file(landing_id)
        assert (each["verdict"], each["received"], none_refused) == ("accepted", received, [])


def test_all_at_once(county: County, landed: list[str]) -> None:
    with ThreadPoolExecutor(3) as pool:
        became = list(pool.map(tasks.take_in_file, reversed(landed)))
    assert [told[0]["verdict"] for told, _ in became] == ["held", "accepted", "accepted"]
    assert len(county.ledger(ledger.delivery)) == len(county.ledger(ledger.batch)) == 3
