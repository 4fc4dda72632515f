"""How every feed × scope stands: its due day, the verdict on what came last, and what is most urgent."""

from __future__ import annotations

import time
from datetime import UTC, date, datetime, timedelta
from typing import Any

import polars as pl
import pytest
import sqlalchemy as sa

from county import County
from safetynet import reference
from safetynet.contract import contracts
from safetynet.incidents.calendar import next_deadline
from safetynet.pages import divisions, feeds
from safetynet.pages.divisions import Division
from safetynet.pages.freshness import Freshness, freshness
from safetynet.publish import ledger

SCOPE = "990121000000"
TODAY = date(2025, 7, 5)


def batch(feed: str, as_of: str, scope: str | None = SCOPE, number: int = 0, **differs: Any) -> dict[str, Any]:
    """A batch that was accepted the day after its as-of date."""
    day = date.fromisoformat(as_of)
    return {
        "batch_id": f"{feed[:12]}{as_of}{number}"[:24],
        "feed": feed,
        "source_file": f"{feed}.csv",
        "sha256": f"{number:064d}",
        "sheet_key": scope or "",
        "as_of": day,
        "as_of_source": "file_name",
        "scope": scope,
        "received_at": datetime.combine(day + timedelta(days=1), datetime.min.time(), UTC),
        "verdict": "accepted",
        "reason": None,
        "rows_received": 100,
        "rows_accepted": 100,
        "rows_quarantined": 0,
        "rows_duplicate": 0,
        "is_told": False,
    } | differs


def put(county: County, table: sa.Table, *rows: dict[str, Any]) -> None:
    with county.store.transaction() as connection:
        connection.execute(sa.insert(table), list(rows))


def series(county: County, feed: str, today: date = TODAY) -> list[feeds.Series]:
    return [one for one in feeds.overview(county.home, county.store, today) if one.contract.feed == feed]


@pytest.mark.parametrize(
    ("feed", "newest", "today", "expected", "due"),
    [
        ("registry_member", "2025-06-30", "2025-07-05", Freshness.FRESH, "2025-08-14"),
        ("registry_member", "2025-05-31", "2025-07-07", Freshness.FRESH, "2025-07-15"),
        ("registry_member", "2025-05-31", "2025-07-08", Freshness.SOON, "2025-07-15"),
        ("registry_member", "2025-05-31", "2025-07-15", Freshness.SOON, "2025-07-15"),
        ("registry_member", "2025-05-31", "2025-07-16", Freshness.LATE, "2025-07-15"),
        ("registry_member", "2025-01-31", "2025-02-05", Freshness.FRESH, "2025-03-13"),
        ("registry_member", None, "2025-07-05", Freshness.NEVER, None),
        ("housing_safety", "2025-03-31", "2025-07-14", Freshness.SOON, "2025-07-18"),
        ("verification_result", None, "2025-07-05", Freshness.FREE, None),
        ("verification_result", "2020-01-01", "2025-07-05", Freshness.FREE, None),
    ],
)
def test_freshness_is_judged_by_the_period_received(
    feed: str, newest: str | None, today: str, expected: Freshness, due: str | None
) -> None:
    contract, day = contracts()[feed], date.fromisoformat(newest) if newest else None
    assert freshness(contract, day, date.fromisoformat(today)) is expected
    if day:
        assert next_deadline(contract, day) == (date.fromisoformat(due) if due else None)


def test_a_feed_that_never_arrived_is_the_most_urgent(county: County) -> None:
    put(county, ledger.batch, batch("water_project", "2025-06-30"))
    told = feeds.overview(county.home, county.store, TODAY)
    assert {one.contract.feed for one in told} == set(contracts())
    assert told[0].level is feeds.Level.BAD and told[0].freshness is Freshness.NEVER
    assert [one.level for one in told] == sorted((one.level for one in told), key=list(feeds.Level).index)


