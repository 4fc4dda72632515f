"""Signals of a place: by rule over time, and how far they came; no small count, and none that gives one away."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import duckdb

from safetynet.pages.places import Counted, Place, add_rest, children, counted
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


def by_rule(connection: duckdb.DuckDBPyConnection, place: Place, ends: Sequence[date]) -> list[Rule]:
    """Every rule's signals in a place at the end of each month, and what was said of them at the door."""
    held = [
        f"count(*) FILTER (status <> 'dismissed' AND opened_on <= DATE '{day}' "
        f"AND coalesce(ended_on > DATE '{day}', true))"
        for day in ends
    ]
    told = _told(connection, place, "rule_id", [*held, *_SAID])
    known = rows(connection, "SELECT rule_id, title_zh, title_en, severity FROM marts.rule ORDER BY severity, rule_id")
    found = []
    for row in known:
        *months, is_open, verified, dismissed = told.get(row["rule_id"], [0] * (len(ends) + len(_SAID)))
        title = {"zh": row["title_zh"], "en": row["title_en"]}
        found.append(Rule(row["rule_id"], title, row["severity"], months, is_open, verified, dismissed))
    return sorted(found, key=lambda rule: (rule.severity, -(rule.open or 0)))


def funnel(connection: duckdb.DuckDBPyConnection, place: Place) -> list[tuple[str, int | None]]:
    """Signals that were raised, answered at the door, found true, and ended after that."""
    told = _told(connection, place, "''", list(_STAGES.values()))
    return list(zip(_STAGES, told.get("", [0] * len(_STAGES)), strict=True))


def _told(
    connection: duckdb.DuckDBPyConnection, place: Place, key: str, columns: Sequence[str]
) -> dict[str, list[int | None]]:
    """Key → counts of a place, None where one is small or, told, would give away what is hidden beside it."""
    if not place.path:
        whole = rows(connection, f"SELECT {key} AS name, [{', '.join(columns)}] AS counts FROM signal GROUP BY ALL")
        return {row["name"]: [_unless_small(count) for count in row["counts"]] for row in whole}
    levels = [
        counted(connection, [child["division_code"] for child in children(connection, parent)], key, columns)
        for parent in [None, *place.codes[:-1]]
    ]
    own = levels[-1][place.codes[-1]]
    return {
        name: [
            None if _is_hidden(levels, place.codes, name, position) else count for position, count in enumerate(counts)
        ]
        for name, counts in own.items()
    }


def _unless_small(count: int) -> int | None:
    return None if is_small((count,)) else count


def _is_hidden(levels: Sequence[dict[str, Counted]], path: Sequence[str], name: str, position: int) -> bool:
    """Whether a place's count is hidden, seen from the widest level down to its own."""
    cells: list[dict[str, Cell]] = []
    for depth, level in enumerate(levels):
        cells.append({code: (told[name][position] if name in told else 0,) for code, told in level.items()})
        add_rest(cells[-1], cells[-2][path[depth - 1]] if depth else None)
    return path[-1] in hidden_along(cells, path)[-1]
