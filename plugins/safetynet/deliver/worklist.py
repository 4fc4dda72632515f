"""`make worklists`: for each township a workbook to take along to the door, whose answers come back as a delivery.

What is asked stands in restricted.worklist; the columns to be filled in, and what may stand in them, are those of the
contract of verification_result.
"""

from __future__ import annotations

import io
import os
import re
import sys
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb
import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from safetynet.contract import Contract, Kind, contract
from safetynet.deliver.lines import lines
from safetynet.home import Home
from safetynet.workshop import workshop

FORM = "verification_result"

ASKED: dict[str, tuple[str, int]] = {
    "place_name": ("村（社区）", 10),
    "head_name": ("户主", 8),
    "person_name": ("对象", 8),
    "phone": ("联系电话", 12),
    "guarantee": ("保障", 5),
    "first_detected_on": ("首次发现", 11),
    "due_on": ("最迟核查", 11),
    "what": ("情况与核查要点", 48),
}
"""Column of restricted.worklist → its header and its width in characters; `what` is put together from three."""

_WIDTHS = {Kind.DATE: 11, Kind.PERSON_NAME: 8, Kind.CATEGORY: 8, Kind.YES_NO: 12, Kind.CODE: 12}
_WIDTH = 13
_LINE = 17.0
"""Points that a line of text is high."""

_DAY = "yyyy-mm-dd"
_TITLE = "{town} 预警入户核查工作表"
_HELP = (
    "只填写黄色各列，其他各列已锁定；“核查日期”“核查结论”必填，未核查的行留空。填好后把本文件原样放入收件箱 "
    f"{FORM} 文件夹。内含个人信息，请妥善保管。"
)
_FIRST_ROW = 3
"""Index of the first row under title, help and header."""

_ROWS = """
    SELECT
        * EXCLUDE (title, explanation, check_at_door),
        '【' || title || '】' || coalesce(explanation, '') || chr(10) || '核查：' || check_at_door AS what
    FROM restricted.restricted.worklist
    ORDER BY town_code, division_code, household_code NULLS LAST, person_name, first_detected_on, signal_id
"""


class NoWarehouse(RuntimeError):
    """Nothing was built yet, so there is nobody to visit."""


def _rows(path: Path) -> list[dict[str, Any]]:
    with duckdb.connect(str(path), read_only=True) as restricted:
        found = restricted.execute(_ROWS)
        names = [column[0] for column in found.description or []]
        return [dict(zip(names, values, strict=True)) for values in found.fetchall()]


class _Formats:
    """How cells look; a text that begins like a formula is and stays a text."""

    def __init__(self, book: xlsxwriter.Workbook) -> None:
        cell = {"border": 1, "border_color": "#A6A6A6", "valign": "top", "text_wrap": True, "font_size": 11}
        answer = {"bg_color": "#FFF9DB", "locked": False}
        self.title: Format = book.add_format({"bold": True, "font_size": 16})
        self.help: Format = book.add_format({"font_size": 10, "font_color": "#595959"})
        self.header: Format = book.add_format({**cell, "bold": True, "bg_color": "#D9E1F2", "valign": "vcenter"})
        self.text: Format = book.add_format({**cell, "quote_prefix": True})
        self.number: Format = book.add_format(cell)
        self.id: Format = book.add_format({**cell, "quote_prefix": True, "font_size": 8, "font_color": "#595959"})
        self.day: Format = book.add_format({**cell, "num_format": _DAY})
        self.answer: Format = book.add_format({**cell, **answer, "num_format": "@"})
        self.answer_day: Format = book.add_format({**cell, **answer, "num_format": _DAY})

    def of_answer(self, kind: Kind) -> Format:
        """The format of a column to be filled in."""
        return self.answer_day if kind is Kind.DATE else self.answer


def _rule(form: Contract, name: str) -> dict[str, Any] | None:
    """What a spreadsheet demands of an answer, or offers."""
    column = form.columns[name]
    match column.kind:
        case Kind.CATEGORY:
            return {"validate": "list", "source": list(column.values), "error_title": column.headers[0]}
        case Kind.YES_NO:
            return {"validate": "list", "source": ["是", "否"], "error_title": column.headers[0]}
        case Kind.DATE:
            return {
                "validate": "date",
                "criteria": ">=",
                "value": date(2000, 1, 1),
                "input_message": "年-月-日，如 2025-07-03",
                "error_title": column.headers[0],
            }
        case _ if column.offered:
            return {"validate": "list", "source": list(column.offered), "error_type": "information"}
    return None


