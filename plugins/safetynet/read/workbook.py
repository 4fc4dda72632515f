"""Workbooks (xlsx and xls) by calamine: real numbers and dates become the text that names them exactly."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from itertools import chain, repeat
from pathlib import Path

import fastexcel
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from python_calamine import CalamineError, CalamineSheet, SheetVisibleEnum

from safetynet.read import package, typed
from safetynet.read.encrypted import is_encrypted
from safetynet.read.package import Told
from safetynet.read.sheet import HEAD_ROWS, Cell, row_schema
from safetynet.refusal import Refused

_ROWS_AT_ONCE = 1 << 15

_UNPACKED_LIMIT = 4 << 30
_RATIO_LIMIT = 400
_RATIO_FROM = 64 << 20

_MIDNIGHT = r"^(\d{4}-\d\d-\d\d) 00:00:00$"
_NO_DAY = r"^([+-]\d+|0\d{3}|1[0-8]\d\d)-\d\d-\d\d \d\d:\d\d:\d\d"
"""A number that is shown as a date, though no spreadsheet has that day."""


class WorkbookSheet:
    """One sheet of a workbook: its columns as text, in memory as long as the sheet is."""

    encoding = None

    def __init__(self, path: Path, name: str, is_hidden: bool, told: Told, first_column: int, texts: list[pa.Array]):
        """`texts` are its columns from the first filled one on."""
        self.name = name
        self.is_hidden = is_hidden
        self.merged_cells = 0
        self._path = path
        self._merged = [(column - first_column, top - 1, bottom) for column, top, bottom in told.merged]
        last_row = max((row for cells in told.texts.values() for row in cells), default=0)
        self._height = max(len(texts[0]), last_row)
        known = {index: _cells(told, index + first_column, column) for index, column in enumerate(texts)}
        self._cells = {index: cells for index, cells in known.items() if cells}
        self._texts = [self._overlaid(index, column) for index, column in enumerate(texts)]

    def _overlaid(self, index: int, column: pa.Array) -> pa.Array:
        """A column with what is known of its cells, as long as the sheet."""
        if len(column) < self._height:
            column = pa.concat_arrays([column, pa.array([""] * (self._height - len(column)), pa.string())])
        cells = self._cells.get(index)
        if not cells:
            return column
        mask = np.zeros(self._height, dtype=bool)
        mask[np.array(list(cells)) - 1] = True
        return pc.replace_with_mask(column, mask, pa.array([cells[row] for row in sorted(cells)], pa.string()))

    def head(self) -> list[list[str]]:
        columns = [column.slice(0, HEAD_ROWS).to_pylist() for column in self._texts]
        return [list(row) for row in zip(*columns, strict=True)]

    def _is_filled(self) -> npt.NDArray[np.bool_]:
        """Of each row whether any of its cells is filled."""
        filled = np.zeros(self._height, dtype=bool)
        for column in self._texts:
            filled |= pc.not_equal(pc.utf8_trim_whitespace(column), "").to_numpy(zero_copy_only=False)
        return filled

    def filled_rows(self, below: int) -> list[int]:
        return [number for number in (np.flatnonzero(self._is_filled()) + 1).tolist() if number > below]

    def _sources(self, below: int) -> dict[int, npt.NDArray[np.int64]]:
        """By column with cells merged downwards under row `below`: the row whose value stands on each row.

        That is another row where a cell is merged over one that holds something else.
        """
        merged = [each for each in self._merged if each[1] >= below and 0 <= each[0] < len(self._texts)]
        is_filled = self._is_filled() if merged else None
        sources: dict[int, npt.NDArray[np.int64]] = {}
        for column in {column for column, _, _ in merged}:
            is_blank = pc.equal(self._texts[column], "").to_numpy(zero_copy_only=False)
            sources[column] = np.arange(self._height)
            may_take = is_blank & is_filled
            for top, bottom in ((top, bottom) for of, top, bottom in merged if of == column):
                if top < self._height and not is_blank[top]:
                    under = sources[column][top + 1 : bottom]
                    under[may_take[top + 1 : bottom]] = top
        return sources

    def cells(self, below: int) -> Iterator[list[Cell]]:
        sources = self._sources(below)
        tops = {column: set(source[source != np.arange(self._height)].tolist()) for column, source in sources.items()}
        values: dict[tuple[int, int], Cell] = {}
        sheet = typed.book(self._path).get_sheet_by_name(self.name)
        blank: Iterator[list[Cell]] = ([""] * len(self._texts) for _ in repeat(None))
        for index, row in zip(range(self._height), chain(sheet.iter_rows(), blank), strict=False):
            for column, cells in self._cells.items():
                if index + 1 in cells and row[column] == "":
                    row[column] = cells[index + 1]
            for column, source in sources.items():
                if index in tops[column]:
                    values[column, index] = row[column]
                row[column] = values.get((column, int(source[index])), row[column])
            yield row

    def rows(self, below: int, columns: list[int]) -> Iterator[pa.RecordBatch]:
        schema = row_schema(len(columns))
        texts = dict(enumerate(self._texts))
        for column, source in self._sources(below).items():
            texts[column] = texts[column].take(pa.array(source))
            self.merged_cells += int((source != np.arange(self._height)).sum())
        for start in range(below, self._height, _ROWS_AT_ONCE):
            count = min(_ROWS_AT_ONCE, self._height - start)
            yield pa.RecordBatch.from_arrays(
                [
                    pa.array(np.arange(start + 1, start + 1 + count, dtype=np.int32)),
                    pa.array(np.zeros(count, dtype=bool)),
                    *(texts[column].slice(start, count) for column in columns),
                ],
                schema=schema,
            )


def _refuse_bombs(path: Path) -> None:
    if not zipfile.is_zipfile(path):
        return
    with zipfile.ZipFile(path) as archive:
        unpacked = sum(member.file_size for member in archive.infolist())
    ratio = unpacked / max(path.stat().st_size, 1)
    if unpacked > _UNPACKED_LIMIT or (unpacked > _RATIO_FROM and ratio > _RATIO_LIMIT):
        raise Refused("zip_bomb")


def _cells(told: Told, column: int, texts: pa.Array) -> dict[int, str]:
    """What is known of a column's cells, by their row; a number that is shown as a day stays one."""
    numbers = told.numbers.get(column, {})
    shown = {row: texts[row - 1].as_py() for row in numbers}
    return {row: numbers[row] for row, text in shown.items() if "-" not in text[1:]} | told.texts.get(column, {})


