"""What is usual by a scope's own history: the median, and how far from it (median absolute deviation) values lie."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from statistics import median

_SAME_MONTH = 1.25
"""What is within this factor of the same month of another year is usual for that month."""
_TO_STANDARD_DEVIATION = 1.4826
"""Of normal values the standard deviation is so many times the median absolute deviation
(https://en.wikipedia.org/wiki/Median_absolute_deviation)."""
LEAST_DEVIATION = 0.05
"""Share of a median below which no deviation is taken, for counts and amounts that hardly ever differ."""


@dataclass(frozen=True)
class Range:
    """The range in which values lie as a rule, around their median."""

    low: float
    middle: float
    high: float

    def excess(self, value: float) -> float:
        """How far from the middle a value lies: above 1 it is outside of the range, and never of one without width."""
        width = self.middle - self.low if value < self.middle else self.high - self.middle
        return abs(value - self.middle) / width if width else 0.0


def around(past: Collection[float], deviations: float, least: float, by_factor: bool = False) -> Range:
    """The usual range: `deviations` robust standard deviations, each at least `least`, on both sides of the median.

    By factor it reaches down to the same part of the median as up to a multiple of it, where the median is above 0.
    """
    middle = median(past)
    spread = median(abs(each - middle) for each in past) * _TO_STANDARD_DEVIATION
    reach = deviations * max(spread, least)
    low = middle**2 / (middle + reach) if by_factor and middle > 0 else middle - reach
    return Range(low, middle, middle + reach)


def same_month(usual: Mapping[date, float], as_of: date) -> list[float]:
    """The values of the same month of other years."""
    return [each for day, each in usual.items() if day.month == as_of.month and day.year != as_of.year]


def is_near(one: float, other: float) -> bool:
    """Whether two counts or amounts are as near as the same month of two years."""
    return one / _SAME_MONTH <= other <= one * _SAME_MONTH
