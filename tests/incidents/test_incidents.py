"""One incident for one thing that fails, from its first failure until it is over; told when that changes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from clerk import file_of, row, rows, table, xlsx_file
from county import County
from incidents.conftest import Clock
from safetynet.deliver import incidents as incidents_shown
from safetynet.incidents import threads
from safetynet.publish import history, ledger

pytestmark = pytest.mark.usefixtures("unexamined")

CHRONIC, REGISTRY = "health_chronic_disease", "registry_member"
BAD = [row(CHRONIC, number, disease="感冒") for number in range(200, 230)]


def deliver(county: County, day: str, given: list[dict[str, Any]], feed: str = CHRONIC, code: str = "990121") -> None:
    county.deliver(feed, given, f"名单_{code}_{day.replace('-', '')}.csv")


def incidents(county: County) -> list[tuple[str, str, int]]:
    """(kind, status, how often) of every incident, in the order in which they were opened."""
    rows = sorted(county.ledger(ledger.incident), key=lambda each: each["opened_at"])
    return [(each["kind"], each["status"], each["batches"]) for each in rows]


def events(county: County) -> list[str]:
    return [each["event"] for each in county.ledger(ledger.incident_event)]


def month(county: County, clock: Clock, day: str, as_of: str, given: list[dict[str, Any]]) -> str:
    """One delivery, taken in; returns its verdict."""
    clock(day)
    deliver(county, as_of, given)
    (outcome,) = county.take_in()
    return outcome.verdict


Plant = Callable[[County], None]

HELD_OR_REJECTED: dict[str, tuple[Plant, str, str]] = {
    "a workbook that is broken": (
        lambda county: county.put(REGISTRY, "表_990121_20250630.xlsx", b"broken") and None,
        REGISTRY,
        "rejected",
    ),
    "a required column that is missing": (
        lambda county: county.deliver(CHRONIC, rows(CHRONIC, 3), "表_20250630.csv", {"disease": None}) and None,
        CHRONIC,
        "rejected",
    ),
    "too many rows that cannot be used": (
        lambda county: deliver(county, "2025-06-30", BAD),
        CHRONIC,
        "quarantine_share",
    ),
    "a date in the future": (
        lambda county: deliver(county, "2099-12-31", rows(CHRONIC, 3)),
        CHRONIC,
        "as_of_in_future",
    ),
    "a header without rows": (lambda county: deliver(county, "2025-06-30", []), CHRONIC, "no_rows"),
    "several causes at once": (lambda county: deliver(county, "2099-12-31", BAD), CHRONIC, "as_of_in_future"),
}


@pytest.mark.parametrize("what", HELD_OR_REJECTED)
def test_a_file_that_is_not_used_is_one_incident_and_one_message(county: County, clock: Clock, what: str) -> None:
    plant, feed, kind = HELD_OR_REJECTED[what]
    moment = clock("2025-07-03")
    plant(county)
    county.take_in()
    (incident,) = county.ledger(ledger.incident)
    owner = {CHRONIC: "SAFETYNET_ALERT_HEALTH", REGISTRY: "SAFETYNET_ALERT_REGISTRY"}[feed]
    assert (incident["feed"], incident["kind"], incident["status"]) == (feed, kind, "open")
    assert incident["owner"] == owner
    assert incident["opened_at"].date() == moment.date()
    (message,) = county.ledger(ledger.message)
    assert (message["channels"], message["incidents"]) == (owner, [incident["incident_id"]])
    assert incident["incident_id"] in message["body"] and "始于：2025-07-03" in message["body"]


def test_half_the_rows_are_an_unusual_volume(county: County, clock: Clock) -> None:
    assert month(county, clock, "2025-06-03", "2025-05-31", rows(CHRONIC, 120)) == "accepted"
    assert month(county, clock, "2025-07-03", "2025-06-30", rows(CHRONIC, 20)) == "held"
    assert incidents(county) == [("unusual_volume", "open", 1)]
    (message,) = county.ledger(ledger.message)
    assert message["severity"] == "critical"


def test_repeats_are_silent_a_correction_ends_it_and_what_comes_back_soon_is_the_same(
    county: County, clock: Clock
) -> None:
    assert month(county, clock, "2025-07-01", "2025-06-30", BAD) == "held"
    assert month(county, clock, "2025-07-02", "2025-06-30", BAD[1:]) == "held"
    assert incidents(county) == [("quarantine_share", "open", 2)]
    assert len(county.ledger(ledger.message)) == 1
    assert month(county, clock, "2025-07-03", "2025-06-30", rows(CHRONIC, 30)) == "accepted"
    assert incidents(county) == [("quarantine_share", "resolved", 2)]
    assert month(county, clock, "2025-07-08", "2025-06-30", BAD[2:]) == "held"
    assert incidents(county) == [("quarantine_share", "open", 3)]
    assert len(county.ledger(ledger.message)) == 2
    assert month(county, clock, "2025-07-09", "2025-06-30", rows(CHRONIC, 31)) == "accepted"
    assert month(county, clock, "2025-08-01", "2025-07-31", BAD[3:]) == "held"
    assert incidents(county) == [("quarantine_share", "resolved", 3), ("quarantine_share", "open", 1)]
    assert events(county) == ["opened", "repeated", "resolved", "reopened", "resolved", "opened"]


def test_a_file_of_no_known_division_is_over_with_the_next_where_all_lie_in_one(county: County, clock: Clock) -> None:
    for month, villages in (("05", ("990121100201", "990121101201")), ("06", ("990121100202",))):
        clock(f"2025-{month}-20")
        given = [row("education_dropout", n, division_code=villages[n % len(villages)]) for n in range(4)]
        county.deliver("education_dropout", given, f"台账_2025{month}15.xlsx")
        county.take_in()
    clock("2025-07-20")
    county.put("education_dropout", "台账_20250715.xlsx", b"broken")
    county.take_in()
    assert incidents(county) == [("rejected", "open", 1)]
    clock("2025-08-20")
    county.deliver("education_dropout", [row("education_dropout", 9)], "台账_20250815.xlsx")
    county.take_in()
    assert incidents(county) == [("rejected", "resolved", 1)]


def test_a_release_ends_the_incident_and_masks_long_numbers_in_its_reason(county: County, clock: Clock) -> None:
    month(county, clock, "2025-07-01", "2025-06-30", BAD)
    (batch,) = county.ledger(ledger.batch)
    history.release(county.store, batch["batch_id"], "已与 99012119800101001X 核对")
    assert incidents(county) == [("quarantine_share", "resolved", 1)]
    (release,) = county.ledger(ledger.release)
    assert release["reason"] == "已与 ****************** 核对"
    history.retake(county.store, batch["batch_id"])
    assert [outcome.verdict for outcome in county.take_in()] == ["held"]
    assert incidents(county) == [("quarantine_share", "resolved", 1)]
    assert len(county.ledger(ledger.message)) == 1


@pytest.mark.parametrize(
    ("day", "code", "as_of"),
    [("2025-07-02", "990122", "2025-06-30"), ("2025-07-02", "990121", "2025-03-31")],
    ids=["another county's", "an older one"],
)
def test_what_is_about_another_place_or_time_ends_nothing(
    county: County, clock: Clock, day: str, code: str, as_of: str
) -> None:
    month(county, clock, "2025-07-01", "2025-06-30", BAD)
    clock(day)
    deliver(county, as_of, rows(CHRONIC, 3), code=code)
    assert [outcome.verdict for outcome in county.take_in()] == ["accepted"]
    assert incidents(county) == [("quarantine_share", "open", 1)]


MERGER = {"990121000000": "990181000000", "990122000000": "990181000000", "990121100201": "990181100201"}


@pytest.mark.parametrize("code", ["990121", "990122", "东村"], ids=["a county", "another", "a village in it"])
def test_what_failed_under_a_former_code_is_over_with_a_batch_of_the_successor(
    county: County, clock: Clock, code: str
) -> None:
    clock("2025-07-01")
    deliver(county, "2025-06-30", BAD, code=code)
    county.take_in()
    county.rename(MERGER, "2025-07-15")
    clock("2025-07-15")
    deliver(county, "2025-06-30", rows(CHRONIC, 3), code="990181")
    assert [outcome.verdict for outcome in county.take_in()] == ["accepted"]
    assert incidents(county) == [("quarantine_share", "open", 1)], "until the new code is in force"
    clock("2025-08-01")
    deliver(county, "2025-07-31", rows(CHRONIC, 4), code="990181")
    assert [outcome.verdict for outcome in county.take_in()] == ["accepted"]
    assert incidents(county) == [("quarantine_share", "resolved", 1)]


def test_what_failed_under_a_former_code_goes_on_failing_under_the_new_one(county: County, clock: Clock) -> None:
    clock("2025-07-01")
    deliver(county, "2025-06-30", BAD)
    county.take_in()
    county.rename(MERGER, "2025-07-15")
    clock("2025-08-01")
    deliver(county, "2025-07-31", BAD[1:], code="990181")
    assert [outcome.verdict for outcome in county.take_in()] == ["held"]
    assert incidents(county) == [("quarantine_share", "open", 2)]
    assert len(county.ledger(ledger.message)) == 1


def test_a_good_sheet_does_not_excuse_the_bad_one_beside_it(county: County, clock: Clock) -> None:
    good = table(REGISTRY, rows(REGISTRY, 3))
    bad = table(REGISTRY, [row(REGISTRY, n, household_type="富户") for n in range(50, 80)])
    clock("2025-07-01")
    county.put(REGISTRY, "表_990121_20250630.xlsx", xlsx_file({"一": bad, "二": good}))
    county.take_in()
    assert incidents(county) == [("quarantine_share", "open", 1)]
    clock("2025-07-02")
    county.put(REGISTRY, "又_990121_20250630.xlsx", xlsx_file({"一": bad[:-1], "二": good[:-1]}))
    county.take_in()
    assert incidents(county) == [("quarantine_share", "open", 2)]
    clock("2025-07-03")
    county.deliver(REGISTRY, rows(REGISTRY, 5), "全_990121_20250630.xlsx")
    county.take_in()
    assert incidents(county) == [("quarantine_share", "resolved", 2)]


def test_a_file_of_an_unknown_place_is_of_the_only_one_that_delivers(county: County, clock: Clock) -> None:
    clock("2025-06-01")
    county.put(REGISTRY, "坏_20250531.xlsx", b"broken")
    county.take_in()
    clock("2025-06-02")
    county.deliver(REGISTRY, rows(REGISTRY, 3), "好_990121_20250531.xlsx")
    county.take_in()
    clock("2025-07-01")
    county.put(REGISTRY, "又坏_20250630.xlsx", b"broken too")
    county.take_in()
    first, second = sorted(county.ledger(ledger.incident), key=lambda each: each["opened_at"])
    assert (first["scope"], first["status"]) == (None, "resolved")
    assert (second["scope"], second["status"]) == ("990121000000", "open")


def test_columns_that_go_or_come_are_an_incident_once(county: County, clock: Clock) -> None:
    for day, as_of, headers in (
        ("2025-05-01", "20250430", {}),
        ("2025-06-01", "20250531", {"control_status": None}),
        ("2025-07-01", "20250630", {"control_status": None}),
        ("2025-08-01", "20250731", {}),
        ("2025-09-01", "20250831", {"control_status": "全新的列"}),
    ):
        clock(day)
        county.deliver(CHRONIC, rows(CHRONIC, 5), f"名单_990121_{as_of}.csv", headers)
        county.take_in()
    assert incidents(county) == [("schema_change", "resolved", 1), ("schema_change", "open", 1)]
    first, second = county.ledger(ledger.message)
    assert (first["kind"], second["kind"]) == ("incident", "incident")
    assert "控制情况" in first["body"] or "missing" in first["body"]
    assert "全新的列" not in second["body"]


def test_what_is_delivered_again_says_nothing_new(county: County, clock: Clock) -> None:
    clock("2025-07-01")
    content = file_of(CHRONIC, BAD)
    for name in ("一_990121_20250630.csv", "二_990121_20250630.csv"):
        county.put(CHRONIC, name, content)
    assert [outcome.verdict for outcome in county.take_in()] == ["held", "duplicate"]
    assert incidents(county) == [("quarantine_share", "open", 1)]


def test_an_incident_is_acknowledged_given_to_somebody_and_closed_by_hand(county: County, clock: Clock) -> None:
    month(county, clock, "2025-07-01", "2025-06-30", BAD)
    (incident,) = threads.current(county.store)
    short = incident["incident_id"][:6]
    threads.acknowledge(county.store, short, "李主任", "正在核对 13900001234")
    threads.assign(county.store, short, "王科员", "李主任")
    threads.note(county.store, short, "王科员", "已联系")
    (incident,) = threads.current(county.store)
    assert (incident["status"], incident["acknowledged_by"], incident["assigned_to"]) == (
        "acknowledged",
        "李主任",
        "王科员",
    )
    with pytest.raises(threads.NoIncident):
        threads.resolve(county.store, short, "李主任", "  ")
    threads.resolve(county.store, short, "李主任", "数据无误")
    assert threads.current(county.store) == []
    assert events(county) == ["opened", "acknowledged", "assigned", "noted", "resolved"]
    assert not any("13900001234" in (each["note"] or "") for each in county.ledger(ledger.incident_event))
    with pytest.raises(threads.NoIncident):
        threads.acknowledge(county.store, short, "李主任", "")


def test_what_is_open_is_listed(county: County, clock: Clock, capsys: pytest.CaptureFixture[str]) -> None:
    incidents_shown.show(county.store)
    assert "没有未结异常" in capsys.readouterr().out
    month(county, clock, "2025-07-01", "2025-06-30", BAD)
    (incident,) = threads.current(county.store)
    threads.acknowledge(county.store, incident["incident_id"], "李主任", "")
    incidents_shown.show(county.store)
    told = capsys.readouterr().out
    for text in (
        incident["incident_id"],
        "2025-07-01",
        f"{CHRONIC} 990121000000",
        "acknowledged 李主任",
        "无法使用的行过多",
    ):
        assert text in told
