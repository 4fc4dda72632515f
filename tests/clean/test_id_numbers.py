"""Id numbers: every form that a department writes, and every way to spoil one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from clerk import an_id, check_character

Clean = Callable[..., Any]

WHOLE = an_id(1)
WITH_X = next(an_id(number) for number in range(100) if an_id(number).endswith("X"))
OLD = WHOLE[:6] + WHOLE[8:17]


def full_width(text: str) -> str:
    return "".join(chr(ord(character) + 0xFEE0) for character in text)


ACCEPTED = [
    (WHOLE, WHOLE, None),
    (WITH_X, WITH_X, None),
    (f" {WHOLE}", WHOLE, "outer_blanks"),
    (f"{WHOLE}\t", WHOLE, "outer_blanks"),
    (f"{WHOLE}\n", WHOLE, "outer_blanks"),
    (f"\u3000{WHOLE}\u00a0", WHOLE, "outer_blanks"),
    (f"\ufeff{WHOLE}", WHOLE, "outer_blanks"),
    (f"\u200b{WHOLE}\u200e", WHOLE, "outer_blanks"),
    (f'="{WHOLE}"', WHOLE, "outer_blanks"),
    (f"{WHOLE[:6]} {WHOLE[6:14]} {WHOLE[14:]}", WHOLE, "inner_blanks"),
    (f"{WHOLE[:6]}\u3000{WHOLE[6:]}", WHOLE, "inner_blanks"),
    (f"{WHOLE[:6]}\n{WHOLE[6:]}", WHOLE, "inner_blanks"),
    (f"{WHOLE[:9]}\u200b{WHOLE[9:]}", WHOLE, "zero_width"),
    (f"{WHOLE[:9]}\ufeff{WHOLE[9:]}", WHOLE, "zero_width"),
    (f"'{WHOLE}", WHOLE, "apostrophe"),
    (f"‘{WHOLE}", WHOLE, "apostrophe"),
    (f"'{WHOLE}'", WHOLE, "apostrophe"),
    (f"`{WHOLE}", WHOLE, "apostrophe"),
    (f"{WHOLE[:6]}-{WHOLE[6:14]}-{WHOLE[14:]}", WHOLE, "hyphen"),
    (full_width(WHOLE), WHOLE, "full_width"),
    (full_width(WITH_X), WITH_X, "full_width"),
    (WITH_X[:17] + "ｘ", WITH_X, "full_width"),
    (WITH_X[:17] + "x", WITH_X, "lower_case"),
    (OLD, WHOLE, "fifteen_digits"),
    (f" {OLD}", WHOLE, "fifteen_digits"),
    (f"G{WHOLE}", WHOLE, "leading_g"),
    (f"g{WHOLE}", WHOLE, "leading_g"),
    (f"Ｇ{WHOLE}", WHOLE, "leading_g"),
    (f"G{WITH_X[:17]}x", WITH_X, "leading_g"),
    (f"{WHOLE}43", WHOLE, "disability_number"),
    (f"{WITH_X}11", WITH_X, "disability_number"),
    (f"{WHOLE}43B1", WHOLE, "disability_number"),
    (f"{WHOLE}4301", WHOLE, "disability_number"),
    (f"{WITH_X[:17]}x43b1", WITH_X, "disability_number"),
    (an_id(1, "20240229"), an_id(1, "20240229"), None),
    (an_id(1, "20250630"), an_id(1, "20250630"), None),
    (an_id(1, "19000101"), an_id(1, "19000101"), None),
]

REFUSED = [
    ("9.9012119800101E+17", "scientific_notation"),
    ("9.90121E+17", "scientific_notation"),
    ("9.90121e17", "scientific_notation"),
    ("９.90121Ｅ+17", "scientific_notation"),
    (WHOLE[:15] + "000", "wrong_checksum"),
    (str(int(float(WHOLE[:17] + "1"))), "wrong_checksum"),
    (WHOLE[:17] + ("1" if WHOLE[17] != "1" else "2"), "wrong_checksum"),
    (WHOLE[:17] + ("X" if WHOLE[17] != "X" else "2"), "wrong_checksum"),
    (f"G{WHOLE[:16]}{(int(WHOLE[16]) + 1) % 10}{WHOLE[17]}", "wrong_checksum"),
    (f"{WHOLE[:16]}{(int(WHOLE[16]) + 1) % 10}{WHOLE[17]}43", "wrong_checksum"),
    (f"{WHOLE[:16]}{(int(WHOLE[16]) + 1) % 10}{WHOLE[17]}43B1", "wrong_checksum"),
    (WHOLE[:17], "wrong_length"),
    (WHOLE[:16], "wrong_length"),
    (WHOLE[:14], "wrong_length"),
    (WHOLE + "1", "wrong_length"),
    (WHOLE + "123", "wrong_length"),
    (WHOLE * 2, "wrong_length"),
    (an_id(1, "20250701"), "impossible_birth_date"),
    (an_id(1, "20990101"), "impossible_birth_date"),
    (an_id(1, "19800230"), "impossible_birth_date"),
    (an_id(1, "19801301"), "impossible_birth_date"),
    (an_id(1, "19800001"), "impossible_birth_date"),
    (an_id(1, "20230229"), "impossible_birth_date"),
    ("990121" + "801301" + "001", "impossible_birth_date"),
    ("999999999999999999", "placeholder"),
    ("999999" + WHOLE[6:17] + check_character("999999" + WHOLE[6:17]), "placeholder"),
    ("000000000000000000", "placeholder"),
    ("111111111111111111", "placeholder"),
    ("0", "placeholder"),
    ("无", "no_id_number"),
    ("办理中", "no_id_number"),
    ("E12345678", "no_id_number"),
    ("5224**********1234", "no_id_number"),
    (WITH_X[:17] + "Х", "no_id_number"),
    (WITH_X[:17] + "×", "no_id_number"),
    (WHOLE.replace("0", "O"), "no_id_number"),
    (WHOLE.replace("1", "l"), "no_id_number"),
    (f"J{WHOLE}", "no_id_number"),
    (f"{WHOLE}长子", "no_id_number"),
    (f"{WHOLE}（长子）", "no_id_number"),
    (f"{WHOLE},", "no_id_number"),
    (f"{WHOLE}/{WHOLE}", "no_id_number"),
    (f"{WHOLE}.0", "no_id_number"),
    ("X" * 18, "no_id_number"),
    ("'", "no_id_number"),
    (WHOLE[:9] + "\ufffd" + WHOLE[9:], "undecodable"),
    (WHOLE[:9] + "\0" + WHOLE[9:], "undecodable"),
    ("9" * 40_000, "too_long"),
]

BLANK = ["", " ", "\u3000", "\t\n", "\u200b", "\ufeff\u00a0"]


def test_accepted_forms(clean: Clean) -> None:
    found = clean("id_number", [cell for cell, _, _ in ACCEPTED])
    assert dict(zip([cell for cell, _, _ in ACCEPTED], found, strict=True)) == {
        cell: (value, None, repair) for cell, value, repair in ACCEPTED
    }


@pytest.mark.parametrize("issue", sorted({issue for _, issue in REFUSED}))
def test_refused_forms(clean: Clean, issue: str) -> None:
    cells = [cell for cell, told in REFUSED if told == issue]
    found = clean("id_number", cells)
    assert dict(zip(cells, found, strict=True)) == dict.fromkeys(cells, (None, issue, None))


def test_blank_cells_are_no_issue(clean: Clean) -> None:
    assert clean("id_number", BLANK) == [(None, None, None)] * len(BLANK)


def _number(area: int, born: str, serial: int) -> str:
    body = f"{area}{born}{serial:03d}"
    return body + check_character(body)


ids = st.builds(
    _number,
    st.integers(990000, 998999),
    st.dates(min_value=date(1900, 1, 1), max_value=date(2025, 6, 30)).map(lambda day: f"{day:%Y%m%d}"),
    st.integers(0, 999),
)
_BLANKS = st.text(st.sampled_from(" \t\n\r\u00a0\u3000\u200b\u200c\u2060\ufeff"), max_size=3)
PROPERTY = settings(max_examples=15)


@st.composite
def messed(draw: st.DrawFn) -> tuple[str, str]:
    """A whole number, and the same one in an accepted mess."""
    whole = draw(ids)
    text = whole
    if whole[6:8] == "19" and draw(st.booleans()):
        text = whole[:6] + whole[8:17]
    elif draw(st.booleans()):
        text = draw(st.sampled_from(["G{}", "{}43", "{}21B1", "{}1104"])).format(whole)
    if draw(st.booleans()):
        text = text.replace("X", "x")
    if draw(st.booleans()):
        text = full_width(text)
    for _ in range(draw(st.integers(0, 3))):
        place = draw(st.integers(0, len(text)))
        text = text[:place] + draw(_BLANKS) + text[place:]
    if draw(st.booleans()):
        place = draw(st.integers(1, len(text) - 1))
        text = text[:place] + "-" + text[place:]
    return whole, draw(st.sampled_from(["", "'", "‘"])) + text


@PROPERTY
@given(st.lists(messed(), min_size=60, max_size=60))
def test_whole_numbers_survive_every_accepted_mess(clean: Clean, cases: list[tuple[str, str]]) -> None:
    found = clean("id_number", [text for _, text in cases])
    assert [(value, issue) for value, issue, _ in found] == [(whole, None) for whole, _ in cases]


@PROPERTY
@given(ids, st.integers(0, 17))
def test_one_wrong_digit_never_passes(clean: Clean, whole: str, place: int) -> None:
    others = [digit for digit in "0123456789X"[: 11 if place == 17 else 10] if digit != whole[place]]
    found = clean("id_number", [whole[:place] + digit + whole[place + 1 :] for digit in others])
    assert [value for value, _, _ in found] == [None] * len(others)


@PROPERTY
@given(ids, st.integers(0, 16))
def test_two_digits_changed_round_never_pass(clean: Clean, whole: str, place: int) -> None:
    assume(whole[place] != whole[place + 1])
    ((value, issue, _),) = clean("id_number", [whole[:place] + whole[place + 1] + whole[place] + whole[place + 2 :]])
    assert value is None and issue is not None


@PROPERTY
@given(st.lists(st.text(max_size=30), min_size=50, max_size=50))
def test_no_text_breaks_the_cleaner(clean: Clean, cells: list[str]) -> None:
    for value, issue, _ in clean("id_number", cells):
        assert value is None or issue is None
