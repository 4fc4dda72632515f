"""A marked copy of sheets as a workbook, written row by row in constant memory.

Every text is written as text: none becomes a formula or a link, nor when somebody edits its cell.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import Any

import xlsxwriter

from safetynet.deliver.lines import lines
from safetynet.messages import Sentence, say
from safetynet.read.sheet import Cell, Sheet

_ROWS_OF_A_SHEET = 1_000_000
_LAST_COLUMN = 16_383
_LONGEST_TEXT = 32_767
_LONGEST_SHEET_NAME = 31
_MOST_COMMENTS = 2_000
"""Beyond so many a spreadsheet becomes slow; the column beside the table says all of them."""

_WIDTH, _NOTE_WIDTH = 20, 110
"""Characters: a column of the table, in which an id number is read whole, and the sheet of notes."""
_LINE, _HIGHEST_ROW = 16.0, 409.0
"""Points: a line of text, and the highest row that a spreadsheet draws."""

_Style = Mapping[str, str]
_PLAIN: _Style = {}
_BAD: _Style = {"bg_color": "#FFC7CE", "font_color": "#9C0006"}
_DOUBTFUL: _Style = {"bg_color": "#FFEB9C", "font_color": "#7F6000"}


@dataclass(frozen=True)
class Said:
    """One thing said of a row, or of its cell in a column of the contract."""

    column: str | None
    is_bad: bool
    code: str
    """The sentence of messages.yml that it is told in, by {told}."""
    told: Sentence


def _joined(said: Sequence[Said], end: str = "") -> str:
    """All that is said of a row or cell: what must be corrected first, in Chinese, then the same in English."""
    zh, en = [], []
    for code in dict.fromkeys(each.code for each in said):
        of_code = [each.told for each in said if each.code == code]
        zh.append(say(code, {"told": "；".join(told.zh for told in of_code)}).zh)
        en.append(say(code, {"told": "; ".join(told.en for told in of_code)}).en)
    return f"{'。'.join(zh)}。{'. '.join(en)}."[: _LONGEST_TEXT - len(end)] + end


@dataclass(frozen=True)
class _Layout:
    """Where things stand in a sheet: 1-based header row, 0-based cells."""

    header_row: int
    places: Mapping[str, int]
    beside: int
    reason_header: str | None


class Copy:
    """The workbook; use as a context manager. Its folder holds private work in progress until it is closed."""

    def __init__(self, path: Path) -> None:
        self._book = xlsxwriter.Workbook(str(path), {"constant_memory": True, "tmpdir": str(path.parent)})
        self._formats: dict[tuple[str, str], Any] = {}
        self._names: set[str] = set()
        self._comments = 0

    def __enter__(self) -> Copy:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._book.close()

    def _format(self, shows: str, style: _Style) -> Any:
        key = (shows, style.get("bg_color", ""))
        if key not in self._formats:
            self._formats[key] = self._book.add_format({"num_format": shows, **style})
        return self._formats[key]

    def _sheet(self, name: str) -> Any:
        short, number = name[:_LONGEST_SHEET_NAME], 1
        while short.lower() in self._names:
            number += 1
            short = f"{name[: _LONGEST_SHEET_NAME - 6]} ({number})"
        self._names.add(short.lower())
        sheet = self._book.add_worksheet(short)
        sheet.set_paper(9)
        sheet.set_landscape()
        sheet.fit_to_pages(1, 0)
        return sheet

    def note(self, name: str, told: Sequence[str]) -> None:
        """Write a sheet of texts under one another, the first as its title."""
        sheet = self._sheet(name)
        sheet.set_column(0, 0, _NOTE_WIDTH)
        title = self._book.add_format({"bold": True, "font_size": 14, "num_format": "@"})
        text = self._book.add_format({"text_wrap": True, "valign": "top", "num_format": "@"})
        for number, each in enumerate(told):
            high = _LINE * lines(each, _NOTE_WIDTH) if number else 2 * _LINE
            sheet.set_row(number, min(high, _HIGHEST_ROW))
            sheet.write_string(number, 0, each[:_LONGEST_TEXT], text if number else title)

    def table(
        self,
        name: str,
        sheet: Sheet,
        *,
        size: tuple[int, int],
        header_row: int,
        places: Mapping[str, int],
        beside: int | None,
        reason_header: str | None,
        marks: Iterator[tuple[int, list[Said], str]],
    ) -> None:
        """Copy a sheet, which goes on in another where it is too long for one.

        `size` counts its rows and the cells of its widest row, `places` says where the contract's columns stand,
        `beside` where a column of reasons stands already (None: it comes after the last cell), `reason_header` what
        stands above it (None: no such column is written), `marks` what is said of which row and how that ends, in the
        order of the rows.
        """
        rows, widest = size
        at = beside if beside is not None else min(widest, _LAST_COLUMN)
        layout = _Layout(header_row, places, at, reason_header)
        cells = sheet.cells(header_row)
        title = list(islice(cells, header_row))
        numbered = enumerate(cells, start=header_row + 1)
        mark = next(marks, None)
        room = _ROWS_OF_A_SHEET - header_row
        for _ in range(0, max(rows - header_row, 1), room):
            target, line = self._begin(name, title, layout), header_row
            for number, row in islice(numbered, room):
                if mark and mark[0] == number:
                    self._marked_row(target, line, row, mark[1:], layout)
                    mark = next(marks, None)
                else:
                    self._row(target, line, row, layout)
                line += 1
            if reason_header:
                target.autofilter(header_row - 1, 0, max(line - 1, header_row), at)

    def _begin(self, name: str, title: Sequence[list[Cell]], layout: _Layout) -> Any:
        sheet = self._sheet(name)
        sheet.set_column(0, max(layout.beside - 1, 0), _WIDTH, self._format("@", _PLAIN))
        for line, row in enumerate(title):
            self._row(sheet, line, row, layout)
        if layout.reason_header:
            sheet.set_column(layout.beside, layout.beside, 60, self._format("@", _PLAIN))
            sheet.write_string(layout.header_row - 1, layout.beside, layout.reason_header, self._format("@", _BAD))
            sheet.freeze_panes(layout.header_row, 0)
            sheet.repeat_rows(0, layout.header_row - 1)
        return sheet

    def _row(self, sheet: Any, line: int, row: list[Cell], layout: _Layout) -> None:
        text = self._format("@", _PLAIN)
        for column, cell in enumerate(row):
            if column == layout.beside:
                continue
            if type(cell) is str:
                if cell:
                    sheet.write_string(line, column, cell[:_LONGEST_TEXT], text)
            else:
                self._write(sheet, line, column, cell, _PLAIN)

    def _marked_row(
        self, sheet: Any, line: int, row: list[Cell], mark: tuple[list[Said], str], layout: _Layout
    ) -> None:
        """Write a row with its cells at fault in colour, each with a comment, and all that is said beside it."""
        said, end = mark
        of_cell: dict[int, list[Said]] = {}
        for each in said:
            if each.column is not None and each.column in layout.places:
                of_cell.setdefault(layout.places[each.column], []).append(each)
        width = max([len(row), *(column + 1 for column in of_cell)])
        for column, cell in enumerate([*row, *([""] * (width - len(row)))]):
            about = of_cell.get(column, [])
            style = (_BAD if any(each.is_bad for each in about) else _DOUBTFUL) if about else _PLAIN
            if column != layout.beside:
                self._write(sheet, line, column, cell, style)
            if about and self._comments < _MOST_COMMENTS:
                self._comments += 1
                sheet.write_comment(line, column, _joined(about), {"x_scale": 2, "author": "safetynet"})
        sheet.write_string(line, layout.beside, _joined(said, end), self._format("@", _PLAIN))

    def _write(self, sheet: Any, line: int, column: int, cell: Cell, style: _Style) -> None:
        if isinstance(cell, bool):
            sheet.write_boolean(line, column, cell, self._format("General", style))
        elif isinstance(cell, int | float) and abs(cell) < float("inf"):
            sheet.write_number(line, column, cell, self._format("General", style))
        elif isinstance(cell, dt.date) and cell.year >= 1900:
            is_day = not isinstance(cell, dt.datetime) or cell.time() == dt.time()
            shows = "yyyy-mm-dd" if is_day else "yyyy-mm-dd hh:mm:ss"
            sheet.write_datetime(line, column, cell, self._format(shows, style))
        elif cell != "":
            sheet.write_string(line, column, str(cell)[:_LONGEST_TEXT], self._format("@", style))
        elif style:
            sheet.write_blank(line, column, None, self._format("@", style))
