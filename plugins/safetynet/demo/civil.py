"""What civil affairs delivers: who receives which assistance in which month."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import polars as pl

from safetynet.demo import chance
from safetynet.demo.event import Month, befallen, happened
from safetynet.demo.people import People, of_residents
from safetynet.demo.table import HOUSEHOLD, PERSON, Column, Table
from safetynet.demo.water import months

COLUMNS = (
    Column("救助证号", "certificate_number", "code", True),
    Column("发放月份", "month", "month", True),
    Column("申请人姓名", "applicant_name", "person_name"),
    Column("申请人身份证号", "applicant_id_number", "id_number"),
    Column("姓名", "person_name", "person_name", True),
    Column("身份证号", "id_number", "id_number"),
    Column("与申请人关系", "relation_to_applicant"),
    Column("救助类型", "assistance_type", "category", True),
    Column("低保类别", "dibao_class"),
    Column("保障人数", "persons_covered", "count"),
    Column("月保障金额(元)", "monthly_amount", "money"),
    Column("享受起始年月", "started_month", "month"),
    Column("状态", "payment_status", "category", True),
    Column("停发年月", "stopped_month", "month"),
    Column("停发原因", "stop_reason"),
    Column("户籍地行政区划代码", "division_code", "division_code"),
)
CIVIL_MONTHS = 4
_TYPES = ("农村低保", "特困分散供养", "特困集中供养", "低保边缘家庭", "刚性支出困难家庭", "临时救助")


def civil_assistance(seed: int, people: People, as_of: date) -> Table:
    """Poor households mostly receive something; some were stopped this month, some never had any."""
    rng = chance.stream(seed, "civil_assistance")
    homes = people.households
    n = len(homes)
    registered = homes["is_registered"].to_numpy()
    poor = registered & (homes["net_income"].to_numpy() < 800_000)
    single = (homes["member_count"] == 1).to_numpy()
    missed = chance.some(rng, poor, 0.22)
    receives = (poor & ~missed) | chance.some(rng, registered & ~poor, 0.045) | chance.some(rng, ~registered, 0.2)
    stopped = chance.some(rng, receives & poor, 0.09) | chance.some(rng, receives & ~poor, 0.05)
    kind = chance.index(rng, (0.70, 0.02, 0.01, 0.17, 0.05, 0.05), n)
    kind = np.where(single, chance.index(rng, (0.45, 0.33, 0.12, 0.06, 0.02, 0.02), n), kind)
    names = np.array(_TYPES, dtype=object)[kind]
    names = np.where(registered, names, np.where(rng.random(n) < 0.8, "城市低保", "低保边缘家庭"))
    grade = np.array(["A", "B", "C"])[chance.index(rng, (2, 5, 3), n)]
    starts = months(as_of, 48)
    start = np.array(starts, dtype=object)[rng.integers(0, 48 - CIVIL_MONTHS, n)]
    # An edge household may have one member covered alone.
    alone = (names == "低保边缘家庭") & (rng.random(n) < 0.3)
    count = np.where(alone, 1, homes["member_count"].to_numpy())
    grants = homes.select(
        "household",
        "household_code",
        "village",
        "is_registered",
        names=pl.Series(names.tolist(), dtype=pl.String),
        grade=pl.Series(grade.tolist(), dtype=pl.String),
        start=pl.Series(start.tolist(), dtype=pl.String),
        alone=pl.Series(alone),
        count=pl.Series(count.astype(np.int64)),
        amount=pl.Series(np.round(rng.uniform(150, 420, n) * 100).astype(np.int64) * count),
        stopped=pl.Series(stopped),
        reason=chance.choose(rng, ("收入超标", "未按时年审", "户籍迁出", "本人申请退出"), (5, 3, 1, 2), n),
    ).filter(pl.Series(receives))
    heads = people.persons.filter(pl.col("relation") == "户主").select(
        "household", applicant_name="person_name", applicant_id_number="id_number"
    )
    rows = (
        people.persons.join(grants, on="household")
        .join(heads, on="household")
        .filter(~pl.col("alone") | (pl.col("relation") == "户主"))
        .sort("person_id")
    )
    died = pl.Series(chance.some(rng, (rows["age"] > 70).to_numpy() & (rows["count"] > 1).to_numpy(), 0.01, at_least=0))
    names_of_months = months(as_of, CIVIL_MONTHS)
    parts = [
        _month(rows.with_columns(died=died), month, month == names_of_months[-1]).filter(
            # Nobody is listed before being born.
            rows["birth_on"].dt.strftime("%Y-%m") <= month
        )
        for month in names_of_months
    ]
    return Table(
        "civil_assistance",
        COLUMNS,
        pl.concat(parts),
        ("certificate_number", "month", "id_number"),
        ("relation_to_applicant", ("本人", "其他")),
    )


def a_month_on(
    rng: np.random.Generator, before: Table, people: People, events: pl.DataFrame, month: Month
) -> tuple[Table, pl.DataFrame]:
    """The newest month alone, and what changed in it (events): the dead are struck off, some stop, some begin."""
    name = month.last.strftime("%Y-%m")
    newest = before.frame.filter(pl.col("month") == before.frame["month"].max())
    died = events.filter((pl.col("event") == "dies") & (pl.col("happened_on") >= month.first))
    dead = newest.filter(pl.col(PERSON).is_in(died["person_id"].implode())).with_columns(
        payment_status=pl.lit("死亡注销"), stopped_month=pl.lit(name), stop_reason=pl.lit("死亡")
    )
    stays = newest.filter(pl.col("payment_status") != "死亡注销")
    rows = of_residents(stays, people).with_columns(persons_covered=pl.len().over("certificate_number").cast(pl.Int64))
    incomes = people.households.select("household", "household_code", "net_income", "is_registered")
    paid = (
        rows.unique("certificate_number", keep="first", maintain_order=True)
        .with_columns(household_code=pl.col("certificate_number").str.slice(2))
        .join(incomes, on="household_code", maintain_order="left")
    )
    stops = pl.when(pl.col("net_income") > 1_200_000).then(0.03).otherwise(0.008)
    stopped = befallen(rng, paid, pl.when(pl.col("payment_status") == "在享").then(stops), month)
    restored = befallen(rng, paid, pl.when(pl.col("payment_status") == "停发").then(0.15), month)
    is_stopped = pl.col("certificate_number").is_in(stopped["certificate_number"].implode())
    is_restored = pl.col("certificate_number").is_in(restored["certificate_number"].implode())
    reason = chance.choose(rng, ("收入超标", "未按时年审", "本人申请退出"), (5, 3, 2), len(rows))
    rows = rows.with_columns(
        payment_status=pl.when(is_stopped)
        .then(pl.lit("停发"))
        .when(is_restored)
        .then(pl.lit("在享"))
        .otherwise("payment_status"),
        stopped_month=pl.when(is_stopped).then(pl.lit(name)).when(~is_restored).then("stopped_month"),
        stop_reason=pl.when(is_stopped).then(reason).when(~is_restored).then("stop_reason"),
    )
    poor = pl.col("is_registered") & (pl.col("net_income") < 800_000)
    without = ~pl.col("household_code").is_in(newest["certificate_number"].str.slice(2).implode())
    granted = befallen(rng, incomes, pl.when(poor & without).then(0.1), month)
    frame = pl.concat([part.select(newest.columns) for part in (rows, dead, _granted(granted, people, name))])
    told = [
        happened(event, which.select("happened_on", "household"))
        for event, which in (("aid_stops", stopped), ("aid_is_restored", restored), ("aid_begins", granted))
    ]
    return replace(before, frame=frame.with_columns(month=pl.lit(name))), pl.concat(told)


def _granted(homes: pl.DataFrame, people: People, month: str) -> pl.DataFrame:
    """Rows of every member of households (household) that receive 农村低保 from this month on."""
    rows = people.persons.join(homes.select("household"), on="household", how="semi", maintain_order="left")
    heads = people.persons.filter(pl.col("relation") == "户主").select(
        "household", applicant_name="person_name", applicant_id_number="id_number"
    )
    rows = (
        rows.join(people.households, on="household", maintain_order="left", suffix="_of_household")
        .join(heads, on="household", maintain_order="left")
        .with_columns(
            names=pl.lit("农村低保"),
            grade=pl.lit("B"),
            start=pl.lit(month),
            count="member_count",
            amount=pl.col("member_count") * 28_000,
            stopped=pl.lit(value=False),
            died=pl.lit(value=False),
            reason=pl.lit(None, dtype=pl.String),
        )
    )
    return _month(rows, month, newest=True)


def _month(rows: pl.DataFrame, month: str, newest: bool) -> pl.DataFrame:
    stopped = pl.col("stopped") if newest else pl.lit(value=False)
    dead = pl.col("died") if newest else pl.lit(value=False)
    return rows.select(
        pl.col("person_id").alias(PERSON),
        pl.when("is_registered").then("household").alias(HOUSEHOLD),
        certificate_number=pl.concat_str(pl.lit("JZ"), "household_code"),
        month=pl.lit(month),
        applicant_name="applicant_name",
        applicant_id_number="applicant_id_number",
        person_name="person_name",
        id_number="id_number",
        relation_to_applicant=pl.when(pl.col("relation") == "户主").then(pl.lit("本人")).otherwise("relation"),
        assistance_type="names",
        dibao_class=pl.when(pl.col("names").is_in(["农村低保", "城市低保"])).then("grade"),
        persons_covered="count",
        monthly_amount="amount",
        started_month="start",
        payment_status=pl.when(dead)
        .then(pl.lit("死亡注销"))
        .when(stopped)
        .then(pl.lit("停发"))
        .otherwise(pl.lit("在享")),
        stopped_month=pl.when(dead | stopped).then(pl.lit(month)),
        stop_reason=pl.when(dead).then(pl.lit("死亡")).when(stopped).then("reason"),
        division_code="village",
    )