def _fill(sheet: Worksheet, formats: _Formats, form: Contract, rows: list[dict[str, Any]]) -> int:
    """Write header and rows; returns the number of columns."""
    given = [name for name in form.columns if name not in form.answers]
    headers = ["序号", *(header for header, _ in ASKED.values())]
    headers += [form.first_header(name) for name in (*form.answers, *given)]
    widths = [5, *(width for _, width in ASKED.values())]
    widths += [_WIDTHS.get(form.columns[name].kind, _WIDTH) for name in (*form.answers, *given)]
    for column, (header, width) in enumerate(zip(headers, widths, strict=True)):
        sheet.set_column(column, column, width)
        sheet.write_string(_FIRST_ROW - 1, column, header, formats.header)
    sheet.set_row(_FIRST_ROW - 1, 2 * _LINE)
    first_answer = 1 + len(ASKED)
    for index, row in enumerate(rows):
        number = _FIRST_ROW + index
        sheet.write_number(number, 0, index + 1, formats.number)
        taken = (lines(row[name], width * 9 // 10) for name, (_, width) in ASKED.items() if isinstance(row[name], str))
        sheet.set_row(number, _LINE * max([2, *taken]))
        for column, name in enumerate(ASKED, start=1):
            _write(sheet, number, column, row[name], formats)
        for column, name in enumerate(form.answers, start=first_answer):
            sheet.write_blank(number, column, None, formats.of_answer(form.columns[name].kind))
        for column, name in enumerate(given, start=first_answer + len(form.answers)):
            sheet.write_string(number, column, row[name] or "", formats.id)
    for column, name in enumerate(form.answers, start=first_answer):
        if rule := _rule(form, name):
            sheet.data_validation(_FIRST_ROW, column, _FIRST_ROW + len(rows) - 1, column, rule)
    return len(headers)


def _write(sheet: Worksheet, row: int, column: int, value: Any, formats: _Formats) -> None:
    if isinstance(value, date):
        sheet.write_datetime(row, column, datetime(value.year, value.month, value.day), formats.day)
    else:
        sheet.write_string(row, column, value or "", formats.text)


def workbook(rows: list[dict[str, Any]]) -> bytes:
    """The worklist of one township as a workbook; the same rows give the same bytes."""
    stream = io.BytesIO()
    first = rows[0]
    title = _TITLE.format(town=first["town_name"] or first["town_code"])
    with xlsxwriter.Workbook(stream, {"in_memory": True}) as book:
        book.set_properties({"title": title, "created": first["known_at"]})
        formats = _Formats(book)
        sheet = book.add_worksheet("核查工作表")
        columns = _fill(sheet, formats, contract(FORM), rows)
        sheet.write_string(0, 0, title, formats.title)
        sheet.write_string(1, 0, _HELP, formats.help)
        sheet.freeze_panes(_FIRST_ROW, 4)
        sheet.autofilter(_FIRST_ROW - 1, 0, _FIRST_ROW + len(rows) - 1, columns - 1)
        sheet.protect("", {"autofilter": True, "format_columns": True, "format_rows": True})
        sheet.set_landscape()
        sheet.set_paper(9)
        sheet.set_margins(left=0.3, right=0.3, top=0.6, bottom=0.5)
        sheet.fit_to_pages(1, 0)
        sheet.repeat_rows(_FIRST_ROW - 1)
        sheet.print_area(0, 0, _FIRST_ROW + len(rows) - 1, columns - 1)
        sheet.set_header(f"&R数据截至 {first['as_of']:%Y-%m-%d}")
        sheet.set_footer("&L内含个人信息，请妥善保管&R第 &P 页，共 &N 页")
    return stream.getvalue()


def _file_name(row: dict[str, Any]) -> str:
    """Name of a township's file, without a date: the answers are of the day on which they come back."""
    name = re.sub(r"\W", "", row["town_name"] or "")
    return f"{name}_{row['town_code']}.xlsx"


def write(home: Home) -> tuple[Path, dict[str, int]]:
    """Write the worklists of the current build; returns their folder (0700) and file (0600) → signals.

    A folder that is there already is left as it is: somebody may be filling in its files. Raises NoWarehouse.
    """
    if not home.restricted.is_file():
        raise NoWarehouse("There is no warehouse yet: make run · 还没有数据仓库，请先运行 make run")
    rows = _rows(home.restricted)
    by_file: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        by_file.setdefault(_file_name(row), []).append(row)
    counts = {name: len(of_town) for name, of_town in by_file.items()}
    root = home.folder("worklists")
    if not rows:
        return root, counts
    known_at = rows[0]["known_at"].replace(tzinfo=UTC)
    folder = root / f"{rows[0]['as_of']}_known_{known_at:%Y%m%dT%H%M%S}Z"
    if folder.is_dir():
        return folder, counts
    with workshop(home.folder("tmp")) as draft:
        lists = draft / "worklists"
        lists.mkdir(mode=0o700)
        for name, of_town in by_file.items():
            descriptor = os.open(lists / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "wb") as stream:
                stream.write(workbook(of_town))
        lists.rename(folder)
    return folder, counts


def worklists(home: Home) -> int:
    """Write the worklists and say where they are; returns 1 where there is nothing to write them from."""
    try:
        folder, counts = write(home)
    except NoWarehouse as nothing:
        print(nothing, file=sys.stderr)
        return 1
    if not counts:
        print("No signal is open: nobody is to be visited. · 没有待核查的预警。")
        return 0
    for name, signals in counts.items():
        print(f"{signals:6,}  {name}")
    print(f"{len(counts)} townships, {sum(counts.values()):,} signals · 核查工作表  {folder}")
    return 0
