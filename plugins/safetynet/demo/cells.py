"""The ways in which one cell goes wrong: repairable spellings, and losses that nobody can repair.

A way takes the cell's clean text, a random number and the file's as-of date, and gives the text as delivered:
None for a blank cell, the text unchanged where the way does not fit that cell.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from enum import IntEnum

from safetynet.demo import id_number

Spell = Callable[[str, int, date], str | None]


class Form(IntEnum):
    """What a workbook cell holds."""

    TEXT = 0
    NUMBER = 1
    DATE = 2
    FORMULA = 3


@dataclass(frozen=True)
class Way:
    """One way: its name, its share of the messy cells, and whether the value is lost by it.

    `form` is the kind of workbook cell that it makes (None: as usual); a way with `is_workbook` is only
    for workbooks. `is_required` None is for all columns, else only for required or optional ones.
    """

    name: str
    share: float
    spell: Spell
    loses: bool = False
    form: Form | None = None
    is_workbook: bool = False
    is_required: bool | None = None


def _same(text: str, number: int, as_of: date) -> str:
    return text


def _blank(text: str, number: int, as_of: date) -> None:
    return None


def _const(*values: str) -> Spell:
    return lambda text, number, as_of: values[number % len(values)]


_FULL_WIDTH = str.maketrans("0123456789X", "０１２３４５６７８９Ｘ")


def _unless_valid(text: str, broken: str) -> str:
    """The broken number, or the whole one where breaking it made another valid number (one in eleven)."""
    return text if id_number.is_valid(broken) else broken


def _lower_x(text: str, number: int, as_of: date) -> str:
    return text.lower()


def _trailing_zeros(text: str, number: int, as_of: date) -> str:
    return text if text.endswith("X") else _unless_valid(text, text[:15] + "000")


def _float_rounded(text: str, number: int, as_of: date) -> str:
    return text if text.endswith("X") else _unless_valid(text, str(int(float(text))))


def _scientific(text: str, number: int, as_of: date) -> str:
    return text if text.endswith("X") else f"{float(text):.5E}"


def _swapped(text: str, number: int, as_of: date) -> str:
    """Two neighbouring digits change places, as in typing; the checksum always tells."""
    at = 6 + number % 10
    return text if text[at] == text[at + 1] else text[:at] + text[at + 1] + text[at] + text[at + 2 :]


def _impossible_birth(text: str, number: int, as_of: date) -> str:
    body = f"{text[:10]}{('1332', '0230', '0431')[number % 3]}{text[14:17]}"
    return body + id_number.check_character(body)


def _fifteen(text: str, number: int, as_of: date) -> str:
    return text[:6] + text[8:17] if text[6:8] == "19" else text


ID_WAYS = (
    Way("full_width_digits", 0.06, lambda text, number, as_of: text.translate(_FULL_WIDTH)),
    Way("lower_case_x", 0.12, _lower_x),
    Way("blanks_inside", 0.10, lambda text, number, as_of: f"{text[:6]} {text[6:14]} {text[14:]}"),
    Way(
        "blanks_around",
        0.08,
        lambda text, number, as_of: (f" {text}", f"{text}\u3000", f"\u00a0{text}")[number % 3],
    ),
    Way("leading_apostrophe", 0.06, lambda text, number, as_of: f"'{text}"),
    Way("hyphens", 0.05, lambda text, number, as_of: f"{text[:6]}-{text[6:14]}-{text[14:]}"),
    Way("zero_width", 0.06, lambda text, number, as_of: f"{text[:10]}\u200b{text[10:]}\ufeff"),
    Way("fifteen_digits", 0.05, _fifteen),
    Way("leading_g", 0.02, lambda text, number, as_of: f"G{text}"),
    Way("disability_20", 0.03, lambda text, number, as_of: f"{text}{1 + number % 7}{1 + number // 7 % 4}"),
    Way("disability_22", 0.02, lambda text, number, as_of: f"{text}{1 + number % 7}{1 + number // 7 % 4}B1"),
    Way("scientific_notation", 0.06, _scientific, loses=True),
    Way("trailing_zeros", 0.06, _trailing_zeros, loses=True),
    Way("float_rounded", 0.06, _float_rounded, loses=True),
    Way("wrong_checksum", 0.07, _swapped, loses=True),
    Way("missing", 0.05, _blank, loses=True),
    Way("wrong_length", 0.02, lambda text, number, as_of: text[:17], loses=True),
    Way("placeholder", 0.015, _const("999999999999999999"), loses=True),
    Way("impossible_birth_date", 0.015, _impossible_birth, loses=True),
)


def _inner_blank(text: str, number: int, as_of: date) -> str:
    blank = (" ", "\u3000")[number % 2]
    return text if "·" in text else f"{text[0]}{blank}{text[1:]}"


def _other_dot(text: str, number: int, as_of: date) -> str:
    return text.replace("·", "・.•‧"[number % 4])


_LOOK_ALIKES = "丽莉兰岚华桦明铭英瑛军君国果文雯"


def name_slip(text: str, number: int, as_of: date) -> str:
    """Another character for the last one: a slip that leaves the name one character apart."""
    return text[:-1] + next(one for one in _LOOK_ALIKES[number % 14 :] if one != text[-1])


NAME_WAYS = (
    Way("inner_blank", 0.35, _inner_blank),
    Way("outer_blank", 0.30, lambda text, number, as_of: (f" {text}", f"{text} ", f"{text}\u3000")[number % 3]),
    Way("other_middle_dot", 0.30, _other_dot),
    Way("missing", 0.02, _blank, loses=True),
)


def _iso(text: str) -> date:
    return date.fromisoformat(text)


def _serial(text: str, number: int, as_of: date) -> str:
    return str((_iso(text) - date(1899, 12, 30)).days)


def _future(text: str, number: int, as_of: date) -> str:
    return (as_of + timedelta(days=1 + number % 300)).isoformat()


DATE_WAYS = (
    Way("slashes", 0.14, lambda text, number, as_of: text.replace("-", "/")),
    Way("slashes_short", 0.13, lambda text, n, a: f"{_iso(text).year}/{_iso(text).month}/{_iso(text).day}"),
    Way("dots", 0.14, lambda text, number, as_of: text.replace("-", ".")),
    Way("compact", 0.14, lambda text, number, as_of: text.replace("-", "")),
    Way("chinese", 0.14, lambda text, n, a: f"{_iso(text).year}年{_iso(text).month}月{_iso(text).day}日"),
    Way("with_time", 0.11, lambda text, number, as_of: f"{text} 00:00:00"),
    Way("serial", 0.05, _serial, form=Form.NUMBER),
    Way("real_date", 0.10, _same, form=Form.DATE, is_workbook=True),
    Way("impossible_date", 0.01, _const("2025-02-30", "2024.13.05", "1900-01-00"), loses=True),
    Way("future_date", 0.01, _future, loses=True),
    Way("words", 0.02, _const("不详", "近期"), loses=True, is_required=False),
    Way("missing", 0.02, _blank, loses=True, is_required=True),
)
MONTH_WAYS = (
    Way("compact", 0.30, lambda text, number, as_of: text.replace("-", "")),
    Way("chinese", 0.30, lambda text, number, as_of: f"{text[:4]}年{int(text[5:])}月"),
    Way("slashes_short", 0.25, lambda text, number, as_of: f"{text[:4]}/{int(text[5:])}"),
    Way("impossible_month", 0.02, _const("2025-13", "2024年0月"), loses=True),
    Way(
        "future_month",
        0.01,
        lambda text, number, as_of: f"{as_of.year + 1}-{1 + number % 12:02d}",
        loses=True,
    ),
    Way("missing", 0.01, _blank, loses=True, is_required=True),
)


def _thousands(text: str, number: int, as_of: date) -> str:
    return f"{float(text):,.2f}"


MONEY_WAYS = (
    Way("thousands_separator", 0.22, _thousands),
    Way("yuan_sign", 0.18, lambda text, number, as_of: f"￥{text}"),
    Way("yuan_word", 0.18, lambda text, number, as_of: f"{text}元"),
    Way("blanks_around", 0.14, lambda text, number, as_of: f" {text} "),
    Way("real_number", 0.16, _same, form=Form.NUMBER, is_workbook=True),
    Way("formula", 0.06, _same, form=Form.FORMULA, is_workbook=True),
    Way("words", 0.02, _const("约3000", "不详", "NaN"), loses=True),
    Way(
        "negative",
        0.01,
        lambda text, n, a: text if text.startswith("-") or float(text) == 0 else f"-{text}",
        loses=True,
    ),
    Way("missing", 0.01, _blank, loses=True, is_required=True),
)


def _yes_no(yes: str, no: str) -> Spell:
    return lambda text, number, as_of: yes if text == "是" else no


YES_NO_WAYS = (
    Way("letters", 0.22, _yes_no("Y", "N")),
    Way("digits", 0.22, _yes_no("1", "0")),
    Way("marks", 0.22, _yes_no("√", "×")),
    Way("has", 0.22, _yes_no("有", "无")),
    Way("words", 0.03, _const("不清楚", "待核实"), loses=True),
)
INSURED_WAYS = (*YES_NO_WAYS, Way("insured", 0.09, _yes_no("已参保", "未参保")))
SEX_WAYS = (
    Way("long", 0.4, lambda text, number, as_of: f"{text}性"),
    Way("digits", 0.5, lambda text, number, as_of: "1" if text == "男" else "2"),
    Way("words", 0.02, _const("未知", "未说明"), loses=True),
)
CATEGORY_WAYS = (
    Way("unknown_category", 0.025, _const("其他情况", "待定"), loses=True),
    Way("missing", 0.015, _blank, loses=True, is_required=True),
)
GRADE_WAYS = (
    Way("grade_word", 0.40, lambda text, number, as_of: f"{text}级"),
    Way("lower_case", 0.20, lambda text, number, as_of: text.lower()),
    Way("full_width_letter", 0.25, lambda text, number, as_of: "ＡＢＣＤ"["ABCD".index(text)]),
    *CATEGORY_WAYS,
)
DIVISION_WAYS = (
    Way("blanks_around", 0.20, lambda text, number, as_of: f" {text} "),
    Way("number_cell", 0.25, _same, form=Form.NUMBER, is_workbook=True),
    Way(
        "unknown_division",
        0.02,
        lambda text, number, as_of: f"{text[:6]}{990 + number % 10}{text[9:]}",
        loses=True,
    ),
    Way("missing", 0.01, _blank, loses=True),
)
COUNT_WAYS = (
    Way("formula", 0.15, _same, form=Form.FORMULA, is_workbook=True),
    Way("words", 0.03, _const("不详", "若干"), loses=True, form=Form.TEXT),
)
PERCENT_WAYS = (
    Way("bare_number", 0.8, lambda text, number, as_of: text.rstrip("%")),
    Way("words", 0.03, _const("九成左右"), loses=True),
)
TEXT_WAYS = (Way("outer_blank", 0.3, lambda text, number, as_of: f"{text} "),)

WAYS: dict[str, tuple[Way, ...]] = {
    "id_number": ID_WAYS,
    "person_name": NAME_WAYS,
    "division_code": DIVISION_WAYS,
    "date": DATE_WAYS,
    "month": MONTH_WAYS,
    "money": MONEY_WAYS,
    "yes_no": YES_NO_WAYS,
    "sex": SEX_WAYS,
    "category": CATEGORY_WAYS,
    "count": COUNT_WAYS,
    "number": COUNT_WAYS,
    "percent": PERCENT_WAYS,
    "text": TEXT_WAYS,
}
# Under a header that says 万元, a cell that says 元 would contradict it.
_SUBSIDY_WAYS = tuple(way for way in MONEY_WAYS if not way.name.startswith("yuan"))
_BY_NAME = {"subsidy": _SUBSIDY_WAYS, "safety_grade": GRADE_WAYS, "has_basic_medical_insurance": INSURED_WAYS}


def ways(name: str, kind: str, is_required: bool, is_workbook: bool) -> list[Way]:
    """The ways in which a column's cells may go wrong."""
    return [
        way
        for way in _BY_NAME.get(name, WAYS.get(kind, ()))
        if (is_workbook or not way.is_workbook) and way.is_required in (None, is_required)
    ]
