"""What a later delivery or decision changed about an earlier date: the answer before it laid over the one after."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby, pairwise
from pathlib import Path

import duckdb

from safetynet import reference
from safetynet.clean.statement import literal
from safetynet.home import Home, now
from safetynet.publish import history
from safetynet.publish.ledger import Ledger
from safetynet.warehouse import build

COMPARED = {
    "persons": "SELECT person_key AS key, * EXCLUDE (person_key) FROM {}.marts.dim_person",
    "households": "SELECT household_key AS key, * EXCLUDE (household_key) FROM {}.marts.dim_household",
    "signals": """
        SELECT rule_id || ' ' || signal_id AS key, * EXCLUDE (rule_id, signal_id, evidence) FROM {}.marts.risk_signal
    """,
    "guarantees": """
        SELECT household_key || ' ' || split_part(name, '_', 2) AS key, is_secured
        FROM (SELECT household_key, COLUMNS('^is_.*_secured$') FROM {}.marts.household_profile)
        UNPIVOT INCLUDE NULLS (is_secured FOR name IN (* EXCLUDE (household_key)))
    """,
}
"""What is compared, by its key. Evidence is left out: a signal that says the same of another row is the same."""

HOW = ("appeared", "vanished", "changed")


@dataclass(frozen=True)
class Difference:
    """A person, household, signal or guarantee about which the later answer is another.

    `columns` are those that changed; none where it appeared or vanished.
    """

    kind: str
    how: str
    key: str
    columns: tuple[str, ...]


@dataclass(frozen=True)
class Step:
    """A moment from which the answer may be another, what came then, and what became different."""

    at: datetime
    causes: tuple[str, ...]
    differences: tuple[Difference, ...]


def _causes(store: Ledger, as_of: date, after: datetime, until: datetime) -> Iterator[tuple[datetime, str]]:
    for change in history.changes(store, as_of, after, until):
        verb = "release of batch" if change.is_release else "batch"
        yield change.at, f"{verb} {change.batch_id} {change.feed}"
    for name in (reference.DIVISIONS, reference.POLICY_PARAMETERS):
        for version in reference.versions(store, name):
            if after < version["received_at"] <= until:
                yield version["received_at"], f"{name} {version['sha256'][:12]}"


def between(before: Path, after: Path) -> tuple[Difference, ...]:
    """What two warehouse files of one date say differently, by kind, by how, and by key."""
    found: list[Difference] = []
    with duckdb.connect() as connection:
        for name, path in (("earlier", before), ("later", after)):
            connection.execute(f"ATTACH {literal(str(path))} AS {name} (READ_ONLY)")
        for kind, query in COMPARED.items():
            for name in ("earlier", "later"):
                connection.execute(f"CREATE OR REPLACE TEMP VIEW {name}_row AS {query.format(name)}")
            columns = [row[0] for row in connection.execute("DESCRIBE later_row").fetchall() if row[0] != "key"]
            changed = ", ".join(
                f"CASE WHEN e.{column} IS DISTINCT FROM l.{column} THEN {literal(column)} END" for column in columns
            )
            rows = connection.execute(
                f"""
                WITH laid_over AS (
                    SELECT
                        coalesce(l.key, e.key) AS key,
                        CASE
                            WHEN e.key IS NULL THEN 'appeared' WHEN l.key IS NULL THEN 'vanished' ELSE 'changed'
                        END AS how,
                        list_filter([{changed}], lambda name: name IS NOT NULL) AS columns
                    FROM earlier_row AS e
                    FULL JOIN later_row AS l ON e.key = l.key
                )
                SELECT how, key, CASE how WHEN 'changed' THEN columns ELSE [] END
                FROM laid_over
                WHERE len(columns) > 0 OR how <> 'changed'
                ORDER BY how, key
                """
            ).fetchall()
            found += [Difference(kind, how, key, tuple(names)) for how, key, names in rows]
    return tuple(found)


def steps(
    home: Home,
    store: Ledger,
    as_of: date,
    known_at: datetime,
    then: datetime | None = None,
    tell: Callable[[str], None] = lambda line: None,
) -> list[Step]:
    """How the answer for a date changed from one moment to another (None: now), one step for each that something came.

    Builds the answer after each step where it is not there already; `tell` hears the name of each file that is built.
    Raises build.NothingToBuild and build.BuildFailed.
    """
    reference.keep(home, store)
    build.target(home, store, as_of, known_at)
    causes = sorted(_causes(store, as_of, known_at, then or now()))
    moments = [(at, tuple(cause for _, cause in came)) for at, came in groupby(causes, key=lambda cause: cause[0])]
    if not moments:
        return []
    known = [known_at, *(at for at, _ in moments[:-1]), then]
    answers = [build.target(home, store, as_of, moment) for moment in known]
    for wanted in answers:
        if not build.is_up_to_date(store, wanted):
            tell(wanted.current.name)
            build.build(home, store, wanted)
    return [
        Step(at, names, between(earlier.current, later.current))
        for (at, names), (earlier, later) in zip(moments, pairwise(answers), strict=True)
    ]
