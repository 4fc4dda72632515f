"""Headers: every known spelling, found by name; what is missing, new or double is told."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from clerk import FEEDS, csv_file, file_of, rows, table
from safetynet.contract import contract, contracts
from safetynet.read import header
from safetynet.refusal import Refused

ReadFile = Callable[[str, bytes], Any]
SPELLINGS = [
    (feed, name, text)
    for feed in FEEDS
    for name, column in contracts()[feed].columns.items()
    for text in column.headers
]


def find(feed: str, *lines: list[str]) -> header.Header:
    return header.find(contract(feed), [list(line) for line in lines])


@pytest.mark.parametrize(("feed", "name", "text"), SPELLINGS)
def test_every_spelling_of_every_header(feed: str, name: str, text: str) -> None:
    columns = table(feed, [], {name: text})[0]
    full_width = text.translate({ord(half): chr(ord(half) + 0xFEE0) for half in "()/%-0123456789ABCDICM"})
    for spelled in (text, f'="{text}"', f" {text}\n", f"{text[:1]} {text[1:]}", f"\ufeff{text}", full_width):
        changed = [spelled if each == text else each for each in columns]
        assert set(find(feed, changed).columns) == set(contract(feed).columns)


def test_no_two_columns_of_a_feed_share_a_spelling() -> None:
    for feed in FEEDS:
        spelled = [header.normal(text) for column in contract(feed).columns.values() for text in column.headers]
        spelled += [header.normal(text) for text in contract(feed).ignored]
        again = {text for text in spelled if spelled.count(text) > 1}
        assert {
            text
            for text in again
            if len({n for n, c in contract(feed).columns.items() if text in map(header.normal, c.headers)}) > 1
        } == set()


@pytest.mark.parametrize(
    ("text", "multiplier"),
    [
        ("补助资金(万元)", 10_000),
        ("补助资金（万元）", 10_000),
        ("补助资金 ( 万元 )", 10_000),
        ("补助资金(单位:万元)", 10_000),
        ("补助资金（单位：万元）", 10_000),
        ("补助金额(万元)", 10_000),
        ("补助资金(元)", 1),
        ("补助资金", 1),
    ],
)
def test_units_of_money(text: str, multiplier: int) -> None:
    found = find("housing_safety", table("housing_safety", [], {"subsidy": text})[0])
    assert found.multipliers.get("subsidy", Decimal(1)) == multiplier


def test_a_unit_belongs_to_money_only() -> None:
    found = find("registry_member", table("registry_member", [], {"member_count": "家庭人口数(万元)"})[0])
    assert found.missing_optional == ("member_count",)
    assert found.new == ("家庭人口数(万元)",)


def test_columns_are_found_wherever_they_stand(read: ReadFile) -> None:
    feed = "health_chronic_disease"
    cells = [[str(number), *reversed(line), ""] for number, line in enumerate(table(feed, rows(feed, 3)))]
    cells[0][0] = "序号"
    (sheet,) = read(feed, csv_file(cells))
    assert sheet.filled("person_name") == {2: "萧零壹", 3: "萧零贰", 4: "萧零叁"}
    assert sheet.header.new == ()


def test_a_missing_required_column_is_told_with_its_row() -> None:
    columns = table("registry_member", [], {"household_code": None, "relation_to_head": None})[0]
    with pytest.raises(Refused) as refused:
        find("registry_member", ["标题", *[""] * 10], columns)
    assert refused.value.code == "missing_columns"
    assert refused.value.facts == {"row": 2, "columns": ["户编号", "与户主关系"], "near": []}


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("检测对象户类型", "户类型"),
        ("户主关系", "与户主关系"),
        ("成员姓名(必填)", "姓名"),
        ("人均收入", "人均纯收入"),
        ("户编号码", "户编号"),
    ],
)
def test_a_near_miss_is_suggested(written: str, meant: str) -> None:
    (name,) = [
        name for name in contract("registry_member").columns if contract("registry_member").first_header(name) == meant
    ]
    with pytest.raises(Refused) as refused:
        find("registry_member", table("registry_member", [], {name: written})[0])
    assert refused.value.facts["near"] == [f"{written} → {meant}"]


def test_a_missing_optional_column_and_new_ones_are_noted() -> None:
    columns = [*table("registry_member", [], {"phone": None, "sex": None})[0], "备用1", "备用1", "序号", ""]
    found = find("registry_member", columns)
    assert found.missing_optional == ("sex", "phone")
    assert found.new == ("备用1", "备用1")


@pytest.mark.parametrize("again", ["姓名", "家庭成员姓名", " 姓 名 "])
def test_two_columns_for_one_name_are_refused(again: str) -> None:
    with pytest.raises(Refused) as refused:
        find("registry_member", [*table("registry_member", [])[0], again])
    assert (refused.value.code, refused.value.facts["columns"]) == ("double_columns", ["姓名"])


def test_the_header_lies_among_the_first_ten_rows() -> None:
    columns = table("registry_member", [])[0]
    assert find("registry_member", *[["标题"]] * 9, columns).row == 10
    with pytest.raises(Refused) as refused:
        find("registry_member", *[["标题"]] * 10, columns)
    assert refused.value.code == "no_header"


def test_a_title_that_mentions_headers_is_no_header() -> None:
    columns = table("registry_member", [])[0]
    assert find("registry_member", ["姓名", "户编号", "以上为必填项"], columns).row == 2


@pytest.mark.parametrize("feed", FEEDS)
def test_another_feeds_file_is_recognised_by_none(feed: str) -> None:
    for other in FEEDS:
        if other != feed:
            assert header.recognised(contract(feed), table(other, [])) < 1


def test_hostile_headers_are_just_unknown(read: ReadFile) -> None:
    feed = "health_chronic_disease"
    hostile = [
        "=cmd|'/C calc'!A0",
        "'; DROP TABLE batch; --",
        "$(id)",
        "{batch}",
        'a"b',
        "c0",
        "row_number",
        "姓名_issue",
        "\0",
        "\ufffd",
    ]
    cells = [
        line + extra for line, extra in zip(table(feed, rows(feed, 1)), [hostile, ["x"] * len(hostile)], strict=True)
    ]
    (sheet,) = read(feed, csv_file(cells, "utf-8"))
    assert len(sheet.header.new) == len(hostile)
    assert sheet.filled("person_name") == {2: "萧零壹"}


@pytest.mark.parametrize("feed", FEEDS)
def test_files_of_every_feed_are_read(read: ReadFile, feed: str) -> None:
    (sheet,) = read(feed, file_of(feed, rows(feed, 2)))
    assert [number for number, _, _ in sheet.rows] == [2, 3]
