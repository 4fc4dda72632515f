"""Small pictures as SVG paths: no library, nothing to load."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

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
