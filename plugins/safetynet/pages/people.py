"""What analysts see: indicators by division, signals by rule over time and what became of them; no small counts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import duckdb

from safetynet.home import Home
from safetynet.pages.small_counts import Cell, hidden_along, is_small

MONTHS = 12
OPEN = "signals_open"
"""The indicator that can be told without division_indicator."""

_OF_DELIVERIES = "department"
"""What a category is of the indicators that count deliveries."""

_CONFIRMED = "('属实', '已解决')"
"""Answers from the door that say that a signal was true."""


class NoWarehouse(RuntimeError):
    """Nothing has been built yet."""


@contextmanager
def warehouse(home: Home) -> Iterator[duckdb.DuckDBPyConnection]:
    """The published file, for as long as one page takes; a build may switch it meanwhile. Raises NoWarehouse."""
    if not home.current.is_file():
        raise NoWarehouse
    with duckdb.connect(str(home.current), read_only=True) as connection:
        yield connection


def _rows(connection: duckdb.DuckDBPyConnection, query: str, values: Sequence[object] = ()) -> list[dict[str, Any]]:
    found = connection.execute(query, list(values))
    names = [column[0] for column in found.description or []]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def _has(connection: duckdb.DuckDBPyConnection, table: str) -> bool:
    """Whether the warehouse has this mart."""
    return bool(
        _rows(
            connection,
            "SELECT 1 FROM duckdb_tables() WHERE schema_name = 'marts' AND table_name = ? "
            "UNION ALL SELECT 1 FROM duckdb_views() WHERE schema_name = 'marts' AND view_name = ?",
            [table, table],
        )
    )


def _prefix(code: str) -> str:
    """A division's code without its trailing zero groups: what the code of every division in it begins with."""
    for length in (2, 4, 6, 9):
        if not code[length:].strip("0"):
            return code[:length]
    return code


@dataclass(frozen=True)
class Place:
    """A division, those that it lies in (the widest first, itself last), and those that lie directly in it."""

    path: list[dict[str, Any]]
    children: list[dict[str, Any]]

    @property
    def code(self) -> str | None:
        """Its code; None for everything there is."""
        return self.path[-1]["division_code"] if self.path else None


_DIVISION = "SELECT division_code, name, level FROM marts.dim_division"


def _place(connection: duckdb.DuckDBPyConnection, code: str | None) -> Place | None:
    """A division as a place; without a code the smallest one that holds all others. None for an unknown code."""
    if code is not None:
        prefix = _prefix(code)
        above = [prefix[:length].ljust(12, "0") for length in (2, 4, 6, 9, 12) if length <= len(prefix)]
        path = _rows(connection, f"{_DIVISION} WHERE list_contains(?, division_code) ORDER BY level", [above])
        if not path or path[-1]["division_code"] != code:
            return None
        return Place(path, _children(connection, code))
    path, children = [], _children(connection, None)
    while len(children) == 1:
        path.append(children[0])
        children = _children(connection, children[0]["division_code"])
    return Place(path, children)


def _children(connection: duckdb.DuckDBPyConnection, code: str | None) -> list[dict[str, Any]]:
    return _rows(connection, f"{_DIVISION} WHERE parent_code IS NOT DISTINCT FROM ? ORDER BY division_code", [code])


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

    @property
    def highest(self) -> float:
        """The highest value that may be told of the divisions."""
        return max((self.value(code) or 0 for code in self.cells), default=0)


@dataclass(frozen=True)
class Rule:
    """A rule's signals in a place."""

    rule_id: str
    title: dict[str, str]
    severity: str
    months: list[int | None]
    """Signals that held at the end of each month, dismissed ones aside, None where too few to be told."""
    open: int | None
    verified: int | None
    dismissed: int | None


@dataclass(frozen=True)
class View:
    """The page of one place."""

    place: Place
    indicators: list[Indicator]
    month_ends: list[date]
    rules: list[Rule]
    funnel: list[tuple[str, int | None]] = field(default_factory=list)
    """Stage → signals that came so far, None where too few to be told."""
    has_indicators: bool = True
    has_history: bool = True


def view(home: Home, code: str | None, as_of: date) -> View | None:
    """What is told of a place (None: the smallest that holds all) as of a date; None for an unknown code.

    Raises NoWarehouse.
    """
    with warehouse(home) as connection:
        place = _place(connection, code)
        if place is None:
            return None
        has_history, has_indicators = _has(connection, "signal_history"), _has(connection, "division_indicator")
        connection.execute(_SIGNALS[has_history])
        indicators = _told_indicators(connection, place) if has_indicators else _open_signals(connection, place)
        month_ends, rules = _by_rule(connection, place, as_of)
        return View(
            place=place,
            indicators=indicators,
            month_ends=month_ends,
            rules=rules,
            funnel=_funnel(connection, place),
            has_indicators=has_indicators,
            has_history=has_history,
        )


