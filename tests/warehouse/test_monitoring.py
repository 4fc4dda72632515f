"""A county's eight months: the history of its households, who should be admitted or released, what is counted."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import duckdb
import pytest

from warehouse.small_warehouse import OTHER_VILLAGE, VILLAGE, Drop, an_id

D = date(2025, 7, 31)
MONTHS = (
    "2024-12-31",
    "2025-01-31",
    "2025-02-28",
    "2025-03-31",
    "2025-04-30",
    "2025-05-31",
    "2025-06-30",
    "2025-07-31",
)
HEADS = {f"H{number}": (f"欧阳{name}", an_id(number)) for number, name in enumerate("甲乙丙丁戊己庚辛", start=1)}
PLACES = {"H7": OTHER_VILLAGE, "H8": OTHER_VILLAGE}
POLICY = [
    ("monitoring_line", "", "all", date(2021, 1, 1), None, 6000.0, "yuan", False),
    ("medical_out_of_pocket", "", "all", date(2021, 1, 1), None, 10000.0, "yuan", False),
    ("water_litres_min", "", "all", date(2021, 1, 1), None, 35.0, "litres", False),
    ("release_quiet_months", "", "all", date(2021, 1, 1), None, 6.0, "months", False),
    ("verification_due_days", "", "all", date(2021, 1, 1), None, 15.0, "days", False),
    ("delivery_due_days", "", "all", date(2021, 1, 1), None, 10.0, "days", False),
]


def registered(code: str, month: str) -> dict[str, Any]:
    """One row of the registry.

    H1: marginal and quiet. H2: marginal, its dwelling unsafe until March. H3: marginal from March on, poor in June.
    H4: eliminated in May. H5: 脱贫户, poor in July. H6: ordinary, not registered in April. H7: ordinary, poor from
    June on. H8: marginal.
    """
    kind, eliminated, income = "边缘易致贫户", False, 9000
    if code in ("H6", "H7") or (code == "H3" and month < "2025-03"):
        kind, eliminated = "一般农户", None
    if code == "H3" and month == "2025-06-30":
        income = 5000
    if code == "H5":
        kind, eliminated, income = "脱贫户", None, 5000 if month >= "2025-07" else 9000
    if code == "H4" and month >= "2025-05":
        eliminated = True
    if code == "H7" and month >= "2025-06":
        income = 5999
    return {
        "household_code": code,
        "household_type": kind,
        "risk_eliminated": eliminated,
        "main_risk": "因病,务工就业不稳" if code == "H1" else "因病" if kind == "边缘易致贫户" else None,
        "person_name": HEADS[code][0],
        "id_number": HEADS[code][1],
        "relation_to_head": "户主",
        "division_code": PLACES.get(code, VILLAGE),
        "per_capita_net_income": income,
    }


def fill(drop: Drop) -> None:
    """Every month in time, but for the registry's March; in July somebody drops out and another is ill."""
    drop.policy = list(POLICY)
    for month in MONTHS:
        members = [registered(code, month) for code in HEADS if not (code == "H6" and month == "2025-04-30")]
        drop.batch("registry_member", month, members, received_at="2025-05-02T09:00:00" if "-03-" in month else None)
        where = {"division_code": VILLAGE}
        unsafe = {"safety_grade": "C", "renovation_status": "未改造", "is_only_dwelling": True, "is_lived_in": True}
        safe = {"safety_grade": "A", "renovation_status": "无需改造", "is_only_dwelling": True, "is_lived_in": True}
        drop.batch(
            "housing_safety",
            month,
            [who("H2", dwelling_code="F2", **(unsafe if month < "2025-03" else safe))],
        )
        drop.batch("health_chronic_disease", month, [who("H6", disease="高血压", contract_status="已签约")])
        drop.batch(
            "education_enrollment", month, [{"person_name": "诸葛生", "id_number": an_id(60, "20150501"), **where}]
        )
        drop.batch("water_household", month, [who("H6", project_code="G1")])
    drop.batch("housing_safety", "2025-07-31", [{"_reasons": [("safety_grade", "blank")]}], scope=OTHER_VILLAGE)
    drop.batch("education_dropout", "2025-07-31", [who("H8", dropped_out_on=date(2025, 7, 1), return_status="未劝返")])
    drop.batch(
        "health_settlement",
        "2025-07-31",
        [who("H6", settlement_id="S1", settled_on=date(2025, 7, 20), total_cost=30000, out_of_pocket=12000)],
    )


def who(code: str, **more: Any) -> dict[str, Any]:
    name, number = HEADS[code]
    return {"person_name": name, "id_number": number, "division_code": PLACES.get(code, VILLAGE), **more}


@pytest.fixture(scope="module")
def july(module_drop: Drop) -> Iterator[duckdb.DuckDBPyConnection]:
    """July's warehouse."""
    fill(module_drop)
    with module_drop.build() as warehouse:
        yield warehouse


def test_history_has_a_period_for_each_state(july: duckdb.DuckDBPyConnection) -> None:
    found = july.sql(
        "select household_code, history.household_type, history.is_risk_eliminated, valid_from, valid_to "
        "from marts.monitoring_history as history join marts.dim_household using (household_key) "
        "where household_code in ('H1', 'H3', 'H4', 'H6')"
    ).fetchall()
    first = date(2024, 12, 31)
    assert set(found) == {
        ("H1", "边缘易致贫户", False, first, None),
        ("H3", "一般农户", None, first, date(2025, 3, 31)),
        ("H3", "边缘易致贫户", False, date(2025, 3, 31), None),
        ("H4", "边缘易致贫户", False, first, date(2025, 5, 31)),
        ("H4", "边缘易致贫户", True, date(2025, 5, 31), None),
        ("H6", "一般农户", None, first, date(2025, 4, 30)),
        ("H6", "一般农户", None, date(2025, 5, 31), None),
    }


