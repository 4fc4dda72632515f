"""A number of rows or a distribution is unusual against the scope's own history, and not against a season of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

import pytest

from clerk import row, rows
from county import County
from incidents.conftest import Clock
from safetynet.check import profile
from safetynet.check.profile import Measure
from safetynet.contract import Bounds, contract
from safetynet.deliver import incidents as incidents_shown
from safetynet.home import COUNTY_TIME
from safetynet.incidents import before, distribution
from safetynet.incidents.failures import Columns
from safetynet.messages import say
from safetynet.publish import ledger

FEED = "health_chronic_disease"
STEADY = [1000, 1010, 990, 1020, 985, 1005]
WILD = [1000, 1400, 700, 1300, 800, 1100]


def history(values: Sequence[float], first_year: int = 2024) -> dict[date, float]:
    return {date(first_year + n // 12, n % 12 + 1, 28): value for n, value in enumerate(values)}


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
    assert before.in_one_piece(earlier, june) == {march: earlier[2]}
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


MEDIANS = [70.0, 81.8, 68.2, 69.6, 66.0, 69.3]
SHARES = [0.93, 0.97, 1.0, 0.95, 0.96, 0.95]
RARE = [0.0, 0.0, 0.01, 0.0, 0.0, 0.0]


@pytest.mark.parametrize(
    ("measure", "before", "as_of", "now", "rows_measured", "is_unusual"),
    [
        ("median", MEDIANS, "2024-07-28", 85.0, 200, False),
        ("median", MEDIANS, "2024-07-28", 105.0, 200, True),
        ("median", MEDIANS, "2024-07-28", 0.007, 200, True),
        ("median", MEDIANS, "2024-07-28", 0.007, 40, False),
        ("median", MEDIANS[:5], "2024-07-28", 0.007, 200, False),
        # a median of few rows that differ much lies further off by chance alone
        ("median", [*[70.0] * 5, 71.0], "2024-07-28", 105.0, 60, False),
        ("median", [*[70.0] * 5, 71.0], "2024-07-28", 105.0, 2000, True),
        ("median", [*[70.0] * 5, 71.0], "2024-07-28", 45.0, 60, False),
        ("median", [*[70.0] * 5, 71.0], "2024-07-28", 0.007, 60, True),
        ("median", [0.0] * 6, "2024-07-28", 5.0, 200, False),
        # every February costs twice as much
        ("median", [70.0, 140.0, *[70.0] * 11], "2025-02-28", 150.0, 200, False),
        ("median", [70.0, 140.0, *[70.0] * 11], "2025-03-28", 150.0, 200, True),
        ("=合格", SHARES, "2024-07-28", 0.85, 200, False),
        ("=合格", SHARES, "2024-07-28", 0.6, 200, True),
        # a share of few rows lies further off by chance alone
        ("=合格", [0.5] * 6, "2024-07-28", 0.7, 60, False),
        ("=合格", [0.5] * 6, "2024-07-28", 0.7, 2000, True),
        ("blank", RARE, "2024-07-28", 0.1, 200, False),
        ("blank", RARE, "2024-07-28", 0.3, 200, True),
        ("=停发", [0.1, 0.6, *[0.1] * 11], "2025-02-28", 0.55, 200, False),
        ("=停发", [0.1, 0.6, *[0.1] * 11], "2025-03-28", 0.55, 200, True),
    ],
)
def test_what_distribution_is_unusual(
    measure: str, before: list[float], as_of: str, now: float, rows_measured: int, is_unusual: bool
) -> None:
    usual = {("out_of_pocket", measure): history(before), ("out_of_pocket", "quartiles"): history([60.0] * len(before))}
    measures = [
        Measure("out_of_pocket", "quartiles", rows_measured, 10**6),
        Measure("out_of_pocket", measure, rows_measured, now),
    ]
    found = distribution.unusual(contract("health_settlement"), usual, date.fromisoformat(as_of), measures)
    assert [each.what for each in found] == ["out_of_pocket"] * is_unusual


def test_a_distribution_that_is_unusual_is_one_incident_of_its_column_until_the_next_usual_batch(
    county: County, clock: Clock, unexamined: None
) -> None:
    for month in range(1, 9):
        clock(f"2025-{month + 1:02d}-03")
        dear = {"out_of_pocket": "12330", "total_cost": "24660"} if month == 7 else {}
        given = [each | {"settled_on": f"2025-{month:02d}-02"} | dear for each in rows("health_settlement", 60)]
        county.deliver("health_settlement", given, f"结算_990121_2025{month:02d}28.csv")
        (outcome,) = county.take_in()
        assert outcome.verdict == "accepted"
        found = [(each["kind"], each["what"], each["status"]) for each in county.ledger(ledger.incident)]
        status = "open" if month == 7 else "resolved"
        assert found == ([] if month < 7 else [("distribution", "out_of_pocket", status)])
    (message,) = county.ledger(ledger.message)
    assert "“个人自付”的中位数为 12330，以往 6 批一般在 94.85 到 160.29 之间（中位数 123.30）" in message["body"]
    assert "“个人自付”: the median is 12330" in message["body"]
    measured = {(each["column_name"], each["measure"]): each["value"] for each in county.ledger(ledger.profile)}
    assert measured == {
        ("visit_type", "blank"): 0.0,
        ("visit_type", "=住院"): 1.0,
        ("visit_type", "=门诊慢特病"): 0.0,
        ("visit_type", "=普通门诊"): 0.0,
        ("out_of_pocket", "blank"): 0.0,
        ("out_of_pocket", "median"): 123.3,
        ("out_of_pocket", "quartiles"): 0.0,
    }


def test_a_watched_column_that_a_file_lacks_is_not_measured() -> None:
    watched = profile.measured(contract("civil_assistance"), missing=["monthly_amount"])
    assert {column for column, _ in watched} == {"payment_status"}


def test_a_column_that_was_renamed_is_told_as_one_gone_and_one_new(
    county: County, clock: Clock, unexamined: None
) -> None:
    for day, headers in (("2025-06-03", {}), ("2025-07-03", {"control_status": "控制"})):
        clock(day)
        county.deliver(FEED, rows(FEED, 3), f"表_990121_{day.replace('-', '')}.csv", headers)
        county.take_in()
    (message,) = county.ledger(ledger.message)
    assert county.ledger(ledger.incident)[0]["kind"] == "schema_change"
    assert contract(FEED).first_header("control_status") in message["body"]
    assert say("columns_new", {"count": 1}).zh in message["body"]


def test_what_is_listed_and_told_names_columns_by_their_headers(
    county: County, clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    clock("2025-07-03")
    county.deliver(FEED, [row(FEED, number, control_status="一般") for number in range(30)], "表_990121_20250630.csv")
    assert [outcome.verdict for outcome in county.take_in()] == ["accepted"]
    incidents_shown.show(county.store)
    assert "检查未通过 (“控制情况” 单元格无法使用)" in capsys.readouterr().out
    (message,) = county.ledger(ledger.message)
    assert "“控制情况” 单元格无法使用：30 行中有 30 行" in message["body"]
    assert "“控制情况” cells that cannot be used: 30 of 30 rows" in message["body"]
