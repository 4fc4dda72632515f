"""A year with failures of every kind planted: each is one incident of the right owner, clean months have none."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

import duckdb
import pytest

from clerk import file_of, row, rows, zip_file
from county import County
from deliver.servers import Channel, serving
from incidents.conftest import Clock
from safetynet import tasks
from safetynet.check.validation import Result
from safetynet.contract import contract, contracts
from safetynet.deliver import alerts, outbox
from safetynet.home import COUNTY_TIME
from safetynet.incidents import watch
from safetynet.incidents.threads import OPERATIONS
from safetynet.ingest import take_in
from safetynet.publish import history, ledger
from safetynet.publish.outcome import Outcome
from safetynet.warehouse.build import BuildFailed

YEAR = [date(2025 + month // 12, month % 12 + 1, 1) - timedelta(days=1) for month in range(1, 13)]
"""Ends of the months; each is delivered on the fifth of the next."""
WATER_CHANNEL = "SAFETYNET_ALERT_WATER"

PLAN: dict[str, dict[int, str]] = {
    "registry_member": {
        2: "expectation",
        4: "no_rows",
        5: "broken",
        7: "late",
        9: "of_others",
        10: "column_gone",
        11: "quarantine_share",
    },
    "health_chronic_disease": {
        2: "quarantine_share",
        4: "column_gone",
        5: "as_of_in_future",
        7: "volume_halved",
        10: "volume_odd",
        11: "column_missing",
    },
    "civil_assistance": {
        2: "column_missing",
        3: "late",
        5: "column_gone",
        8: "quarantine_share",
        10: "codes_mapped_anew",
        11: "other_unit",
    },
    "water_project": {
        3: "damaged_archive",
        4: "late",
        7: "column_gone",
        8: "volume_doubled",
        10: "codes_mapped_anew",
        11: "late",
    },
    "health_settlement": {
        2: "column_missing",
        3: "column_gone",
        4: "quarantine_share",
        7: "volume_halved",
        10: "other_unit",
        11: "volume_odd",
    },
    "housing_safety": {
        2: "critical_expectation",
        3: "of_others",
        5: "volume_doubled",
        7: "no_rows",
        8: "critical_expectation",
        10: "as_of_in_future",
        11: "empty",
    },
    "": {
        2: "model_failed",
        3: "channel",
        4: "disk",
        8: "test_failed",
        9: "channel",
        10: "disk",
    },
}
"""Feed ('': the installation) → month → what goes wrong; January, June and December are clean."""

KINDS = {
    "broken": "rejected",
    "of_others": "rejected",
    "empty": "rejected",
    "damaged_archive": "rejected",
    "column_missing": "rejected",
    "column_gone": "schema_change",
    "critical_expectation": "expectation",
    "volume_halved": "unusual_volume",
    "volume_doubled": "unusual_volume",
    "volume_odd": "unusual_volume",
    "codes_mapped_anew": "distribution",
    "other_unit": "distribution",
    "model_failed": "build_failed",
    "test_failed": "build_failed",
}
"""The kind of incident, where it is not called as what goes wrong."""

OPTIONAL = {
    "registry_member": "health_status",
    "health_chronic_disease": "control_status",
    "civil_assistance": "relation_to_applicant",
    "water_project": "failed_indicator",
    "health_settlement": "institution_code",
}
NOT_ACCEPTED = {
    "registry_member": {"household_type": "富户"},
    "health_chronic_disease": {"disease": "感冒"},
    "civil_assistance": {"assistance_type": "其他"},
    "health_settlement": {"visit_type": "其他"},
}
MAPPED_ANEW = {"civil_assistance": {"payment_status": "停发"}, "water_project": {"quality_result": "不合格"}}
OTHER_UNIT = {"civil_assistance": {"monthly_amount": "0.04"}, "health_settlement": {"out_of_pocket": "0.01"}}
EXAMINED = {
    "registry_member": ("member_count", "member_count <> 1", "info"),
    "housing_safety": ("floor_area_m2", "floor_area_m2 > 1000", "critical"),
}
"""What stands in for the suites: column, rows that fail, severity."""


def good(feed: str, as_of: date) -> list[dict[str, Any]]:
    """A clean month of some 120 rows, none of them later than it."""
    own = {
        "health_chronic_disease": {"last_follow_up_on": "2024-12-21", "contracted_on": "2024-12-01"},
        "civil_assistance": {"month": f"{as_of:%Y-%m}"},
        "water_project": {"month": f"{as_of:%Y-%m}"},
        "health_settlement": {"settled_on": as_of.isoformat()},
        "housing_safety": {"assessed_on": "2024-12-21"},
    }.get(feed, {})
    return [each | own for each in rows(feed, 120 + as_of.month)]


def changed(given: list[dict[str, Any]], share: float, cells: dict[str, Any]) -> list[dict[str, Any]]:
    """The same rows, the first ones of them with other cells."""
    return [each | (cells if n < share * len(given) else {}) for n, each in enumerate(given)]


def deliver(county: County, feed: str, as_of: date) -> None:
    """Deliver a feed's month, spoiled where that is planned."""
    name = f"{contract(feed).title.zh}_990121_{as_of:%Y%m%d}"
    suffix = "csv" if contract(feed).csv else "xlsx"
    given: list[dict[str, Any]] = good(feed, as_of)
    headers: dict[str, str | None] = {}
    content: bytes | None = None
    match PLAN[feed].get(as_of.month):
        case "late":
            return
        case "broken":
            content = b"PK\x03\x04 broken"
        case "empty":
            content = b""
        case "of_others":
            content = file_of("health_major_illness", rows("health_major_illness", 5))
        case "damaged_archive":
            content, suffix = zip_file({"a.csv": file_of(feed, given)})[:-40], "zip"
        case "column_missing":
            headers = {contract(feed).required[-1]: None}
        case "column_gone":
            headers = {OPTIONAL[feed]: None}
        case "no_rows":
            given = []
        case "as_of_in_future":
            name = name.replace("2025", "2052")
        case "volume_halved":
            given = given[:20]
        case "volume_doubled":
            given += [row(feed, number) | given[0] | {contract(feed).key[0]: f"X{number}"} for number in range(150)]
        case "volume_odd":
            given = given[:80]
        case "quarantine_share":
            given = changed(given, 0.25, NOT_ACCEPTED[feed])
        case "codes_mapped_anew":
            given = changed(given, 0.5, MAPPED_ANEW[feed])
        case "other_unit":
            given = changed(given, 1, OTHER_UNIT[feed])
        case "expectation":
            given = changed(given, 0.5, {"member_count": "7"})
        case "critical_expectation":
            given = changed(given, 0.1, {"floor_area_m2": "1200"})
    county.put(feed, f"{name}.{suffix}", file_of(feed, given, headers) if content is None else content)


