"""Who lives in the county: persons in households, their ages, names and numbers, and what ails them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl

from safetynet.demo import chance, id_number, names
from safetynet.demo.chance import Bools, Ints
from safetynet.demo.county import NEIGHBOUR_VILLAGE, County

MONITORED = ("脱贫不稳定户", "边缘易致贫户", "突发严重困难户")
_ORDINARY = ("一般农户", "脱贫户")
_OUTSIDE_SHARE = 0.03
_RELATION_ORDER = [
    "户主",
    "配偶",
    "之父",
    "之母",
    "之子",
    "之女",
    "之儿媳",
    "之女婿",
    "之孙子",
    "之孙女",
    "之外孙子",
    "之外孙女",
]
# The shapes of households: their share, and from and to what age the head is.
_SHAPES = {
    "single_elder": (0.07, 62, 90),
    "single_adult": (0.03, 30, 61),
    "elder_couple": (0.10, 62, 90),
    "couple": (0.05, 45, 62),
    "couple_children": (0.33, 26, 53),
    "single_parent": (0.04, 26, 53),
    "three_generations": (0.20, 30, 53),
    "grandparent_head": (0.18, 54, 75),
}


@dataclass(frozen=True)
class People:
    """The true world.

    households: household (Int64, 0..), household_code, village, town_code, town_name, village_name,
    is_registered, household_type, identified_on, is_risk_eliminated, main_risk, net_income (Int64, fen a
    head and year), member_count. persons: person_id (Int64, 0..), household, relation, sex, birth_on, age,
    person_name, id_number, ethnicity, phone, is_insured, chronic, major, is_disabled.
    """

    households: pl.DataFrame
    persons: pl.DataFrame


def people(seed: int, households: int, county: County, as_of: date) -> People:
    """Everyone: the registered households and, beside them, a few that the registry does not know."""
    homes = _homes(seed, households, county)
    members = _members(seed, homes)
    persons = _persons(seed, members, homes, as_of)
    homes = homes.join(
        persons.group_by("household").agg(member_count=pl.len().cast(pl.Int64)), on="household", how="left"
    ).sort("household")
    homes, persons = _condition(seed, homes, persons, as_of)
    return People(homes, persons)


def _homes(seed: int, households: int, county: County) -> pl.DataFrame:
    rng = chance.stream(seed, "homes")
    outside = max(3, round(households * _OUTSIDE_SHARE))
    villages = county.villages
    size = rng.lognormal(0.0, 0.35, len(villages))
    rural = np.where(villages["urban"].to_numpy(), 0.25, 1.0)
    registered = np.sort(chance.index(rng, chance.shares(size * rural), households))
    others = np.sort(chance.index(rng, chance.shares(size * np.where(rural < 1, 3.0, 0.2)), outside))
    village = np.concatenate([registered, others])
    total = households + outside
    number = np.arange(total, dtype=np.int64)
    frame = villages[pl.Series(village)].select(
        household=pl.Series(number),
        household_code=pl.concat_str("code", pl.lit(pl.Series(number).cast(pl.String).str.zfill(6))),
        village="code",
        village_name="name",
        town_code="town_code",
        town_name="town_name",
        is_registered=pl.Series(number < households),
        shape=pl.Series(chance.index(rng, [share for share, _, _ in _SHAPES.values()], total)),
    )
    away = (number >= households) & chance.some(rng, number >= households, 0.06)
    return frame.with_columns(
        village=pl.when(pl.Series(away)).then(pl.lit(NEIGHBOUR_VILLAGE)).otherwise("village"),
    )


def _members(seed: int, homes: pl.DataFrame) -> pl.DataFrame:
    """Who belongs to each household: household, relation, years (age), male, in the order of a list."""
    rng = chance.stream(seed, "members")
    shape_names = list(_SHAPES)
    shape = homes["shape"].to_numpy()
    n = len(homes)

    def of(*wanted: str) -> Bools:
        return np.isin(shape, [shape_names.index(one) for one in wanted])

    low = np.array([youngest for _, youngest, _ in _SHAPES.values()])[shape]
    high = np.array([oldest for _, _, oldest in _SHAPES.values()])[shape]
    head_age = low + rng.beta(1.6, 2.0, n) * (high - low)
    head_male = np.where(of("single_elder"), rng.random(n) < 0.45, rng.random(n) < 0.82)
    has_spouse = of("elder_couple", "couple", "couple_children", "three_generations") | (
        of("grandparent_head") & (rng.random(n) < 0.85)
    )
    spouse_age = np.clip(head_age + np.where(head_male, -1, 1) * rng.normal(2.0, 2.5, n), 21.5, 95)
    younger = np.where(has_spouse, np.minimum(head_age, spouse_age), head_age)

    parts: list[pl.DataFrame] = []

    def add(mask: Bools, relation: pl.Series | str, age: chance.Floats, male: Bools) -> None:
        where = np.flatnonzero(mask)
        relation_column = (
            pl.Series([relation] * len(where), dtype=pl.String)
            if isinstance(relation, str)
            else relation.gather(pl.Series(where))
        )
        parts.append(
            pl.DataFrame(
                {
                    "household": where,
                    "relation": relation_column,
                    "years": np.clip(age[where], 0.02, 99.0),
                    "male": male[where],
                }
            )
        )

    everywhere = np.ones(n, dtype=np.bool_)
    add(everywhere, "户主", head_age, head_male)
    add(has_spouse, "配偶", spouse_age, ~head_male)

    has_children = of("couple_children", "single_parent", "three_generations")
    children = np.where(has_children, 1 + chance.index(rng, (0.42, 0.46, 0.12), n), 0)
    for turn in range(3):
        male = rng.random(n) < 0.52
        age = younger - rng.uniform(20.0, 32.0, n)
        age = np.where(age < 0.05, rng.uniform(0.05, 6.0, n), age)
        relation = pl.Series(np.where(male, "之子", "之女").tolist(), dtype=pl.String)
        add(children > turn, relation, age, male)

    is_three = of("three_generations")
    add(is_three & (rng.random(n) < 0.6), "之父", head_age + rng.uniform(22, 34, n), everywhere)
    add(is_three & (rng.random(n) < 0.85), "之母", head_age + rng.uniform(20, 30, n), ~everywhere)

    is_grand = of("grandparent_head")
    child_age = np.clip(younger - rng.uniform(20.5, 30, n), 23.0, 48.0)
    child_male = rng.random(n) < 0.8
    add(
        is_grand,
        pl.Series(np.where(child_male, "之子", "之女").tolist(), dtype=pl.String),
        child_age,
        child_male,
    )
    in_law = pl.Series(np.where(child_male, "之儿媳", "之女婿").tolist(), dtype=pl.String)
    in_law_age = np.clip(child_age + rng.normal(-1.0, 2.0, n), 21.0, 52.0)
    add(is_grand & (rng.random(n) < 0.7), in_law, in_law_age, ~child_male)
    grandchildren = np.where(is_grand, chance.index(rng, (0.12, 0.40, 0.38, 0.10), n), 0)
    for turn in range(3):
        male = rng.random(n) < 0.52
        age = np.minimum(child_age, in_law_age) - rng.uniform(20.0, 30.0, n)
        age = np.where(age < 0.05, rng.uniform(0.05, 4.0, n), age)
        grand = np.where(child_male, np.where(male, "之孙子", "之孙女"), np.where(male, "之外孙子", "之外孙女"))
        add(grandchildren > turn, pl.Series(grand.tolist(), dtype=pl.String), age, male)

    order = pl.col("relation").cast(pl.Enum(_RELATION_ORDER)).to_physical()
    return (
        pl.concat(parts).with_columns(order=order).sort("household", "order", "years", descending=[False, False, True])
    )


def _persons(seed: int, members: pl.DataFrame, homes: pl.DataFrame, as_of: date) -> pl.DataFrame:
    rng = chance.stream(seed, "persons")
    n = len(members)
    home = members["household"].to_numpy().astype(np.int64)
    male = members["male"].to_numpy()
    relation = members["relation"]
    age_days = (members["years"].to_numpy() * 365.25).astype(np.int64)
    epoch = as_of.toordinal() - date(1970, 1, 1).toordinal()
    birth_on = pl.Series(epoch - np.maximum(age_days, 3)).cast(pl.Int32).cast(pl.Date)
    years = members["years"].to_numpy()

    family = names.surnames(rng, len(homes))
    own = names.surnames(rng, n)
    head_male = np.zeros(len(homes), dtype=np.bool_)
    is_head = (relation == "户主").to_numpy()
    head_male[home[is_head]] = male[is_head]
    has_spouse = np.zeros(len(homes), dtype=np.bool_)
    is_spouse = (relation == "配偶").to_numpy()
    has_spouse[home[is_spouse]] = True
    # Children bear the father's surname: where the head is a wife, the family's name is the husband's.
    wife_heads = (~head_male & has_spouse)[home]
    bears = relation.is_in(["之子", "之女", "之孙子", "之孙女"]).to_numpy()
    takes_family = np.where(
        wife_heads,
        bears | is_spouse,
        bears | is_head | (relation == "之父").to_numpy(),
    )
    surname = pl.select(
        pl.when(pl.Series(takes_family)).then(family.gather(pl.Series(home))).otherwise(own)
    ).to_series()
    given = names.given_names(rng, male, years < 40)
    is_dotted = (rng.random(len(homes)) < 0.015)[home]
    dotted = names.dotted_names(rng, male, home)
    name = pl.select(
        pl.when(pl.Series(is_dotted)).then(dotted).otherwise(pl.concat_str(pl.lit(surname), pl.lit(given)))
    ).to_series()
    minority = chance.choose(rng, ("汉族", *names.MINORITIES), (0.8, *[0.025] * 8), len(homes)).gather(pl.Series(home))
    ethnicity = pl.select(pl.when(pl.Series(is_dotted)).then(pl.lit("维吾尔族")).otherwise(minority)).to_series()

    return pl.DataFrame(
        {
            "person_id": np.arange(n, dtype=np.int64),
            "household": home,
            "relation": relation,
            "sex": pl.select(pl.when(members["male"]).then(pl.lit("男")).otherwise(pl.lit("女"))).to_series(),
            "birth_on": birth_on,
            "person_name": name,
            "id_number": id_number.id_numbers(rng, birth_on, male),
            "ethnicity": ethnicity,
            "phone": _phones(rng, years),
        }
    ).with_columns(age=age_on(pl.col("birth_on"), as_of))


def of_residents(frame: pl.DataFrame, people: People) -> pl.DataFrame:
    """The rows of a department's list (`_person`) about persons who live here, with where they live by now."""
    homes = people.households.select("household", "village", "is_registered")
    now = people.persons.join(homes, on="household", maintain_order="left").select(
        "village", _person="person_id", _home=pl.when("is_registered").then("household")
    )
    return (
        frame.join(now, on="_person", how="inner", maintain_order="left")
        .with_columns(division_code="village", _household="_home")
        .drop("village", "_home")
    )


