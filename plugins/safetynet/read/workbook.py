"""Workbooks (xlsx and xls) by calamine: real numbers and dates become the text that names them exactly."""

from __future__ import annotations

import datetime as dt
import mmap
import zipfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import chain, islice
from pathlib import Path

import numpy as np
import pyarrow as pa
from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, PasswordError, SheetVisibleEnum

from safetynet.read.error_cells import Errors, error_cells
from safetynet.read.sheet import HEAD_ROWS, Cell, row_schema
from safetynet.refusal import Refused

_OLE = bytes.fromhex("d0cf11e0a1b11ae1")
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_ROWS_AT_ONCE = 2_048
"""As many as DuckDB works on at once; more cells than that leave the processor's cache."""

_EXACT_INTEGER = 10**15
_UNPACKED_LIMIT = 4 << 30
_RATIO_LIMIT = 400
_RATIO_FROM = 64 << 20


def _number(value: float) -> str:
    """A real number as text; beyond fifteen digits its last digits are lost, and E+ says so."""
    if value != value or value in (float("inf"), float("-inf")):
        return "#NUM!"
    if abs(value) >= _EXACT_INTEGER:
        return f"{value:.14E}"
    if value == int(value):
        return str(int(value))
    return np.format_float_positional(value, trim="-")


def _moment(value: dt.datetime) -> str:
    return value.date().isoformat() if value.time() == dt.time() else value.isoformat(sep=" ")


_AS_TEXT: dict[type, Callable[..., str]] = {
    str: lambda value: value,
    float: _number,
    int: lambda value: _number(float(value)),
    bool: lambda value: "TRUE" if value else "FALSE",
    dt.date: dt.date.isoformat,
    dt.datetime: _moment,
    dt.time: dt.time.isoformat,
    dt.timedelta: str,
}


def _text(cells: tuple[Cell, ...]) -> pa.Array:
    if set(map(type, cells)) == {str}:
        return pa.array(cells, pa.string())
    return pa.array([_AS_TEXT[type(cell)](cell) for cell in cells], pa.string())


class WorkbookSheet:
    """One sheet of a workbook; the workbook is in memory as long as its sheets are."""

    encoding = None

    def __init__(self, sheet: CalamineSheet, is_hidden: bool, errors: Errors) -> None:
        self.name: str = sheet.name
        self.is_hidden = is_hidden
        self.merged_cells = 0
        self._sheet = sheet
        self._errors = errors

    @property
    def is_empty(self) -> bool:
        """Whether no cell of the sheet is filled."""
        return self._sheet.start is None

    def head(self) -> list[list[str]]:
        return [[_AS_TEXT[type(cell)](cell) for cell in row] for row in islice(self._rows(), HEAD_ROWS)]

    def _rows(self) -> Iterator[list[Cell]]:
        """All rows from the first of the sheet, errors of formulas in their place, under its last value too."""
        if not self._errors:
            yield from self._sheet.iter_rows()
            return
        first_column = self._sheet.start[1] if self._sheet.start else 0
        under = range(self._sheet.total_height, max(self._errors))
        blank: Iterator[list[Cell]] = ([""] * self._sheet.width for _ in under)
        for number, row in enumerate(chain(self._sheet.iter_rows(), blank), start=1):
            for column, error in self._errors.get(number, {}).items():
                if 0 <= column - first_column < len(row):
                    row[column - first_column] = error
            yield row

    def _rows_below(self, below: int) -> Iterator[list[Cell]]:
        """The rows under row `below`; a value merged downwards over rows that hold something stands on each of them."""
        rows = islice(self._rows(), below, None)
        begins = self._merged_down(below)
        if not begins:
            yield from rows
            return
        last_row_and_value: dict[int, tuple[int, Cell]] = {}
        for number, row in enumerate(rows, start=below + 1):
            has_more = any(str(cell).strip() for cell in row)
            for column, (last_row, value) in list(last_row_and_value.items()):
                if number > last_row:
                    del last_row_and_value[column]
                elif has_more and row[column] == "":
                    row[column] = value
                    self.merged_cells += 1
            for column, last_row in begins.get(number, []):
                if row[column] != "":
                    last_row_and_value[column] = last_row, row[column]
            yield row

    def _merged_down(self, below: int) -> dict[int, list[tuple[int, int]]]:
        """By the row in which they begin: (column, last row) of cells merged over several rows of one column."""
        first_column = self._sheet.start[1] if self._sheet.start else 0
        begins: dict[int, list[tuple[int, int]]] = {}
        for (top, left), (bottom, right) in self._sheet.merged_cell_ranges or []:
            column = left - first_column
            if top >= below and top < bottom and left == right and 0 <= column < self._sheet.width:
                begins.setdefault(top + 1, []).append((column, bottom + 1))
        return begins

    def cells(self, below: int) -> Iterator[list[Cell]]:
        yield from islice(self._rows(), below)
        yield from self._rows_below(below)

    def filled_rows(self, below: int) -> list[int]:
        rows = enumerate(self._rows(), start=1)
        return [number for number, row in rows if number > below and any(str(cell).strip() for cell in row)]

    def rows(self, below: int, columns: list[int]) -> Iterator[pa.RecordBatch]:
        schema = row_schema(len(columns))
        rows = self._rows_below(below)
        number = below + 1
        while chunk := list(islice(rows, _ROWS_AT_ONCE)):
            cells = list(zip(*chunk, strict=True))
            yield pa.RecordBatch.from_arrays(
                [
                    pa.array(np.arange(number, number + len(chunk), dtype=np.int32)),
                    pa.array(np.zeros(len(chunk), dtype=bool)),
                    *(_text(cells[index]) for index in columns),
                ],
                schema=schema,
            )
            number += len(chunk)


def _refuse_bombs(path: Path) -> None:
    if not zipfile.is_zipfile(path):
        return
    with zipfile.ZipFile(path) as archive:
        unpacked = sum(member.file_size for member in archive.infolist())
    ratio = unpacked / max(path.stat().st_size, 1)
    if unpacked > _UNPACKED_LIMIT or (unpacked > _RATIO_FROM and ratio > _RATIO_LIMIT):
        raise Refused("zip_bomb")


def is_encrypted(path: Path) -> bool:
    """Whether a file is a workbook that wants a password."""
    with path.open("rb") as stream:
        if stream.read(len(_OLE)) != _OLE:
            return False
        with mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as content:
            return content.find(_ENCRYPTED) >= 0


def sheets(path: Path) -> list[WorkbookSheet]:
    """The sheets of a workbook that hold any cell.

    Raises Refused: password, zip_bomb, unreadable_workbook (truncated, damaged or no workbook at all).
    """
    try:
        _refuse_bombs(path)
        if is_encrypted(path):
            raise Refused("password")
        with ThreadPoolExecutor(1) as beside:
            scan = beside.submit(error_cells, path)
            workbook = CalamineWorkbook.from_path(str(path))
            read = [(about, workbook.get_sheet_by_name(about.name)) for about in workbook.sheets_metadata]
            errors = scan.result()
        found = [
            WorkbookSheet(sheet, about.visible != SheetVisibleEnum.Visible, errors.get(about.name, {}))
            for about, sheet in read
        ]
    except PasswordError as error:
        raise Refused("password") from error
    except (CalamineError, zipfile.BadZipFile, OSError, ValueError) as error:
        raise Refused("unreadable_workbook") from error
    return [sheet for sheet in found if not sheet.is_empty]
