"""How many lines a text takes in a spreadsheet's column: not every program makes room for it by itself."""

from __future__ import annotations

import math


def lines(text: str, width: int) -> int:
    """Lines that a text takes in a column so many characters wide, none too few; a Chinese character is two wide."""
    widths = [sum(2 if ord(each) > 0xFF else 1 for each in line) for line in text.splitlines()]
    return sum(max(1, math.ceil(each / (0.9 * width))) for each in widths)
