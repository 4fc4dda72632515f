"""How a moment is written, and what day it is in the county."""

from __future__ import annotations

from datetime import date

import pytest

from safetynet.home import county_day, moment


@pytest.mark.parametrize(
    ("text", "utc", "day"),
    [
        ("2025-07-01", "2025-07-01T15:59:59.999999+00:00", date(2025, 7, 1)),
        ("2025-07-01 18:30", "2025-07-01T18:30:00+00:00", date(2025, 7, 2)),
        ("2025-07-01T00:00:00+08:00", "2025-06-30T16:00:00+00:00", date(2025, 7, 1)),
    ],
)
def test_a_zone_that_is_written_counts_and_a_day_alone_ends_in_the_county(text: str, utc: str, day: date) -> None:
    assert moment(text) == moment(utc)
    assert county_day(moment(text)) == day