def _without_nulls(column: pa.StringArray) -> pa.StringArray:
    """A column whose nulls take no room, as empty texts: its buffers as they are, but for which cells are null."""
    _, offsets, texts = column.buffers()
    return pa.StringArray.from_buffers(len(column), offsets, texts)


def _plain(sheet: fastexcel.ExcelSheet) -> list[pa.Array] | None:
    """The columns of a sheet as text ('' = blank); None where a cell is shown as a date that it cannot be."""
    batch, errors = sheet.to_arrow_with_errors()
    if errors is not None and any("DateTime" in error.detail for error in errors.errors):
        return None
    texts = [_without_nulls(column) for column in batch.columns]
    for index, column in enumerate(texts):
        if pc.any(pc.match_substring(column, ":")).as_py():
            if pc.any(pc.match_substring_regex(column, _NO_DAY)).as_py():
                return None
            texts[index] = pc.replace_substring_regex(column, _MIDNIGHT, r"\1")
    return texts


def _one_by_one(path: Path, read: CalamineSheet, is_hidden: bool, told: Told) -> WorkbookSheet:
    """A sheet of which each cell was read with its type."""
    told = Told(texts=told.texts, merged=set(typed.merged(read)))
    first_column = read.start[1] if read.start else 0
    return WorkbookSheet(path, read.name, is_hidden, told, first_column, typed.texts(read))


def _typed(path: Path) -> list[WorkbookSheet]:
    """The filled sheets of an xls."""
    book = typed.book(path)
    read = [(about.visible, book.get_sheet_by_name(about.name)) for about in book.sheets_metadata]
    return [
        _one_by_one(path, sheet, visible != SheetVisibleEnum.Visible, Told()) for visible, sheet in read if sheet.start
    ]


def _packed(path: Path) -> Iterator[WorkbookSheet]:
    """The filled sheets of an xlsx, each read at once; one by one where at once is not exact."""
    with ThreadPoolExecutor(1) as beside:
        scan = beside.submit(package.told, path)
        reader = fastexcel.read_excel(path)
        read = [reader.load_sheet(name, header_row=None, skip_rows=0, dtypes="string") for name in reader.sheet_names]
        told_of = scan.result()
    book = cache(typed.book)
    for sheet in read:
        told, is_hidden = told_of.get(sheet.name, Told(is_all=False)), sheet.visible != "visible"
        if not sheet.width:
            continue
        texts = _plain(sheet) if told.is_all else None
        if texts is not None:
            first_column = sheet.selected_columns[0].absolute_index
            yield WorkbookSheet(path, sheet.name, is_hidden, told, first_column, texts)
        else:
            yield _one_by_one(path, book(path).get_sheet_by_name(sheet.name), is_hidden, told)


def sheets(path: Path) -> list[WorkbookSheet]:
    """The sheets of a workbook that hold any cell.

    Raises Refused: password, zip_bomb, unreadable_workbook (truncated, damaged, no workbook at all, or with a
    duration that cannot be).
    """
    try:
        _refuse_bombs(path)
        if is_encrypted(path):
            raise Refused("password")
        return list(_packed(path)) if zipfile.is_zipfile(path) else _typed(path)
    except (fastexcel.FastExcelError, CalamineError, zipfile.BadZipFile, OSError, ValueError, OverflowError) as error:
        raise Refused("unreadable_workbook") from error