def test_the_newest_period_counts_and_of_it_what_came_last(county: County) -> None:
    late = datetime(2025, 7, 4, tzinfo=UTC)
    put(
        county,
        ledger.batch,
        batch("registry_member", "2025-06-30", number=1, verdict="held"),
        batch("registry_member", "2025-06-30", number=2, received_at=late, rows_accepted=60, rows_quarantined=40),
        batch("registry_member", "2025-05-31", number=3, received_at=late + timedelta(hours=1), verdict="held"),
    )
    (one,) = series(county, "registry_member")
    assert one.batch is not None
    assert (one.batch["as_of"], one.batch["verdict"], one.usable_share) == (date(2025, 6, 30), "accepted", 0.6)


def test_a_held_batch_is_urgent_until_it_is_released(county: County) -> None:
    put(county, ledger.batch, batch("registry_member", "2025-06-30", number=1, verdict="held"))
    assert series(county, "registry_member")[0].level is feeds.Level.BAD
    put(
        county,
        ledger.release,
        {
            "batch_id": batch("registry_member", "2025-06-30", number=1)["batch_id"],
            "reason": "x",
            "released_at": datetime.now(UTC),
        },
    )
    (one,) = series(county, "registry_member")
    assert one.batch is not None and (one.batch["verdict"], one.level) == ("accepted", feeds.Level.GOOD)


def test_scopes_stand_apart_and_a_batch_without_one_is_its_own(county: County) -> None:
    put(
        county,
        ledger.batch,
        batch("registry_member", "2025-06-30", number=1),
        batch("registry_member", "2025-03-31", "990122000000", number=2),
        batch("registry_member", "2025-06-30", None, number=3),
        batch("registry_member", "2025-06-30", None, number=4, verdict="rejected"),
    )
    told = {one.scope: (one.freshness, one.days_late) for one in series(county, "registry_member")}
    assert told == {
        SCOPE: (Freshness.FRESH, 0),
        "990122000000": (Freshness.LATE, 51),
        None: (Freshness.FRESH, 0),
    }


def test_a_file_of_a_day_to_come_and_one_of_no_scope_hide_no_series(county: County) -> None:
    late = datetime(2025, 7, 4, tzinfo=UTC)
    rows = [
        batch("registry_member", "2025-06-30", number=1),
        batch("registry_member", "2099-12-31", number=2, verdict="held", received_at=late),
        batch(
            "registry_member", "2025-06-30", None, number=3, verdict="rejected", received_at=late + timedelta(hours=1)
        ),
    ]
    put(county, ledger.batch, *rows)
    kept = ("batch_id", "feed", "source_file", "received_at", "verdict")
    put(
        county,
        ledger.delivery,
        *(
            {name: row[name] for name in kept} | {"delivery_id": f"d{n}", "landing_id": "l"}
            for n, row in enumerate(rows)
        ),
    )
    assert [(one.scope, one.level) for one in series(county, "registry_member")] == [(SCOPE, feeds.Level.GOOD)]
    assert [row["delivery_id"] for row in feeds.astray(county.store, TODAY)] == ["d2", "d1"]


