"""Great Expectations and the verdict count a batch's volume alike."""

from __future__ import annotations

from clerk import file_of, row, rows, zip_file
from county import County
from safetynet.publish import ledger

FEED = "health_chronic_disease"


def test_repeated_rows_count_for_both(county: County) -> None:
    county.deliver(FEED, rows(FEED, 100), "a_990121_20250531.csv")
    county.deliver(FEED, [*rows(FEED, 45), *rows(FEED, 5)], "b_990121_20250630.csv")
    _, second = county.take_in()
    (volume,) = [each for each in county.ledger(ledger.expectation_result) if each["expectation"].endswith(":volume")]
    assert (second.verdict, volume["success"]) == ("accepted", True)


def test_a_part_is_compared_with_what_was_the_same_part_before(county: County, unexamined: None) -> None:
    for month in ("20250531", "20250630"):
        large, small = (file_of(FEED, rows(FEED, count, first=int(month[5]))) for count in (400, 120))
        members = {f"东镇/名单_{month}.csv": large, f"西镇/名单_{month}.csv": small}
        county.put(FEED, f"松岭县990121_{month}.zip", zip_file(members))
    assert [outcome.verdict for outcome in county.take_in()] == ["accepted"] * 4


def test_a_whole_file_is_compared_with_all_parts_of_a_delivery(county: County, unexamined: None) -> None:
    places = ("990121100201", "990121101201")
    whole = [row(FEED, number, division_code=places[number % 2]) for number in range(300)]
    parts = {f"{first}.csv": file_of(FEED, whole[first : first + 100]) for first in (0, 100, 200)}
    county.put(FEED, "990121_20250531.zip", zip_file(parts))
    county.deliver(FEED, whole[:100], "990121_20250630.csv")
    county.deliver(FEED, whole, "990121_20250630 (2).csv")
    assert [outcome.verdict for outcome in county.take_in()] == ["accepted"] * 3 + ["held", "accepted"]


def test_a_county_is_compared_with_itself_under_its_old_code(county: County, unexamined: None) -> None:
    county.rename({"990121000000": "990181000000", "990121100201": "990181100201"}, "2025-05-31")
    county.deliver(FEED, rows(FEED, 200), "a_990121_20250531.csv")
    few = [row(FEED, number, division_code="990181100201") for number in range(50)]
    county.deliver(FEED, few, "b_990181_20250630.csv")
    assert [outcome.verdict for outcome in county.take_in()] == ["accepted", "held"]


def test_a_file_cut_off_in_its_first_town_is_not_that_towns_own(county: County, unexamined: None) -> None:
    places = ("990121100201", "990121101201")
    whole = [row(FEED, number, division_code=places[number // 150]) for number in range(300)]
    county.deliver(FEED, whole, "名单_20250531.csv")
    county.deliver(FEED, whole[:50], "名单_20250630.csv")
    county.deliver(FEED, whole[:150], "名单_20250630 (2).csv")
    assert [outcome.verdict for outcome in county.take_in()] == ["accepted", "held", "accepted"]
