"""Deliveries and batches: as-of date, scope, and when a batch is held."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from clerk import OTHER_COUNTY_VILLAGE, OTHER_VILLAGE, file_of, row, rows, table, titled, xlsx_file
from county import County
from safetynet.home import county_day
from safetynet.publish import history, ledger

FEED = "health_chronic_disease"
REGISTRY = "registry_member"

pytestmark = pytest.mark.usefixtures("unexamined")


def batch(county: County, number: int = -1) -> dict[str, Any]:
    return sorted(county.ledger(ledger.batch), key=lambda each: each["received_at"])[number]


@pytest.mark.parametrize(
    ("name", "titles", "on", "source"),
    [
        ("名单_20250630.xlsx", ["导出时间：2025-05-31"], date(2025, 6, 30), "file_name"),
        ("名单20250131-20250630终稿.xlsx", [], date(2025, 6, 30), "file_name"),
        ("名单_20250230.xlsx", ["截至 2025年5月31日"], date(2025, 5, 31), "title"),
        ("名单_99012100.xlsx", ["截至2025.5.31  单位：元"], date(2025, 5, 31), "title"),
        ("名单.xlsx", ["2025年", "导出时间：2025-05-31 08:30:00"], date(2025, 5, 31), "title"),
        ("名单.xlsx", ["20250531"], date(2025, 5, 31), "title"),
        ("名单_13912345678.xlsx", ["2025/5/31"], date(2025, 5, 31), "title"),
        ("名单_10000101.xlsx", ["2025/5/31"], date(2025, 5, 31), "title"),
    ],
)
def test_as_of_dates(county: County, name: str, titles: list[str], on: date, source: str) -> None:
    cells = titled(REGISTRY, table(REGISTRY, rows(REGISTRY, 1)), *titles)
    county.put(REGISTRY, name, xlsx_file({"Sheet1": cells}))
    county.take_in()
    assert (batch(county)["as_of"], batch(county)["as_of_source"]) == (on, source)


def test_without_any_date_the_day_of_arrival_counts_and_that_is_said(county: County) -> None:
    county.deliver(FEED, rows(FEED, 1), "名单.csv")
    (outcome,) = county.take_in()
    assert batch(county)["as_of"] == county_day(datetime.now(UTC))
    assert "按收到的日期计" in str(outcome.reason)
    assert outcome.verdict == "accepted"


def test_a_date_in_the_future_holds_the_batch(county: County) -> None:
    county.deliver(FEED, rows(FEED, 1), "名单_20990101.csv")
    (outcome,) = county.take_in()
    assert outcome.verdict == "held"
    assert "2099-01-01" in str(outcome.reason)
    assert outcome.counts.accepted == 1


@pytest.mark.parametrize(
    ("name", "villages", "scope"),
    [
        ("a_990121_20250630.csv", [OTHER_COUNTY_VILLAGE] * 3, "990121000000"),
        ("a_990122_20250630.csv", ["990121100201"] * 3, "990122000000"),
        ("a_202506_990121.csv", ["990121100201"], "990121000000"),
        ("a_123456_20250630.csv", ["990121100201"], "990121100201"),
        ("a_20250630.csv", ["990121100201"] * 3, "990121100201"),
        ("a_20250630.csv", ["990121100201", OTHER_VILLAGE], "990121100000"),
        ("a_20250630.csv", ["990121100201", "990121101201"], "990121000000"),
        ("a_20250630.csv", ["990121100201", OTHER_COUNTY_VILLAGE], "990100000000"),
        ("a_20250630.csv", ["990121100201"] * 19 + [OTHER_COUNTY_VILLAGE], "990121100201"),
        ("a_20250630.csv", ["990121100201"] * 18 + [OTHER_COUNTY_VILLAGE], "990100000000"),
        ("a_20250630.csv", ["990121"] * 2, "990121000000"),
        ("a_20250630.csv", [""] * 2, None),
    ],
)
def test_scopes(county: County, name: str, villages: list[str], scope: str | None) -> None:
    given = [row(FEED, number, division_code=village) for number, village in enumerate(villages, 1)]
    county.deliver(FEED, given, name)
    (outcome,) = county.take_in()
    assert batch(county)["scope"] == scope
    assert outcome.counts.accepted == len(villages)


@pytest.mark.parametrize(
    ("bad", "good", "verdict"),
    [
        (19, 81, "accepted_with_quarantine"),
        (20, 380, "accepted_with_quarantine"),
        (20, 379, "held"),
        (30, 0, "held"),
        (19, 0, "accepted_with_quarantine"),
        (1, 99, "accepted_with_quarantine"),
    ],
)
def test_over_five_percent_and_at_least_twenty_rows(county: County, bad: int, good: int, verdict: str) -> None:
    spoiled = [row(FEED, number, disease="感冒") for number in range(1, bad + 1)]
    county.deliver(FEED, spoiled + rows(FEED, good, first=bad + 1))
    (outcome,) = county.take_in()
    assert (outcome.verdict, outcome.counts.quarantined) == (verdict, bad)
    assert f"{bad} 行" in str(outcome.reason) and f"{bad} " in str(outcome.reason)


@pytest.mark.parametrize(
    ("before", "now", "verdict"),
    [
        (100, 50, "accepted"),
        (100, 49, "held"),
        (101, 51, "accepted"),
        (101, 50, "held"),
        (100, 200, "accepted"),
        (100, 201, "held"),
        (99, 1, "accepted"),
        (99, 400, "accepted"),
        (100, 1, "held"),
    ],
)
def test_volume_against_the_batch_before(county: County, before: int, now: int, verdict: str) -> None:
    county.deliver(FEED, rows(FEED, before), "a_990121_20250531.csv")
    county.deliver(FEED, rows(FEED, now), "b_990121_20250630.csv")
    first, second = county.take_in()
    assert (first.verdict, second.verdict) == ("accepted", verdict)
    if verdict == "held":
        assert f"{now} 行" in str(second.reason) and f"{before}" in str(second.reason)


def test_volume_looks_at_the_same_scope_and_not_at_younger_or_unused_batches(county: County) -> None:
    county.deliver(FEED, rows(FEED, 200), "a_990121_20250531.csv")
    county.deliver(FEED, rows(FEED, 10), "b_990122_20250630.csv")
    county.deliver(FEED, rows(FEED, 11), "c_990121_20250430.csv")
    county.deliver(FEED, rows(FEED, 12), "d_990121_20250630.csv")
    county.deliver(FEED, rows(FEED, 150), "e_990121_20250630.csv")
    verdicts = {outcome.source_file[0]: outcome.verdict for outcome in county.take_in()}
    assert verdicts == {"a": "accepted", "b": "accepted", "c": "accepted", "d": "held", "e": "accepted"}


def test_a_released_batch_counts_as_the_one_before(county: County) -> None:
    county.deliver(FEED, rows(FEED, 200), "a_990121_20250531.csv")
    county.deliver(FEED, rows(FEED, 20), "b_990121_20250630.csv")
    _, held = county.take_in()
    assert held.verdict == "held" and held.batch_id
    history.release(county.store, held.batch_id, "合并后只剩一个村")
    county.deliver(FEED, rows(FEED, 21), "c_990121_20250731.csv")
    (outcome,) = county.take_in()
    assert outcome.verdict == "accepted"


@pytest.mark.parametrize(
    ("feed", "verdict"),
    [
        (REGISTRY, "held"),
        (FEED, "held"),
        ("health_settlement", "accepted"),
        ("education_dropout", "accepted"),
    ],
)
def test_a_header_without_rows(county: County, feed: str, verdict: str) -> None:
    county.deliver(feed, [])
    (outcome,) = county.take_in()
    assert (outcome.verdict, outcome.counts.received) == (verdict, 0)
    assert batch(county)["rows_received"] == 0


def test_a_header_without_rows_after_a_full_batch(county: County) -> None:
    county.deliver("health_settlement", rows("health_settlement", 120), "a_990121_20250531.csv")
    county.deliver("health_settlement", [], "b_990121_20250630.csv")
    county.deliver(FEED, rows(FEED, 120), "a_990121_20250531.csv")
    county.deliver(FEED, [], "b_990121_20250630.csv")
    verdicts = {(outcome.feed, outcome.source_file[0]): outcome.verdict for outcome in county.take_in()}
    assert verdicts[("health_settlement", "b")] == "accepted"
    assert verdicts[(FEED, "b")] == "held"


def test_the_same_file_again_is_a_duplicate_of_the_batch_that_is_there(county: County) -> None:
    content = file_of(FEED, rows(FEED, 2))
    county.put(FEED, "a_20250630.csv", content)
    county.put(FEED, "b (2) 20250630.csv", content)
    first, second = county.take_in()
    county.put(FEED, "sub/c.csv", content)
    (third,) = county.take_in()
    assert [first.verdict, second.verdict, third.verdict] == ["accepted", "duplicate", "duplicate"]
    assert first.batch_id == second.batch_id == third.batch_id
    assert len(county.ledger(ledger.batch)) == 1
    assert len(county.ledger(ledger.delivery)) == 3


def test_an_unchanged_table_of_a_later_date_is_said_anew(county: County) -> None:
    content = file_of(FEED, rows(FEED, 2))
    county.put(FEED, "a_20250630.csv", content)
    county.put(FEED, "a_20250731.csv", content)
    first, second = county.take_in()
    assert (first.verdict, second.verdict) == ("accepted", "accepted")
    assert first.batch_id != second.batch_id


def test_the_same_bytes_in_two_feeds_are_two_things(county: County) -> None:
    content = file_of(FEED, rows(FEED, 2))
    county.put(FEED, "a_20250630.csv", content)
    county.put("health_settlement", "a_20250630.csv", content)
    verdicts = {outcome.feed: outcome.verdict for outcome in county.take_in()}
    assert verdicts == {FEED: "accepted", "health_settlement": "rejected"}


def test_a_correction_is_a_batch_of_its_own(county: County) -> None:
    path = county.deliver(FEED, rows(FEED, 2), "a_990121_20250630.csv")
    county.take_in()
    path.write_bytes(file_of(FEED, rows(FEED, 3)))
    county._delivered.clear()
    county.put(FEED, path.name, file_of(FEED, rows(FEED, 3)))
    (outcome,) = county.take_in()
    assert (outcome.verdict, outcome.counts.received) == ("accepted", 3)
    assert len(county.ledger(ledger.batch)) == 2


def test_files_out_of_order_are_taken_in_all_the_same(county: County) -> None:
    county.deliver(FEED, rows(FEED, 4), "new_990121_20250630.csv")
    county.deliver(FEED, rows(FEED, 3), "old_990121_20250331.csv")
    assert [outcome.verdict for outcome in county.take_in()] == ["accepted", "accepted"]


def test_every_data_sheet_is_a_delivery_with_a_batch(county: County) -> None:
    other = [row(REGISTRY, number, division_code=OTHER_VILLAGE) for number in (8, 9)]
    sheets = {
        "封面": [["松岭县"]],
        "东村": table(REGISTRY, rows(REGISTRY, 2)),
        "西村": table(REGISTRY, other),
    }
    county.put(REGISTRY, "a_20250630.xlsx", xlsx_file(sheets))
    first, second = county.take_in()
    assert [outcome.source_file for outcome in (first, second)] == [
        "a_20250630.xlsx#东村",
        "a_20250630.xlsx#西村",
    ]
    assert first.batch_id != second.batch_id
    assert [batch["scope"] for batch in county.ledger(ledger.batch)] in (
        ["990121100201", "990121100202"],
        ["990121100202", "990121100201"],
    )
    assert "1 个工作表不是本表" in str(first.reason)


def test_sheets_of_a_county_do_not_replace_each_other(county: County) -> None:
    other = [row(REGISTRY, number, division_code=OTHER_VILLAGE) for number in (8, 9)]
    sheets = {"东村": table(REGISTRY, rows(REGISTRY, 2)), "西村": table(REGISTRY, other)}
    county.put(REGISTRY, "a_990121_20250630.xlsx", xlsx_file(sheets))
    county.take_in()
    scopes = [batch["scope"] for batch in county.ledger(ledger.batch)]
    assert len(set(scopes)) == 2, "the later sheet would replace the earlier one"


def test_taking_in_twice_does_nothing_the_second_time(county: County) -> None:
    from safetynet.ingest import take_in

    county.deliver(FEED, rows(FEED, 2))
    (landing_id,) = county.land()
    assert len(take_in(county.home, county.store, landing_id)) == 1
    assert take_in(county.home, county.store, landing_id) == []
    assert county.take_in() == []


def test_a_division_table_in_force_on_the_as_of_date(county: County) -> None:
    given = [row(FEED, 1, division_code="990121100299"), row(FEED, 2, division_code="990121100298")]
    county.deliver(FEED, given, "a_20200630.csv")
    county.deliver(FEED, [*given, row(FEED, 3)], "b_20250630.csv")
    old, new = county.take_in()
    assert ("division_code", "unknown_division") not in county.told(old).get(2, [])
    assert ("division_code", "unknown_division") in county.told(old)[3]
    assert ("division_code", "unknown_division") in county.told(new)[2]
