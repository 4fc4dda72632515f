"""What water delivers: its projects month by month, and by which of them each household is supplied."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import polars as pl

from safetynet.demo import chance
from safetynet.demo.county import County
from safetynet.demo.housing import heads, of_heads
from safetynet.demo.people import People
from safetynet.demo.table import HOUSEHOLD, PERSON, Column, Table

PROJECT = (
    Column("工程编号", "project_code", "code", True),
    Column("工程名称", "project_name"),
    Column("行政区划代码", "division_code", "division_code", True),
    Column("工程类型", "project_type"),
    Column("供水人口", "population_served", "count"),
    Column("监测月份", "month", "month", True),
    Column("水质检测结果", "quality_result", "category", True),
    Column("不合格指标", "failed_indicator"),
    Column("人均日供水量(升)", "litres_per_person_day", "number"),
    Column("供水保证率", "guarantee_rate", "percent"),
    Column("停水天数", "outage_days", "count"),
    Column("备注", "note"),
)
SUPPLY = (
    Column("行政区划代码", "division_code", "division_code", True),
    Column("户主姓名", "person_name", "person_name", True),
    Column("户主身份证号", "id_number", "id_number"),
    Column("供水工程编号", "project_code", "code", True),
    Column("供水方式", "supply_method"),
    Column("取水往返时间(分钟)", "round_trip_minutes", "number"),
    Column("是否季节性缺水", "seasonal_shortage", "yes_no"),
)
PROJECT_MONTHS = 3


def months(as_of: date, count: int) -> list[str]:
    """The `count` months that end with the month of as_of, oldest first, as 'YYYY-MM'."""
    last = as_of.year * 12 + as_of.month - 1
    return [f"{month // 12}-{month % 12 + 1:02d}" for month in range(last - count + 1, last + 1)]


def project_code(village: pl.Expr, turn: pl.Expr) -> pl.Expr:
    """The code of a village's first (0) or second (1) project."""
    return pl.concat_str(pl.lit("GS"), village, turn.cast(pl.String))


def water_project(seed: int, county: County, as_of: date) -> Table:
    """Two projects to a village over three months; a few fail a test, give too little or fail too often."""
    rng = chance.stream(seed, "water_project")
    villages = county.villages
    count = len(villages) * 2
    kinds = ("千吨万人工程", "千人工程", "小型集中供水", "分散供水")
    projects = (
        pl.concat(
            [villages.select(village="code", village_name="name", turn=pl.lit(turn, dtype=pl.Int64)) for turn in (0, 1)]
        )
        .sort("village", "turn")
        .with_columns(
            kind=chance.choose(rng, kinds, (2, 4, 3, 1), count),
            served=pl.Series(rng.integers(260, 4000, count)),
            litres=pl.Series(rng.integers(42, 110, count)),
            rate=pl.Series(rng.integers(92, 100, count)),
        )
    )
    everything = np.ones(count, dtype=np.bool_)
    dirty, short, unsteady = (chance.some(rng, everything, share) for share in (0.035, 0.02, 0.02))
    # What is bad in the newest month was mostly bad before; some that were bad have been put right.
    recovered = chance.some(rng, ~dirty, 0.04)
    parts: list[pl.DataFrame] = []
    names = months(as_of, PROJECT_MONTHS)
    for number, month in enumerate(names):
        newest = number == len(names) - 1
        is_dirty = dirty if newest else (dirty & (rng.random(count) < 0.6)) | recovered
        parts.append(
            projects.select(
                pl.lit(None, dtype=pl.Int64).alias(PERSON),
                pl.lit(None, dtype=pl.Int64).alias(HOUSEHOLD),
                project_code=project_code(pl.col("village"), pl.col("turn")),
                project_name=pl.concat_str(
                    pl.col("village_name").str.replace("(村|社区)$", ""),
                    pl.lit("供水工程"),
                    (pl.col("turn") + 1).cast(pl.String),
                ),
                division_code="village",
                project_type="kind",
                population_served="served",
                month=pl.lit(month),
                quality_result=pl.when(pl.Series(is_dirty)).then(pl.lit("不合格")).otherwise(pl.lit("合格")),
                failed_indicator=pl.when(pl.Series(is_dirty)).then(
                    chance.choose(rng, ("菌落总数", "浑浊度", "氟化物"), (5, 3, 1), count)
                ),
                litres_per_person_day=pl.when(pl.Series(short))
                .then(pl.Series(rng.integers(18, 34, count)))
                .otherwise(pl.col("litres") + pl.Series(rng.integers(-4, 5, count)))
                .cast(pl.Float64),
                guarantee_rate=pl.when(pl.Series(unsteady))
                .then(pl.Series(rng.integers(70, 89, count)))
                .otherwise("rate")
                .cast(pl.Float64)
                / 100,
                outage_days=pl.Series(np.where(unsteady, rng.integers(3, 9, count), rng.integers(0, 3, count))),
                note=pl.when(pl.Series(rng.random(count) < 0.02)).then(pl.lit("管网检修，\n分时段供水")),
            )
        )
    return Table(
        "water_project",
        PROJECT,
        pl.concat(parts),
        ("project_code", "month"),
        ("quality_result", ("合格", "不合格")),
        id_column=None,
        name_column=None,
    )


