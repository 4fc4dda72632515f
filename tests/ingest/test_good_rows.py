"""A good file of every feed is accepted, and nothing is said about any of its rows."""

from __future__ import annotations

import pytest

from clerk import FEEDS, rows
from county import County


@pytest.mark.parametrize("feed", FEEDS)
def test_good_rows_are_accepted_without_a_word(county: County, feed: str) -> None:
    county.deliver(feed, rows(feed, 3))
    (outcome,) = county.take_in()
    assert (outcome.verdict, outcome.reason) == ("accepted", None)
    assert outcome.counts.accepted == 3
    assert county.told(outcome) == {}
    assert [each["row_number"] for each in county.lake(outcome)] == [2, 3, 4]
