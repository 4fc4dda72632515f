"""Great Expectations and the verdict count a batch's volume alike."""

from __future__ import annotations

import pytest

from clerk import file_of, row, rows, zip_file
from county import County
from safetynet.contract import contracts
from safetynet.publish import history, ledger

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


def spread(feed: str, count: int = 120) -> list[dict[str, object]]:
    """Rows of a county, a twelfth of them in one village."""
    places = ("990121100201", *["990121101201"] * 6, *["990121100202"] * 5)
    return [row(feed, number, division_code=places[number % 12]) for number in range(count)]


def of_village(feed: str, code: str = "990121100201") -> list[dict[str, object]]:
    return [each for each in spread(feed) if each["division_code"] == code]


@pytest.mark.parametrize("feed", ["registry_member", "health_settlement"])
def test_where_one_village_is_left_of_a_county_whose_file_is_due_somebody_must_say_so(
    county: County, unexamined: None, feed: str
) -> None:
    """Of a feed that comes whole, and of one that adds to what was there."""
    suffix = "csv" if contracts()[feed].csv else "xlsx"
    county.deliver(feed, spread(feed), f"表_20250630.{suffix}")
    county.deliver(feed, of_village(feed), f"表_20250731.{suffix}")
    assert [outcome.verdict for outcome in county.take_in()] == ["accepted", "held"]
    (incident,) = county.ledger(ledger.incident)
    assert (incident["kind"], incident["severity"], incident["status"]) == ("unusual_volume", "critical", "open")
    (message,) = county.ledger(ledger.message)
    assert "都在 990121100201" in message["body"] and "990121000000 上一批 120 行" in message["body"]
    county.deliver(feed, spread(feed, 119), f"表_20250731 (2).{suffix}")
    assert [outcome.verdict for outcome in county.take_in()] == ["accepted"]
    assert [each["status"] for each in county.ledger(ledger.incident)] == ["resolved"]


def test_who_says_that_files_come_by_village_now_says_it_once(county: County, unexamined: None) -> None:
    feed = "registry_member"
    county.deliver(feed, spread(feed), "表_20250630.xlsx")
    county.deliver(feed, of_village(feed), "东村_20250731.xlsx")
    _, held = county.take_in()
    assert held.verdict == "held" and held.batch_id
    history.release(county.store, held.batch_id, "from now on by village")
    county.deliver(feed, of_village(feed, "990121101201"), "南村_20250731.xlsx")
    county.deliver(feed, of_village(feed, "990121100202"), "西村_20250731.xlsx")
    county.deliver(feed, of_village(feed)[1:], "东村_20250831.xlsx")
    assert [outcome.verdict for outcome in county.take_in()] == ["accepted"] * 3


@pytest.mark.parametrize(
    ("feed", "name"),
    [("registry_member", "东村_20250625.xlsx"), ("water_household", "东村_20250731.xlsx")],
    ids=["the county's month is in", "nothing is due"],
)
def test_a_village_that_sends_a_correction_is_believed(county: County, unexamined: None, feed: str, name: str) -> None:
    county.deliver(feed, spread(feed), "表_20250630.xlsx")
    county.deliver(feed, of_village(feed), name)
    assert [outcome.verdict for outcome in county.take_in()] == ["accepted"] * 2


def test_where_most_rows_of_the_whole_lie_in_the_part_nothing_is_cut_off(county: County, unexamined: None) -> None:
    feed = "health_settlement"
    county.deliver(feed, rows(feed, 120), "表_990100_20250630.csv")
    county.deliver(feed, rows(feed, 10, first=200), "表_20250731.csv")
    assert [outcome.verdict for outcome in county.take_in()] == ["accepted"] * 2
