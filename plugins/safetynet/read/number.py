"""A real number of a workbook as the text that names it exactly."""

from __future__ import annotations

import numpy as np

_EXACT_INTEGER = 10**15


def text(number: float) -> str:
    """The number with all its digits; beyond fifteen its last ones are lost, and E+ says so."""
    if number != number or number in (float("inf"), float("-inf")):
        return "#NUM!"
    if abs(number) >= _EXACT_INTEGER:
        return f"{number:.14E}"
    if number == int(number):
        return str(int(number))
    return np.format_float_positional(number, trim="-")
