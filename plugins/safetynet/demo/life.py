"""What happens to the people of the county in a month; each kind of event is a function of its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np
import polars as pl

from safetynet.demo import chance, health, id_number, names
from safetynet.demo.county import CodeChange, County, changed
from safetynet.demo.event import EVENT, Month, befallen, happened
from safetynet.demo.people import MONITORED, People, age_on

_PLACE = ("village", "village_name", "town_code", "town_name")
# What the relation of a member becomes where a son or daughter heads the household after both parents.
_TO_NEXT_GENERATION = {
    "之儿媳": "配偶",
    "之女婿": "配偶",
    "之孙子": "之子",
    "之孙女": "之女",
    "之外孙子": "之子",
    "之外孙女": "之女",
}


@dataclass(frozen=True)
class World:
    """The county on a day: who lives in it, who no longer does, and what has happened so far.

    people: as of `people.People`; persons have `since` (in this household), households `since` (in this village),
    `state_since` (monitored or not) and `troubled_on` (a misfortune). departed: persons, their `household`,
    `departed_on`. homes_ever: household, household_code of registered ones, dissolved ones included.
    """

    people: People
    land: County
    departed: pl.DataFrame
    events: pl.DataFrame
    homes_ever: pl.DataFrame


def begin(people: People, land: County, day: date) -> World:
    """The world before anything has happened."""
    homes = people.households.with_columns(
        since=pl.lit(day), state_since=pl.lit(day), troubled_on=pl.lit(None, dtype=pl.Date)
    )
    persons = people.persons.with_columns(since=pl.lit(day))
    departed = persons.clear().with_columns(departed_on=pl.lit(None, dtype=pl.Date))
    ever = homes.filter("is_registered").select("household", "household_code")
    return World(People(homes, persons), land, departed, pl.DataFrame(schema=EVENT), ever)


def live(world: World, rng: np.random.Generator, month: Month) -> World:
    """The world a month later."""
    for happen in _EVENTS:
        world = happen(world, rng, month)
    persons = world.people.persons.with_columns(age=age_on(pl.col("birth_on"), month.last))
    members = persons.group_by("household").agg(member_count=pl.len().cast(pl.Int64))
    homes = world.people.households.drop("member_count").join(members, on="household", maintain_order="left")
    return replace(world, people=People(homes, persons))


def after(world: World, change: CodeChange) -> World:
    """The world in which divisions have other codes; nobody has moved."""
    land = changed(world.land, change)
    rename = dict(change.codes.select("old", "new").iter_rows())
    homes = world.people.households
    is_touched = pl.col("village").is_in(list(rename))
    homes = homes.with_columns(since=pl.when(is_touched).then(pl.lit(change.on)).otherwise("since"))
    homes = homes.with_columns(pl.col("village", "town_code").replace(rename))
    names_now = land.villages.select(village="code", _name="name")
    homes = (
        homes.join(names_now, on="village", how="left", maintain_order="left")
        .with_columns(village_name=pl.coalesce("_name", "village_name"))
        .drop("_name")
    )
    return replace(world, land=land, people=replace(world.people, households=homes))


def _residents(world: World) -> pl.DataFrame:
    """Persons with the columns of their households."""
    return world.people.persons.join(
        world.people.households, on="household", suffix="_of_household", maintain_order="left"
    )


def _tell(world: World, event: str, rows: pl.DataFrame) -> World:
    return replace(world, events=pl.concat([world.events, happened(event, rows)]))


def _change_persons(world: World, rows: pl.DataFrame, *changed: str) -> World:
    """Give the persons of `rows` the values of its columns `changed`."""
    persons = world.people.persons.update(rows.select("person_id", *changed), on="person_id", include_nulls=True)
    return replace(world, people=replace(world.people, persons=persons))


def _change_homes(world: World, rows: pl.DataFrame, *changed: str) -> World:
    """Give the households of `rows` the values of its columns `changed`."""
    homes = world.people.households.update(rows.select("household", *changed), on="household", include_nulls=True)
    return replace(world, people=replace(world.people, households=homes))


def _depart(world: World, rows: pl.DataFrame) -> World:
    """Take persons (person_id, happened_on) out of the county, and the households that nobody is left in."""
    gone = world.people.persons.join(
        rows.select("person_id", departed_on="happened_on"), on="person_id", maintain_order="left"
    )
    left = world.people.persons.join(gone, on="person_id", how="anti", maintain_order="left")
    homes = world.people.households.filter(pl.col("household").is_in(left["household"].unique().implode()))
    return replace(world, people=People(homes, _with_heads(left)), departed=pl.concat([world.departed, gone]))


def _with_heads(persons: pl.DataFrame) -> pl.DataFrame:
    """Let the spouse, else the oldest, head a household that has lost its head."""
    headed = persons.filter(pl.col("relation") == "户主")["household"]
    rank = (pl.col("relation") == "配偶").cast(pl.Int64) * 1000 + pl.col("age")
    heirs = (
        persons.filter(~pl.col("household").is_in(headed.implode()))
        .sort(rank, "person_id", descending=[True, False])
        .unique("household", keep="first", maintain_order=True)
        .select("household", heir="person_id", is_widowed=pl.col("relation") == "配偶")
    )
    younger = pl.col("relation").replace_strict(_TO_NEXT_GENERATION, default="其他")
    stays = pl.col("relation").is_in(["之父", "之母"]).not_()
    return (
        persons.join(heirs, on="household", how="left", maintain_order="left")
        .with_columns(
            relation=pl.when(pl.col("heir").is_null())
            .then("relation")
            .when(pl.col("heir") == pl.col("person_id"))
            .then(pl.lit("户主"))
            .when("is_widowed")
            .then(pl.when(stays).then("relation").otherwise(pl.lit("其他")))
            .otherwise(younger)
        )
        .drop("heir", "is_widowed")
    )


def _die(world: World, rng: np.random.Generator, month: Month) -> World:
    rate = pl.when("is_major").then(0.008).when(pl.col("age") >= 80).then(0.006)
    dead = befallen(rng, world.people.persons, rate.when(pl.col("age") >= 65).then(0.002).otherwise(0.00004), month)
    return _tell(_depart(world, dead), "dies", dead)


def _leave(world: World, rng: np.random.Generator, month: Month) -> World:
    """Whole households that leave the county."""
    homes = befallen(rng, world.people.households.filter("is_registered"), pl.lit(0.0004), month)
    gone = world.people.persons.join(homes.select("household", "happened_on"), on="household", maintain_order="left")
    return _tell(_depart(world, gone), "leaves", gone)


def _are_born(world: World, rng: np.random.Generator, month: Month) -> World:
    persons = world.people.persons
    is_mother = (
        pl.col("relation").is_in(["配偶", "之儿媳"]) & (pl.col("sex") == "女") & pl.col("age").is_between(21, 38)
    )
    mothers = befallen(rng, persons, pl.when(is_mother).then(0.007), month)
    fathers = (
        persons.filter(pl.col("relation").is_in(["户主", "之子"]) & (pl.col("sex") == "男") & (pl.col("age") >= 20))
        .sort("age", descending=True, maintain_order=True)
        .unique(["household", "relation"], keep="first", maintain_order=True)
        .select("household", father_relation="relation", father="person_name")
    )
    of_head = pl.col("relation") == "配偶"
    mothers = mothers.with_columns(
        father_relation=pl.when(of_head).then(pl.lit("户主")).otherwise(pl.lit("之子"))
    ).join(fathers, on=["household", "father_relation"], maintain_order="left")
    count = len(mothers)
    male = rng.random(count) < 0.52
    boy = pl.lit(pl.Series(male))
    compound = pl.col("father").str.slice(0, 2)
    own = names.given_names(rng, male, np.ones(count, dtype=np.bool_))
    dotted = names.dotted_names(rng, male, np.zeros(count, dtype=np.int64))
    born = mothers.with_columns(
        person_id=pl.int_range(pl.len(), dtype=pl.Int64) + _next_person(world),
        relation=pl.when(of_head)
        .then(pl.when(boy).then(pl.lit("之子")).otherwise(pl.lit("之女")))
        .otherwise(pl.when(boy).then(pl.lit("之孙子")).otherwise(pl.lit("之孙女"))),
        sex=pl.when(boy).then(pl.lit("男")).otherwise(pl.lit("女")),
        birth_on="happened_on",
        person_name=pl.when(pl.col("father").str.contains("·", literal=True))
        .then(pl.concat_str(pl.lit(dotted).str.extract("^(.*)·"), pl.lit("·"), pl.col("father").str.extract("^(.*)·")))
        .when(compound.is_in(names.COMPOUND_SURNAMES))
        .then(pl.concat_str(compound, pl.lit(own)))
        .otherwise(pl.concat_str(pl.col("father").str.slice(0, 1), pl.lit(own))),
        id_number=id_number.id_numbers(rng, mothers["happened_on"], male),
        phone=pl.lit(None, dtype=pl.String),
        age=pl.lit(0, dtype=pl.Int64),
        is_insured=pl.lit(value=True),
        chronic=pl.lit(None, dtype=pl.String),
        is_major=pl.lit(value=False),
        is_disabled=pl.lit(value=False),
        illness=pl.lit(None, dtype=pl.String),
        icd10_code=pl.lit(None, dtype=pl.String),
        ill_since=pl.lit(None, dtype=pl.Date),
        since="happened_on",
    )
    people = replace(world.people, persons=pl.concat([persons, born.select(persons.columns)]))
    return _tell(replace(world, people=people), "is_born", born)


def _next_person(world: World) -> int:
    numbers = pl.concat([world.people.persons["person_id"], world.departed["person_id"]])
    return int(numbers.to_numpy().max()) + 1


def _marry(world: World, rng: np.random.Generator, month: Month) -> World:
    """Grown daughters who move into the households of grown sons, of this village or another."""
    residents = _residents(world).filter("is_registered")
    taken = pl.col("relation").is_in(["之儿媳", "之女婿", "之外孙子", "之外孙女"]).any().over("household")
    free = residents.filter(~taken)
    brides = befallen(
        rng, free, pl.when((pl.col("relation") == "之女") & pl.col("age").is_between(21, 34)).then(0.012), month
    )
    hosts = free.filter((pl.col("relation") == "之子") & pl.col("age").is_between(22, 38)).unique(
        "household", keep="first", maintain_order=True
    )
    order = pl.Series(rng.permutation(len(hosts)))
    hosts = hosts[order].filter(~pl.col("household").is_in(brides["household"].implode()))
    count = min(len(brides), len(hosts))
    brides = brides.head(count).with_columns(
        household=hosts["household"].head(count),
        relation=pl.lit("之儿媳"),
        since="happened_on",
        detail=pl.concat_str("household_code", pl.lit("→"), hosts["household_code"].head(count)),
    )
    world = _change_persons(world, brides, "household", "relation", "since")
    persons = world.people.persons
    homes = world.people.households.filter(pl.col("household").is_in(persons["household"].unique().implode()))
    return _tell(replace(world, people=People(homes, _with_heads(persons))), "marries", brides)


def _move(world: World, rng: np.random.Generator, month: Month) -> World:
    """Households that move to another village of the county."""
    homes = world.people.households
    movers = befallen(rng, homes.filter("is_registered"), pl.lit(0.001), month)
    villages = world.land.villages.select(
        village="code", village_name="name", town_code="town_code", town_name="town_name"
    )
    drawn = villages[pl.Series(rng.integers(0, len(villages), len(movers)))]
    moved = movers.with_columns(
        *[drawn[name] for name in _PLACE],
        since="happened_on",
        detail=pl.concat_str("village", pl.lit("→"), drawn["village"]),
    ).filter(pl.col("village") != movers["village"])
    return _tell(_change_homes(world, moved, *_PLACE, "since"), "moves", moved)


def _fall_ill(world: World, rng: np.random.Generator, month: Month) -> World:
    rate = pl.when(~pl.col("is_major")).then(pl.when(pl.col("age") >= 50).then(0.0016).otherwise(0.0003))
    ill = befallen(rng, world.people.persons, rate, month).drop("illness", "icd10_code")
    ill = ill.join(health.illnesses(rng, ill), on="person_id", maintain_order="left").with_columns(
        is_major=pl.lit(value=True), ill_since="happened_on", detail="illness", troubled_on="happened_on"
    )
    world = _change_persons(world, ill, "is_major", "illness", "icd10_code", "ill_since")
    world = _change_homes(world, ill.unique("household", keep="first", maintain_order=True), "troubled_on")
    return _tell(world, "falls_ill", ill)


def _grow_chronic(world: World, rng: np.random.Generator, month: Month) -> World:
    rate = pl.when(pl.col("chronic").is_null() & (pl.col("age") >= 45)).then(0.0012)
    found = befallen(rng, world.people.persons, rate, month)
    found = found.with_columns(chronic=chance.choose(rng, ("高血压", "糖尿病"), (0.7, 0.3), len(found)))
    return _tell(
        _change_persons(world, found, "chronic"), "chronic_disease", found.with_columns(detail=pl.col("chronic"))
    )


def _earn_less(world: World, rng: np.random.Generator, month: Month) -> World:
    poorer = befallen(rng, world.people.households, pl.when("is_registered").then(0.004), month)
    share = pl.lit(pl.Series(rng.uniform(0.25, 0.6, len(poorer))))
    poorer = poorer.with_columns(
        net_income=(pl.col("net_income") * share).round().cast(pl.Int64).clip(150_000),
        troubled_on="happened_on",
    )
    return _tell(_change_homes(world, poorer, "net_income", "troubled_on"), "income_falls", poorer)


def _earn_more(world: World, rng: np.random.Generator, month: Month) -> World:
    """Incomes are counted anew in January: most have risen a little."""
    if month.last.month != 1:
        return world
    homes = world.people.households
    growth = pl.lit(pl.Series(rng.normal(1.05, 0.03, len(homes))))
    homes = homes.with_columns(net_income=(pl.col("net_income") * growth).round().cast(pl.Int64))
    return replace(world, people=replace(world.people, households=homes))


def _insure(world: World, rng: np.random.Generator, month: Month) -> World:
    """Insurance is renewed in January: some join, and a few do not pay again."""
    if month.last.month != 1:
        return world
    persons = world.people.persons
    for event, is_insured, rate in (("insured", True, 0.4), ("uninsured", False, 0.004)):
        rows = befallen(rng, persons, pl.when(pl.col("is_insured") != is_insured).then(rate), month)
        world = _change_persons(world, rows.with_columns(is_insured=pl.lit(is_insured)), "is_insured")
        world = _tell(world, event, rows)
    return world


def _admit(world: World, rng: np.random.Generator, month: Month) -> World:
    """Households in trouble are taken into monitoring, or back into it, within some months."""
    homes = world.people.households
    watched = pl.col("household_type").is_in(MONITORED)
    recent = pl.col("troubled_on") > month.first - timedelta(days=120)
    rate = pl.when(pl.col("is_registered") & recent & ~(watched & ~pl.col("is_risk_eliminated").fill_null(False)))
    admitted = befallen(rng, homes, rate.then(0.25), month)
    poor = pl.col("net_income") < 1_000_000
    admitted = admitted.with_columns(happened_on=pl.max_horizontal("happened_on", "troubled_on")).with_columns(
        household_type=pl.when(watched)
        .then("household_type")
        .when(pl.col("household_type") == "脱贫户")
        .then(pl.lit("脱贫不稳定户"))
        .when(poor)
        .then(pl.lit("边缘易致贫户"))
        .otherwise(pl.lit("突发严重困难户")),
        identified_on="happened_on",
        is_risk_eliminated=pl.lit(value=False),
        main_risk=pl.when(poor).then(pl.lit("务工就业不稳")).otherwise(pl.lit("因病")),
        state_since="happened_on",
    )
    admitted = admitted.with_columns(detail="household_type")
    changed = ("household_type", "identified_on", "is_risk_eliminated", "main_risk", "state_since")
    return _tell(_change_homes(world, admitted, *changed), "is_admitted", admitted)


def _release(world: World, rng: np.random.Generator, month: Month) -> World:
    """Households whose risk is over are released, half a year after they were admitted at the earliest."""
    long = pl.col("identified_on") < month.first - timedelta(days=182)
    watched = pl.col("household_type").is_in(MONITORED) & ~pl.col("is_risk_eliminated") & long
    quiet = (pl.col("troubled_on") < month.first - timedelta(days=182)).fill_null(value=True)
    rows = befallen(rng, world.people.households, pl.when(watched & quiet).then(0.03), month).with_columns(
        is_risk_eliminated=pl.lit(value=True), state_since="happened_on", detail="household_type"
    )
    return _tell(_change_homes(world, rows, "is_risk_eliminated", "state_since"), "is_released", rows)


_EVENTS: tuple[Callable[[World, np.random.Generator, Month], World], ...] = (
    _die,
    _leave,
    _are_born,
    _marry,
    _move,
    _fall_ill,
    _grow_chronic,
    _earn_less,
    _earn_more,
    _insure,
    _admit,
    _release,
)
