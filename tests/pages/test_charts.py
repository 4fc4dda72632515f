"""Small pictures: the highest value is as high as the picture, nothing is a line, and what is not known is a gap."""

from __future__ import annotations

import re

from safetynet.pages.charts import SPARK_HEIGHT, SPARK_WIDTH, Bar, against, bars, spark


def drawn(path: str) -> list[tuple[float, float]]:
    """(x, height) of each bar of a spark."""
    return [(float(x), float(height)) for x, height in re.findall(r"M([\d.]+) [\d.]+v-([\d.]+)h[\d.]+v[\d.]+z", path)]


def test_a_spark_is_scaled_to_its_highest_value_and_leaves_gaps() -> None:
    step = SPARK_WIDTH / 4
    assert drawn(spark([10, None, 5, 0])) == [(0, SPARK_HEIGHT), (2 * step, SPARK_HEIGHT / 2), (3 * step, 1)]
    assert spark([]) == spark([None, None]) == ""
    assert drawn(spark([0, 0])) == [(0, 1), (SPARK_WIDTH / 2, 1)]


def test_bars_of_two_parts_stand_within_the_chart() -> None:
    assert bars([(90, 10), (40, 0)], 200, 50) == [Bar(10, 80, 45, 5), Bar(110, 80, 20, 0)]
    assert bars([(0, 0)], 100, 50) == [Bar(10, 80, 0, 0)]


def test_values_stand_beside_each_other_over_their_range() -> None:
    drawn = against([1, 4, 9], (0, 5, 10), 30, 100, by_factor=False)
    assert drawn.points == [(5, 90), (15, 60), (25, 10)]
    assert (drawn.high, drawn.middle, drawn.low) == (0, 50, 100)
    even = against([7, 7], (7, 7, 7), 20, 100, by_factor=False)
    assert len({y for _, y in even.points} | {even.high, even.middle, even.low}) == 1


def test_by_factor_ten_times_is_as_far_off_as_a_tenth_and_nothing_is_where_all_is_above_0() -> None:
    drawn = against([1, 100], (5, 10, 20), 20, 100, by_factor=True)
    assert drawn.is_by_factor and drawn.middle == 50 and {y for _, y in drawn.points} == {0, 100}
    assert not against([0, 100], (5, 10, 20), 20, 100, by_factor=True).is_by_factor
