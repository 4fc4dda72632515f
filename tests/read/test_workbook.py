"""Workbooks: titles, bands, sheets, formulas, dates and numbers; row numbers are those of a spreadsheet."""

from __future__ import annotations

import datetime as dt
import io
import re
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl.utils import get_column_letter

from clerk import an_id, row, rows, table, titled, xls_file, xlsx_file
from locked import locked_xls, locked_xlsx
from safetynet.read import typed, workbook
from safetynet.refusal import Refused

FEED = "registry_member"
ReadFile = Callable[[str, bytes], Any]


def written(write: Callable[[xlsxwriter.Workbook], None]) -> bytes:
    stream = io.BytesIO()
    with xlsxwriter.Workbook(stream, {"in_memory": True}) as book:
        write(book)
    return stream.getvalue()


@pytest.mark.parametrize("write", [lambda cells: xlsx_file({"Sheet1": cells}), xls_file], ids=["xlsx", "xls"])
def test_titles_real_dates_and_real_numbers(read: ReadFile, write: Callable[[list[list[Any]]], bytes]) -> None:
    given = [
        row(FEED, 1, identified_on=dt.date(2021, 6, 1), member_count=3, per_capita_net_income=10769.91),
        row(FEED, 2, identified_on=44348, member_count=3.0, per_capita_net_income=9000.1),
        row(FEED, 3, household_code=990121100201, phone=13900000003, id_number=float(an_id(3)[:17] + "0")),
        row(FEED, 4, per_capita_net_income=1e15, id_number=990121800101001, risk_eliminated=True),
    ]
    (sheet,) = read(FEED, write(titled(FEED, table(FEED, given), "松岭县成员信息表", "导出时间：2025-06-30")))
    assert sheet.header.row == 3
    assert [number for number, _, _ in sheet.rows] == [4, 5, 6, 7]
    cells = [each for _, _, each in sheet.rows]
    assert cells[0]["identified_on"] == "2021-06-01"
    assert cells[0]["member_count"] == cells[1]["member_count"] == "3"
    assert cells[0]["per_capita_net_income"] == "10769.91"
    assert cells[1]["identified_on"] == "44348"
    assert cells[1]["per_capita_net_income"] == "9000.1"
    assert cells[2]["household_code"] == "990121100201"
    assert cells[2]["phone"] == "13900000003"
    assert "E+17" in cells[2]["id_number"]
    assert cells[3]["id_number"] == "990121800101001"
    assert "E+15" in cells[3]["per_capita_net_income"]
    assert cells[3]["risk_eliminated"] == "TRUE"


def test_moments(read: ReadFile) -> None:
    def write(book: xlsxwriter.Workbook) -> None:
        sheet = book.add_worksheet()
        moment = book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
        for number, line in enumerate(table(FEED, rows(FEED, 2))):
            sheet.write_row(number, 0, line)
        index = table(FEED, [])[0].index("识别监测时间")
        sheet.write_datetime(1, index, dt.datetime(2021, 6, 1), moment)
        sheet.write_datetime(2, index, dt.datetime(2021, 6, 1, 10, 30), moment)

    (sheet,) = read(FEED, written(write))
    assert sheet.filled("identified_on") == {2: "2021-06-01", 3: "2021-06-01 10:30:00"}


def test_blank_rows_and_columns_around_a_table(read: ReadFile) -> None:
    cells = table(FEED, rows(FEED, 3))
    moved = [["", "", *line] for line in cells]
    width = len(moved[0])
    blank = [""] * width
    content = xlsx_file({"Sheet1": [blank, blank, moved[0], moved[1], blank, moved[2], blank, blank, moved[3]]})
    (sheet,) = read(FEED, content)
    assert sheet.header.row == 3
    assert sheet.filled("person_name") == {4: "萧零壹", 6: "萧零贰", 9: "萧零叁"}