_SIGNALS = {
    True: """
        CREATE TEMP VIEW signal AS
        SELECT rule_id, coalesce(division_code, '') AS division_code, opened_on, ended_on, status, finding
        FROM marts.signal_history
    """,
    False: """
        CREATE TEMP VIEW signal AS
        SELECT
            rule_id, coalesce(division_code, '') AS division_code, first_detected_on AS opened_on,
            cast(NULL AS date) AS ended_on, status,
            CASE status WHEN 'verified' THEN '属实' WHEN 'dismissed' THEN '不属实' END AS finding
        FROM marts.risk_signal
    """,
}
"""Signals that ever held where the warehouse tells of them, else those that hold."""


def _told(told: int) -> int | None:
    return None if is_small((told,)) else told


def _indicator(
    row: Mapping[str, Any], place: Place, levels: list[dict[str, Cell]], path: list[str], own: Cell | None
) -> Indicator:
    """An indicator of which `levels` holds the cells of each level from the widest down to the place's own divisions.

    What counts departments' deliveries points to nobody and is told as it is.
    """
    cells, gone = dict(levels[-1]), set[str]()
    if place.code is not None and own is not None:
        cells[place.code] = own
    if row["category_is"] != _OF_DELIVERIES:
        out = hidden_along(levels, path)
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


def _told_indicators(connection: duckdb.DuckDBPyConnection, place: Place) -> list[Indicator]:
    """Every indicator of division_indicator, all categories together."""
    path = [each["division_code"] for each in place.path]
    rows = _rows(
        connection,
        """
        SELECT
            told.indicator, told.division_code, division.parent_code, told.numerator, told.denominator,
            about.title_zh, about.title_en, about.meaning_zh, about.meaning_en, about.is_rate, about.category_is
        FROM marts.division_indicator AS told
        INNER JOIN marts.indicator AS about USING (indicator)
        INNER JOIN marts.dim_division AS division USING (division_code)
        WHERE told.category IS NULL
            AND (division.parent_code IS NULL OR list_contains(?, division.parent_code))
        ORDER BY told.indicator, told.division_code
        """,
        [path],
    )
    by_name: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        by_name.setdefault(row["indicator"], []).append(row)
    found = []
    for told in by_name.values():
        is_rate = told[0]["is_rate"]
        cells: dict[str, Cell] = {
            row["division_code"]: (row["numerator"], row["denominator"] - row["numerator"])
            if is_rate
            else (row["numerator"],)
            for row in told
        }
        parents: list[str | None] = [None, *path]
        levels = [
            {row["division_code"]: cells[row["division_code"]] for row in told if row["parent_code"] == parent}
            for parent in parents
        ]
        for parent, level in zip(parents, levels, strict=True):
            _add_rest(level, cells.get(parent) if parent else None)
        found.append(_indicator(told[0], place, levels, path, cells.get(place.code) if place.code else None))
    return found


def _add_rest(level: dict[str, Cell], total: Cell | None) -> None:
    """What is told of a division itself and of none in it is a cell too."""
    if total is not None:
        sums = [sum(parts) for parts in zip(*level.values(), strict=True)] or [0] * len(total)
        level[""] = tuple(max(whole - part, 0) for whole, part in zip(total, sums, strict=True))


def _open_within(connection: duckdb.DuckDBPyConnection, codes: Sequence[str]) -> dict[str, Cell]:
    """Division → open signals in it."""
    found: dict[str, Cell] = dict.fromkeys(codes, (0,))
    for length in {len(_prefix(code)) for code in codes}:
        rows = connection.execute(
            "SELECT rpad(left(division_code, ?), 12, '0') AS code, count(*) FROM signal "
            "WHERE status = 'open' GROUP BY code HAVING list_contains(?, code)",
            [length, [code for code in codes if len(_prefix(code)) == length]],
        ).fetchall()
        found |= {code: (count,) for code, count in rows}
    return found


