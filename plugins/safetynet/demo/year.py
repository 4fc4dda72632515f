"""The county from month to month, and the tables that its departments have to deliver on each day."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta

import polars as pl

from safetynet.contract import contracts
from safetynet.demo import chance, civil, county, departments, health, life, registry, township, water
from safetynet.demo.event import Month
from safetynet.demo.people import people
from safetynet.demo.table import Table

# Two years of settlements and some months of assistance come with the first delivery, in two files each.
_SETTLEMENT_MIDDLE = timedelta(days=365)


@dataclass(frozen=True)
class Due:
    """A table that is delivered, and the date that it speaks of.

    A hand-over tells of several months at once, and comes from the prefecture: the county's next file, of one
    month, is not to be measured by it.
    """

    table: Table
    as_of: date
    is_handover: bool = False


@dataclass(frozen=True)
class Day:
    """A day of delivery: the world as it is, what is due, and how the world was at moments since the day before."""

    on: date
    world: life.World
    due: list[Due]
    moments: list[life.World]


def days_of_delivery(as_of: date, months: int) -> list[date]:
    """The last days of the months before as_of, and as_of, oldest first."""
    days = [as_of]
    while len(days) < months:
        days.append(days[-1].replace(day=1) - timedelta(days=1))
    return days[::-1]


def days(seed: int, households: int, as_of: date, months: int) -> Iterator[Day]:
    """The county's days of delivery; the last one is as_of."""
    first, *later = days_of_delivery(as_of, months)
    land = county.county(seed, households)
    persons = people(seed, households, land, first)
    persons = registry.described(seed, health.diagnosed(seed, persons))
    world = life.begin(persons, land if months == 1 else county.dated(land), first)
    lists = departments.begun(seed, persons, land, first)
    due = [due for table in lists.tables.values() for due in _at_first(table, first, months > 1)]
    if months > 1:
        due += _visits(seed, world, Month(first.replace(day=1), first))
    yield Day(first, world, due, [world])
    since = first
    for number, day in enumerate(later, start=1):
        rng = chance.stream(seed, f"month {day}")
        month = Month(since + timedelta(days=1), day)
        codes: dict[str, str] = {}
        moments: list[life.World] = []
        for change in _code_changes(world.land, number, months, month):
            world = life.after(world, change)
            moments.append(world)
            codes |= dict(change.codes.select("old", "new").iter_rows())
        world = life.live(world, rng, month)
        lists, done = departments.carried_on(rng, lists, world, codes, month)
        world = replace(world, events=pl.concat([world.events, done]))
        told = [table for table in lists.tables.values() if departments.is_due(table.feed, day) and len(table.frame)]
        due = [Due(table, day) for table in told] + _visits(seed, world, month)
        yield Day(day, world, due, [*moments, world])
        since = day


def _visits(seed: int, world: life.World, month: Month) -> list[Due]:
    """What townships have to tell of a month, where there is anything."""
    table = township.visits(chance.stream(seed, f"verification_result {month.last}"), world.people, month)
    return [Due(table, month.last)] if len(table.frame) else []


def _at_first(table: Table, day: date, is_handover: bool) -> Iterator[Due]:
    """What the first delivery holds of a feed; older rows come in a file of their own."""
    is_handover = is_handover and contracts()[table.feed].delivery == "increment"
    if table.feed == "health_settlement":
        middle = day - _SETTLEMENT_MIDDLE
        is_old = pl.col("settled_on") <= middle
    elif table.feed == "civil_assistance":
        months = water.months(day, civil.CIVIL_MONTHS)
        middle = date.fromisoformat(f"{months[len(months) // 2]}-01") - timedelta(days=1)
        is_old = pl.col("month") <= months[len(months) // 2 - 1]
    else:
        yield Due(table, day, is_handover)
        return
    yield Due(table.only(is_old), middle, is_handover)
    yield Due(table.only(~is_old), day, is_handover)


def _code_changes(land: county.County, number: int, months: int, month: Month) -> list[county.CodeChange]:
    """After a third of the time villages merge, after two thirds the county becomes a city."""
    if number == max(1, months // 3):
        return [county.villages_merge(land, month.first)]
    if number == months * 2 // 3:
        return [county.county_becomes_city(land, month.first)]
    return []
