"""A number of rows is unusual against the scope's own history, and not against a season of it."""

from __future__ import annotations

from datetime import date, datetime

import pytest

from clerk import rows
from county import County
from incidents.conftest import Clock
from safetynet.contract import Bounds
from safetynet.home import COUNTY_TIME
from safetynet.incidents import before
from safetynet.incidents.failures import Columns
from safetynet.publish import ledger

FEED = "health_chronic_disease"
STEADY = [1000, 1010, 990, 1020, 985, 1005]
WILD = [1000, 1400, 700, 1300, 800, 1100]


def history(counts: list[int], first_year: int = 2024) -> dict[date, int]:
    return {date(first_year + n // 12, n % 12 + 1, 28): count for n, count in enumerate(counts)}


@pytest.mark.parametrize(
    ("counts", "as_of", "received", "is_unusual"),
    [
        (STEADY, "2024-07-28", 1200, False),
        (STEADY, "2024-07-28", 1350, True),
        (STEADY, "2024-07-28", 680, True),
        (STEADY[:5], "2024-07-28", 680, False),
        (WILD, "2024-07-28", 1900, False),
        ([20, 21, 19, 20, 22, 20], "2024-07-28", 45, False),
        # one month that went wrong before moves neither the median nor what is usual
        ([*STEADY, 5000, 1000], "2024-09-28", 1400, True),
        # every February is a third of the other months
        ([1000, 330, *[1000] * 10, 1000], "2025-02-28", 350, False),
        ([1000, 330, *[1000] * 10, 1000], "2025-03-28", 350, True),
    ],
)
def test_what_is_unusual(counts: list[int], as_of: str, received: int, is_unusual: bool) -> None:
    found = before.unusual(Bounds(), history(counts), date.fromisoformat(as_of), received)
    assert (found is not None) is is_unusual


def test_what_came_in_parts_counts_together() -> None:
    march, may, june = date(2025, 3, 31), date(2025, 5, 31), date(2025, 6, 30)
    told: list[tuple[date, int, int, list[str]]] = [
        (march, 3, 50, []),
        (may, 5, 100, []),
        (march, 6, 60, []),
        (may, 7, 70, ["phone", "remark"]),
        (may, 7, 20, ["phone"]),
    ]
    earlier = [
        {
            "as_of": as_of,
            "received_at": datetime(2025, month, 3, tzinfo=COUNTY_TIME),
            "rows_received": count,
            "missing_optional": missing,
            "unknown_columns": len(missing),
        }
        for as_of, month, count, missing in told
    ]
    assert before.volumes(earlier, june) == {march: 60, may: 90}
    assert before.volumes(earlier, may) == {march: 60}
    assert [before.last_volume(earlier, day) for day in (june, may, march, date(2025, 2, 28))] == [90, 90, 60, None]
    assert before.columns(earlier) == Columns(frozenset({"phone"}), 2)
    assert before.columns([]) is None


def test_a_batch_that_is_used_and_unusual_is_an_incident_until_the_next_usual_one(
    county: County, clock: Clock, unexamined: None
) -> None:
    for month, count in enumerate([200, 201, 199, 202, 200, 198, 290, 200], start=1):
        clock(f"2025-{month + 1:02d}-03")
        county.deliver(FEED, rows(FEED, count), f"名单_990121_2025{month:02d}28.csv")
        (outcome,) = county.take_in()
        assert outcome.verdict == "accepted"
        status = [(each["kind"], each["status"]) for each in county.ledger(ledger.incident)]
        assert status == ([] if month < 7 else [("unusual_volume", "open" if month == 7 else "resolved")])
