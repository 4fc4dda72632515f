"""One path, one content after another."""

from __future__ import annotations

import pytest

from clerk import file_of, rows
from county import County

FEED = "registry_member"


@pytest.mark.xfail(strict=True, reason="a content that comes back to its old path is no delivery any more")
def test_a_content_that_comes_back_to_its_path_is_a_duplicate(county: County, unexamined: None) -> None:
    verdicts = []
    for count in (1, 2, 1):
        county.put(FEED, "a_20250630.xlsx", file_of(FEED, rows(FEED, count)))
        verdicts += [outcome.verdict for outcome in county.take_in()]
    assert verdicts == ["accepted", "accepted", "duplicate"]
