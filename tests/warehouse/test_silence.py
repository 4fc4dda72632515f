"""Silence before a false alarm: a row that may be about somebody keeps a rule quiet that rests on their absence."""

from __future__ import annotations

from datetime import date
from typing import Any

import duckdb
import pytest

from warehouse.small_warehouse import OTHER_VILLAGE, VILLAGE, Drop, an_id

MAY, JUNE = "2025-05-31", "2025-06-30"
PREFECTURE = "990100000000"
CHILD_BORN = "20150501"
POLICY = [
    ("monitoring_line", "", "all", date(2021, 1, 1), None, 6000.0, "yuan", False),
    ("school_age_min", "", "all", date(2000, 1, 1), None, 6.0, "years", False),
    ("school_age_max", "", "all", date(2000, 1, 1), None, 14.0, "years", False),
]


def named(name: str, number: str | None, village: str | None = VILLAGE, **more: Any) -> dict[str, Any]:
    return {"person_name": name, "id_number": number, "division_code": village, **more}


def member(household: str, name: str, number: str | None, **more: Any) -> dict[str, Any]:
    row = named(name, number, household_code=household, household_type="一般农户", relation_to_head="户主")
    return row | {"per_capita_net_income": 5000} | more


def aid(name: str, number: str | None, month: str | None = "2025-06", **more: Any) -> dict[str, Any]:
    return named(name, number, certificate_number=f"Z{name}", month=month, payment_status="在享") | more


@pytest.fixture(scope="module")
def silent(module_drop: Drop) -> duckdb.DuckDBPyConnection:
    drop = module_drop
    drop.policy = list(POLICY)
    drop.batch(
        "registry_member",
        JUNE,
        [
            member("unnumbered", "欧阳甲", None),
            member("of another number", "欧阳乙", an_id(2)),
            member("namesake of a neighbour", "欧阳丙", None),
            member("the neighbour", "欧阳丙", an_id(3), per_capita_net_income=9000),
            member("of another village", "欧阳丁", None),
            member("held back", "欧阳戊", None),
            member("with the number of somebody else", "司马壬", an_id(3)),
            member("stopped, doubts of old", "诸葛甲", an_id(10)),
            member("stopped, this month in doubt", "诸葛乙", an_id(11)),
            member("stopped, a month in doubt", "诸葛丙", an_id(12)),
            member("perhaps covered once", "诸葛丁", an_id(13)),
            member("told of before by the prefecture", "公孙甲", an_id(20, CHILD_BORN), per_capita_net_income=9000),
            member("a pupil under the father's number", "公孙丙", an_id(30), per_capita_net_income=9000),
            member("a pupil under the father's number", "公孙丁", an_id(31, CHILD_BORN), per_capita_net_income=9000),
            member("a member held back", "端木甲", an_id(40)),
            member("a member held back", "端木乙", an_id(41), _reasons=[("member_count", "count")]),
            member("held back without a number", "端木丙", an_id(42)),
            member("held back without a number", "端木丁", None, _reasons=[("member_count", "count")]),
            member("held back, and nothing told", "端木戊", an_id(44)),
            member("held back, and nothing told", "端木己", an_id(45), _reasons=[("member_count", "count")]),
            member("held back, a namesake told", "端木庚", an_id(46)),
            member("held back, a namesake told", "端木辛", an_id(47), _reasons=[("member_count", "count")]),
            member("told of now by the county", "公孙乙", an_id(21, CHILD_BORN), per_capita_net_income=9000),
        ],
    )
    drop.batch("health_major_illness", JUNE, [named("欧阳戊", an_id(5), illness="肺癌")])
    drop.batch(
        "civil_assistance",
        JUNE,
        [
            aid("欧阳甲", an_id(1)),  # 4
            aid("欧阳乙", an_id(22)),  # 5
            aid("欧阳丙", an_id(3)),  # 6
            aid("欧阳丁", an_id(4), division_code=OTHER_VILLAGE),  # 7
            aid("欧阳戊", an_id(5), _reasons=[("monthly_amount", "negative")]),  # 8
            aid("司马壬", an_id(6)),  # 9
            aid("诸葛甲", an_id(10), payment_status="停发"),  # 10
            aid("诸葛乙", an_id(11), payment_status="停发"),  # 11
            aid("诸葛丙", an_id(12), payment_status="停发"),  # 12
            aid("诸葛甲", None, "2025-05"),  # 13
            aid("诸葛甲", an_id(10), "2025-04", _reasons=[("monthly_amount", "negative")]),  # 14
            aid("诸葛乙", None, certificate_number="Z"),  # 15: under no certificate of a namesake
            aid("诸葛丙", an_id(12), None, _reasons=[("month", "not accepted")]),  # 16
            aid("诸葛丁", None, "2025-04"),  # 17
            aid("端木乙", an_id(41)),  # 18
            aid("端木丁", an_id(43)),  # 19
            aid("端木辛", an_id(48)),  # 20
        ],
    )
    unreadable = {"_reasons": [("enrollment_status", "category")]}
    drop.batch("education_enrollment", MAY, [named("公孙甲", None, None, **unreadable)], scope=PREFECTURE)
    pupil = {"school_term": "2024-2025-2", "enrollment_status": "在读"}
    drop.batch(
        "education_enrollment",
        JUNE,
        [
            named("别人", an_id(22, CHILD_BORN), **pupil),
            named("公孙乙", None, None, **unreadable),
            named("公孙丁", an_id(30), **unreadable),
        ],
    )
    return drop.build(JUNE)


def households(built: duckdb.DuckDBPyConnection, rule: str) -> set[str]:
    query = "select household_code from marts.risk_signal where rule_id = ?"
    return {code for (code,) in built.execute(query, [rule]).fetchall()}


def findings(built: duckdb.DuckDBPyConnection, rule: str) -> set[int]:
    query = "select row_number from quality.finding where finding = ?"
    return {row for (row,) in built.execute(query, [f"silences_{rule.lower()}"]).fetchall()}


def test_a_number_outside_the_registry_may_be_of_its_namesake_without_one(silent: duckdb.DuckDBPyConnection) -> None:
    assert households(silent, "CIV_NOT_COVERED") == {
        "of another number",
        "namesake of a neighbour",
        "of another village",
        "held back, and nothing told",
        "held back, a namesake told",
    }
    assert findings(silent, "CIV_NOT_COVERED") == {4, 8, 9, 17, 18, 19}


def test_aid_is_stopped_unless_the_newest_month_or_one_not_read_may_say_otherwise(
    silent: duckdb.DuckDBPyConnection,
) -> None:
    assert households(silent, "CIV_AID_STOPPED") == {"stopped, doubts of old"}
    assert findings(silent, "CIV_AID_STOPPED") == {15, 16}


def test_a_batch_that_another_replaced_in_a_childs_place_no_longer_hides_the_child(
    silent: duckdb.DuckDBPyConnection,
) -> None:
    assert households(silent, "EDU_NOT_ENROLLED") == {"told of before by the prefecture"}
    assert findings(silent, "EDU_NOT_ENROLLED") == {5, 6}
