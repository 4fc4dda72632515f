"""Text files: encodings, line ends, quotes and shapes; row numbers are those of a spreadsheet."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from clerk import csv_file, row, rows, table
from safetynet.refusal import Refused

FEED = "health_chronic_disease"
ReadFile = Callable[[str, bytes], Any]


def lines(count: int = 3) -> list[str]:
    return csv_file(table(FEED, rows(FEED, count)), "utf-8", "\n").decode().splitlines()


def names(read: ReadFile, content: bytes, feed: str = FEED) -> dict[int, str]:
    (sheet,) = read(feed, content)
    found: dict[int, str] = sheet.filled("person_name")
    return found


@pytest.mark.parametrize("encoding", ["gb18030", "utf-8", "utf-8-sig", "utf-16", "utf-16-be-bom"])
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("feed", [FEED, "health_settlement"])
def test_encodings_and_line_ends(read: ReadFile, encoding: str, newline: str, feed: str) -> None:
    cells = table(feed, [row(feed, 1, person_name="䶮𠮷·㛃"), row(feed, 2, person_name="萧龙")])
    content = csv_file(cells, "utf-8", newline).decode()
    if encoding == "utf-16-be-bom":
        content = "\ufeff" + content
        encoding = "utf-16-be"
    assert names(read, content.encode(encoding), feed) == {2: "䶮𠮷·㛃", 3: "萧龙"}


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_a_quoted_line_break_does_not_end_a_row(read: ReadFile, newline: str) -> None:
    given = rows(FEED, 4)
    given[1]["managing_institution"] = f"伟溪镇{newline}卫生院{newline}二部"
    given[2]["managing_institution"] = '卫生院 "东", 西'
    (sheet,) = read(FEED, csv_file(table(FEED, given), newline=newline))
    assert sheet.filled("managing_institution") == {
        2: "伟溪镇卫生院",
        3: f"伟溪镇{newline}卫生院{newline}二部",
        4: '卫生院 "东", 西',
        5: "伟溪镇卫生院",
    }


def test_blank_lines_are_rows_that_a_person_sees(read: ReadFile) -> None:
    header, *data = lines(3)
    text = "\n".join(["", header, data[0], "", "", data[1], "," * 10, data[2], "", ""])
    assert list(names(read, text.encode())) == [3, 6, 8]


def test_title_rows(read: ReadFile) -> None:
    text = "\n".join(["松岭县慢病签约随访信息", "导出时间：2025-06-30,单位：人", *lines(2)])
    assert list(names(read, text.encode())) == [4, 5]


def test_ragged_rows_are_told_and_their_numbers_are_right(read: ReadFile) -> None:
    header, *data = lines(6)
    data[1] += ",多出来的"
    data[3] = "萧短,990121"
    data[4] = ""
    (sheet,) = read(FEED, "\n".join([header, *data, ""]).encode())
    assert sheet.ragged == [3, 5]
    assert sheet.filled("person_name") == {2: "萧零壹", 3: "萧零贰", 4: "萧零叁", 5: "萧短", 7: "萧零陆"}


def test_row_numbers_hold_over_many_blocks(read: ReadFile) -> None:
    header, *_ = lines(1)
    cells = table(FEED, [row(FEED, 1, managing_institution="长" * 400)])
    line = csv_file(cells, "utf-8", "\n").decode().splitlines()[1]
    data = [line.replace("萧零壹", f"第{number}行") for number in range(2, 15_002)]
    for number in range(500, 15_000, 500):
        data[number - 2] = f"第{number}行,少"
    found = names(read, "\n".join([header, *data]).encode())
    assert found == {number: f"第{number}行" for number in range(2, 15_002)}


def many_lines(spoiled: dict[int, str]) -> str:
    """Text of several blocks; `spoiled` are cells by row number."""
    header, line = lines(1)
    numbers = range(2, 15_002)
    cells = [spoiled.get(number, "长" * 400 if number % 3 else f"Ａ{number}a") for number in numbers]
    data = [
        line.replace("萧零壹", f"第{number}行").replace("伟溪镇卫生院", cell)
        for number, cell in zip(numbers, cells, strict=True)
    ]
    return "\n".join([header, *data])


@pytest.mark.parametrize(
    "spoiled",
    [
        {},
        dict.fromkeys((3, 5000, 5001, 9000, 15001), "少了,多了"),
        {5_000: '"伟溪镇\n二部"', 9_000: '"卫生院 ""东"", 西"', 9_001: ""},
        {5_000: '卫生院"东"', 9_000: '"卫生院"东'},
        {5_000: '"' + "一行\n" * 1_000_000 + '"', 15_000: "少了,多了"},
    ],
    ids=["whole", "ragged", "quoted", "stray quotes", "a cell longer than a block"],
)
def test_many_blocks_of_gb18030_are_read_as_those_of_utf8(read: ReadFile, spoiled: dict[int, str]) -> None:
    text = many_lines(spoiled)
    (split_first,), (decoded_first,) = read(FEED, text.encode("gb18030")), read(FEED, text.encode())
    assert (split_first.encoding, decoded_first.encoding) == ("gb18030", "utf-8")
    assert split_first.rows == decoded_first.rows


def test_bytes_of_no_encoding_in_many_blocks_spoil_their_cells_only(read: ReadFile) -> None:
    content = many_lines({5_000: "<1>", 5_001: "<2>", 5_002: "<3>"}).encode("gb18030")
    for cell, broken in {b"<1>": b"\xff\x810", b"<2>": b'"\xc1"\xe3', b"<3>": b'"\x81"'}.items():
        content = content.replace(cell, broken)
    (sheet,) = read(FEED, content)
    found = sheet.filled("managing_institution")
    assert [found[number] for number in range(4_999, 5_004)] == [
        "长" * 400,
        "\ufffd\ufffd0",
        "\ufffd\ufffd",
        "\ufffd",
        "长" * 400,
    ]


def test_the_header_may_be_quoted_and_the_columns_anywhere(read: ReadFile) -> None:
    cells = [list(reversed(line)) for line in table(FEED, rows(FEED, 2))]
    text = "\n".join(",".join(f'"{cell}"' for cell in line) for line in cells)
    assert names(read, text.encode()) == {2: "萧零壹", 3: "萧零贰"}


@pytest.mark.parametrize("place", [0, 4, 9, 10])
@pytest.mark.parametrize("row_number", [3, 5, 6])
def test_an_unclosed_quote_is_told_with_its_row(read: ReadFile, place: int, row_number: int) -> None:
    header, *data = [line.split(",") for line in lines(5)]
    data[row_number - 2][place] = '"' + data[row_number - 2][place]
    text = "\n".join(",".join(line) for line in [header, *data])
    with pytest.raises(Refused) as refused:
        read(FEED, text.encode())
    assert refused.value.code == "unclosed_quote"
    assert refused.value.facts["row"] == row_number


def test_a_quote_that_swallows_rows_up_to_the_next_one_is_told(read: ReadFile) -> None:
    header, *data = [line.split(",") for line in lines(8)]
    data[1][10] = '"达标'
    data[4][0] = '"' + data[4][0]
    text = "\n".join(",".join(line) for line in [header, *data])
    with pytest.raises(Refused) as refused:
        read(FEED, text.encode())
    assert refused.value.code == "unclosed_quote"


@pytest.mark.parametrize("ending", ["\n", ""])
def test_a_quote_inside_a_cell_is_a_character(read: ReadFile, ending: str) -> None:
    header, *data = [line.split(",") for line in lines(3)]
    data[0][3] = '卫生院"东"'
    data[1][3] = '5" 管'
    (sheet,) = read(FEED, ("\n".join(",".join(line) for line in [header, *data]) + ending).encode())
    assert sheet.filled("managing_institution") == {2: '卫生院"东"', 3: '5" 管', 4: "伟溪镇卫生院"}


def test_a_file_that_breaks_off(read: ReadFile) -> None:
    content = "\n".join(lines(5)).encode("gb18030")
    for length in (len(content) - 30, len(content) - 31, len(content) - 45):
        with pytest.raises(Refused) as refused:
            read(FEED, content[:length])
        assert (refused.value.code, refused.value.facts) == ("truncated_text", {"row": 6})


@pytest.mark.parametrize("ending", ["", "\x1a", "\r\n\x1a"])
def test_a_last_line_without_an_end_is_whole(read: ReadFile, ending: str) -> None:
    assert list(names(read, ("\n".join(lines(2)) + ending).encode())) == [2, 3]


@pytest.mark.parametrize(
    "note", ["合计：2人", "填表人：张三", "注：本表数据截至6月底", "松岭县民政局（盖章）", "2025年6月30日"]
)
def test_a_note_at_the_end_is_no_break(read: ReadFile, note: str) -> None:
    (sheet,) = read(FEED, "\n".join([*lines(2), note]).encode())
    assert sheet.filled("person_name") == {2: "萧零壹", 3: "萧零贰", 4: note}


def test_bytes_of_no_encoding_spoil_one_cell_only(read: ReadFile) -> None:
    content = "\n".join(lines(3)).encode("gb18030")
    first = "萧零壹".encode("gb18030")
    found = names(read, content.replace(first, b"\xff\xff"))
    assert "\ufffd" in found[2]
    assert (found[3], found[4]) == ("萧零贰", "萧零叁")


def test_nul_bytes_spoil_one_cell_only(read: ReadFile) -> None:
    content = "\n".join(lines(300)).encode("gb18030").replace("萧零贰".encode("gb18030"), b"\0\0\0\0")
    assert len(names(read, content)) == 300


@pytest.mark.parametrize(
    "content",
    [
        bytes(range(256)) * 20,
        bytes(5000),
        "\n".join(["无" * 20] * 50).encode("utf-16-le"),
        "".join(chr(0x4E00 + number) for number in range(3000)).encode("utf-16-le"),
        "\n".join(lines(3)).encode("utf-32"),
    ],
)
def test_unknown_encodings_are_refused(read: ReadFile, content: bytes) -> None:
    with pytest.raises(Refused) as refused:
        read(FEED, content)
    assert refused.value.code == "unknown_encoding"


def test_big5_is_not_taken_for_something_else(read: ReadFile) -> None:
    content = "姓名,身份證號,戶籍地行政區劃代碼,慢病種類,簽約狀態\n".encode("big5") * 3
    with pytest.raises(Refused) as refused:
        read(FEED, content)
    assert refused.value.code in ("no_header", "unknown_encoding")


def test_a_huge_cell_is_read(read: ReadFile) -> None:
    given = rows(FEED, 3)
    given[1]["managing_institution"] = "x" * (10 << 20)
    (sheet,) = read(FEED, csv_file(table(FEED, given)))
    assert [len(text) for text in sheet.filled("managing_institution").values()] == [6, 10 << 20, 6]


def test_a_row_beyond_all_bounds(read: ReadFile) -> None:
    given = rows(FEED, 3)
    given[1]["managing_institution"] = "x" * (40 << 20)
    with pytest.raises(Refused) as refused:
        read(FEED, csv_file(table(FEED, given)))
    assert refused.value.code == "record_too_long"


@pytest.mark.parametrize("content", [b"", b"\xef\xbb\xbf", b" \r\n \r\n", b"\n", b"\xff\xfe", b",,,\r\n,,,\r\n"])
def test_a_file_of_nothing(read: ReadFile, content: bytes) -> None:
    with pytest.raises(Refused) as refused:
        read(FEED, content)
    assert refused.value.code == "empty_file"


@pytest.mark.parametrize("delimiter", ["\t", ";", "|", "，"])
def test_another_delimiter_is_not_guessed(read: ReadFile, delimiter: str) -> None:
    with pytest.raises(Refused) as refused:
        read(FEED, "\n".join(line.replace(",", delimiter) for line in lines(3)).encode())
    assert refused.value.code == "no_header"


def test_five_thousand_columns(read: ReadFile) -> None:
    cells = [line + [f"列{number}" for number in range(5000)] for line in table(FEED, rows(FEED, 3))]
    (sheet,) = read(FEED, csv_file(cells))
    assert list(sheet.filled("person_name")) == [2, 3, 4]
    assert len(sheet.header.new) == 5000


def test_a_web_page_for_a_text_file(read: ReadFile) -> None:
    with pytest.raises(Refused) as refused:
        read(FEED, "\ufeff \n<HTML><body><table><tr><td>姓名</td></tr></table>".encode())
    assert refused.value.code == "html_not_workbook"
