"""Counts below five are hidden, with as many others as it takes that no total gives them away."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safetynet.pages.small_counts import FEWEST, hidden, hidden_along, is_small


@pytest.mark.parametrize(
    ("cells", "is_total_told", "expected"),
    [
        ({"a": (10,), "b": (20,)}, True, set()),
        ({"a": (4,), "b": (20,), "c": (30,)}, True, {"a", "b"}),
        ({"a": (1,), "b": (2,), "c": (9,), "d": (0,)}, True, {"a", "b", "c"}),
        ({"a": (3,), "b": (4,), "c": (30,)}, True, {"a", "b"}),
        ({"a": (4,), "b": (20,)}, False, {"a"}),
        ({"a": (20,), "b": (30,)}, False, {"a"}),
        ({"a": (0,), "b": (0,)}, True, set()),
        ({"a": (97, 3), "b": (50, 50), "c": (60, 40)}, True, {"a", "b"}),
    ],
    ids=[
        "nothing small",
        "one small cell takes another with it",
        "two small cells add up to a small one",
        "two small cells add up to enough",
        "no total, nothing to work it out from",
        "the total is hidden and the cells would tell it",
        "nobody at all",
        "all but three points to the three",
    ],
)
def test_what_is_hidden(cells: dict[str, tuple[int, ...]], is_total_told: bool, expected: set[str]) -> None:
    assert hidden(cells, is_total_told) == expected


def test_a_division_that_is_hidden_is_not_told_by_those_in_it() -> None:
    counties = {"c1": (3,), "c2": (12,), "c3": (90,)}
    towns_of_c2 = {"t1": (5,), "t2": (7,)}
    assert hidden_along([counties, towns_of_c2], ["c2"]) == [{"c1", "c2"}, {"t1"}]
    assert hidden_along([counties, {"t3": (40,), "t4": (50,)}], ["c3"]) == [{"c1", "c2"}, set()]


@given(st.dictionaries(st.text("abcdef", min_size=1, max_size=2), st.integers(0, 12).map(lambda n: (n,)), min_size=3))
def test_a_told_total_gives_no_small_count_away(cells: dict[str, tuple[int, ...]]) -> None:
    out = hidden(cells, is_total_told=True)
    assert all(code in out for code, cell in cells.items() if is_small(cell))
    filled = [code for code, cell in cells.items() if cell[0]]
    if out and len(filled) > 1:
        remainder = sum(cells[code][0] for code in out)
        assert len(out) > 1
        assert remainder >= FEWEST or set(filled) == out
