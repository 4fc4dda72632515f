"""Eight months with failures of every kind planted: each is one incident of the right owner, clean months have none."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from clerk import rows
from county import County
from incidents.conftest import Clock
from safetynet.check.validation import Result
from safetynet.contract import contract
from safetynet.deliver import outbox
from safetynet.home import COUNTY_TIME
from safetynet.incidents import watch
from safetynet.incidents.threads import OPERATIONS
from safetynet.publish import history, ledger

FEEDS = ("registry_member", "health_chronic_disease", "civil_assistance", "water_project", "health_settlement")
MONTHS = [date(2025, month, 1) - timedelta(days=1) for month in range(2, 10)]
"""Ends of the months from January to August; each is delivered on the fifth of the next."""
Planted = tuple[str, str, str]


def good(feed: str, as_of: date) -> list[dict[str, Any]]:
    """A clean month of 120 rows, none of them later than it."""
    own = {
        "health_chronic_disease": {"last_follow_up_on": "2024-12-21", "contracted_on": "2024-12-01"},
        "civil_assistance": {"month": f"{as_of:%Y-%m}"},
        "water_project": {"month": f"{as_of:%Y-%m}"},
        "health_settlement": {"settled_on": as_of.isoformat()},
    }.get(feed, {})
    return [each | own for each in rows(feed, 120 + as_of.month)]


def quarantined(feed: str, as_of: date) -> list[dict[str, Any]]:
    return [each | ({"disease": "感冒"} if n < 30 else {}) for n, each in enumerate(good(feed, as_of))]


def headed(feed: str, as_of: date) -> list[dict[str, Any]]:
    return [each | ({"member_count": "7"} if n < 60 else {}) for n, each in enumerate(good(feed, as_of))]


def plant(county: County, feed: str, as_of: date) -> Planted | None:
    """Deliver a feed's month, spoiled where that is planned; returns (feed, month, kind) of what is planted."""
    name = f"{contract(feed).title.zh}_990121_{as_of:%Y%m%d}"
    suffix = "csv" if contract(feed).csv else "xlsx"
    wrong = PLAN.get((feed, as_of.month))
    given: list[dict[str, Any]] = good(feed, as_of)
    headers: dict[str, str | None] = {}
    match wrong:
        case "late":
            return feed, f"{as_of:%Y-%m}", wrong
        case "rejected":
            headers = {contract(feed).required[-1]: None}
        case "quarantine_share":
            given = quarantined(feed, as_of)
        case "unusual_volume":
            given = given[:20]
        case "no_rows":
            given = []
        case "as_of_in_future":
            name = name.replace("2025", "2052")
        case "schema_change":
            headers = {"control_status": None}
        case "expectation":
            given = headed(feed, as_of)
    county.deliver(feed, given, f"{name}.{suffix}", headers)
    return (feed, f"{as_of:%Y-%m}", wrong) if wrong else None


PLAN = {
    ("registry_member", 2): "expectation",
    ("registry_member", 4): "no_rows",
    ("registry_member", 6): "late",
    ("health_chronic_disease", 2): "quarantine_share",
    ("health_chronic_disease", 5): "schema_change",
    ("health_chronic_disease", 8): "as_of_in_future",
    ("civil_assistance", 3): "unusual_volume",
    ("civil_assistance", 6): "rejected",
    ("water_project", 4): "late",
    ("water_project", 7): "rejected",
    ("health_settlement", 2): "rejected",
    ("health_settlement", 7): "unusual_volume",
}
"""What goes wrong in which month; March and beyond of every feed is clean where nothing stands here."""


def examined(feed: Any, database: Any, *_: Any) -> list[Result]:
    """The registry's head counts alone, in place of the whole suite, which takes seconds for each file."""
    import duckdb

    if feed.feed != "registry_member":
        return []
    with duckdb.connect(str(database), read_only=True) as connection:
        ((failed,),) = connection.execute("SELECT count(*) FROM batch WHERE member_count <> 1").fetchall()
    name = "expect_no_row_to_be_marked:head_count_against_rows"
    return [Result(name, "member_count", "info", failed == 0, None, failed)]


def test_each_planted_failure_is_one_incident_of_its_owner_and_clean_months_have_none(
    county: County, clock: Clock, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("safetynet.ingest.validate", examined)
    planted: list[Planted] = []
    for as_of in MONTHS:
        day = as_of + timedelta(days=5)
        clock(day.isoformat())
        planted += filter(None, [plant(county, feed, as_of) for feed in FEEDS])
        county.take_in()
        for _ in range(21):
            at = datetime.combine(day, datetime.min.time(), COUNTY_TIME).replace(hour=12)
            watch.look(county.home, county.store, at)
            outbox.send(county.home, county.store, at)
            day += timedelta(days=1)

    found = county.ledger(ledger.incident)
    told = [(each["feed"], f"{each['opened_at'] - timedelta(days=20):%Y-%m}", each["kind"]) for each in found]
    assert sorted(told) == sorted(planted)
    for each in found:
        assert each["owner"] == contract(each["feed"]).owner.channels
    assert [each["kind"] for each in found if each["status"] != "resolved"] == ["as_of_in_future"]

    messages = [each for each in county.ledger(ledger.message) if each["kind"] not in ("quarantine", "escalation")]
    assert len(messages) == len(planted)
    by_owner = Counter((each["channels"], f"{each['sent_at']:%Y-%m}") for each in county.ledger(ledger.message))
    with capsys.disabled():
        print("\nmessages by owner and month:", dict(sorted(by_owner.items())))
    assert max(count for (owner, _), count in by_owner.items() if owner != OPERATIONS) == 1
    assert {each["kind"] for each in county.ledger(ledger.message) if each["channels"] == OPERATIONS} == {"escalation"}
    assert not [each for each in history.batches(county.store) if each["received_at"].month == 2 and each["reason"]]