def _open_signals(connection: duckdb.DuckDBPyConnection, place: Place) -> list[Indicator]:
    """Open signals by division, where the warehouse has no indicators."""
    path = [each["division_code"] for each in place.path]
    totals, levels = _open_within(connection, path), []
    for parent in [None, *path]:
        level = _open_within(connection, [child["division_code"] for child in _children(connection, parent)])
        _add_rest(level, totals.get(parent) if parent else None)
        levels.append(level)
    row = {
        "indicator": OPEN,
        "title_zh": "待核查预警数",
        "title_en": "Signals open",
        "meaning_zh": "尚无核查结论的预警数。",
        "meaning_en": "Signals that nobody has answered yet.",
        "is_rate": False,
        "category_is": "rule_id",
    }
    return [_indicator(row, place, levels, path, totals.get(place.code) if place.code else None)]


def _by_rule(connection: duckdb.DuckDBPyConnection, place: Place, as_of: date) -> tuple[list[date], list[Rule]]:
    """Each rule's signals in a place at the end of each of MONTHS months up to a date, and what was said of them."""
    prefix = _prefix(place.code) if place.code else ""
    month_ends = [
        row["month_end"]
        for row in _rows(
            connection,
            "SELECT least(last_day(CAST(? AS DATE) - to_months(n)), CAST(? AS DATE)) AS month_end "
            f"FROM range({MONTHS}) AS months(n) ORDER BY 1",
            [as_of, as_of],
        )
    ]
    counts = ", ".join(
        f"count(*) FILTER (status <> 'dismissed' AND opened_on <= DATE '{day}' "
        f"AND coalesce(ended_on > DATE '{day}', true))"
        for day in month_ends
    )
    rows = _rows(
        connection,
        f"""
        SELECT
            rule.rule_id, rule.title_zh, rule.title_en, rule.severity, told.months,
            coalesce(told.open, 0) AS open, coalesce(told.verified, 0) AS verified,
            coalesce(told.dismissed, 0) AS dismissed
        FROM marts.rule AS rule
        LEFT JOIN (
            SELECT
                rule_id, [{counts}] AS months, count(*) FILTER (status = 'open') AS open,
                count(*) FILTER (finding IN {_CONFIRMED}) AS verified,
                count(*) FILTER (status = 'dismissed') AS dismissed
            FROM signal WHERE starts_with(division_code, ?) GROUP BY rule_id
        ) AS told USING (rule_id)
        ORDER BY rule.severity, told.open DESC NULLS LAST, rule.rule_id
        """,
        [prefix],
    )
    rules = [
        Rule(
            rule_id=row["rule_id"],
            title={"zh": row["title_zh"], "en": row["title_en"]},
            severity=row["severity"],
            months=[_told(told) for told in row["months"] or [0] * MONTHS],
            open=_told(row["open"]),
            verified=_told(row["verified"]),
            dismissed=_told(row["dismissed"]),
        )
        for row in rows
    ]
    return month_ends, rules


def _funnel(connection: duckdb.DuckDBPyConnection, place: Place) -> list[tuple[str, int | None]]:
    """Signals that were raised, answered at the door, found true, and ended after that."""
    (row,) = _rows(
        connection,
        f"""
        SELECT
            count(*) AS raised, count(finding) AS answered, count(*) FILTER (finding IN {_CONFIRMED}) AS verified,
            count(*) FILTER (finding IN {_CONFIRMED} AND ended_on IS NOT NULL) AS removed
        FROM signal WHERE starts_with(division_code, ?)
        """,
        [_prefix(place.code) if place.code else ""],
    )
    return [(stage, _told(count)) for stage, count in row.items()]


def names(home: Home, codes: Sequence[str]) -> dict[str, str]:
    """Division code → name, as far as the published warehouse knows it."""
    try:
        with warehouse(home) as connection:
            rows = _rows(
                connection,
                "SELECT division_code, name FROM marts.dim_division WHERE list_contains(?, division_code)",
                [list(codes)],
            )
    except (NoWarehouse, duckdb.Error):
        return {}
    return {row["division_code"]: row["name"] for row in rows}


def resolved_rows(home: Home, batch_id: str, numbers: Sequence[int]) -> dict[int, str]:
    """Quarantined row → the batch that brought it again without fault, as far as the warehouse knows."""
    try:
        with warehouse(home) as connection:
            rows = _rows(
                connection,
                "SELECT DISTINCT row_number, resolved_by_batch FROM quality.quarantined_row "
                "WHERE batch_id = ? AND resolved_by_batch IS NOT NULL AND list_contains(?, row_number)",
                [batch_id, list(numbers)],
            )
    except (NoWarehouse, duckdb.Error):
        return {}
    return {row["row_number"]: row["resolved_by_batch"] for row in rows}
