"""Great Expectations and the verdict count a batch's volume alike."""

from __future__ import annotations

from clerk import rows
from county import County
from safetynet.publish import ledger

FEED = "health_chronic_disease"


def test_repeated_rows_count_for_both(county: County) -> None:
    county.deliver(FEED, rows(FEED, 100), "a_990121_20250531.csv")
    county.deliver(FEED, [*rows(FEED, 45), *rows(FEED, 5)], "b_990121_20250630.csv")
    _, second = county.take_in()
    (volume,) = [each for each in county.ledger(ledger.expectation_result) if each["expectation"].endswith(":volume")]
    assert (second.verdict, volume["success"]) == ("accepted", True)