def age_on(birth_on: pl.Expr, day: date) -> pl.Expr:
    """Completed years on that day."""
    not_yet = (birth_on.dt.month().cast(pl.Int32) * 100 + birth_on.dt.day()) > day.month * 100 + day.day
    return (pl.lit(day.year) - birth_on.dt.year() - not_yet.cast(pl.Int32)).cast(pl.Int64)


def _phones(rng: np.random.Generator, years: chance.Floats) -> pl.Series:
    prefix = np.array([134, 135, 136, 137, 138, 139, 147, 150, 151, 152, 158, 159, 178, 182, 187, 188, 198])
    number: Ints = prefix[rng.integers(0, len(prefix), len(years))] * 10**8 + rng.integers(0, 10**8, len(years))
    has_phone = (years >= 12) & (rng.random(len(years)) < 0.93)
    text = pl.Series(number).cast(pl.String)
    return pl.select(pl.when(pl.Series(has_phone)).then(text)).to_series()


def _condition(seed: int, homes: pl.DataFrame, persons: pl.DataFrame, as_of: date) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Add what departments look at: income and monitoring of households, illness and insurance of persons."""
    rng = chance.stream(seed, "condition")
    n = len(homes)
    registered = homes["is_registered"].to_numpy()
    type_index = np.where(registered, chance.index(rng, (0.78, 0.15, 0.025, 0.025, 0.02), n), 0)
    types = (*_ORDINARY, *MONITORED)
    kind = pl.Series(list(types)).gather(pl.Series(type_index))
    monitored = type_index >= 2
    first = date(2021, 6, 1).toordinal()
    span = max(200, as_of.toordinal() - first - 20)
    epoch = date(1970, 1, 1).toordinal()
    identified = pl.Series(first - epoch + rng.integers(0, span, n)).cast(pl.Int32).cast(pl.Date)
    identified = pl.select(pl.min_horizontal(pl.lit(identified), pl.lit(as_of))).to_series()
    eliminated = rng.random(n) < 0.5
    risk = chance.choose(
        rng,
        ("因病", "因残", "因学", "因自然灾害", "因意外事故", "务工就业不稳", "缺劳动力"),
        (40, 20, 8, 6, 6, 12, 8),
        n,
    )
    typical = np.array([19000, 14500, 10500, 10200, 13500])[type_index]
    income = np.clip(typical * rng.lognormal(0.0, 0.42, n), 2200, 220000)
    poor = chance.some(rng, registered, 0.035)
    income = np.where(poor, rng.uniform(2600, 7950, n), income)
    still = pl.Series(monitored)
    homes = homes.with_columns(
        household_type=kind,
        identified_on=pl.when(still).then(identified),
        is_risk_eliminated=pl.when(still).then(pl.Series(eliminated)),
        main_risk=pl.when(still).then(risk),
        net_income=pl.Series(np.round(income * 100).astype(np.int64)),
    )

    m = len(persons)
    age = persons["age"].to_numpy()
    bands = np.digitize(age, [35, 55, 70])
    is_chronic = rng.random(m) < np.array([0.006, 0.10, 0.26, 0.40])[bands]
    chronic = np.where(
        age < 30, chance.index(rng, (0.1, 0.2, 0.3, 0.4), m), chance.index(rng, (0.66, 0.28, 0.02, 0.04), m)
    )
    is_major = rng.random(m) < np.array([0.004, 0.012, 0.025, 0.035])[bands]
    return homes, persons.with_columns(
        is_insured=pl.Series(~chance.some(rng, np.ones(m, dtype=np.bool_), 0.022)),
        chronic=pl.when(pl.Series(is_chronic)).then(
            pl.Series(["高血压", "糖尿病", "肺结核", "严重精神障碍"]).gather(pl.Series(chronic))
        ),
        is_major=pl.Series(is_major),
        is_disabled=pl.Series(rng.random(m) < np.array([0.01, 0.03, 0.05, 0.07])[bands]),
    )
