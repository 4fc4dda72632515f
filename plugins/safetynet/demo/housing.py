"""What housing delivers: the safety of every dwelling, by its household's head."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import polars as pl

from safetynet.demo import chance
from safetynet.demo.county import COUNTY_NAME
from safetynet.demo.event import Month, befallen, happened
from safetynet.demo.people import People
from safetynet.demo.table import HOUSEHOLD, PERSON, Column, Table

COLUMNS = (
    Column("行政区划代码", "division_code", "division_code", True),
    Column("户主姓名", "person_name", "person_name", True),
    Column("户主身份证号", "id_number", "id_number"),
    Column("房屋编号", "dwelling_code", "code", True),
    Column("建造年代", "built_year", "count"),
    Column("结构类型", "structure"),
    Column("建筑面积(㎡)", "floor_area_m2", "number"),
    Column("是否唯一住房", "is_only_dwelling", "yes_no"),
    Column("是否实际居住", "is_lived_in", "yes_no"),
    Column("鉴定等级", "safety_grade", "category", True),
    Column("鉴定日期", "assessed_on", "date"),
    Column("鉴定机构", "assessor"),
    Column("改造方式", "renovation_method", "category"),
    Column("改造状态", "renovation_status", "category", True),
    Column("竣工日期", "completed_on", "date"),
    Column("补助资金(万元)", "subsidy", "money"),
)
# Group titles over the header and how many columns each spans.
BAND = (("基本信息", 9), ("安全鉴定", 3), ("改造情况", 4))


def heads(people: People) -> pl.DataFrame:
    """The heads of the registered households, with their households' columns, in order of household."""
    return (
        people.persons.filter(pl.col("relation") == "户主")
        .join(people.households, on="household")
        .filter("is_registered")
        .sort("household")
    )


def of_heads(frame: pl.DataFrame, people: People) -> pl.DataFrame:
    """The rows of a list of households (`_household`) that live here, with their heads and villages of today."""
    now = heads(people).select(
        _household="household", _now="person_id", _name="person_name", _number="id_number", _village="village"
    )
    return (
        frame.join(now, on=HOUSEHOLD, how="inner", maintain_order="left")
        .with_columns(_person="_now", person_name="_name", id_number="_number", division_code="_village")
        .drop("_now", "_name", "_number", "_village")
    )


def a_month_on(rng: np.random.Generator, before: Table, people: People, month: Month) -> tuple[Table, pl.DataFrame]:
    """The dwellings a month later, and what happened to them (events): a few are damaged, bad ones are repaired."""
    frame = of_heads(before.frame, people)
    state, is_bad = pl.col("renovation_status"), pl.col("safety_grade").is_in(["C", "D"])
    damaged = befallen(rng, frame, pl.when(~is_bad & pl.col("is_only_dwelling")).then(0.0006), month)
    begun = befallen(rng, frame, pl.when(state == "未改造").then(0.1), month)
    repaired = befallen(rng, frame, pl.when(state == "改造中").then(0.25), month)
    grade = chance.choose(rng, ("C", "D"), (0.7, 0.3), len(damaged))
    subsidy = pl.when(pl.col("safety_grade") == "C").then(1_200_000).otherwise(2_600_000)
    key, none = "dwelling_code", pl.lit(None, dtype=pl.Date)
    now = pl.concat(
        [
            damaged.select(
                key, "completed_on", "subsidy", safety_grade=grade, assessed_on="happened_on", _state=pl.lit("未改造")
            ),
            begun.select(key, "completed_on", "subsidy", "safety_grade", "assessed_on", _state=pl.lit("改造中")),
            repaired.select(
                key,
                completed_on="happened_on",
                subsidy=subsidy.cast(pl.Int64),
                safety_grade="safety_grade",
                assessed_on="assessed_on",
                _state=pl.lit("已竣工"),
            ),
        ]
    ).rename({"_state": "renovation_status"})
    after = frame.update(now, on=key).with_columns(
        renovation_method=pl.when(~is_bad)
        .then(pl.lit(None, dtype=pl.String))
        .when(pl.col("safety_grade") == "C")
        .then(pl.lit("修缮加固"))
        .otherwise(pl.lit("拆除重建")),
        completed_on=pl.when(state == "已竣工").then("completed_on").otherwise(none),
        subsidy=pl.when(state == "已竣工").then("subsidy"),
    )
    events = [
        happened(event, rows.select("happened_on", household=HOUSEHOLD, detail=key))
        for event, rows in (("house_damaged", damaged), ("house_repaired", repaired))
    ]
    return replace(before, frame=after), pl.concat(events)


