"""Workbooks by python-calamine: cells as Python values, and the text that names each exactly."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

import pyarrow as pa
from python_calamine import CalamineSheet, CalamineWorkbook

from safetynet.read import number
from safetynet.read.package import Merged

_ROWS_AT_ONCE = 2_048


def _moment(value: dt.datetime) -> str:
    return value.date().isoformat() if value.time() == dt.time() else value.isoformat(sep=" ")


_AS_TEXT: dict[type, Callable[..., str]] = {
    str: lambda value: value,
    float: number.text,
    int: lambda value: number.text(float(value)),
    bool: lambda value: "TRUE" if value else "FALSE",
    dt.date: dt.date.isoformat,
    dt.datetime: _moment,
    dt.time: dt.time.isoformat,
    dt.timedelta: str,
}


def book(path: Path) -> CalamineWorkbook:
    """A workbook; an xls is read whole, of an xlsx what its sheets share. Raises CalamineError."""
    return CalamineWorkbook.from_path(str(path))


def texts(sheet: CalamineSheet) -> list[pa.Array]:
    """The columns of a sheet as text ('' = blank), from its first row on and its first filled column."""
    rows = sheet.iter_rows()
    columns: list[list[pa.Array]] = [[] for _ in range(sheet.width)]
    while some := list(islice(rows, _ROWS_AT_ONCE)):
        for column, cells in zip(columns, zip(*some, strict=True), strict=True):
            column.append(pa.array([_AS_TEXT[type(cell)](cell) for cell in cells], pa.string()))
    return [pa.concat_arrays(column) for column in columns]


def merged(sheet: CalamineSheet) -> Iterator[Merged]:
    """What is merged over several rows of one column."""
    for (top, left), (bottom, right) in sheet.merged_cell_ranges or []:
        if left == right and top != bottom:
            yield left, top + 1, bottom + 1
