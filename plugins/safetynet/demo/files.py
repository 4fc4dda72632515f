"""Writes rows as departments do: workbooks with titles and totals, csv in this or that encoding."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import numpy as np
import polars as pl
import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from safetynet.demo.cells import Form
from safetynet.demo.mess import Delivered
from safetynet.demo.table import Column

_CHUNK = 50_000
_CREATED = datetime(2025, 1, 1)


@dataclass(frozen=True)
class Layout:
    """What stands around a workbook's data.

    titles: rows above the header. band: group titles over the header and how many columns each spans.
    total: the header of the money column that a 合计 row sums ('' for none).
    note: the last row ('' for none).
    repeats_header: the header stands once more in the middle, as where two pages were pasted together.
    """

    titles: tuple[str, ...] = ()
    band: tuple[tuple[str, int], ...] = ()
    total: str = ""
    note: str = ""
    repeats_header: bool = False


def write_csv(path: Path, columns: tuple[Column, ...], delivered: Delivered, encoding: str) -> pl.Series:
    """Write a csv file ('gb18030' or 'utf-8-sig'); gives each row's number in a spreadsheet."""
    texts = delivered.texts.rename({column.name: column.header for column in columns})
    with path.open("wb") as out:
        for start in range(0, max(len(texts), 1), _CHUNK * 4):
            part = texts.slice(start, _CHUNK * 4).write_csv(include_header=start == 0, line_terminator="\r\n")
            out.write(part.encode(encoding if start == 0 else encoding.removesuffix("-sig")))
    return pl.Series(np.arange(2, len(texts) + 2, dtype=np.int32))


def write_workbook(path: Path, columns: tuple[Column, ...], delivered: Delivered, layout: Layout) -> pl.Series:
    """Write a workbook with one sheet; gives each row's number as a spreadsheet shows it."""
    book = xlsxwriter.Workbook(str(path), {"constant_memory": True})
    book.set_properties({"created": _CREATED})
    sheet = book.add_worksheet("Sheet1")
    title_format = book.add_format({"bold": True, "align": "center"})
    date_format = book.add_format({"num_format": "yyyy-mm-dd"})
    row = 0
    for title in layout.titles:
        sheet.merge_range(row, 0, row, len(columns) - 1, title, title_format)
        row += 1
    if layout.band:
        start = 0
        for text, width in layout.band:
            sheet.merge_range(row, start, row, start + width - 1, text, title_format)
            start += width
        row += 1
    headers = [column.header for column in columns]
    sheet.write_row(row, 0, headers)
    first = row + 1
    count = len(delivered.texts)
    middle = count // 2 if layout.repeats_header and count > 3 else count
    for number, cells in enumerate(_rows(columns, delivered)):
        if number == middle:
            sheet.write_row(first + number, 0, headers)
        _write_row(sheet, first + number + (number >= middle), cells, date_format)
    row = first + count + (middle < count)
    if layout.total:
        at = headers.index(layout.total)
        kept = delivered.rows.filter(pl.col("_disposition") != "duplicate")[columns[at].name]
        sheet.write_string(row, 0, "合计")
        sheet.write_number(row, at, (kept.sum() or 0) / (1_000_000 if "万元" in layout.total else 100))
        row += 1
    if layout.note:
        sheet.write_string(row + 1, 0, layout.note)
    book.close()
    numbers = np.arange(count, dtype=np.int32)
    return pl.Series(numbers + first + 1 + (numbers >= middle), dtype=pl.Int32)


Cell = str | float | date | tuple[str, float] | None


def _rows(columns: tuple[Column, ...], delivered: Delivered) -> Iterator[tuple[Cell, ...]]:
    """Rows of cells: text, number, date, a formula with its cached value, or nothing."""
    for start in range(0, len(delivered.texts), _CHUNK):
        texts, forms = delivered.texts.slice(start, _CHUNK), delivered.forms.slice(start, _CHUNK)
        yield from zip(*[_cells(texts[column.name], forms[column.name]) for column in columns], strict=True)


def _cells(texts: pl.Series, forms: pl.Series) -> list[Cell]:
    cells: list[Cell] = texts.to_list()
    kinds = forms.to_numpy()
    special = np.flatnonzero(kinds)
    for row, form in zip(special.tolist(), kinds[special].tolist(), strict=True):
        text = cells[row]
        if not isinstance(text, str):
            continue
        if form == Form.NUMBER:
            cells[row] = float(text)
        elif form == Form.DATE:
            cells[row] = date.fromisoformat(text)
        else:
            cells[row] = (_formula(text, row), float(text))
    return cells


def _formula(text: str, row: int) -> str:
    """A formula that gives the number, such as someone types to share a total among heads."""
    heads = 2 + row % 4
    return f"=ROUND({Decimal(text) * heads}/{heads},2)"


def _write_row(sheet: Worksheet, row: int, cells: tuple[Cell, ...], date_format: Format) -> None:
    for at, cell in enumerate(cells):
        if cell is None:
            continue
        if isinstance(cell, str):
            sheet.write_string(row, at, cell)
        elif isinstance(cell, float):
            sheet.write_number(row, at, cell)
        elif isinstance(cell, tuple):
            sheet.write_formula(row, at, cell[0], None, cell[1])
        else:
            sheet.write_datetime(row, at, datetime(cell.year, cell.month, cell.day), date_format)
