"""Every kind of feeds.md but id numbers: each form that is accepted, and what is not."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

Clean = Callable[..., Any]

GRADES = {"A": ("A级", "a", "a级"), "B": ("B级",), "一般农户": ("一般(普通)农户",)}

# kind, options, cell, value, issue, repair
CASES: list[tuple[str, dict[str, Any], str, Any, str | None, str | None]] = [
    # person_name
    ("person_name", {}, "萧龙", "萧龙", None, None),
    ("person_name", {}, " 萧龙 ", "萧龙", None, "outer_blanks"),
    ("person_name", {}, "萧龙\n", "萧龙", None, "outer_blanks"),
    ("person_name", {}, "\ufeff萧龙", "萧龙", None, "outer_blanks"),
    ("person_name", {}, '="萧龙"', "萧龙", None, "outer_blanks"),
    ("person_name", {}, "萧 龙", "萧龙", None, "inner_blanks"),
    ("person_name", {}, "萧\u3000\u3000龙", "萧龙", None, "inner_blanks"),
    ("person_name", {}, "萧\u200b龙", "萧龙", None, "inner_blanks"),
    ("person_name", {}, "阿依·古丽", "阿依·古丽", None, None),
    *[("person_name", {}, f"阿依{dot}古丽", "阿依·古丽", None, "middle_dot") for dot in "・.•‧．∙･⋅"],
    ("person_name", {}, "阿依 · 古丽", "阿依·古丽", None, "inner_blanks"),
    ("person_name", {}, "䶮𠮷", "䶮𠮷", None, None),
    ("person_name", {}, "John Smith", "JohnSmith", None, "inner_blanks"),
    ("person_name", {}, "\u3000", None, None, None),
    ("person_name", {}, "萧\ufffd", None, "undecodable", None),
    ("person_name", {}, "萧\0龙", None, "undecodable", None),
    ("person_name", {}, "萧" * 40_000, None, "too_long", None),
    # division_code
    ("division_code", {}, "990121100201", "990121100201", None, None),
    ("division_code", {}, "990121", "990121000000", None, "padded"),
    ("division_code", {}, "990121100", "990121100000", None, "padded"),
    ("division_code", {}, " 990121100201", "990121100201", None, "outer_blanks"),
    ("division_code", {}, "990121 100201", "990121100201", None, "inner_blanks"),
    ("division_code", {}, "９９０１２１１００２０１", "990121100201", None, "inner_blanks"),
    ("division_code", {}, "990121100201.0", "990121100201", None, "inner_blanks"),
    ("division_code", {}, "'990121100201", "990121100201", None, "inner_blanks"),
    ("division_code", {}, "990121999999", None, "unknown_division", None),
    ("division_code", {}, "991234", None, "unknown_division", None),
    ("division_code", {}, "990121100299", None, "unknown_division", None),
    ("division_code", {}, "990121100298", None, "unknown_division", None),
    ("division_code", {}, "东村", None, "no_division_code", None),
    ("division_code", {}, "99012", None, "no_division_code", None),
    ("division_code", {}, "9901211", None, "no_division_code", None),
    ("division_code", {}, "9.90121E+11", None, "no_division_code", None),
    # date
    ("date", {}, "2025-06-30", date(2025, 6, 30), None, None),
    ("date", {}, "2025/6/30", date(2025, 6, 30), None, "date_form"),
    ("date", {}, "2025/06/30", date(2025, 6, 30), None, "date_form"),
    ("date", {}, "2025-6-3", date(2025, 6, 3), None, "date_form"),
    ("date", {}, "2025.06.30", date(2025, 6, 30), None, "date_form"),
    ("date", {}, "2025.6.3", date(2025, 6, 3), None, "date_form"),
    ("date", {}, "20250630", date(2025, 6, 30), None, "date_form"),
    ("date", {}, "2025年6月30日", date(2025, 6, 30), None, "date_form"),
    ("date", {}, "2025年06月03日", date(2025, 6, 3), None, "date_form"),
    ("date", {}, "２０２５年６月３０日", date(2025, 6, 30), None, "date_form"),
    ("date", {}, "2025 年 6 月 30 日", date(2025, 6, 30), None, "date_form"),
    ("date", {}, "2025-06-30 00:00:00", date(2025, 6, 30), None, "time_of_day"),
    ("date", {}, "2025/6/30 0:00:00", date(2025, 6, 30), None, "time_of_day"),
    ("date", {}, "2025-06-30 00:00:00.000", date(2025, 6, 30), None, "time_of_day"),
    ("date", {}, "2025-06-30T00:00:00", date(2025, 6, 30), None, "time_of_day"),
    ("date", {}, "2025/6/30 0:00", date(2025, 6, 30), None, "time_of_day"),
    ("date", {}, " 2025-06-30 ", date(2025, 6, 30), None, "outer_blanks"),
    ("date", {}, "44197", date(2021, 1, 1), None, "excel_serial"),
    ("date", {}, "45838", date(2025, 6, 30), None, "excel_serial"),
    ("date", {}, "45838.0", date(2025, 6, 30), None, "excel_serial"),
    ("date", {}, "2024-02-29", date(2024, 2, 29), None, None),
    ("date", {}, "2025-02-29", None, "no_date", None),
    ("date", {}, "20250229", None, "no_date", None),
    ("date", {}, "2025年2月30日", None, "no_date", None),
    ("date", {}, "2025.13.01", None, "no_date", None),
    ("date", {}, "2025-07-01", None, "after_as_of", None),
    ("date", {}, "2025年7月1日", None, "after_as_of", None),
    ("date", {}, "45839", None, "after_as_of", None),
    ("date", {}, "2099-01-01", None, "after_as_of", None),
    ("date", {}, "9999-12-31", None, "after_as_of", None),
    ("date", {}, "长期", None, "no_date", None),
    ("date", {}, "2025", None, "no_date", None),
    ("date", {}, "2025-06", None, "no_date", None),
    ("date", {}, "2025年6月", None, "no_date", None),
    ("date", {}, "2025年6月30", None, "no_date", None),
    ("date", {}, "25.6.30", None, "no_date", None),
    ("date", {}, "30/06/2025", None, "no_date", None),
    ("date", {}, "2025/6-30", None, "no_date", None),
    ("date", {}, "2025-06-30 10:30:00", None, "no_date", None),
    ("date", {}, "1900-01-00", None, "no_date", None),
    ("date", {}, "0001-01-01", None, "no_date", None),
    ("date", {}, "0", None, "no_date", None),
    ("date", {}, "-45838", None, "no_date", None),
    ("date", {}, "#VALUE!", None, "formula_error", None),
    # month
    ("month", {}, "2025-06", "2025-06", None, None),
    ("month", {}, "202506", "2025-06", None, "month_form"),
    ("month", {}, "202506.0", "2025-06", None, "month_form"),
    ("month", {}, "2025年6月", "2025-06", None, "month_form"),
    ("month", {}, "2025年06月", "2025-06", None, "month_form"),
    ("month", {}, "2025/6", "2025-06", None, "month_form"),
    ("month", {}, "2025/06", "2025-06", None, "month_form"),
    ("month", {}, "2025-6", "2025-06", None, "month_form"),
    ("month", {}, " 2025-06", "2025-06", None, "outer_blanks"),
    ("month", {}, "２０２５年６月", "2025-06", None, "month_form"),
    ("month", {}, "2025-06-01", "2025-06", None, "month_form"),
    ("month", {}, "2025-06-01 00:00:00", "2025-06", None, "month_form"),
    ("month", {}, "2025-10", None, "after_as_of", None),
    ("month", {}, "2025-07", None, "after_as_of", None),
    ("month", {}, "2025-13", None, "no_month", None),
    ("month", {}, "202500", None, "no_month", None),
    ("month", {}, "2025年13月", None, "no_month", None),
    ("month", {}, "2025-06-15", None, "no_month", None),
    ("month", {}, "6月", None, "no_month", None),
    ("month", {}, "2025", None, "no_month", None),
    ("month", {}, "2025.6", None, "no_month", None),
    # money
    ("money", {}, "3000", Decimal("3000.00"), None, None),
    ("money", {}, "3000.5", Decimal("3000.50"), None, None),
    ("money", {}, "0", Decimal("0.00"), None, None),
    ("money", {}, " 3000.00 ", Decimal("3000.00"), None, "outer_blanks"),
    ("money", {}, "3,000.00", Decimal("3000.00"), None, "thousands_separator"),
    ("money", {}, "1,234,567.89", Decimal("1234567.89"), None, "thousands_separator"),
    ("money", {}, "３，０００．００", Decimal("3000.00"), None, "thousands_separator"),
    ("money", {}, "￥3000", Decimal("3000.00"), None, "currency_sign"),
    ("money", {}, "¥3,000.00元", Decimal("3000.00"), None, "currency_sign"),
    ("money", {}, "3000元", Decimal("3000.00"), None, "currency_sign"),
    ("money", {}, "3000 元", Decimal("3000.00"), None, "currency_sign"),
    ("money", {}, "3 000", Decimal("3000.00"), None, "number_form"),
    ("money", {}, "+3000", Decimal("3000.00"), None, None),
    ("money", {}, "3000.", Decimal("3000.00"), None, None),
    ("money", {}, "0.1234567890123456789", Decimal("0.12"), None, None),
    ("money", {}, "1.005", Decimal("1.01"), None, None),
    ("money", {}, "999999999999999", Decimal("999999999999999.00"), None, None),
    ("money", {}, "-1", None, "negative", None),
    ("money", {}, "-￥1", None, "negative", None),
    ("money", {"may_be_negative": True}, "-3,000.00", Decimal("-3000.00"), None, "thousands_separator"),
    ("money", {"may_be_negative": True}, "－3000", Decimal("-3000.00"), None, "number_form"),
    ("money", {}, "NaN", None, "no_amount", None),
    ("money", {}, "inf", None, "no_amount", None),
    ("money", {}, "-Infinity", None, "no_amount", None),
    ("money", {}, "1e3", None, "no_amount", None),
    ("money", {}, "1.2万", None, "no_amount", None),
    ("money", {}, "约3000", None, "no_amount", None),
    ("money", {}, "3000元/月", None, "no_amount", None),
    ("money", {}, "30,00", None, "no_amount", None),
    ("money", {}, "1,2345", None, "no_amount", None),
    ("money", {}, "3.000.00", None, "no_amount", None),
    ("money", {}, "-", None, "no_amount", None),
    ("money", {}, ".", None, "no_amount", None),
    ("money", {}, "#REF!", None, "formula_error", None),
    ("money", {}, "9" * 16, None, "no_amount", None),
    ("money", {}, "9" * 400, None, "no_amount", None),
    ("money", {"multiplier": 10_000}, "1.9", Decimal("19000.00"), None, None),
    ("money", {"multiplier": 10_000}, "0.00015", Decimal("1.50"), None, None),
    ("money", {"multiplier": 10_000}, "￥1.9", Decimal("19000.00"), None, "currency_sign"),
    ("money", {"multiplier": 10_000}, "999999999999999", None, "no_amount", None),
    # yes_no
    *[
        ("yes_no", {}, cell, True, None, None if cell == "是" else "spelling")
        for cell in ("是", "Y", "y", "1", "√", "有", "已参保", "Ｙ", "１")
    ],
    *[
        ("yes_no", {}, cell, False, None, None if cell == "否" else "spelling")
        for cell in ("否", "N", "n", "0", "×", "无", "未参保")
    ],
    ("yes_no", {}, " 是", True, None, "outer_blanks"),
    ("yes_no", {}, "否\u3000", False, None, "outer_blanks"),
    *[
        ("yes_no", {}, cell, None, "not_yes_or_no", None)
        for cell in ("不是", "是否", "2", "不详", "TRUE", "?", "没有", "-")
    ],
    # sex
    *[("sex", {}, cell, "男", None, None if cell == "男" else "spelling") for cell in ("男", "男性", "1", "１")],
    *[("sex", {}, cell, "女", None, None if cell == "女" else "spelling") for cell in ("女", "女性", "2")],
    ("sex", {}, " 女 ", "女", None, "outer_blanks"),
    *[("sex", {}, cell, None, "no_sex", None) for cell in ("0", "9", "未知", "M", "男女", "1.5")],
    # category
    ("category", {"values": GRADES}, "A", "A", None, None),
    ("category", {"values": GRADES}, "A级", "A", None, "spelling"),
    ("category", {"values": GRADES}, "a", "A", None, "spelling"),
    ("category", {"values": GRADES}, "Ａ", "A", None, "spelling"),
    ("category", {"values": GRADES}, "Ａ级", "A", None, "spelling"),
    ("category", {"values": GRADES}, "A 级", "A", None, "spelling"),
    ("category", {"values": GRADES}, " A", "A", None, "outer_blanks"),
    ("category", {"values": GRADES}, "一般（普通）农户", "一般农户", None, "spelling"),
    *[
        ("category", {"values": GRADES}, cell, None, "not_a_listed_value", None)
        for cell in ("E", "AA", "A级危房", "非A", "一般", "b级")
    ],
    # count
    ("count", {}, "3", 3, None, None),
    ("count", {}, "0", 0, None, None),
    ("count", {}, " 3", 3, None, "outer_blanks"),
    ("count", {}, "3.0", 3, None, None),
    ("count", {}, "1,234", 1234, None, "number_form"),
    ("count", {}, "３", 3, None, "number_form"),
    ("count", {}, "+3", 3, None, None),
    *[("count", {}, cell, None, "no_count", None) for cell in ("3.5", "-3", "三", "3人", "1e3", "NaN", "9" * 30, ".")],
    # number
    ("number", {}, "3.25", 3.25, None, None),
    ("number", {}, "-3.25", -3.25, None, None),
    ("number", {}, "1,234.5", 1234.5, None, "number_form"),
    ("number", {}, "+5", 5.0, None, None),
    ("number", {}, "5.", 5.0, None, None),
    ("number", {}, "\u30005", 5.0, None, "outer_blanks"),
    *[
        ("number", {}, cell, None, "no_number", None)
        for cell in ("NaN", "nan", "inf", "1e5", "五", "5分钟", "--5", "1/2")
    ],
    # percent
    ("percent", {}, "95%", 0.95, None, None),
    ("percent", {}, "95.5%", 0.955, None, None),
    ("percent", {}, "95", 0.95, None, "number_form"),
    ("percent", {}, "95％", 0.95, None, "number_form"),
    ("percent", {}, "９５％", 0.95, None, "number_form"),
    ("percent", {}, " 95%", 0.95, None, "outer_blanks"),
    ("percent", {}, "95 %", 0.95, None, "number_form"),
    ("percent", {}, "100", 1.0, None, "number_form"),
    ("percent", {}, "100%", 1.0, None, None),
    ("percent", {}, "0%", 0.0, None, None),
    ("percent", {}, "0", 0.0, None, "number_form"),
    ("percent", {}, "0.5%", 0.005, None, None),
    ("percent", {}, "0.95", None, "share_or_percentage", None),
    ("percent", {}, "1", None, "share_or_percentage", None),
    *[
        ("percent", {}, cell, None, "no_percentage", None)
        for cell in ("-5%", "高", "95%%", "九成", "NaN", "1000%", "95‰")
    ],
    # code
    ("code", {}, "GS9901211002010", "GS9901211002010", None, None),
    ("code", {}, "I10.x00", "I10.x00", None, None),
    ("code", {}, "00012", "00012", None, None),
    ("code", {}, " 00012 ", "00012", None, "outer_blanks"),
    ("code", {}, "'00012", "00012", None, "number_form"),
    ("code", {}, '="00012"', "00012", None, "outer_blanks"),
    ("code", {}, "990121100201.0", "990121100201", None, "number_form"),
    ("code", {}, "9.90121E+17", None, "scientific_notation", None),
    ("code", {}, "9.9012110020100E+17", None, "scientific_notation", None),
    ("code", {}, "'", None, "no_code", None),
    ("code", {}, "9" * 40_000, None, "too_long", None),
    ("code", {}, "A\0B", None, "undecodable", None),
    # text
    ("text", {}, "松岭县人民医院", "松岭县人民医院", None, None),
    ("text", {}, "  因 病\n致贫 ", "因 病\n致贫", None, "outer_blanks"),
    ("text", {}, '="因病"', "因病", None, "outer_blanks"),
    ("text", {}, "=cmd|'/C calc'!A0", "=cmd|'/C calc'!A0", None, None),
    ("text", {}, "'; DROP TABLE batch; --", "'; DROP TABLE batch; --", None, None),
    ("text", {}, "{batch} $(id) `id` %s {0}", "{batch} $(id) `id` %s {0}", None, None),
    ("text", {}, "#N/A", None, "formula_error", None),
    ("text", {}, "病\ufffd", None, "undecodable", None),
    ("text", {}, "字" * 40_000, None, "too_long", None),
]


@pytest.mark.parametrize("kind", sorted({case[0] for case in CASES}))
def test_forms(clean: Clean, kind: str) -> None:
    for options in ({}, *(case[1] for case in CASES if case[0] == kind and case[1])):
        cases = [case for case in CASES if case[0] == kind and case[1] == options]
        if not cases:
            continue
        found = clean(kind, [case[2] for case in cases], **options)
        told = {case[2][:60]: outcome for case, outcome in zip(cases, found, strict=True)}
        assert told == {case[2][:60]: case[3:] for case in cases}


@pytest.mark.parametrize("kind", sorted({case[0] for case in CASES}))
def test_blank_cells_have_neither_value_nor_issue(clean: Clean, kind: str) -> None:
    options = {"values": GRADES} if kind == "category" else {}
    cells = ["", " ", "\u3000", "\t", "\r\n", "\u200b\ufeff", "\u00a0"]
    assert clean(kind, cells, **options) == [(None, None, None)] * len(cells)


_HOSTILE = st.one_of(
    st.text(max_size=25),
    st.text(st.sampled_from("0123456789.,+-eE%年月日/: ￥元万XxG\u3000\u200b'\"=\0\ufffd"), max_size=25),
    st.from_regex(r"[+-]?[0-9]{1,40}(\.[0-9]{0,40})?%?", fullmatch=True),
    st.from_regex(r"[0-9]{4}[-/.年][0-9]{1,2}([-/.月][0-9]{0,2}日?)?", fullmatch=True),
)


@pytest.mark.parametrize("kind", sorted({case[0] for case in CASES}))
@settings(max_examples=6)
@given(cells=st.lists(_HOSTILE, min_size=100, max_size=100))
def test_no_text_breaks_a_cleaner_and_none_is_lost_unsaid(clean: Clean, kind: str, cells: list[str]) -> None:
    options = {"values": GRADES} if kind == "category" else {}
    for multiplier in (1, 10_000) if kind == "money" else (1,):
        for cell, (value, issue, repair) in zip(cells, clean(kind, cells, multiplier, **options), strict=True):
            if value is None:
                assert repair is None
                blank = not cell.strip(
                    " \t\n\r\v\f\x1c\x1d\x1e\x1f\x85\u00a0\u3000\u200b\u200c\u200d\u200e\u200f\u2060\ufeff"
                )
                assert issue is not None or blank or cell.strip().strip("\u200b\ufeff") == '=""', cell
            else:
                assert issue is None
