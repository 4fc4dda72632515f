"""What analysts see of a place: indicators of it and of the divisions in it, and its signals; small counts hidden."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import duckdb

from safetynet.home import Home
from safetynet.pages import signals
from safetynet.pages.places import Place, add_rest, children, place
from safetynet.pages.signals import Rule, open_within
from safetynet.pages.small_counts import Cell, hidden_along, is_small
from safetynet.pages.warehouse import has, rows, warehouse

OPEN = "signals_open"
"""The indicator that can be told without division_indicator."""

_OF_DELIVERIES = "department"
"""What a category is of the indicators that count deliveries."""


@dataclass(frozen=True)
class Indicator:
    """One indicator of a place and of the divisions in it; a code that is hidden has no value that may be told."""

    name: str
    title: dict[str, str]
    meaning: dict[str, str]
    is_rate: bool
    cells: Mapping[str, Cell]
    """Division → what is counted, of the place itself and of those directly in it."""
    hidden: set[str]

    def value(self, code: str) -> float | int | None:
        """The count or the rate of a division; None where it is hidden or nothing is told."""
        cell = self.cells.get(code)
        if cell is None or code in self.hidden:
            return None
        if not self.is_rate:
            return cell[0]
        return cell[0] / sum(cell) if sum(cell) else None

    def highest(self, codes: Iterable[str]) -> float:
        """The highest value that may be told of some divisions."""
        return max((self.value(code) or 0 for code in codes), default=0)


@dataclass(frozen=True)
class View:
    """The page of one place."""

    place: Place
    indicators: list[Indicator]
    month_ends: list[date]
    rules: list[Rule]
    funnel: list[tuple[str, int | None]]
    """Stage → signals that came so far, None where they may not be told."""
    has_indicators: bool
    has_history: bool


def view(home: Home, code: str | None, as_of: date) -> View | None:
    """What is told of a place (None: the smallest that holds all) as of a date; None for an unknown code.

    Raises NoWarehouse.
    """
    with warehouse(home) as connection:
        found = place(connection, code)
        if found is None:
            return None
        has_history, has_indicators = has(connection, "signal_history"), has(connection, "division_indicator")
        signals.relation(connection, has_history=has_history)
        ends = signals.month_ends(connection, as_of)
        rules, funnel = signals.tell(connection, found, ends)
        return View(
            place=found,
            indicators=_indicators(connection, found) if has_indicators else [_open_signals(connection, found)],
            month_ends=ends,
            rules=rules,
            funnel=funnel,
            has_indicators=has_indicators,
            has_history=has_history,
        )


def _indicator(row: Mapping[str, Any], place: Place, levels: list[dict[str, Cell]], own: Cell | None) -> Indicator:
    """An indicator of which `levels` holds the cells of each level from the widest down to the place's own divisions.

    What counts departments' deliveries points to nobody and is told as it is.
    """
    cells, gone = dict(levels[-1]), set[str]()
    if place.code is not None and own is not None:
        cells[place.code] = own
    if row["category_is"] != _OF_DELIVERIES:
        out = hidden_along(levels, place.codes)
        is_hidden = any(place.code in each for each in out[:-1]) or (own is not None and is_small(own))
        gone = out[-1] | ({place.code} if place.code is not None and is_hidden else set())
    return Indicator(
        name=row["indicator"],
        title={"zh": row["title_zh"], "en": row["title_en"]},
        meaning={"zh": row["meaning_zh"], "en": row["meaning_en"]},
        is_rate=row["is_rate"],
        cells=cells,
        hidden=gone,
    )


_TOLD = """
    SELECT
        told.indicator, told.division_code, division.parent_code, told.numerator, told.denominator,
        about.title_zh, about.title_en, about.meaning_zh, about.meaning_en, about.is_rate, about.category_is
    FROM marts.division_indicator AS told
    INNER JOIN marts.indicator AS about USING (indicator)
    INNER JOIN marts.dim_division AS division USING (division_code)
    WHERE told.category IS NULL
        AND (division.parent_code IS NULL OR list_contains(?, division.parent_code))
    ORDER BY told.indicator, told.division_code
"""


def _indicators(connection: duckdb.DuckDBPyConnection, place: Place) -> list[Indicator]:
    """Every indicator of division_indicator, all categories together."""
    by_name: dict[str, list[dict[str, Any]]] = {}
    for row in rows(connection, _TOLD, [place.codes]):
        by_name.setdefault(row["indicator"], []).append(row)
    found = []
    for told in by_name.values():
        cells = {row["division_code"]: _cell(row) for row in told}
        levels: list[dict[str, Cell]] = []
        for parent in [None, *place.codes]:
            levels.append({row["division_code"]: _cell(row) for row in told if row["parent_code"] == parent})
            add_rest(levels[-1], cells.get(parent) if parent else None)
        found.append(_indicator(told[0], place, levels, cells.get(place.code) if place.code else None))
    return found


def _cell(row: Mapping[str, Any]) -> Cell:
    """A count, or of a rate those for whom it holds and those for whom it does not."""
    if not row["is_rate"]:
        return (row["numerator"],)
    return row["numerator"], row["denominator"] - row["numerator"]


def _open_signals(connection: duckdb.DuckDBPyConnection, place: Place) -> Indicator:
    """Open signals by division, where the warehouse has no indicators."""

    def counts(codes: list[str]) -> dict[str, Cell]:
        return {code: (count,) for code, count in open_within(connection, codes).items()}

    totals, levels = counts(place.codes), []
    for parent in [None, *place.codes]:
        levels.append(counts([child["division_code"] for child in children(connection, parent)]))
        add_rest(levels[-1], totals.get(parent) if parent else None)
    row = {
        "indicator": OPEN,
        "title_zh": "待核查预警数",
        "title_en": "Signals open",
        "meaning_zh": "尚无核查结论的预警数。",
        "meaning_en": "Signals that nobody has answered yet.",
        "is_rate": False,
        "category_is": "rule_id",
    }
    return _indicator(row, place, levels, totals.get(place.code) if place.code else None)