def test_who_should_be_admitted_or_released(july: duckdb.DuckDBPyConnection) -> None:
    found = july.sql(
        "select household_code, direction, suggested_category, len(signals), since "
        "from marts.monitoring_candidate join marts.dim_household using (household_key)"
    ).fetchall()
    assert set(found) == {
        ("H1", "release", "边缘易致贫户", 0, date(2024, 12, 31)),
        ("H5", "admit", "脱贫不稳定户", 2, D),
        ("H6", "admit", "突发严重困难户", 1, D),
        ("H7", "admit", "边缘易致贫户", 2, date(2025, 6, 30)),
    }


def test_a_candidate_says_why_without_a_name(july: duckdb.DuckDBPyConnection) -> None:
    told = dict(
        july.sql(
            "select household_code, explanation || explanation_en "
            "from marts.monitoring_candidate join marts.dim_household using (household_key)"
        ).fetchall()
    )
    assert "收入低于监测线" in told["H5"]
    assert "医疗费用个人自付过高" in told["H6"]
    assert "9,000.00" in told["H1"] and "6,000.00" in told["H1"]
    assert not [value for pair in HEADS.values() for value in pair for text in told.values() if value in text]


COUNTED = {
    # numerator and denominator of the village, and of everything above it
    "monitored_households": ((4, None), (5, None)),
    "monitored_households.边缘易致贫户": ((4, None), (5, None)),
    "monitored_persons": ((4, None), (5, None)),
    "low_income_persons.边缘易致贫户": ((3, None), (4, None)),
    "risks": ((3, None), (4, None)),
    "risks.因务工就业不稳": ((1, None), (1, None)),
    "risk_removal_rate": ((1, 4), (1, 5)),
    "risk_removal_rate.因病": ((1, 4), (1, 5)),
    "guarantee_rate": ((4, 6), (4, 8)),
    "guarantee_rate.education": ((6, 6), (7, 8)),
    "guarantee_rate.income": ((5, 6), (6, 8)),
    "signals_open.INC_BELOW_LINE": ((1, None), (2, None)),
    "signals_open.EDU_DROPPED_OUT": (None, (1, None)),
    "signals_overdue.INC_BELOW_LINE": (None, (1, None)),
    "signals_opened.INC_BELOW_LINE": ((1, None), (1, None)),
    "signals_resolved.INC_BELOW_LINE": ((1, None), (1, None)),
    "coverage_gaps": ((0, None), (0, None)),
    "delivery_completeness_rate": ((5, 8), (10, 16)),
    "delivery_completeness_rate.health": ((2, 3), (4, 6)),
    "delivery_completeness_rate.civil": ((0, 1), (0, 2)),
    "delivery_punctuality_rate.registry": ((7, 8), (14, 16)),
    "delivery_punctuality_rate.health": ((9, 9), (18, 18)),
}


def test_each_division_counts_what_lies_in_it(july: duckdb.DuckDBPyConnection) -> None:
    above = ("990000000000", "990100000000", "990121000000", "990121100000")
    for place in (VILLAGE, *above):
        found = july.sql(
            "select indicator_id, (numerator, denominator) from marts.division_indicator "
            f"where division_code = '{place}' and as_of = '{D}'"
        ).fetchall()
        expected = {name: pair[0 if place == VILLAGE else 1] for name, pair in COUNTED.items()}
        assert {name: dict(found).get(name) for name in COUNTED} == expected, place


def test_rows_count_where_their_batch_belongs(july: duckdb.DuckDBPyConnection) -> None:
    found = july.sql(
        "select division_code, numerator, denominator, value from marts.division_indicator "
        f"where indicator_id = 'rows_accepted_rate.housing' and division_code in ('{OTHER_VILLAGE}', '990121000000')"
    ).fetchall()
    assert set(found) == {(OTHER_VILLAGE, 0, 1, 0.0), ("990121000000", 8, 9, 8 / 9)}


def test_a_rate_is_a_share_and_a_count_is_itself(july: duckdb.DuckDBPyConnection) -> None:
    wrong = july.sql(
        "select indicator_id from marts.division_indicator join marts.indicator using (indicator) "
        "where case when is_rate then value is distinct from numerator / nullif(denominator, 0) "
        "else value <> numerator or denominator is not null end or value < 0 or (is_rate and value > 1)"
    ).fetchall()
    assert wrong == []


def test_every_measure_is_told_of_every_division(july: duckdb.DuckDBPyConnection) -> None:
    found = july.sql(
        "select (select count(*) from marts.indicator), count(*), count(distinct division_code) "
        "from marts.division_indicator where category is null"
    ).fetchall()
    ((indicators, rows, divisions),) = found
    assert (indicators, divisions) == (14, 6)
    assert rows == indicators * divisions


def test_what_history_says_of_a_day_is_what_that_day_s_build_says(
    module_drop: Drop, july: duckdb.DuckDBPyConnection
) -> None:
    told = july.sql(
        "select household_key, household_type, is_risk_eliminated from marts.monitoring_history "
        "where valid_from <= '2025-04-30' and (valid_to is null or valid_to > '2025-04-30') order by all"
    ).fetchall()
    july.close()
    with module_drop.build("2025-04-30") as april:
        said = april.sql(
            "select household_key, household_type, is_risk_eliminated from marts.dim_household order by all"
        ).fetchall()
    assert len(told) == 7
    assert told == said