def test_a_band_of_merged_group_titles(read: ReadFile) -> None:
    feed = "housing_safety"
    cells = table(feed, rows(feed, 2))

    def write(book: xlsxwriter.Workbook) -> None:
        sheet = book.add_worksheet()
        sheet.merge_range(0, 0, 0, 15, "松岭县农村住房安全动态监测表")
        sheet.merge_range(1, 0, 1, 8, "基本信息")
        sheet.merge_range(1, 9, 1, 11, "安全鉴定")
        sheet.merge_range(1, 12, 1, 15, "改造情况")
        for number, line in enumerate(cells):
            sheet.write_row(number + 2, 0, line)

    (sheet,) = read(feed, written(write))
    assert sheet.header.row == 3
    assert list(sheet.filled("dwelling_code")) == [4, 5]


def test_headers_merged_downwards_beside_a_band(read: ReadFile) -> None:
    feed = "housing_safety"
    cells = table(feed, rows(feed, 2))

    def write(book: xlsxwriter.Workbook) -> None:
        sheet = book.add_worksheet()
        for index, text in enumerate(cells[0]):
            if index < 9:
                sheet.merge_range(0, index, 1, index, text)
            else:
                sheet.write(1, index, text)
        sheet.merge_range(0, 9, 0, 15, "鉴定和改造")
        for number, line in enumerate(cells[1:]):
            sheet.write_row(number + 2, 0, line)

    (sheet,) = read(feed, written(write))
    assert sheet.header.row == 2
    assert list(sheet.filled("dwelling_code")) == [3, 4]
    assert set(sheet.header.columns) == set(rows(feed, 1)[0]) | {
        "renovation_method",
        "completed_on",
        "subsidy",
    }


def test_a_household_merged_over_its_members_is_that_of_each(read: ReadFile) -> None:
    header, *lines = table(FEED, rows(FEED, 4))
    code = header.index("户编号")
    for member in lines[1:3]:
        member[code] = ""

    def write(book: xlsxwriter.Workbook) -> None:
        sheet = book.add_worksheet()
        for number, line in enumerate([header, *lines[:3], [], lines[3]]):
            sheet.write_row(number, 1, line)
        sheet.merge_range(1, code + 1, 4, code + 1, "H1")
        sheet.merge_range(7, 1, 8, 6, "注：本表由乡镇填报")

    (sheet,) = read(FEED, written(write))
    assert sheet.filled("household_code") == {2: "H1", 3: "H1", 4: "H1", 6: lines[3][code]}
    assert sheet.merged_cells == 2


def test_several_data_sheets_are_read_each_for_itself(read: ReadFile) -> None:
    content = xlsx_file(
        {
            "封面": [["松岭县"], ["2025年6月"]],
            "伟溪镇": table(FEED, rows(FEED, 2)),
            "芳溪镇": titled(FEED, table(FEED, rows(FEED, 1, first=3)), "标题"),
            "空": [],
            "说明": [["字段", "解释"], ["姓名", "成员姓名"]],
        }
    )
    first, second = read(FEED, content)
    assert (first.name, second.name) == ("伟溪镇", "芳溪镇")
    assert list(first.filled("person_name")) == [2, 3]
    assert list(second.filled("person_name")) == [3]
    assert first.others == ["封面", "说明"]


def test_the_only_data_sheet_may_be_any(read: ReadFile) -> None:
    (sheet,) = read(FEED, xlsx_file({"封面": [["松岭县"]], "Sheet2": table(FEED, rows(FEED, 1))}))
    assert sheet.name == "Sheet2"


def test_hidden_sheets_are_not_delivered_but_told(read: ReadFile) -> None:
    content = xlsx_file({"六月": table(FEED, rows(FEED, 2)), "五月": table(FEED, rows(FEED, 3))}, hidden=["五月"])
    (sheet,) = read(FEED, content)
    assert sheet.name == "六月"
    assert sheet.others == ["五月"]


def test_formulas_are_read_by_their_value(read: ReadFile) -> None:
    def write(book: xlsxwriter.Workbook) -> None:
        sheet = book.add_worksheet()
        for number, line in enumerate(table(FEED, rows(FEED, 6))):
            sheet.write_row(number, 0, line)
        index = table(FEED, [])[0].index("人均纯收入")
        sheet.write_formula(1, index, "=9000+1", None, 9001)
        sheet.write_formula(2, index, "=A1&B1", None, "约九千")

    (sheet,) = read(FEED, written(write))
    found = {number: cells["per_capita_net_income"] for number, _, cells in sheet.rows}
    assert (found[2], found[3], found[4]) == ("9001", "约九千", "9000.00")