def project_a_month_on(rng: np.random.Generator, before: Table, codes: dict[str, str], as_of: date) -> Table:
    """The newest month alone; `codes` (old to new) are the division codes that have changed since."""
    newest = before.frame.filter(pl.col("month") == before.frame["month"].max())
    n = len(newest)
    was = pl.col("quality_result") == "不合格"
    dirty = (
        pl.when(was).then(pl.lit(pl.Series(rng.random(n) < 0.5))).otherwise(pl.lit(pl.Series(rng.random(n) < 0.015)))
    )
    failed = chance.choose(rng, ("菌落总数", "浑浊度", "氟化物"), (5, 3, 1), n)
    frame = newest.with_columns(
        division_code=pl.col("division_code").replace(codes),
        month=pl.lit(as_of.strftime("%Y-%m")),
        quality_result=pl.when(dirty).then(pl.lit("不合格")).otherwise(pl.lit("合格")),
        failed_indicator=pl.when(dirty).then(pl.lit(failed)),
        outage_days=pl.lit(pl.Series(rng.integers(0, 3, n))),
        note=pl.lit(None, dtype=pl.String),
    )
    return replace(before, frame=frame)


def supply_later(rng: np.random.Generator, before: Table, people: People) -> Table:
    """The ledger on a later day: whoever moved is supplied where they live now, and some get a tap of their own."""
    known = before.frame.select(HOUSEHOLD, _was="division_code")
    frame = of_heads(before.frame, people)
    here = frame.unique("division_code", keep="first", maintain_order=True).select(
        "division_code", _here="project_code"
    )
    has_moved = pl.col("division_code") != pl.col("_was")
    piped = pl.lit(pl.Series(rng.random(len(frame)) < 0.15))
    frame = (
        frame.join(known, on=HOUSEHOLD, how="left", maintain_order="left")
        .join(here, on="division_code", how="left", maintain_order="left")
        .with_columns(
            project_code=pl.when(has_moved).then("_here").otherwise("project_code"),
            supply_method=pl.when(piped).then(pl.lit("自来水入户")).otherwise("supply_method"),
            round_trip_minutes=pl.when(piped).then(0.0).otherwise("round_trip_minutes"),
        )
        .drop("_was", "_here")
    )
    return replace(before, frame=frame)


def water_household(seed: int, people: People) -> Table:
    """One of its village's projects for each household, and how far the water is where it is not piped."""
    rng = chance.stream(seed, "water_household")
    frame = heads(people)
    n = len(frame)
    far = chance.some(rng, np.ones(n, dtype=np.bool_), 0.012)
    shared = ~far & (rng.random(n) < 0.16)
    minutes = np.where(far, rng.integers(21, 46, n), np.where(shared, rng.integers(2, 19, n), 0))
    method = np.where(far | shared, np.where(rng.random(n) < 0.6, "集中供水点", "自备井"), "自来水入户")
    frame = frame.select(
        pl.col("person_id").alias(PERSON),
        pl.col("household").alias(HOUSEHOLD),
        division_code="village",
        person_name="person_name",
        id_number="id_number",
        project_code=project_code(pl.col("village"), pl.lit(pl.Series(rng.integers(0, 2, n)))),
        supply_method=pl.Series(method.tolist(), dtype=pl.String),
        round_trip_minutes=pl.Series(minutes.astype(np.float64)),
        seasonal_shortage=pl.Series(rng.random(n) < 0.03),
    )
    return Table(
        "water_household",
        SUPPLY,
        frame,
        ("id_number",),
        ("supply_method", ("自来水入户", "自备井")),
    )
