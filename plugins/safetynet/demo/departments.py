"""The lists that the county's departments keep: begun from the people, and carried on month by month."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl

from safetynet.contract import contracts
from safetynet.demo import chance, civil, education, health, housing, registry, water
from safetynet.demo.county import County
from safetynet.demo.event import Month
from safetynet.demo.life import World
from safetynet.demo.people import People
from safetynet.demo.table import Table


@dataclass(frozen=True)
class Lists:
    """Every feed's table as it is delivered next, the schools behind three of them, and the number of settlements."""

    tables: dict[str, Table]
    schools: education.Schools
    settlements: int


def begun(seed: int, people: People, land: County, day: date) -> Lists:
    """The lists on the first day; those that are added to hold what went before."""
    schools = education.schools(seed, people, day)
    settled = health.health_settlement(chance.stream(seed, "health_settlement"), people, day)
    tables = (
        registry.registry_member(people, schools.schooled),
        schools.enrollment,
        schools.dropout,
        health.health_major_illness(seed, people, day),
        health.health_chronic_disease(seed, people, day),
        settled,
        housing.housing_safety(seed, people, day),
        water.water_project(seed, land, day),
        water.water_household(seed, people),
        civil.civil_assistance(seed, people, day),
    )
    return Lists({table.feed: table for table in tables}, schools, len(settled.frame))


def carried_on(
    rng: np.random.Generator, before: Lists, world: World, codes: dict[str, str], month: Month
) -> tuple[Lists, pl.DataFrame]:
    """The lists a month later, and what the departments did in it (events).

    Those that are added to hold the month alone. `codes` are the division codes that changed in it, old to new.
    """
    people, events, was = world.people, world.events, before.tables
    schools, schooled = education.a_month_on(rng, before.schools, people, month)
    ill, treated = health.major_illness_a_month_on(rng, was["health_major_illness"], people, events, month)
    days = (month.last - month.first).days + 1
    settled = health.health_settlement(rng, people, month.last, days, before.settlements)
    housed, repaired = housing.a_month_on(rng, was["housing_safety"], people, month)
    aided, granted = civil.a_month_on(rng, was["civil_assistance"], people, events, month)
    tables = [
        registry.registry_member(people, schools.schooled),
        schools.enrollment,
        schools.dropout,
        ill,
        settled,
        housed,
        water.project_a_month_on(rng, was["water_project"], codes, month.last),
        aided,
    ]
    if is_due("health_chronic_disease", month.last):
        tables.append(health.chronic_disease_later(rng, was["health_chronic_disease"], people, month.last))
    if is_due("water_household", month.last):
        tables.append(water.supply_later(rng, was["water_household"], people))
    after = Lists(was | {table.feed: table for table in tables}, schools, before.settlements + len(settled.frame))
    return after, pl.concat([schooled, treated, repaired, granted])


def is_due(feed: str, day: date) -> bool:
    """Whether a feed is delivered at the end of a month: by its contract's cadence; the water supply twice a year."""
    if feed == "water_household":
        return day.month in (6, 12)
    return contracts()[feed].cadence != "quarterly" or day.month % 3 == 0
