"""What health and medical insurance deliver: major illnesses, chronic care, two years of settlements."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import polars as pl

from safetynet.demo import chance
from safetynet.demo.chance import Bools, Floats, Ints
from safetynet.demo.county import COUNTY_NAME
from safetynet.demo.event import Month, befallen, happened
from safetynet.demo.people import People, of_residents
from safetynet.demo.table import HOUSEHOLD, PERSON, Column, Table

MAJOR = (
    Column("姓名", "person_name", "person_name", True),
    Column("身份证号", "id_number", "id_number"),
    Column("户籍地行政区划代码", "division_code", "division_code"),
    Column("病种名称", "illness", "text", True),
    Column("ICD-10编码", "icd10_code", "code"),
    Column("确诊日期", "diagnosed_on", "date"),
    Column("定点医院", "hospital_name"),
    Column("救治状态", "treatment_status", "category", True),
    Column("未救治原因", "untreated_reason"),
    Column("医疗总费用(元)", "total_cost", "money", True),
    Column("基本医保报销(元)", "basic_insurance_paid", "money"),
    Column("大病保险报销(元)", "major_illness_insurance_paid", "money"),
    Column("医疗救助(元)", "medical_assistance_paid", "money"),
    Column("个人自付(元)", "out_of_pocket", "money", True),
    Column("更新日期", "updated_on", "date"),
)
CHRONIC = (
    Column("姓名", "person_name", "person_name", True),
    Column("身份证号", "id_number", "id_number"),
    Column("户籍地行政区划代码", "division_code", "division_code"),
    Column("管理机构", "managing_institution"),
    Column("慢病种类", "disease", "category", True),
    Column("签约状态", "contract_status", "category", True),
    Column("家庭医生", "family_doctor"),
    Column("签约日期", "contracted_on", "date"),
    Column("最近随访日期", "last_follow_up_on", "date"),
    Column("年随访次数", "follow_ups_this_year", "count"),
    Column("控制情况", "control_status", "category"),
)
SETTLEMENT = (
    Column("结算流水号", "settlement_id", "code", True),
    Column("参保人身份证号", "id_number", "id_number"),
    Column("参保人姓名", "person_name", "person_name", True),
    Column("参保地行政区划代码", "division_code", "division_code"),
    Column("医疗类别", "visit_type", "category", True),
    Column("医疗机构编码", "institution_code", "code"),
    Column("医疗机构名称", "institution_name"),
    Column("主要诊断编码", "diagnosis_code", "code"),
    Column("主要诊断名称", "diagnosis_name"),
    Column("结算日期", "settled_on", "date", True),
    Column("总费用", "total_cost", "money", True),
    Column("基本医保支付", "basic_insurance_paid", "money"),
    Column("大病保险支付", "major_illness_insurance_paid", "money"),
    Column("医疗救助支付", "medical_assistance_paid", "money"),
    Column("其他支付", "other_paid", "money"),
    Column("个人自付", "out_of_pocket", "money", True),
)
YEARS = 730
# illness, ICD-10, diagnosis code and who may have it: any, child, male, female
ILLNESSES = (
    ("胃癌", "C16.9", "any"),
    ("肝癌", "C22.0", "any"),
    ("肺癌", "C34.9", "any"),
    ("食管癌", "C15.9", "any"),
    ("结肠癌", "C18.9", "any"),
    ("直肠癌", "C20", "any"),
    ("乳腺癌", "C50.9", "female"),
    ("宫颈癌", "C53.9", "female"),
    ("终末期肾病", "N18.5", "any"),
    ("急性心肌梗死", "I21.9", "any"),
    ("脑卒中", "I64", "any"),
    ("白内障", "H26.9", "any"),
    ("慢性阻塞性肺气肿", "J43.9", "any"),
    ("尘肺", "J64", "male"),
    ("血友病", "D66", "male"),
    ("地中海贫血", "D56.9", "any"),
    ("风湿性心脏病", "I09.9", "any"),
    ("膀胱癌", "C67.9", "any"),
    ("重性精神疾病", "F20.9", "any"),
    ("儿童白血病", "C91.0", "child"),
    ("儿童先天性心脏病", "Q24.9", "child"),
    ("唇腭裂", "Q37.9", "child"),
    ("耐多药结核病", "A16.2", "any"),
)
_EVERYDAY = (
    ("J06.900", "急性上呼吸道感染"),
    ("K29.500", "慢性胃炎"),
    ("M54.500", "腰痛"),
    ("J20.900", "急性支气管炎"),
    ("S93.400", "踝关节扭伤"),
    ("K05.300", "牙周炎"),
)
_HOSPITALS = {
    f"{COUNTY_NAME}人民医院": "H1001",
    f"{COUNTY_NAME}中医医院": "H1002",
    "青溪市第一人民医院": "H0101",
}
_CHRONIC_CODES = {
    "高血压": "I10.x00",
    "糖尿病": "E11.900",
    "肺结核": "A16.200",
    "严重精神障碍": "F20.900",
}


def _whom(people: People) -> pl.DataFrame:
    return people.persons.join(people.households, on="household").sort("person_id")


def _identity() -> list[pl.Expr]:
    return [
        pl.col("person_id").alias(PERSON),
        pl.when("is_registered").then("household").alias(HOUSEHOLD),
        pl.col("person_name"),
        pl.col("id_number"),
        pl.col("village").alias("division_code"),
    ]


def _since_birth(day: pl.Expr) -> pl.Expr:
    """The day, or the day of birth where that is later."""
    return pl.max_horizontal(day, pl.col("birth_on"))


def _yuan(amount: Floats) -> Ints:
    """Yuan to whole fen."""
    return np.round(amount * 100).astype(np.int64)


def _hospital(rng: np.random.Generator, size: int) -> pl.Series:
    return chance.choose(rng, list(_HOSPITALS), (6, 3, 2), size)


def illnesses(rng: np.random.Generator, frame: pl.DataFrame) -> pl.DataFrame:
    """A major illness for each person (person_id, age, sex): person_id, illness, icd10_code."""
    group = np.where(frame["age"].to_numpy() < 15, 0, np.where((frame["sex"] == "男").to_numpy(), 1, 2))
    pick = np.zeros(len(frame), dtype=np.int64)
    allowed = (("child", "any"), ("any", "male"), ("any", "female"))
    for number, groups in enumerate(allowed):
        where = np.flatnonzero(group == number)
        weights = [
            (4.0 if number == 0 and whom == "child" else 0.2 if number == 0 else 1.0) if whom in groups else 0.0
            for _, _, whom in ILLNESSES
        ]
        pick[where] = chance.index(rng, weights, len(where))
    chosen = pl.Series(pick)
    return frame.select(
        "person_id",
        illness=pl.Series([name for name, _, _ in ILLNESSES]).gather(chosen),
        icd10_code=pl.Series([code for _, code, _ in ILLNESSES]).gather(chosen),
    )


def diagnosed(seed: int, people: People) -> People:
    """The same people, each with the major illness that they have: `illness`, `icd10_code`, null for the healthy.

    `ill_since` is the day on which it began where that is known.
    """
    found = illnesses(chance.stream(seed, "illness"), _whom(people).filter("is_major"))
    persons = people.persons.join(found, on="person_id", how="left", maintain_order="left")
    return replace(people, persons=persons.with_columns(ill_since=pl.lit(None, dtype=pl.Date)))


def health_major_illness(seed: int, people: People, as_of: date) -> Table:
    """Persons with a major illness; about one in twelve is not treated."""
    frame = _cases(chance.stream(seed, "health_major_illness"), _whom(people).filter("is_major"), as_of, 0.08)
    return Table(
        "health_major_illness",
        MAJOR,
        frame,
        ("id_number", "illness"),
        ("treatment_status", ("已救治", "正在救治")),
    )


def major_illness_a_month_on(
    rng: np.random.Generator, before: Table, people: People, events: pl.DataFrame, month: Month
) -> tuple[Table, pl.DataFrame]:
    """The ledger a month later, and who came to be treated: new cases, and the dead for the last time."""
    died = events.filter((pl.col("event") == "dies") & (pl.col("happened_on") >= month.first))
    dead = before.frame.join(
        died.select(_person="person_id", died_on="happened_on"), on="_person", maintain_order="left"
    )
    dead = dead.with_columns(treatment_status=pl.lit("死亡"), untreated_reason=pl.lit(None), updated_on="died_on")
    known = of_residents(before.frame.filter(pl.col("treatment_status") != "死亡"), people)
    status = pl.col("treatment_status")
    treated = befallen(rng, known, pl.when(status == "未救治").then(0.2), month)
    cured = befallen(rng, known, pl.when(status == "正在救治").then(0.1), month)
    progress = pl.concat(
        [
            treated.select(PERSON, treatment_status=pl.lit("正在救治"), updated_on="happened_on"),
            cured.select(PERSON, treatment_status=pl.lit("已救治"), updated_on="happened_on"),
        ]
    )
    known = known.update(progress, on=PERSON).with_columns(
        untreated_reason=pl.when(pl.col("treatment_status") == "未救治").then("untreated_reason")
    )
    ill = _whom(people).filter(pl.col("ill_since").is_between(month.first, month.last))
    cases = _cases(rng, ill, month.last, 0.25).with_columns(
        treatment_status=pl.when(status == "未救治").then(status).otherwise(pl.lit("正在救治")),
        diagnosed_on=pl.lit(ill["ill_since"]),
        updated_on=pl.lit(ill["ill_since"]),
    )
    told = happened("is_treated", treated.select("happened_on", person_id=PERSON, household=HOUSEHOLD))
    columns = before.frame.columns
    frame = pl.concat([part.select(columns) for part in (known, dead, cases)])
    return replace(before, frame=frame), told


def _cases(rng: np.random.Generator, frame: pl.DataFrame, as_of: date, untreated_share: float) -> pl.DataFrame:
    """A row for each person who is ill."""
    n = len(frame)
    untreated = chance.some(rng, np.ones(n, dtype=np.bool_), untreated_share)
    status = chance.choose(rng, ("已救治", "正在救治", "死亡"), (0.62, 0.34, 0.04), n)
    status = pl.select(pl.when(pl.Series(untreated)).then(pl.lit("未救治")).otherwise(status)).to_series()
    cost = rng.lognormal(10.2, 0.7, n)
    total = np.where(untreated, _yuan(cost * 0.05), _yuan(cost))
    basic = (total * 0.55).astype(np.int64)
    major = np.where(total > 1_500_000, (total * 0.1).astype(np.int64), 0)
    aid = np.where(rng.random(n) < 0.4, (total * 0.08).astype(np.int64), 0)
    diagnosed = pl.lit(as_of) - pl.duration(days=pl.lit(pl.Series(rng.integers(40, 900, n))))
    reason = chance.choose(rng, ("本人放弃", "家庭困难", "外出务工", "等待床位"), (4, 3, 2, 1), n)
    return frame.select(
        *_identity(),
        illness="illness",
        icd10_code="icd10_code",
        diagnosed_on=_since_birth(diagnosed),
        hospital_name=_hospital(rng, n),
        treatment_status=status,
        untreated_reason=pl.when(pl.lit(status) == "未救治").then(pl.lit(reason)),
        total_cost=pl.Series(total),
        basic_insurance_paid=pl.Series(basic),
        major_illness_insurance_paid=pl.Series(major),
        medical_assistance_paid=pl.Series(aid),
        out_of_pocket=pl.Series(total - basic - major - aid),
        updated_on=pl.lit(as_of) - pl.duration(days=pl.lit(pl.Series(rng.integers(0, 40, n)))),
    )


def health_chronic_disease(seed: int, people: People, as_of: date) -> Table:
    """Persons in chronic care; a few without contract, a few whose last follow-up is long past."""
    frame = _patients(
        chance.stream(seed, "health_chronic_disease"), _whom(people).filter(pl.col("chronic").is_not_null()), as_of
    )
    return Table(
        "health_chronic_disease",
        CHRONIC,
        frame,
        ("id_number", "disease"),
        ("control_status", ("达标", "未达标")),
    )


def chronic_disease_later(rng: np.random.Generator, before: Table, people: People, as_of: date) -> Table:
    """The care register on a later day: new patients, new contracts, and follow-ups but for a few."""
    known = of_residents(before.frame, people)
    n = len(known)
    signs = pl.lit(pl.Series(rng.random(n) < 0.15)) & (pl.col("contract_status") == "未签约")
    cared = (pl.col("contract_status") == "已签约") | signs
    seen = cared & pl.lit(pl.Series(rng.random(n) < 0.94))
    days = rng.integers(0, 80, n)
    known = known.with_columns(
        contract_status=pl.when(signs).then(pl.lit("已签约")).otherwise("contract_status"),
        family_doctor=pl.when(signs).then(pl.lit("李医生")).otherwise("family_doctor"),
        contracted_on=pl.when(signs).then(pl.lit(as_of - timedelta(days=80))).otherwise("contracted_on"),
        last_follow_up_on=pl.when(seen)
        .then(pl.lit(as_of) - pl.duration(days=pl.lit(pl.Series(days))))
        .otherwise("last_follow_up_on"),
        follow_ups_this_year=pl.when(pl.lit(as_of.month <= 3)).then(0).otherwise("follow_ups_this_year")
        + seen.cast(pl.Int64),
    )
    patients = _whom(people).filter(
        pl.col("chronic").is_not_null() & ~pl.col("person_id").is_in(known[PERSON].implode())
    )
    frame = pl.concat([known.select(before.frame.columns), _patients(rng, patients, as_of)])
    return replace(before, frame=frame)


def _patients(rng: np.random.Generator, frame: pl.DataFrame, as_of: date) -> pl.DataFrame:
    """A row for each person in chronic care."""
    n = len(frame)
    everyone = np.ones(n, dtype=np.bool_)
    without = chance.some(rng, everyone, 0.07)
    ended = chance.some(rng, without, 0.25)
    status = np.where(ended, "解约", np.where(without, "未签约", "已签约"))
    overdue = chance.some(rng, ~without, 0.06)
    never = chance.some(rng, ~without & ~overdue, 0.01)
    since = np.where(overdue, rng.integers(95, 260, n), rng.integers(0, 89, n))
    signed = ~without | ended
    seen = ~without & ~never
    return frame.select(
        *_identity(),
        managing_institution=pl.concat_str("town_name", pl.lit("卫生院")),
        disease="chronic",
        contract_status=pl.Series(status.tolist(), dtype=pl.String),
        family_doctor=pl.when(pl.Series(~without)).then(
            chance.choose(rng, ("李医生", "王医生", "张医生", "周医生"), (4, 3, 2, 1), n)
        ),
        contracted_on=pl.when(pl.Series(signed)).then(
            _since_birth(pl.lit(as_of) - pl.duration(days=pl.lit(pl.Series(rng.integers(265, 1200, n)))))
        ),
        last_follow_up_on=pl.when(pl.Series(seen)).then(
            _since_birth(pl.lit(as_of) - pl.duration(days=pl.lit(pl.Series(since))))
        ),
        follow_ups_this_year=pl.Series(np.where(seen, 1 + rng.integers(0, 6, n), 0)),
        control_status=chance.choose(rng, ("达标", "未达标"), (0.7, 0.3), n),
    )


def health_settlement(
    rng: np.random.Generator, people: People, as_of: date, days: int = YEARS, first: int = 0
) -> Table:
    """The settlements of the days (two years) up to as_of, numbered from `first`; refunds are rows of their own."""
    frame = _whom(people).filter("is_insured")
    rate = np.where(frame["is_major"], 5.5, np.where(frame["chronic"].is_not_null(), 3.0, 0.62))
    is_new = frame["ill_since"].is_between(as_of - timedelta(days=90), as_of).fill_null(value=False)
    rate = np.where(is_new, 40.0, rate)
    visits = rng.poisson(rate * (days / YEARS), len(frame))
    who = np.repeat(np.arange(len(frame), dtype=np.int64), visits)
    frame = frame[pl.Series(who)]
    n = len(frame)
    major = frame["is_major"].to_numpy()
    chronic = frame["chronic"].is_not_null().to_numpy()
    draw = rng.random(n)
    inpatient = draw < np.where(major, 0.45, np.where(chronic, 0.10, 0.05))
    special = ~inpatient & (draw < np.where(major | chronic, 0.75, 0.0))
    cost = np.where(
        inpatient,
        rng.lognormal(8.4, 0.7, n) * np.where(major, 2.6, 1.0),
        np.where(special, rng.lognormal(5.6, 0.6, n), rng.lognormal(4.6, 0.6, n)),
    )
    ruinous = chance.some(rng, inpatient & major, 0.06, at_least=4 * days // YEARS)
    cost = np.where(ruinous, rng.uniform(60_000, 160_000, n), cost)
    cost = np.clip(cost, 3.0, 400_000.0)
    total = _yuan(cost)
    basic = (total * np.where(inpatient, rng.uniform(0.5, 0.72, n), rng.uniform(0.3, 0.65, n))).astype(np.int64)
    extra = np.where(inpatient & (total > 1_500_000), (total * 0.08).astype(np.int64), 0)
    aid = np.where(inpatient & (rng.random(n) < 0.15), (total * 0.1).astype(np.int64), 0)
    other = np.where(rng.random(n) < 0.03, (total * 0.03).astype(np.int64), 0)
    before = rng.integers(0, days, n)
    before = np.where(ruinous, rng.integers(0, min(300, days), n), before)
    lived = (pl.lit(as_of) - frame["birth_on"]).dt.total_days()
    ago = pl.min_horizontal(pl.lit(pl.Series(before)), pl.lit(frame.select(lived).to_series()))
    everyday = chance.index(rng, (5, 3, 3, 3, 1, 1), n)
    codes = pl.Series([code for code, _ in _EVERYDAY]).gather(pl.Series(everyday))
    texts = pl.Series([text for _, text in _EVERYDAY]).gather(pl.Series(everyday))
    for_illness, for_chronic = (
        pl.lit(pl.Series(major & (inpatient | special))),
        pl.lit(pl.Series(chronic & (draw < 0.75))),
    )
    code_of = pl.col("chronic").replace_strict(_CHRONIC_CODES, default=None, return_dtype=pl.String)
    at_county = rng.random(n) < 0.6
    institution = (
        pl.when(pl.lit(pl.Series(~inpatient & ~at_county)))
        .then(pl.concat_str("town_name", pl.lit("卫生院")))
        .otherwise(_hospital(rng, n))
    )
    frame = frame.with_columns(
        visit_type=pl.Series(np.where(inpatient, "住院", np.where(special, "门诊慢特病", "普通门诊")).tolist()),
        institution_name=institution,
        diagnosis_code=pl.when(for_illness).then("icd10_code").when(for_chronic).then(code_of).otherwise(codes),
        diagnosis_name=pl.when(for_illness).then("illness").when(for_chronic).then("chronic").otherwise(texts),
        settled_on=pl.lit(as_of) - pl.duration(days=ago),
        total_cost=pl.Series(total),
        basic_insurance_paid=pl.Series(basic),
        major_illness_insurance_paid=pl.Series(extra),
        medical_assistance_paid=pl.Series(aid),
        other_paid=pl.Series(other),
        out_of_pocket=pl.Series(total - basic - extra - aid - other),
    ).sort("settled_on", "person_id", maintain_order=True)
    frame = frame.with_columns(
        settlement_id=pl.concat_str(
            pl.lit("JS990121"), pl.int_range(first, first + pl.len(), dtype=pl.Int64).cast(pl.String).str.zfill(9)
        ),
        institution_code=pl.col("institution_name").replace_strict(
            _HOSPITALS,
            default=pl.concat_str(pl.lit("H5"), pl.col("town_code").str.slice(6, 3)),
            return_dtype=pl.String,
        ),
    )
    frame = frame.select(
        *_identity(),
        *[column.name for column in SETTLEMENT if column.name not in ("person_name", "id_number", "division_code")],
    )
    return Table(
        "health_settlement",
        SETTLEMENT,
        _with_refunds(rng, frame, as_of),
        ("settlement_id",),
        ("visit_type", ("普通门诊", "住院")),
    )


def _with_refunds(rng: np.random.Generator, frame: pl.DataFrame, as_of: date) -> pl.DataFrame:
    """Add, for some settlements, the row that takes all their amounts back a few days later."""
    back: Bools = chance.some(rng, np.ones(len(frame), dtype=np.bool_), 0.012, at_least=2)
    amounts = [column.name for column in SETTLEMENT if column.kind == "money"]
    later = pl.duration(days=pl.lit(pl.Series(rng.integers(1, 15, int(back.sum())))))
    refunds = frame.filter(pl.Series(back)).with_columns(
        *[-pl.col(name) for name in amounts],
        settled_on=pl.min_horizontal(pl.col("settled_on") + later, pl.lit(as_of)),
    )
    return pl.concat([frame, refunds]).sort("settled_on", "settlement_id", maintain_order=True)
