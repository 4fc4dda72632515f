"""What rural affairs delivers: one row per person of the registered households."""

from __future__ import annotations

from dataclasses import replace

import polars as pl

from safetynet.demo import chance
from safetynet.demo.people import People
from safetynet.demo.table import HOUSEHOLD, PERSON, Column, Table

COLUMNS = (
    Column("行政区划代码", "division_code", "division_code", True),
    Column("乡镇", "town_name"),
    Column("行政村", "village_name"),
    Column("户编号", "household_code", "code", True),
    Column("户类型", "household_type", "category", True),
    Column("识别监测时间", "identified_on", "date"),
    Column("风险是否已消除", "risk_eliminated", "yes_no"),
    Column("主要风险", "main_risk"),
    Column("姓名", "person_name", "person_name", True),
    Column("证件号码", "id_number", "id_number"),
    Column("与户主关系", "relation_to_head", "text", True),
    Column("性别", "sex", "sex"),
    Column("民族", "ethnicity"),
    Column("健康状况", "health_status"),
    Column("在校生状况", "school_status"),
    Column("是否参加城乡居民基本医疗保险", "has_basic_medical_insurance", "yes_no"),
    Column("家庭人口数", "member_count", "count"),
    Column("人均纯收入(元)", "per_capita_net_income", "money", True),
    Column("联系电话", "phone", "phone"),
)


def described(seed: int, people: People) -> People:
    """The same people, each with how a clerk writes several values into one cell: `mark` and `is_turned`."""
    rng = chance.stream(seed, "registry_member")
    registered = people.households.filter("is_registered")["household"]
    is_registered = people.persons["household"].is_in(registered.implode())
    n = int(is_registered.sum())
    spelled = people.persons.filter(is_registered).select(
        "person_id",
        mark=pl.Series([",", "、", "，", ";"]).gather(pl.Series(chance.index(rng, (6, 2, 1, 1), n))),
        is_turned=pl.Series(rng.random(n) < 0.5),
    )
    return replace(people, persons=people.persons.join(spelled, on="person_id", how="left", maintain_order="left"))


def registry_member(people: People, schooled: pl.DataFrame) -> Table:
    """The registry; `schooled` (person_id, school_status) says who the schools hold."""
    frame = (
        people.persons.join(people.households, on="household")
        .filter("is_registered")
        .join(schooled, on="person_id", how="left")
        .sort("person_id")
    )
    frame = frame.select(
        pl.col("person_id").alias(PERSON),
        pl.col("household").alias(HOUSEHOLD),
        division_code="village",
        town_name="town_name",
        village_name="village_name",
        household_code="household_code",
        household_type="household_type",
        identified_on="identified_on",
        risk_eliminated="is_risk_eliminated",
        main_risk="main_risk",
        person_name="person_name",
        id_number="id_number",
        relation_to_head="relation",
        sex="sex",
        ethnicity="ethnicity",
        health_status=_health(),
        school_status=pl.when(pl.col("age") < 3)
        .then(pl.lit("学龄前儿童"))
        .when(pl.col("age") < 6)
        .then(pl.lit("学前教育"))
        .otherwise("school_status"),
        has_basic_medical_insurance="is_insured",
        member_count="member_count",
        per_capita_net_income="net_income",
        phone="phone",
    )
    return Table(
        "registry_member",
        COLUMNS,
        frame,
        ("household_code", "id_number"),
        ("health_status", ("健康", "残疾")),
    )


def _health() -> pl.Expr:
    """Several values in one cell, in either order and with any separator, as they really stand there."""
    told = pl.concat_list(
        pl.when(holds).then(pl.lit(text))
        for holds, text in (
            (pl.col("is_major"), "患有大病"),
            (pl.col("chronic").is_not_null(), "长期慢性病"),
            (pl.col("is_disabled"), "残疾"),
        )
    ).list.drop_nulls()
    turned = pl.when("is_turned").then(told.list.reverse()).otherwise(told)
    return pl.when(told.list.len() == 0).then(pl.lit("健康")).otherwise(turned.list.join(pl.col("mark")))
