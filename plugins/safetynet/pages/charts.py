"""Small pictures as SVG paths: no library, nothing to load."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import log

SPARK_WIDTH, SPARK_HEIGHT = 120, 28


def spark(values: Sequence[int | None]) -> str:
    """The path of a row of bars in a box of SPARK_WIDTH × SPARK_HEIGHT; None leaves a gap, 0 a line."""
    highest = max((value for value in values if value), default=1)
    step = SPARK_WIDTH / max(len(values), 1)
    parts = []
    for position, value in enumerate(values):
        if value is not None:
            height = max(round(value / highest * SPARK_HEIGHT, 1), 1)
            parts.append(f"M{position * step:.1f} {SPARK_HEIGHT}v{-height}h{step * 0.75:.1f}v{height}z")
    return "".join(parts)


@dataclass(frozen=True)
class Bar:
    """One bar of two parts, the second on top of the first; lengths in units of the chart's height."""

    x: float
    width: float
    lower: float
    upper: float


def bars(values: Sequence[tuple[int, int]], width: float, height: float) -> list[Bar]:
    """Bars of (lower, upper) amounts beside each other, the highest as high as the chart."""
    highest = max((lower + upper for lower, upper in values), default=0) or 1
    step = width / max(len(values), 1)
    return [
        Bar(
            x=round(position * step + step * 0.1, 1),
            width=round(step * 0.8, 1),
            lower=round(lower / highest * height, 1),
            upper=round(upper / highest * height, 1),
        )
        for position, (lower, upper) in enumerate(values)
    ]


@dataclass(frozen=True)
class Against:
    """Points of a history and the range that they are usually in; y counts downwards, in units of the chart."""

    points: list[tuple[float, float]]
    high: float
    middle: float
    low: float
    is_by_factor: bool


def against(
    values: Sequence[float], usual: tuple[float, float, float], width: float, height: float, by_factor: bool
) -> Against:
    """Values beside each other over a (low, middle, high) range; by factor where asked for and nothing is 0 or less."""
    drawn = [*values, *usual]
    is_by_factor = by_factor and min(drawn) > 0
    scaled = [log(value) if is_by_factor else value for value in drawn]
    least, span = min(scaled), (max(scaled) - min(scaled)) or 1.0
    ys = [round((1 - (value - least) / span) * height, 1) for value in scaled]
    step = width / len(values)
    low, middle, high = ys[-3:]
    points = [(round((position + 0.5) * step, 1), y) for position, y in enumerate(ys[:-3])]
    return Against(points, high, middle, low, is_by_factor)
