"""The as-of date of a delivery: in the file name, else in a title row, else the day of arrival."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from safetynet.home import county_day

_EIGHT_DIGITS = re.compile(r"(?<!\d)(20\d\d)(\d{2})(\d{2})(?!\d)")
_WRITTEN = re.compile(r"(?<!\d)(20\d\d)\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})(?!\d)")


@dataclass(frozen=True)
class AsOf:
    """The date that a batch speaks of, and where it was found."""

    on: date
    source: Literal["file_name", "title", "arrival"]


def _dates(pattern: re.Pattern[str], text: str) -> Iterator[date]:
    for year, month, day in pattern.findall(text):
        try:
            yield date(int(year), int(month), int(day))
        except ValueError:
            continue


def date_in_name(name: str) -> date | None:
    """The last eight-digit date of this century in a file name, None where there is none."""
    return next(reversed(list(_dates(_EIGHT_DIGITS, name))), None)


def without_dates(name: str) -> str:
    """A name without its eight-digit dates: what stays the same from month to month."""
    return _EIGHT_DIGITS.sub("", name)


def as_of(in_name: date | None, titles: list[list[str]], received_at: datetime) -> AsOf:
    """The date of a delivery whose title rows are `titles`; of several dates there the latest."""
    if in_name:
        return AsOf(in_name, "file_name")
    text = " ".join(cell for row in titles for cell in row)
    written = [*_dates(_EIGHT_DIGITS, text), *_dates(_WRITTEN, text)]
    if written:
        return AsOf(max(written), "title")
    return AsOf(county_day(received_at), "arrival")