@pytest.mark.parametrize("day", ["2021-06-01", "2021-06-01 00:00:00"])
def test_error_cells_are_no_blank_cells(read: ReadFile, day: str) -> None:
    def write(book: xlsxwriter.Workbook) -> None:
        sheet = book.add_worksheet()
        for number, line in enumerate(table(FEED, [row(FEED, 1, identified_on=day), row(FEED, 2)])):
            sheet.write_row(number, 0, line)
        index = table(FEED, [])[0].index("人均纯收入")
        sheet.write_formula(1, index, "=1/0", None, "#DIV/0!")
        sheet.write_formula(2, index, "=VLOOKUP(1,A:A,2)", None, "#N/A")

    (sheet,) = read(FEED, written(write))
    assert sheet.filled("per_capita_net_income") == {2: "#DIV/0!", 3: "#N/A"}
    assert sheet.filled("identified_on")[2] == day


def uncalculated(values: dict[str, str]) -> bytes:
    """A workbook of a program that calculates nothing: two good rows, and `values` by place, '=…' a formula."""
    book = openpyxl.Workbook()
    for line in table(FEED, rows(FEED, 2)):
        book.active.append(line)
    for place, value in values.items():
        book.active[place] = value
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


@pytest.mark.parametrize("numbers", [[3], [2, 3, 5]])
def test_a_formula_that_nobody_calculated_is_no_blank_cell(read: ReadFile, numbers: list[int]) -> None:
    column = get_column_letter(table(FEED, [])[0].index("人均纯收入") + 1)
    (sheet,) = read(FEED, uncalculated({f"{column}{number}": "=1+1" for number in numbers}))
    assert sheet.filled("per_capita_net_income") == dict.fromkeys((2, 3), "9000.00") | dict.fromkeys(numbers, "#ERROR!")


def with_sheet(content: bytes, changed: Callable[[bytes], bytes]) -> bytes:
    """A workbook whose first sheet's XML is changed."""
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as source, zipfile.ZipFile(stream, "w") as target:
        for member in source.infolist():
            part = source.read(member)
            target.writestr(member, changed(part) if "sheet1.xml" in member.filename else part)
    return stream.getvalue()


def test_a_formula_that_gives_an_empty_text_is_a_blank_cell(read: ReadFile) -> None:
    place = f"{get_column_letter(table(FEED, [])[0].index('人均纯收入') + 1)}2".encode()
    uncalculated_text = uncalculated({place.decode(): '=""'})
    empty_text = with_sheet(
        uncalculated_text,
        lambda xml: xml.replace(b'<c r="%s"><f>""</f><v />' % place, b'<c r="%s" t="str"><f>""</f><v></v>' % place),
    )
    (before,), (sheet,) = read(FEED, uncalculated_text), read(FEED, empty_text)
    assert before.filled("per_capita_net_income") == {2: "#ERROR!", 3: "9000.00"}
    assert sheet.filled("per_capita_net_income") == {3: "9000.00"}


@pytest.mark.parametrize("shown", ["yyyy-mm-dd", "yyyy年m月"])
@pytest.mark.parametrize(
    ("number", "text"),
    [(20250630, "20250630"), (45838, "2025-06-30"), (0, "00:00:00"), (-5, "00:00:00"), (2958466, "2958466")],
)
def test_a_number_shown_as_a_day_that_there_is_not_stays_a_number(
    read: ReadFile, shown: str, number: int, text: str
) -> None:
    def write(book: xlsxwriter.Workbook) -> None:
        sheet = book.add_worksheet()
        for place, line in enumerate(table(FEED, rows(FEED, 2))):
            sheet.write_row(place, 0, line)
        index = table(FEED, [])[0].index("识别监测时间")
        sheet.write_number(1, index, number, book.add_format({"num_format": shown}))

    (sheet,) = read(FEED, written(write))
    assert sheet.filled("identified_on")[2] == text


