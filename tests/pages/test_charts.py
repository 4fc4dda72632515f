"""Small pictures: the highest value is as high as the picture, nothing is a line, and what is not known is a gap."""

from __future__ import annotations

import re

from safetynet.pages.charts import SPARK_HEIGHT, SPARK_WIDTH, Bar, bars, spark


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
