"""Which rows count on a day, over deliveries at random, beside feeds.md's rule in plain Python."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any

import duckdb

from warehouse.small_warehouse import COUNTY, OTHER_COUNTY, OTHER_VILLAGE, VILLAGE, Drop, an_id

PREFECTURE, TOWN, OTHER_TOWN = "990100000000", "990121100000", "990122100000"
SCOPES = [PREFECTURE, COUNTY, COUNTY, TOWN, VILLAGE, OTHER_COUNTY, OTHER_TOWN, None]
PLACES = [VILLAGE, OTHER_VILLAGE, TOWN, "990122100201"]
DAYS = ["2025-01-31", "2025-02-28", "2025-03-31", "2025-04-30", "2025-05-31"]
TODAY = "2025-06-30"


@dataclass(frozen=True)
class Delivered:
    """A batch that was accepted."""

    as_of: str
    received_at: str
    scope: str | None
    rows: list[dict[str, Any]]

    @property
    def age(self) -> tuple[str, str]:
        return self.as_of, self.received_at


def lies_inside(place: str, scope: str | None) -> bool:
    """Whether a division is another or part of it."""
    if scope is None:
        return False
    ends = next((end for end in (2, 4, 6, 9) if not scope[end:].strip("0")), 12)
    return place.startswith(scope[:ends])


def counting(batches: list[Delivered], day: str) -> set[str]:
    """The id numbers of a snapshot feed's rows that no later batch has replaced by a day."""
    known = [batch for batch in batches if batch.as_of <= day]
    found = set()
    for batch in known:
        later = [each for each in known if each.age > batch.age]
        if any(each.scope == batch.scope or lies_inside(batch.scope or "", each.scope) for each in later):
            continue
        narrower = [each.scope for each in later if batch.scope is None or lies_inside(each.scope or "", batch.scope)]
        found |= {
            row["id_number"]
            for row in batch.rows
            if not any(lies_inside(row["division_code"], scope) for scope in narrower)
        }
    return found


def newest(batches: list[Delivered], day: str) -> list[int]:
    """The mark of the newest row of each key of an increment feed by a day."""
    rows: dict[tuple[str, str], int] = {}
    for batch in sorted(batches, key=lambda batch: batch.age):
        if batch.as_of <= day:
            rows |= {(row["certificate_number"], row["month"]): row["persons_covered"] for row in batch.rows}
    return sorted(rows.values())


def values(staged: duckdb.DuckDBPyConnection, model: str, column: str, day: str) -> list[Any]:
    query = f"""
        select {column} from working.staging.{model}
        where valid_from <= date '{day}' and (valid_to is null or date '{day}' < valid_to) order by 1
    """
    return [row[0] for row in staged.execute(query).fetchall()]


def test_deliveries_in_any_order_over_any_places(drop: Drop) -> None:
    chance = random.Random(20250630)
    snapshots, increments = [], []
    for number in range(24):
        as_of, scope = chance.choice(DAYS), chance.choice(SCOPES)
        received_at = f"2025-06-{chance.randint(1, 28):02d}T{number:02d}:00:00"
        verdict = chance.choice(["accepted"] * 4 + ["accepted_with_quarantine", "held", "rejected"])
        persons = [number * 10 + each for each in range(chance.randint(1, 6))]
        rows = [{"id_number": an_id(person), "division_code": chance.choice(PLACES)} for person in persons]
        drop.batch("water_household", as_of, rows, scope=scope, received_at=received_at, verdict=verdict)
        paid = [
            {
                "id_number": an_id(each),
                "certificate_number": f"J{each}",
                "month": chance.choice(["2025-01", "2025-02"]),
                "persons_covered": number * 10 + each,
            }
            for each in chance.sample(range(1, 7), 3)
        ]
        drop.batch("civil_assistance", as_of, paid, received_at=received_at, verdict=verdict)
        if verdict.startswith("accepted"):
            snapshots.append(Delivered(as_of, received_at, scope, rows))
            increments.append(Delivered(as_of, received_at, COUNTY, paid))
    staged = drop.build(TODAY, select="staging")
    for day in [*DAYS, TODAY]:
        assert set(values(staged, "stg_water__household", "id_number", day)) == counting(snapshots, day), day
        assert values(staged, "stg_civil__assistance", "persons_covered", day) == newest(increments, day), day