def test_nobody_waits_for_a_division_that_is_no_more_nor_for_one_whose_data_came_with_another(county: County) -> None:
    put(
        county,
        ledger.batch,
        batch("registry_member", "2025-03-31", number=1),
        batch("registry_member", "2025-03-31", "990122000000", number=2),
        batch("registry_member", "2025-05-31", "990122100000", number=3),
        batch("water_project", "2025-03-31", "990121100000", number=4),
        batch("water_project", "2025-05-31", number=5),
        batch("health_settlement", "2025-03-31", "990122000000", number=6),
        batch("health_settlement", "2025-05-31", "990122100000", number=7),
        batch("health_settlement", "2025-06-30", "990122100201", number=8),
        batch("civil_assistance", "2025-03-31", "990122000000", number=9),
        batch("civil_assistance", "2025-05-31", "990122100000", number=10),
        batch("civil_assistance", "2025-06-30", "990122101000", number=11),
    )
    for feed, number, towns in (
        ("registry_member", 2, "0"),
        ("health_settlement", 6, "01111"),
        ("civil_assistance", 9, "0012"),
    ):
        path = county.home.batch_rows(feed, batch(feed, "2025-03-31", number=number)["batch_id"])
        path.parent.mkdir(parents=True)
        pl.DataFrame({"division_code": [f"9901221{town.zfill(2)}201" for town in towns]}).write_parquet(path)
    told = {
        (one.contract.feed, one.scope): (one.freshness, one.level)
        for one in feeds.overview(county.home, county.store, TODAY, {SCOPE: Division("旧县", date(2025, 4, 30))})
        if one.batch
    }
    fresh, ended = (Freshness.FRESH, feeds.Level.GOOD), (Freshness.ENDED, feeds.Level.GOOD)
    assert told == {
        ("registry_member", SCOPE): ended,
        ("registry_member", "990122000000"): fresh,
        ("registry_member", "990122100000"): fresh,
        ("water_project", "990121100000"): fresh,
        ("water_project", SCOPE): ended,
        ("health_settlement", "990122000000"): (Freshness.LATE, feeds.Level.BAD),
        ("health_settlement", "990122100000"): fresh,
        ("health_settlement", "990122100201"): fresh,
        ("civil_assistance", "990122000000"): fresh,
        ("civil_assistance", "990122100000"): fresh,
        ("civil_assistance", "990122101000"): fresh,
    }


def test_a_series_goes_on_under_the_code_that_took_a_divisions_place(county: County) -> None:
    """Of a county that got another code, and of a village that another one took in."""
    county.rename({SCOPE: "990181000000", "990121100202": "990121100201"}, "2025-04-30")
    reference.keep(county.home, county.store)
    known = divisions.known(county.home, county.store)
    successors = divisions.successors(known)
    new, village, taken_in = "990181000000", "990121100201", "990121100202"
    put(
        county,
        ledger.batch,
        batch("registry_member", "2025-03-31", number=1, rows_received=10),
        batch("registry_member", "2025-04-30", number=2, rows_received=11),
        batch("registry_member", "2025-05-31", new, number=3, rows_received=12),
        batch("water_project", "2025-03-31", village, number=4, rows_received=20),
        batch("water_project", "2025-03-31", taken_in, number=5, rows_received=5),
        batch("water_project", "2025-04-30", taken_in, number=6, rows_received=5),
        batch("housing_safety", "2024-12-31", number=7),
    )
    told = {
        (one.contract.feed, one.scope): one
        for one in feeds.overview(county.home, county.store, date(2025, 8, 1), known)
        if one.batch is not None
    }
    assert {key: (one.came, one.freshness) for key, one in told.items()} == {
        ("registry_member", new): (date(2025, 5, 31), Freshness.LATE),
        ("water_project", village): (date(2025, 4, 30), Freshness.LATE),
        ("housing_safety", new): (date(2024, 12, 31), Freshness.LATE),
    }
    volumes = feeds.volumes(county.store, list(told.values()), date(2025, 5, 31), successors)
    assert volumes["registry_member", new][-3:] == [10, 11, 12]
    assert volumes["water_project", village][-3:] == [25, 5, None]
    for scope in (new, SCOPE):
        listed = feeds.batches(county.store, "registry_member", divisions.codes(successors, scope))
        assert [row["as_of"].month for row in listed] == [5, 4, 3]


def test_a_division_that_is_no_more_has_a_name(county: County) -> None:
    assert divisions.known(county.home, county.store) == {}
    table = "division_code,name,level,parent_code,valid_from,valid_to\n990121,旧县,3,9901,,2025-04-30\n"
    table += "990122,古县,3,9901,,2024-01-31\n990122,新县,3,9901,2024-02-01,\n"
    (county.home.reference / "divisions.csv").write_text(table, encoding="utf-8")
    reference.keep(county.home, county.store)
    known = divisions.known(county.home, county.store)
    assert known[SCOPE] == Division("旧县", date(2025, 4, 30))
    assert known["990122000000"] == Division("新县", None)
    assert divisions.names(known, [SCOPE, None, "990199000000"]) == {SCOPE: "旧县"}