def housing_safety(seed: int, people: People, as_of: date) -> Table:
    """A dwelling for each household and a second one for some; C and D are mostly renovated by now."""
    rng = chance.stream(seed, "housing_safety")
    frame = heads(people)
    second = chance.some(rng, np.ones(len(frame), dtype=np.bool_), 0.035)
    has_second = np.concatenate([second, second[second]])
    is_second = np.concatenate([np.zeros(len(frame), dtype=np.bool_), np.ones(int(second.sum()), dtype=np.bool_)])
    frame = pl.concat([frame, frame.filter(pl.Series(second))])
    n = len(frame)
    year = rng.integers(1968, min(2024, as_of.year), n)
    worse = np.clip((2000 - year) / 40, 0.0, 1.0)
    draw = rng.random(n)
    grade = np.where(
        draw < 0.03 * worse, "D", np.where(draw < 0.16 * worse + 0.005, "C", np.where(draw < 0.55, "B", "A"))
    )
    bad = np.isin(grade, ["C", "D"])
    open_ones = chance.some(rng, bad & ~has_second, 0.22)
    lived_in = ~chance.some(rng, ~has_second, 0.02) & ~is_second
    status = np.where(
        ~bad, "无需改造", np.where(~open_ones, "已竣工", np.where(rng.random(n) < 0.6, "未改造", "改造中"))
    )
    completed = np.asarray(status == "已竣工")
    assessed = rng.integers(150, 700, n)
    subsidy = np.round(np.where(grade == "C", rng.uniform(0.8, 1.6, n), rng.uniform(2.0, 3.2, n)), 2)
    frame = frame.select(
        pl.col("person_id").alias(PERSON),
        pl.col("household").alias(HOUSEHOLD),
        division_code="village",
        person_name="person_name",
        id_number="id_number",
        dwelling_code=pl.concat_str(
            pl.lit("F"),
            pl.col("village"),
            pl.lit(pl.Series(is_second.astype(np.int64))).cast(pl.String),
            pl.col("household").cast(pl.String).str.zfill(6),
        ),
        built_year=pl.Series(year),
        structure=chance.choose(rng, ("土木", "砖木", "砖混", "框架"), (2, 3, 4, 1), n),
        floor_area_m2=pl.Series(np.round(rng.uniform(40, 190, n), 0)),
        is_only_dwelling=pl.Series(~has_second),
        is_lived_in=pl.Series(lived_in),
        safety_grade=pl.Series(grade.tolist(), dtype=pl.String),
        assessed_on=pl.lit(as_of) - pl.duration(days=pl.lit(pl.Series(assessed))),
        assessor=chance.choose(rng, (f"{COUNTY_NAME}住建局", "青溪市房屋鉴定中心"), (5, 1), n),
        renovation_method=pl.when(pl.Series(bad)).then(
            pl.when(pl.Series(grade == "C")).then(pl.lit("修缮加固")).otherwise(pl.lit("拆除重建"))
        ),
        renovation_status=pl.Series(status.tolist(), dtype=pl.String),
        completed_on=pl.when(pl.Series(completed)).then(
            pl.lit(as_of) - pl.duration(days=pl.lit(pl.Series(assessed - rng.integers(40, 140, n))))
        ),
        # fen: 1.25 万元 is 1,250,000
        subsidy=pl.when(pl.Series(completed)).then(pl.Series(np.round(subsidy * 1_000_000).astype(np.int64))),
    )
    return Table(
        "housing_safety",
        COLUMNS,
        frame.sort("dwelling_code"),
        ("dwelling_code",),
        ("safety_grade", ("A", "B")),
    )
