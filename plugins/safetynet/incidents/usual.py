"""What is usual by a scope's own history: the median, and how far from it (median absolute deviation) values lie."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from statistics import median

_SAME_MONTH = 1.25
"""What is within this factor of the same month of another year is usual for that month."""
_TO_STANDARD_DEVIATION = 1.4826
"""Of normal values the standard deviation is so many times the median absolute deviation
(https://en.wikipedia.org/wiki/Median_absolute_deviation)."""


@dataclass(frozen=True)
class Range:
    """The range in which values lie as a rule, around their median."""

    middle: float
    reach: float

    @property
    def low(self) -> float:
        """Its lower end; what is counted is never negative."""
        return max(self.middle - self.reach, 0.0)

    @property
    def high(self) -> float:
        """Its upper end."""
        return self.middle + self.reach

    def excess(self, value: float) -> float:
        """How far from the middle a value lies, in reaches; above 1 it is outside, and never of a range of no width."""
        return abs(value - self.middle) / self.reach if self.reach else 0.0


def by_factor(one: float, other: float) -> bool:
    """Whether two counts or amounts are as near as months of one season are."""
    return one / _SAME_MONTH <= other <= one * _SAME_MONTH


def left(
    usual: Mapping[date, float],
    as_of: date,
    value: float,
    deviations: float,
    least: Callable[[float], float],
    is_near: Callable[[float, float], bool] = by_factor,
) -> Range | None:
    """The usual range where a value lies outside of it, and is not near the same month of another year; else None.

    The range reaches `deviations` robust standard deviations from the median, each at least `least(median)`.
    """
    middle = median(usual.values())
    spread = median(abs(each - middle) for each in usual.values()) * _TO_STANDARD_DEVIATION
    found = Range(middle, deviations * max(spread, least(middle)))
    if found.excess(value) <= 1:
        return None
    same_month = [each for day, each in usual.items() if day.month == as_of.month and day.year != as_of.year]
    return None if any(is_near(each, value) for each in same_month) else found
