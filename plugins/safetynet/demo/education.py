"""What education delivers: the pupils of a term, and the ledger of those who left school."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np
import polars as pl

from safetynet.demo import chance
from safetynet.demo.county import COUNTY_NAME
from safetynet.demo.event import Month, befallen, happened
from safetynet.demo.people import People, age_on, of_residents
from safetynet.demo.table import HOUSEHOLD, PERSON, Column, Table

ENROLLMENT = (
    Column("学籍号", "student_number", "code"),
    Column("学生姓名", "person_name", "person_name", True),
    Column("身份证件号", "id_number", "id_number"),
    Column("性别", "sex", "sex"),
    Column("出生日期", "birth_date", "date"),
    Column("户籍地行政区划代码", "division_code", "division_code"),
    Column("学校标识码", "school_code", "code"),
    Column("学校名称", "school_name"),
    Column("学段", "stage", "category"),
    Column("年级", "grade"),
    Column("学生状态", "enrollment_status", "category", True),
    Column("状态日期", "status_date", "date"),
    Column("监护人姓名", "guardian_name", "person_name"),
    Column("监护人身份证件号", "guardian_id_number", "id_number"),
    Column("学年学期", "school_term", "code", True),
)
DROPOUT = (
    Column("姓名", "person_name", "person_name", True),
    Column("身份证号", "id_number", "id_number"),
    Column("户籍地行政区划代码", "division_code", "division_code"),
    Column("学校名称", "school_name"),
    Column("年级", "grade"),
    Column("辍学日期", "dropped_out_on", "date", True),
    Column("辍学原因", "reason"),
    Column("劝返责任人", "responsible"),
    Column("劝返状态", "return_status", "category", True),
    Column("劝返日期", "returned_on", "date"),
    Column("备注", "note"),
)
_CHINESE = "一二三四五六七八九"
_SCHOOL_STATUS = (
    pl.when(pl.col("school_age") <= 11)
    .then(pl.lit("小学"))
    .otherwise(
        pl.concat_str(pl.lit(pl.Series(list(_CHINESE))).implode().list.get(pl.col("school_age") - 6), pl.lit("年级"))
    )
)


@dataclass(frozen=True)
class Term:
    """A school term: its name, the day it began and the year in which its school year began."""

    name: str
    began_on: date
    year: int


@dataclass(frozen=True)
class Schools:
    """Both tables, who the registry says is at school (person_id, school_status), and the term.

    The dropout ledger holds what is new since the last delivery.
    """

    enrollment: Table
    dropout: Table
    schooled: pl.DataFrame
    term: Term


def term_on(day: date) -> Term:
    """The newest term that has begun by that day."""
    if day.month >= 9:
        return Term(f"{day.year}-{day.year + 1}-1", date(day.year, 9, 1), day.year)
    if day.month >= 3:
        return Term(f"{day.year - 1}-{day.year}-2", date(day.year, 3, 1), day.year - 1)
    return Term(f"{day.year - 1}-{day.year}-1", date(day.year - 1, 9, 1), day.year - 1)


def schools(seed: int, people: People, as_of: date) -> Schools:
    """Children of school age are enrolled, but for the few who are not, or who have left."""
    rng = chance.stream(seed, "education")
    term = term_on(as_of)
    persons = people.persons.join(people.households, on="household").with_columns(
        school_age=age_on(pl.col("birth_on"), date(term.year, 8, 31))
    )
    pupils = persons.filter(pl.col("school_age").is_between(6, 14)).sort("person_id")
    enrolled = ~chance.some(rng, np.ones(len(pupils), dtype=np.bool_), 0.015)
    pupils = pupils.filter(pl.Series(enrolled))
    enrollment = _enrollment(rng, pupils, people, term)
    left = (enrollment["enrollment_status"] == "辍学").to_numpy()
    dropout = _dropout(rng, enrollment, left, term, as_of)
    schooled = pupils.filter(pl.Series(~left)).select("person_id", school_status=_SCHOOL_STATUS)
    return Schools(
        Table(
            "education_enrollment",
            ENROLLMENT,
            enrollment,
            ("student_number", "school_term"),
            ("enrollment_status", ("在读", "休学")),
        ),
        Table(
            "education_dropout",
            DROPOUT,
            dropout,
            ("id_number", "dropped_out_on"),
            ("return_status", ("劝返中", "未劝返")),
        ),
        schooled,
        term,
    )


def a_month_on(rng: np.random.Generator, before: Schools, people: People, month: Month) -> tuple[Schools, pl.DataFrame]:
    """The schools a month later, and what happened there (events): children drop out, and some are brought back."""
    term = term_on(month.last)
    pupils = _pupils(people, term)
    enrolled = of_residents(before.enrollment.frame, people)
    if term != before.term:
        enrolled = _in_new_term(rng, enrolled, pupils, people, term)
    ages = pupils.select(_person="person_id", school_age="school_age")
    enrolled = enrolled.join(ages, on="_person", how="left", maintain_order="left")
    is_away = pl.col("enrollment_status") == "辍学"
    stays = (pl.col("enrollment_status") == "在读") & (pl.col("school_age") >= 9)
    left = befallen(rng, enrolled, pl.when(stays).then(0.004), month)
    back = befallen(rng, enrolled, pl.when(is_away).then(0.2), month)
    listed = pl.concat(
        [
            _entries(rng, left.with_columns(dropped_out_on="happened_on", returned_on=pl.lit(None, dtype=pl.Date))),
            _entries(rng, back.with_columns(dropped_out_on="status_date", returned_on="happened_on")),
        ]
    )
    changed = pl.concat(
        [
            left.select(PERSON, enrollment_status=pl.lit("辍学"), status_date="happened_on"),
            back.select(PERSON, enrollment_status=pl.lit("在读"), status_date="happened_on"),
        ]
    )
    enrolled = enrolled.update(changed, on=PERSON).sort("school_code", "grade", PERSON)
    schooled = enrolled.filter(~is_away).select(person_id=PERSON, school_status=_SCHOOL_STATUS)
    events = [
        happened(event, rows.select("happened_on", person_id=PERSON, household=HOUSEHOLD))
        for event, rows in (("drops_out", left), ("returns", back))
    ]
    after = Schools(
        replace(before.enrollment, frame=enrolled.drop("school_age")),
        replace(before.dropout, frame=listed),
        schooled,
        term,
    )
    return after, pl.concat(events)


def _pupils(people: People, term: Term) -> pl.DataFrame:
    return (
        people.persons.join(people.households, on="household", maintain_order="left", suffix="_of_household")
        .with_columns(school_age=age_on(pl.col("birth_on"), date(term.year, 8, 31)))
        .filter(pl.col("school_age").is_between(6, 14))
        .sort("person_id")
    )


def _in_new_term(
    rng: np.random.Generator, enrolled: pl.DataFrame, pupils: pl.DataFrame, people: People, term: Term
) -> pl.DataFrame:
    """Those who are still of school age, a class higher in autumn, and the beginners."""
    beginners = pupils.filter((pl.col("school_age") == 6) & ~pl.col("person_id").is_in(enrolled[PERSON].implode()))
    beginners = beginners.filter(pl.Series(rng.random(len(beginners)) >= 0.015))
    written = _enrollment(rng, pupils, people, term).select(PERSON, "school_code", "school_name", "stage", "grade")
    away = pl.col("enrollment_status") == "辍学"
    still = (
        enrolled.drop("school_code", "school_name", "stage", "grade")
        .join(written, on=PERSON, how="inner", maintain_order="left")
        .with_columns(
            enrollment_status=pl.when(pl.col("enrollment_status") == "延缓入学")
            .then(pl.lit("在读"))
            .otherwise("enrollment_status"),
            status_date=pl.when(away).then("status_date").otherwise(pl.lit(term.began_on)),
            school_term=pl.lit(term.name),
        )
    )
    begun = _enrollment(rng, beginners, people, term)
    return pl.concat([still.select(begun.columns), begun])


def _entries(rng: np.random.Generator, pupils: pl.DataFrame) -> pl.DataFrame:
    """Rows of the dropout ledger for pupils with dropped_out_on and returned_on (null: not yet)."""
    n = len(pupils)
    is_back = pl.col("returned_on").is_not_null()
    return pupils.select(
        PERSON,
        HOUSEHOLD,
        "person_name",
        "id_number",
        "division_code",
        "school_name",
        "grade",
        "dropped_out_on",
        reason=chance.choose(rng, ("厌学", "外出务工", "家庭困难", "疾病", "随父母外出"), (4, 2, 1, 1, 2), n),
        responsible=chance.choose(rng, ("李老师", "王老师", "张主任", "陈校长"), (1, 1, 1, 1), n),
        return_status=pl.when(is_back)
        .then(pl.lit("已劝返"))
        .otherwise(chance.choose(rng, ("劝返中", "未劝返"), (6, 4), n)),
        returned_on="returned_on",
        note=pl.lit(None, dtype=pl.String),
    )


def _enrollment(rng: np.random.Generator, pupils: pl.DataFrame, people: People, term: Term) -> pl.DataFrame:
    n = len(pupils)
    everyone = np.ones(n, dtype=np.bool_)
    status = chance.choose(
        rng, ("在读", "休学", "送教上门", "转出", "延缓入学"), (0.978, 0.006, 0.006, 0.006, 0.004), n
    )
    left = chance.some(rng, everyone & (pupils["school_age"] >= 9).to_numpy(), 0.016, at_least=2)
    status = pl.select(pl.when(pl.Series(left)).then(pl.lit("辍学")).otherwise(status)).to_series()
    prefix = chance.choose(rng, ("G", "J", "L"), (0.96, 0.02, 0.02), n)
    made_up = pl.concat_str(
        pl.col("id_number").str.slice(0, 14),
        pl.lit(pl.Series(rng.permutation(n) % 10_000)).cast(pl.String).str.zfill(4),
    )
    guardians = (
        people.persons.filter(pl.col("age") >= 22)
        .sort("person_id")
        .unique("household", keep="first", maintain_order=True)
        .select("household", guardian_name="person_name", guardian_id_number="id_number")
    )
    status_day = np.where(left, rng.integers(10, 60, n), 0)
    primary = pl.col("school_age") <= 11
    school_turn = pl.lit(pl.Series(rng.integers(1, 4, n)))
    school = (
        (pl.col("town_code").str.slice(6, 3).cast(pl.Int64) - 100) * 6
        + school_turn
        + pl.when(primary).then(0).otherwise(3)
    )
    grade = (pl.col("school_age") - 5).cast(pl.String)
    return (
        pupils.with_columns(_school=school, _day=pl.Series(status_day))
        .join(guardians, on="household", how="left", maintain_order="left")
        .select(
            pl.col("person_id").alias(PERSON),
            pl.when("is_registered").then("household").alias(HOUSEHOLD),
            student_number=pl.concat_str(
                pl.lit(prefix), pl.when(pl.lit(prefix) == "G").then("id_number").otherwise(made_up)
            ),
            person_name="person_name",
            id_number="id_number",
            sex="sex",
            birth_date="birth_on",
            division_code="village",
            school_code=pl.concat_str(pl.lit("990121"), pl.col("_school").cast(pl.String).str.zfill(4)),
            school_name=pl.concat_str(
                pl.lit(f"{COUNTY_NAME}第"),
                pl.col("_school").cast(pl.String),
                pl.when(primary).then(pl.lit("小学")).otherwise(pl.lit("中学")),
            ),
            stage=pl.when(primary).then(pl.lit("小学")).otherwise(pl.lit("初中")),
            grade=pl.concat_str(grade, pl.lit("年级")),
            enrollment_status=pl.lit(status),
            status_date=pl.lit(term.began_on) + pl.duration(days=pl.col("_day")),
            guardian_name="guardian_name",
            guardian_id_number="guardian_id_number",
            school_term=pl.lit(term.name),
        )
        .sort("school_code", "grade", PERSON)
    )


def _dropout(
    rng: np.random.Generator, enrollment: pl.DataFrame, left: chance.Bools, term: Term, as_of: date
) -> pl.DataFrame:
    """Most of those who left, and some who were brought back; a few of these left again since."""
    open_ones = chance.some(rng, left, 0.85)
    returned = chance.some(rng, ~left & (enrollment["enrollment_status"] == "在读").to_numpy(), 0.008, at_least=2)
    relapsed = chance.some(rng, left & ~open_ones, 0.5)
    listed = np.flatnonzero(open_ones | returned | relapsed)
    back = (returned | relapsed)[listed]
    silent_pupil = chance.some(rng, back & returned[listed], 0.2)
    status = np.where(back & ~silent_pupil, "已劝返", np.where(rng.random(len(listed)) < 0.6, "劝返中", "未劝返"))
    before = (rng.integers(40, 110, len(listed)) * -1).tolist()
    earlier = [term.began_on + timedelta(days=day) for day in before]
    again = [
        day + timedelta(days=int(more)) for day, more in zip(earlier, rng.integers(9, 35, len(listed)), strict=True)
    ]
    chosen = enrollment[pl.Series(listed)]
    dropped = [
        early if is_back else late for early, late, is_back in zip(earlier, chosen["status_date"], back, strict=True)
    ]
    reason = chance.choose(rng, ("厌学", "外出务工", "家庭困难", "疾病", "随父母外出"), (4, 2, 1, 1, 2), len(listed))
    teacher = chance.choose(rng, ("李老师", "王老师", "张主任", "陈校长"), (1, 1, 1, 1), len(listed))
    note = chance.choose(rng, ("", "已电话联系家长", "家访未遇\n下周再访", "随父母在外省"), (6, 2, 1, 1), len(listed))
    return chosen.select(
        PERSON,
        HOUSEHOLD,
        "person_name",
        "id_number",
        "division_code",
        "school_name",
        "grade",
        dropped_out_on=pl.Series(dropped, dtype=pl.Date),
        reason=reason,
        responsible=teacher,
        return_status=pl.Series(status.tolist(), dtype=pl.String),
        returned_on=pl.when(pl.Series(status) == "已劝返").then(pl.Series(again, dtype=pl.Date)),
        note=pl.when(pl.lit(note) != "").then(pl.lit(note)),
    )
