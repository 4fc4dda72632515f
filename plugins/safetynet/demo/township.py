"""What townships report back of their visits: a verification_result workbook, about signals or leads of their own."""

from __future__ import annotations

import numpy as np
import polars as pl

from safetynet.demo import chance
from safetynet.demo.event import Month, befallen
from safetynet.demo.people import MONITORED, People
from safetynet.demo.table import HOUSEHOLD, PERSON, Column, Table

_COLUMNS = (
    Column("预警编号", "signal_id", "code", True),
    Column("户编号", "household_code", "code"),
    Column("核查日期", "verified_on", "date", True),
    Column("核查人", "verified_by", "person_name"),
    Column("核查结论", "finding", "category", True),
    Column("是否纳入监测", "admitted", "yes_no"),
    Column("监测类别", "category"),
    Column("帮扶措施", "measure"),
    Column("备注", "note"),
)


def verification_result(rng: np.random.Generator, answers: pl.DataFrame) -> Table:
    """The workbook of answers: _household, signal_id, household_code, verified_on, finding, admitted and category."""
    admitted = pl.col("admitted")
    frame = answers.select(
        pl.lit(None, dtype=pl.Int64).alias(PERSON),
        HOUSEHOLD,
        "signal_id",
        "household_code",
        "verified_on",
        verified_by=chance.choose(rng, ("周建民", "吴晓梅", "郑国强"), (3, 2, 2), len(answers)),
        finding="finding",
        admitted=admitted,
        category=pl.when(admitted).then("category"),
        measure=pl.when(admitted).then(pl.lit("落实帮扶联系人")),
        note=pl.lit(None, dtype=pl.String),
    )
    return Table(
        "verification_result",
        _COLUMNS,
        frame,
        ("signal_id", "verified_on"),
        ("finding", ("属实", "不属实")),
        id_column=None,
        name_column=None,
    )


def visits(rng: np.random.Generator, people: People, month: Month) -> Table:
    """A month's visits to families that asked for help themselves; nothing in the warehouse has a number for these.

    Whoever was taken into monitoring in the month was seen before. Of some the papers stay in the township: they
    were found to be in need and admitted, and the registry does not know it. Others were not in need.
    """
    homes = people.households.filter("is_registered")
    watched = pl.col("household_type").is_in(MONITORED) & ~pl.col("is_risk_eliminated").fill_null(value=False)
    entered = homes.filter(watched & pl.col("identified_on").is_between(month.first, month.last)).with_columns(
        verified_on="identified_on"
    )
    others = homes.filter(~watched)
    forgotten = befallen(rng, others, pl.lit(0.001), month).with_columns(verified_on="happened_on")
    others = others.join(forgotten, on="household", how="anti", maintain_order="left")
    well = befallen(rng, others, pl.lit(0.006), month).with_columns(verified_on="happened_on")
    seen = pl.concat(
        [
            told.select(
                pl.col("household").alias(HOUSEHOLD),
                "household_code",
                "verified_on",
                finding=pl.lit("属实" if admitted else "不属实"),
                admitted=pl.lit(admitted),
                category=pl.when(pl.col("household_type").is_in(MONITORED))
                .then("household_type")
                .otherwise(pl.lit("边缘易致贫户")),
            )
            for told, admitted in ((entered, True), (forgotten, True), (well, False))
        ]
    ).sort("verified_on", "household_code")
    number = pl.int_range(1, pl.len() + 1).cast(pl.String).str.zfill(3)
    return verification_result(
        rng, seen.with_columns(signal_id=pl.concat_str(pl.lit(f"自主申报{month.last:%Y%m}-"), number))
    )
