"""Signals of a place: by rule over time, and how far they came; no small count, and none that gives one away."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

import duckdb

from safetynet.clean.statement import literal
from safetynet.division import prefix
from safetynet.pages.places import Place
from safetynet.pages.small_counts import Cell, hidden_along, is_small
from safetynet.pages.warehouse import rows

MONTHS = 12

_CONFIRMED = "('属实', '已解决')"
"""Answers from the door that say that a signal was true."""

_SAID = (
    "count(*) FILTER (status = 'open')",
    f"count(*) FILTER (finding IN {_CONFIRMED})",
    "count(*) FILTER (status = 'dismissed')",
)
_STAGES = {
    "raised": "count(*)",
    "answered": "count(finding)",
    "verified": f"count(*) FILTER (finding IN {_CONFIRMED})",
    "removed": f"count(*) FILTER (finding IN {_CONFIRMED} AND ended_on IS NOT NULL)",
}
_RELATION = {
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


def relation(connection: duckdb.DuckDBPyConnection, *, has_history: bool) -> None:
    """Make the relation `signal`: those that ever held where the warehouse tells of them, else those that hold."""
    connection.execute(_RELATION[has_history])


@dataclass(frozen=True)
class Rule:
    """A rule's signals in a place; None where a count may not be told."""

    rule_id: str
    title: dict[str, str]
    severity: str
    months: list[int | None]
    """Signals that held at the end of each month, dismissed ones aside."""
    open: int | None
    verified: int | None
    dismissed: int | None


def month_ends(connection: duckdb.DuckDBPyConnection, as_of: date) -> list[date]:
    """The last days of MONTHS months, the last of them up to a date."""
    query = (
        "SELECT least(last_day(CAST(? AS DATE) - to_months(n)), CAST(? AS DATE)) AS month_end "
        f"FROM range({MONTHS}) AS months(n) ORDER BY 1"
    )
    return [row["month_end"] for row in rows(connection, query, [as_of, as_of])]


@dataclass(frozen=True)
class Counts:
    """Counts of a place's signals by rule, and of those beside it, as far as they are needed to hide what is small."""

    path: list[str]
    """Codes from the widest division to the place; empty for everything there is."""
    own: dict[str, list[int]]
    """Rule → counts of the place."""
    beside: list[dict[str, dict[str, list[int]]]]
    """For each division of the path: those beside it → rule → counts."""

    def told(self, rule_id: str, position: int) -> int | None:
        """One count of a rule; None where it is small or, told, would give away what is hidden beside it."""
        return self._told(lambda counts: counts[rule_id][position] if rule_id in counts else 0)

    def told_of_all(self, position: int) -> int | None:
        """One count of all rules together."""
        return self._told(lambda counts: sum(of_rule[position] for of_rule in counts.values()))

    def _told(self, count: Callable[[dict[str, list[int]]], int]) -> int | None:
        own = inner = count(self.own)
        if own == 0 or is_small((own,)):
            return None if own else 0
        levels: list[dict[str, Cell]] = []
        for code, beside in zip(reversed(self.path), reversed(self.beside), strict=True):
            level: dict[str, Cell] = {other: (count(counts),) for other, counts in beside.items()}
            level[code] = (inner,)
            levels.insert(0, level)
            inner = sum(cell[0] for cell in level.values())
        is_hidden = bool(levels) and self.path[-1] in hidden_along(levels, self.path)[-1]
        return None if is_hidden else own


def _count(connection: duckdb.DuckDBPyConnection, place: Place, columns: Sequence[str]) -> Counts:
    """Counts of the relation `signal`, in one pass over it; a column is SQL.

    Whatever lies beside a division of the path is told apart by as many digits of its code as the division has.
    """
    path = place.codes
    depth, beside = str(len(path)), "''"
    for position in reversed(range(len(path))):
        inside = f"starts_with(division_code, {literal(prefix(path[position]))})"
        cut = f"rpad(left(division_code, {len(prefix(path[position]))}), 12, '0')"
        depth = f"CASE WHEN {inside} THEN {depth} ELSE {position} END"
        beside = f"CASE WHEN {inside} THEN {beside} ELSE {cut} END"
    counts = Counts(path, {}, [{} for _ in path])
    query = f"SELECT {depth}, {beside}, rule_id, [{', '.join(columns)}] FROM signal GROUP BY ALL"
    for level, other, rule_id, told in connection.execute(query).fetchall():
        of_place = counts.own if level == len(path) else counts.beside[level].setdefault(other, {})
        of_place[rule_id] = told
    return counts


def tell(
    connection: duckdb.DuckDBPyConnection, place: Place, ends: Sequence[date]
) -> tuple[list[Rule], list[tuple[str, int | None]]]:
    """Every rule's signals in a place at the end of each month and what was said of them, and how far all of them came.

    The stages: raised, answered at the door, found true, and ended after that.
    """
    held = [
        f"count(*) FILTER (status <> 'dismissed' AND opened_on <= DATE '{day}' "
        f"AND coalesce(ended_on > DATE '{day}', true))"
        for day in ends
    ]
    counts = _count(connection, place, [*held, *_SAID, *_STAGES.values()])
    known = rows(connection, "SELECT rule_id, title_zh, title_en, severity FROM marts.rule ORDER BY severity, rule_id")
    found = []
    for row in known:
        *months, is_open, verified, dismissed = (
            counts.told(row["rule_id"], position) for position in range(len(held) + len(_SAID))
        )
        title = {"zh": row["title_zh"], "en": row["title_en"]}
        found.append(Rule(row["rule_id"], title, row["severity"], months, is_open, verified, dismissed))
    first = len(held) + len(_SAID)
    funnel = [(stage, counts.told_of_all(first + position)) for position, stage in enumerate(_STAGES)]
    return sorted(found, key=lambda rule: (rule.severity, -(rule.open or 0))), funnel


def open_within(connection: duckdb.DuckDBPyConnection, codes: Sequence[str]) -> dict[str, int]:
    """Division → signals in it that nobody has answered."""
    found = dict.fromkeys(codes, 0)
    for length in sorted({len(prefix(code)) for code in codes}):
        told = connection.execute(
            "SELECT rpad(left(division_code, ?), 12, '0') AS code, count(*) FROM signal "
            "WHERE status = 'open' AND list_contains(?, code) GROUP BY code",
            [length, [code for code in codes if len(prefix(code)) == length]],
        ).fetchall()
        found |= dict(told)
    return found