def test_days_written_as_iso_8601(read: ReadFile) -> None:
    place = f"{get_column_letter(table(FEED, [])[0].index('识别监测时间') + 1)}2".encode()
    content = with_sheet(
        xlsx_file({"Sheet1": table(FEED, [row(FEED, 1, identified_on=45838)])}),
        lambda xml: xml.replace(
            b'<c r="%s"><v>45838</v>' % place, b'<c r="%s" t="d"><v>2025-06-30T00:00:00</v>' % place
        ),
    )
    (sheet,) = read(FEED, content)
    assert sheet.filled("identified_on") == {2: "2025-06-30"}


def test_an_empty_cell_of_a_type_takes_nothing_from_the_next_one(read: ReadFile) -> None:
    header = table(FEED, [])[0]
    place, following = (f"{get_column_letter(header.index('人均纯收入') + offset)}2".encode() for offset in (1, 2))
    content = xlsx_file({"Sheet1": table(FEED, [row(FEED, 1, per_capita_net_income=9000)])})

    def changed(xml: bytes) -> bytes:
        cell = b'<c r="%s"><v>9000</v></c>' % place
        assert cell in xml
        return xml.replace(cell, b'<c r="%s" t="b"/><c r="%s"><v>1</v></c>' % (place, following))

    (sheet,) = read(FEED, with_sheet(content, changed))
    assert sheet.filled("per_capita_net_income") == {}


def _without_places(xml: bytes) -> bytes:
    return re.sub(rb' r="[A-Z]+\d+"', b"", xml)


def _in_a_namespace_with_a_prefix(xml: bytes) -> bytes:
    return re.sub(rb"<(/?)(\w)", rb"<\1x:\2", xml).replace(b"xmlns=", b"xmlns:x=")


@pytest.mark.parametrize("changed", [bytes, _without_places, _in_a_namespace_with_a_prefix])
def test_a_number_that_lost_its_last_digits_however_the_sheet_is_written(
    read: ReadFile, changed: Callable[[bytes], bytes]
) -> None:
    given = rows(FEED, 2)
    given[0]["id_number"] = float(an_id(1)[:17] + "0")
    (sheet,) = read(FEED, with_sheet(xlsx_file({"Sheet1": table(FEED, given)}), changed))
    assert "E+17" in sheet.filled("id_number")[2]
    assert sheet.filled("id_number")[3] == given[1]["id_number"]


_CELLS = st.one_of(
    st.none(),
    st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Cn", "Co"]), max_size=12),
    st.booleans(),
    st.integers(-(10**18), 10**18),
    st.floats(allow_nan=False, allow_infinity=False).filter(lambda value: value == 0 or 1e-6 < abs(value) < 1e21),
    st.integers(-(10**12), 10**12).map(lambda cents: cents / 100),
    st.dates(dt.date(1900, 3, 1)),
    st.sampled_from(["2025-06-30 00:00:00", "2025-06-30 10:30:00", "1899-12-31 00:00:00", "TRUE", "true"]),
)


@settings(max_examples=200)
@given(
    cells=st.lists(st.lists(_CELLS, min_size=3, max_size=3), min_size=1, max_size=8),
    left=st.integers(0, 2),
    has_strings_inline=st.booleans(),
)
def test_a_sheet_read_at_once_is_what_its_typed_cells_say(
    cells: list[list[Any]], left: int, has_strings_inline: bool
) -> None:
    def write(book: xlsxwriter.Workbook) -> None:
        sheet, day = book.add_worksheet(), book.add_format({"num_format": "yyyy-mm-dd"})
        for number, line in enumerate(cells):
            for index, cell in enumerate(line, start=left):
                if isinstance(cell, str):
                    sheet.write_string(number, index, cell)
                elif isinstance(cell, dt.date):
                    sheet.write_datetime(number, index, dt.datetime.combine(cell, dt.time()), day)
                elif cell is not None:
                    sheet.write(number, index, cell)

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "landed"
        with xlsxwriter.Workbook(str(path), {"constant_memory": has_strings_inline}) as book:
            write(book)
        for sheet in workbook.sheets(path):
            (batch,) = sheet.rows(0, [*range(len(sheet.head()[0]))])
            assert batch.columns[2:] == typed.texts(typed.book(path).get_sheet_by_name(sheet.name))