def examined(feed: Any, database: Any, *_: Any) -> list[Result]:
    """One expectation of a feed in place of its whole suite, which takes a second for each file."""
    if feed.feed not in EXAMINED:
        return []
    column, fails, severity = EXAMINED[feed.feed]
    with duckdb.connect(str(database), read_only=True) as connection:
        ((failed,),) = connection.execute(f"SELECT count(*) FROM batch WHERE {fails}").fetchall()
    return [Result(f"expect_no_row_to_be_marked:{column}", column, severity, failed == 0, None, failed)]


@pytest.fixture
def water() -> Iterator[Channel]:
    opened = Channel()
    with serving(opened):
        yield opened


@pytest.fixture
def installed(
    county: County, clock: Clock, water: Channel, monkeypatch: pytest.MonkeyPatch
) -> Iterator[pytest.MonkeyPatch]:
    """The county as the tasks find it, with one channel that may not answer and a build that may fail."""
    monkeypatch.setenv("SAFETYNET_HOME", str(county.home.root))
    monkeypatch.setenv("SAFETYNET_REFERENCE", str(county.home.reference))
    monkeypatch.setenv(WATER_CHANNEL, water.address)
    monkeypatch.setattr("safetynet.ingest.validate", examined)
    yield monkeypatch


def run_installation(patch: pytest.MonkeyPatch, water: Channel, month: int, at: datetime) -> None:
    """Let the warehouse be built, and the channel and the disk be as they are planned."""
    wrong = PLAN[""].get(month)

    def build(*_: Any, **__: Any) -> None:
        if wrong in ("model_failed", "test_failed"):
            raise BuildFailed(["fct_dwelling" if wrong == "model_failed" else "every_person_has_a_place"])

    for module in (tasks, watch):
        patch.setattr(module, "now", lambda: at)
    patch.setattr("safetynet.warehouse.build.build", build)
    patch.setenv("SAFETYNET_DISK_FREE_GIB", "1e9" if wrong == "disk" else "0")
    water.status = 500 if wrong == "channel" else 200
    tasks.build_warehouse("", "")


def test_each_planted_failure_is_one_incident_of_its_owner_and_clean_months_have_none(
    county: County,
    clock: Clock,
    water: Channel,
    installed: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    outcomes: list[Outcome] = []
    for as_of in YEAR:
        day = as_of + timedelta(days=5)
        clock(day.isoformat())
        for feed in PLAN.keys() & contracts().keys():
            deliver(county, feed, as_of)
        outcomes += [each for landing_id in county.land() for each in take_in(county.home, county.store, landing_id)]
        alerts.write_quarantine(county.home, county.store)
        for _ in range(5):
            at = datetime.combine(day, datetime.min.time(), COUNTY_TIME).replace(hour=12)
            run_installation(installed, water, as_of.month, at)
            watch.look(county.home, county.store, at)
            outbox.send(county.home, county.store, at)
            day += timedelta(days=5)

    county.check(outcomes)

    planted = [(feed, month, KINDS.get(wrong, wrong)) for feed, of in PLAN.items() for month, wrong in of.items()]
    found = county.ledger(ledger.incident)
    told = [(each["feed"] or "", f"{each['opened_at'] - timedelta(days=25):%m}", each["kind"]) for each in found]
    assert sorted(told) == sorted((feed, f"{month:02d}", kind) for feed, month, kind in planted)
    assert len(found) >= 40
    for each in found:
        assert each["owner"] == (contract(each["feed"]).owner.channels if each["feed"] else OPERATIONS)
        assert each["status"] == "resolved"

    messages = county.ledger(ledger.message)
    about = Counter(
        each for message in messages if message["kind"] != "escalation" for each in message["incidents"] or []
    )
    assert about == Counter(each["incident_id"] for each in found)
    assert len(water.messages) == sum(each["sent_to"] == "channel" for each in messages) > 6
    by_owner = Counter((each["channels"], f"{each['sent_at']:%Y-%m}") for each in messages if each["kind"] != "test")
    with capsys.disabled():
        print("\nincidents by kind:", dict(sorted(Counter(each["kind"] for each in found).items())))
        for owner in sorted({owner for owner, _ in by_owner}):
            print(owner, {month: count for (name, month), count in sorted(by_owner.items()) if name == owner})
    assert max(count for (owner, _), count in by_owner.items() if owner != OPERATIONS) == 1
    assert max(by_owner.values()) <= 7
    assert {month for _, month in by_owner}.isdisjoint({"2025-02", "2025-07", "2026-01"})
    assert not [each for each in history.batches(county.store) if each["received_at"].month == 2 and each["reason"]]