def test_open_incidents_are_counted_and_a_critical_one_is_urgent(county: County) -> None:
    from pages.conftest import an_incident

    put(county, ledger.batch, batch("registry_member", "2025-06-30"), batch("water_project", "2025-06-30"))
    put(
        county,
        ledger.incident,
        an_incident("1", severity="warning"),
        an_incident("2", status="resolved"),
        an_incident("3", feed="water_project", status="acknowledged"),
    )
    told = {
        one.contract.feed: (one.incidents, one.level)
        for one in feeds.overview(county.home, county.store, TODAY)
        if one.batch
    }
    assert told == {"registry_member": (1, feeds.Level.LOOK), "water_project": (1, feeds.Level.BAD)}


def test_volume_is_told_by_month_and_a_month_without_a_batch_is_a_gap(county: County) -> None:
    put(
        county,
        ledger.batch,
        batch("registry_member", "2025-04-30", number=1, rows_received=10),
        batch("registry_member", "2025-06-15", number=2, rows_received=20),
        batch("registry_member", "2025-06-30", number=3, rows_received=30),
        batch(
            "registry_member", "2025-06-30", number=4, rows_received=31, received_at=datetime(2025, 7, 3, tzinfo=UTC)
        ),
        batch("registry_member", "2020-06-30", number=5, rows_received=99),
    )
    volumes = feeds.volumes(county.store, series(county, "registry_member"), date(2025, 6, 30))
    assert volumes["registry_member", SCOPE] == [None] * 21 + [10, None, 51]


def test_checks_that_fail_are_told_over_the_batches_of_a_series(county: County) -> None:
    batches = [batch("registry_member", f"2025-0{month}-28", number=month) for month in (3, 4, 5)]
    put(county, ledger.batch, *batches)
    result = {"position": 0, "feed": "registry_member", "severity": "info", "rows_checked": 100}
    put(
        county,
        ledger.expectation_result,
        *(
            result
            | {"batch_id": each["batch_id"], "expectation": name, "column_name": "sex", "position": position}
            | {"success": failed == 0, "rows_failed": failed}
            for each, counts in zip(batches, ((1, 0), (0, 0), (5, 0)), strict=True)
            for position, (name, failed) in enumerate(zip(("e:blank", "e:accepted"), counts, strict=True))
        ),
    )
    shown = feeds.batches(county.store, "registry_member", [SCOPE])
    assert [(row["as_of"].month, row["failed"]) for row in shown] == [(5, 1), (4, 0), (3, 1)]
    assert feeds.trends(county.store, shown) == [feeds.Trend("e:blank", "sex", [1, 0, 5])]


def test_a_thousand_scopes_over_two_years_are_told_in_time(county: County, capsys: pytest.CaptureFixture[str]) -> None:
    """What the page asks of the ledger takes less than its 300 ms of one processor."""
    days = [date(2023 + (month + 6) // 12, (month + 6) % 12 + 1, 28) for month in range(24)]
    monthly = [feed for feed, contract in contracts().items() if contract.cadence == "monthly"]
    rows = [
        batch(monthly[scope % len(monthly)], day.isoformat(), f"99{scope:04d}000000", batch_id=f"{scope}-{month}")
        for scope in range(1000)
        for month, day in enumerate(days)
    ]
    put(county, ledger.batch, *rows)
    put(
        county,
        ledger.delivery,
        *(
            {name: row[name] for name in ("batch_id", "feed", "source_file", "received_at", "verdict")}
            | {"delivery_id": row["batch_id"], "landing_id": row["batch_id"]}
            for row in rows
        ),
    )
    began = time.process_time()
    told = feeds.overview(county.home, county.store, TODAY)
    volumes = feeds.volumes(county.store, told[: feeds.PAGE], days[-1])
    feeds.astray(county.store, TODAY)
    spent = time.process_time() - began
    with capsys.disabled():
        print(f"\nfeeds, {len(rows):,} batches of {len(told):,} series: {spent * 1000:.0f} ms of processor time")
    assert len(told) >= 1000 and len(volumes) == feeds.PAGE - sum(one.batch is None for one in told[: feeds.PAGE])
    assert spent < 0.3