def test_a_long_text_cell(read: ReadFile) -> None:
    content = xlsx_file({"Sheet1": table(FEED, [row(FEED, 1, main_risk="病" * 32_767)])})
    (sheet,) = read(FEED, content)
    assert len(sheet.filled("main_risk")[2]) == 32_767


def test_five_thousand_columns(read: ReadFile) -> None:
    cells = [line + [f"列{number}" for number in range(5000)] for line in table(FEED, rows(FEED, 3))]
    (sheet,) = read(FEED, xlsx_file({"Sheet1": cells}))
    assert list(sheet.filled("person_name")) == [2, 3, 4]


def test_an_open_document_spreadsheet_is_no_archive_of_tables(read: ReadFile) -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as packed:
        packed.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        packed.writestr("content.xml", "<broken")
    with pytest.raises(Refused) as refused:
        read(FEED, stream.getvalue())
    assert refused.value.code == "unreadable_workbook"


def _whole() -> bytes:
    return xlsx_file({"Sheet1": table(FEED, rows(FEED, 50))})


def _old() -> bytes:
    return xls_file(table(FEED, rows(FEED, 50)))


def _with_broken_sheet() -> bytes:
    return with_sheet(_whole(), lambda content: content[: len(content) // 2])


def _without_strings() -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(_whole())) as source, zipfile.ZipFile(stream, "w") as target:
        for member in source.infolist():
            if "sharedStrings" not in member.filename:
                target.writestr(member, source.read(member))
    return stream.getvalue()


def _with_impossible_duration() -> bytes:
    def write(book: xlsxwriter.Workbook) -> None:
        sheet = book.add_worksheet()
        for number, line in enumerate(table(FEED, rows(FEED, 2))):
            sheet.write_row(number, 0, line)
        sheet.write_number(1, 0, 1e17, book.add_format({"num_format": "[h]:mm"}))

    return written(write)


def _bomb() -> bytes:
    stream = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(_whole())) as source,
        zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as target,
    ):
        for member in source.infolist():
            target.writestr(member.filename, source.read(member))
        target.writestr("xl/media/image1.bin", bytes(100 << 20))
    return stream.getvalue()


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (lambda: b"", "empty_file"),
        (lambda: xlsx_file({"Sheet1": []}), "empty_file"),
        (lambda: xlsx_file({"Sheet1": [["", " "], ["\u3000", ""]]}), "empty_file"),
        (lambda: _whole()[:3000], "unreadable_workbook"),
        (lambda: _whole()[:-200], "unreadable_workbook"),
        (lambda: _old()[:4000], "unreadable_workbook"),
        (lambda: _old()[:600], "unreadable_workbook"),
        (lambda: _with_broken_sheet(), "unreadable_workbook"),
        (lambda: _without_strings(), "unreadable_workbook"),
        (lambda: _with_impossible_duration(), "unreadable_workbook"),
        (lambda: b"PK\3\4" + bytes(500), "unreadable_workbook"),
        (lambda: bytes.fromhex("d0cf11e0a1b11ae1") + bytes(2000), "unreadable_workbook"),
        (lambda: locked_xlsx(_whole(), "secret"), "password"),
        (lambda: locked_xls(_old(), "secret"), "password"),
        (lambda: _bomb(), "zip_bomb"),
        (lambda: b"<html><table><tr><td>x</td></tr></table></html>", "html_not_workbook"),
        (lambda: b"\xef\xbb\xbf\r\n<!DOCTYPE html><html></html>", "html_not_workbook"),
        (lambda: b'<?xml version="1.0"?><Workbook></Workbook>', "html_not_workbook"),
        (lambda: "姓名\t证件号码\n萧龙\t1\n".encode("gb18030"), "text_not_workbook"),
        (lambda: "姓名\t证件号码\n萧龙\t1\n".encode("utf-16"), "text_not_workbook"),
    ],
)
def test_what_is_no_readable_workbook(read: ReadFile, content: Callable[[], bytes], code: str) -> None:
    with pytest.raises(Refused) as refused:
        read(FEED, content())
    assert refused.value.code == code
