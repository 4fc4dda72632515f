"""The watchdog speaks up when nothing arrives, once, and is content when it does."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest

from clerk import row, rows
from county import County
from incidents.conftest import Clock
from safetynet.home import COUNTY_TIME
from safetynet.incidents import threads, watch
from safetynet.publish import ledger

pytestmark = pytest.mark.usefixtures("unexamined")

REGISTRY, ILLNESS = "registry_member", "health_major_illness"


def deliver(county: County, clock: Clock, feed: str, day: str, as_of: str) -> None:
    clock(day)
    county.deliver(feed, rows(feed, 3), f"表_990121_{as_of.replace('-', '')}.xlsx")
    county.take_in()


def days(first: str, last: str) -> Iterator[datetime]:
    """Half past eight of every day."""
    day = datetime.fromisoformat(first).replace(hour=8, minute=30, tzinfo=COUNTY_TIME)
    while day.date().isoformat() <= last:
        yield day
        day += timedelta(days=1)


def look(county: County, first: str, last: str) -> None:
    for day in days(first, last):
        watch.look(county.home, county.store, day)


def late(county: County) -> list[tuple[str, str, int]]:
    rows = [each for each in county.ledger(ledger.incident) if each["kind"] == "late"]
    return [(each["feed"], each["status"], each["batches"]) for each in rows]


def test_a_month_that_does_not_come_is_told_once_and_ends_when_it_does(county: County, clock: Clock) -> None:
    deliver(county, clock, REGISTRY, "2025-06-05", "2025-05-31")
    look(county, "2025-06-06", "2025-07-15")
    assert late(county) == []
    look(county, "2025-07-16", "2025-07-25")
    assert late(county) == [(REGISTRY, "open", 1)]
    (message,) = county.ledger(ledger.message)
    assert message["channels"] == "SAFETYNET_ALERT_REGISTRY"
    assert "2025-06" in message["body"] and "2025-07-15" in message["body"]
    look(county, "2025-07-26", "2025-08-20")
    assert late(county) == [(REGISTRY, "open", 2)]
    assert len(county.ledger(ledger.message)) == 1
    deliver(county, clock, REGISTRY, "2025-08-21", "2025-06-30")
    assert late(county) == [(REGISTRY, "open", 2)]
    deliver(county, clock, REGISTRY, "2025-08-21", "2025-07-31")
    assert late(county) == [(REGISTRY, "resolved", 2)]
    look(county, "2025-08-22", "2025-09-12")
    assert len(county.ledger(ledger.incident)) == 1


def test_a_successor_is_waited_for_as_its_former_code_was(county: County, clock: Clock) -> None:
    deliver(county, clock, REGISTRY, "2025-05-05", "2025-04-30")
    look(county, "2025-06-17", "2025-06-17")
    assert late(county) == [(REGISTRY, "open", 1)]
    county.rename({"990121000000": "990181000000"}, "2025-06-30")
    look(county, "2025-06-29", "2025-07-25")
    assert late(county) == [(REGISTRY, "open", 2)]
    clock("2025-07-26")
    county.deliver(REGISTRY, rows(REGISTRY, 3), "表_990181_20250630.xlsx")
    county.take_in()
    assert late(county) == [(REGISTRY, "resolved", 2)]


def test_a_county_that_goes_on_where_the_prefecture_handed_over_is_late_alone(county: County, clock: Clock) -> None:
    clock("2025-05-05")
    county.deliver(REGISTRY, rows(REGISTRY, 3), "表_990100_20250331.xlsx")
    county.take_in()
    deliver(county, clock, REGISTRY, "2025-05-06", "2025-04-30")
    look(county, "2025-06-16", "2025-06-20")
    (incident,) = county.ledger(ledger.incident)
    assert incident["scope"] == "990121000000"


def test_a_village_ends_nothing_for_its_county_and_towns_with_most_of_it_do(county: County, clock: Clock) -> None:
    def send(day: str, as_of: str, given: list[dict[str, object]], code: str = "") -> None:
        clock(day)
        county.deliver(REGISTRY, given, f"表{code}_{as_of}.xlsx")
        county.take_in()

    towns = {
        code: [row(REGISTRY, n, division_code=code) for n in range(first, first + count)]
        for first, count, code in ((100, 10, "990121100201"), (200, 30, "990121101201"))
    }
    send("2025-06-05", "20250531", [each for given in towns.values() for each in given], "_990121")
    look(county, "2025-07-16", "2025-07-16")
    assert late(county) == [(REGISTRY, "open", 1)]
    send("2025-07-17", "20250630", towns["990121100201"][:5])
    look(county, "2025-07-18", "2025-07-18")
    assert late(county) == [(REGISTRY, "open", 1)]
    send("2025-07-19", "20250630", towns["990121101201"])
    look(county, "2025-07-20", "2025-07-20")
    assert late(county) == [(REGISTRY, "resolved", 1)]
    assert len(county.ledger(ledger.message)) == 1


def test_whose_rejected_file_another_division_made_up_for_is_late(county: County, clock: Clock) -> None:
    """The file told no division, so that of any in the county ends its incident; who sent it is then waited for."""
    towns = {
        code: [row(REGISTRY, n, division_code=code) for n in range(3)] for code in ("990121100201", "990121101201")
    }
    clock("2025-05-05")
    county.deliver(REGISTRY, [each for given in towns.values() for each in given], "表_990121_20250430.xlsx")
    clock("2025-06-05")
    for number, given in enumerate(towns.values()):
        county.deliver(REGISTRY, given, f"表{number}_20250531.xlsx")
    county.take_in()
    clock("2025-07-05")
    county.deliver(REGISTRY, towns["990121100201"], "表0_20250630.xlsx", {"household_code": None})
    county.take_in()
    look(county, "2025-07-16", "2025-07-16")
    assert late(county) == []
    clock("2025-07-17")
    county.deliver(REGISTRY, towns["990121101201"], "表1_20250630.xlsx")
    county.take_in()
    look(county, "2025-07-18", "2025-07-18")
    found = {(each["kind"], each["scope"], each["status"]) for each in county.ledger(ledger.incident)}
    assert found == {("rejected", None, "resolved"), ("late", "990121100201", "open")}


def test_an_old_file_written_today_is_not_this_month(county: County, clock: Clock) -> None:
    deliver(county, clock, REGISTRY, "2025-06-05", "2025-05-31")
    deliver(county, clock, REGISTRY, "2025-07-14", "2025-04-30")
    look(county, "2025-07-16", "2025-07-16")
    assert late(county) == [(REGISTRY, "open", 1)]


def test_one_message_for_an_owner_of_several_late_feeds(county: County, clock: Clock) -> None:
    for feed in (ILLNESS, REGISTRY):
        deliver(county, clock, feed, "2025-06-05", "2025-05-31")
    county.deliver("health_chronic_disease", rows("health_chronic_disease", 3), "表_990121_20250331.csv")
    county.take_in()
    look(county, "2025-07-19", "2025-07-19")
    assert len(late(county)) == 3
    told = {each["channels"]: each for each in county.ledger(ledger.message)}
    assert set(told) == {"SAFETYNET_ALERT_HEALTH", "SAFETYNET_ALERT_REGISTRY"}
    assert "2 项" in told["SAFETYNET_ALERT_HEALTH"]["title"]


def test_a_file_that_came_and_failed_is_not_late_as_well(county: County, clock: Clock) -> None:
    for feed in (ILLNESS, REGISTRY):
        deliver(county, clock, feed, "2025-06-05", "2025-05-31")
    clock("2025-07-04")
    county.put(REGISTRY, "表_990121_20250630.xlsx", b"broken")
    bad = [row(ILLNESS, n, total_cost="许多") for n in range(30)]
    county.deliver(ILLNESS, bad, "又_990121_20250630.xlsx")
    county.take_in()
    look(county, "2025-07-05", "2025-08-12")
    assert late(county) == []
    assert sorted(each["kind"] for each in county.ledger(ledger.incident)) == ["quarantine_share", "rejected"]


def test_a_disk_that_runs_full_is_told_and_ends(county: County, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SAFETYNET_DISK_FREE_GIB", "1e9")
    for _ in range(2):
        watch.look_at_disk(county.home, county.store)
    (incident,) = threads.current(county.store)
    assert (incident["kind"], incident["severity"], incident["owner"]) == (
        "disk",
        "critical",
        "SAFETYNET_ALERT_OPERATIONS",
    )
    assert len(county.ledger(ledger.message)) == 1
    monkeypatch.setenv("SAFETYNET_DISK_FREE_GIB", "0")
    watch.look_at_disk(county.home, county.store)
    assert threads.current(county.store) == []


def test_a_file_that_finds_no_space_is_no_verdict_and_the_disk_is_looked_at(
    county: County, monkeypatch: pytest.MonkeyPatch
) -> None:
    from safetynet.publish import lake
    from safetynet.tasks import take_in_file

    for name, folder in (
        ("HOME", county.home.root),
        ("INBOX", county.home.inbox),
        ("REFERENCE", county.home.reference),
    ):
        monkeypatch.setenv(f"SAFETYNET_{name}", str(folder))
    county.deliver(REGISTRY, rows(REGISTRY, 3))
    (landing_id,) = county.land()
    monkeypatch.setenv("SAFETYNET_DISK_FREE_GIB", "1e9")

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch, pytest.raises(OSError, match="No space"):
        patch.setattr(lake, "move_in", full)
        take_in_file(landing_id)
    assert [each["kind"] for each in threads.current(county.store)] == ["disk"]
    assert county.ledger(ledger.batch) == []


def test_every_channel_is_asked_once_a_month(county: County, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SAFETYNET_ALERT_WATER", "json://127.0.0.1:1/")
    look(county, "2025-07-30", "2025-08-03")
    told = [(each["kind"], each["channels"]) for each in county.ledger(ledger.message)]
    assert told == [("test", "SAFETYNET_ALERT_WATER")] * 2


def test_a_countys_first_file_that_failed_is_not_late_as_well(county: County, clock: Clock) -> None:
    clock("2025-05-05")
    county.deliver(REGISTRY, rows(REGISTRY, 3), "表_990100_20250430.xlsx")
    clock("2025-06-05")
    county.put(REGISTRY, "表_990121_20250531.xlsx", b"broken")
    county.take_in()
    look(county, "2025-06-06", "2025-07-12")
    assert late(county) == []
