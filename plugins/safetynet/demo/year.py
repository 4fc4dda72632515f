"""The county from month to month, and the tables that its departments have to deliver on each day."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta

import polars as pl

from safetynet.contract import contracts
from safetynet.demo import chance, civil, county, education, health, housing, life, registry, water
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
    schools = education.schools(seed, persons, first)
    tables = {
        table.feed: table
        for table in (
            registry.registry_member(persons, schools.schooled),
            schools.enrollment,
            schools.dropout,
            health.health_major_illness(seed, persons, first),
            health.health_chronic_disease(seed, persons, first),
            health.health_settlement(chance.stream(seed, "health_settlement"), persons, first),
            housing.housing_safety(seed, persons, first),
            water.water_project(seed, land, first),
            water.water_household(seed, persons),
            civil.civil_assistance(seed, persons, first),
        )
    }
    due = [due for table in tables.values() for due in _at_first(table, first, months > 1)]
    yield Day(first, world, due, [world])
    settlements = len(tables["health_settlement"].frame)
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
        persons = world.people
        told: list[pl.DataFrame] = []
        schools, schooling = education.a_month_on(rng, schools, persons, month)
        tables["education_enrollment"], tables["education_dropout"] = schools.enrollment, schools.dropout
        tables["registry_member"] = registry.registry_member(persons, schools.schooled)
        tables["health_major_illness"], treated = health.major_illness_a_month_on(
            rng, tables["health_major_illness"], persons, world.events, month
        )
        tables["health_settlement"] = health.health_settlement(rng, persons, day, (day - since).days, settlements)
        settlements += len(tables["health_settlement"].frame)
        tables["housing_safety"], housed = housing.a_month_on(rng, tables["housing_safety"], persons, month)
        tables["water_project"] = water.project_a_month_on(rng, tables["water_project"], codes, day)
        tables["civil_assistance"], aided = civil.a_month_on(
            rng, tables["civil_assistance"], persons, world.events, month
        )
        told += [schooling, treated, housed, aided]
        if _is_due("health_chronic_disease", day):
            tables["health_chronic_disease"] = health.chronic_disease_later(
                rng, tables["health_chronic_disease"], persons, day
            )
        if _is_due("water_household", day):
            tables["water_household"] = water.supply_later(rng, tables["water_household"], persons)
        world = replace(world, events=pl.concat([world.events, *told]))
        due = [Due(table, day) for feed, table in tables.items() if _is_due(feed, day) and len(table.frame)]
        yield Day(day, world, due, [*moments, world])
        since = day


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


def _is_due(feed: str, day: date) -> bool:
    """Whether a feed is delivered at the end of a month; irregular ones come when there is something to tell."""
    cadence = contracts()[feed].cadence
    if feed == "water_household":
        return day.month in (6, 12)
    return cadence != "quarterly" or day.month % 3 == 0


def _code_changes(land: county.County, number: int, months: int, month: Month) -> list[county.CodeChange]:
    """After a third of the time villages merge, after two thirds the county becomes a city."""
    if number == max(1, months // 3):
        return [county.villages_merge(land, month.first)]
    if number == months * 2 // 3:
        return [county.county_becomes_city(land, month.first)]
    return []
