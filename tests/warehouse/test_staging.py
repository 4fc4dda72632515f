"""On which days a delivered row counts: the rules of snapshot and increment feeds."""

from __future__ import annotations

from typing import Any

import duckdb
import pytest

from warehouse.small_warehouse import OTHER_COUNTY, OTHER_VILLAGE, VILLAGE, Drop, an_id

PREFECTURE = "990100000000"
TOWN = "990121100000"
NORTH = "990122100201"


def head(number: int, village: str = VILLAGE, **more: Any) -> dict[str, Any]:
    return {"id_number": an_id(number), "person_name": "萧龙", "division_code": village, "project_code": "G1"} | more


@pytest.fixture(scope="module")
def staged(module_drop: Drop) -> duckdb.DuckDBPyConnection:
    drop = module_drop
    # water_household: months of one county out of order, a township of its own, the prefecture, and a null scope.
    drop.batch("water_household", "2025-02-28", [head(1), head(2)], received_at="2025-05-01")
    drop.batch("water_household", "2025-01-31", [head(3)], received_at="2025-05-02")
    drop.batch("water_household", "2025-03-31", [head(4), head(5, OTHER_VILLAGE), head(6, NORTH)], scope=PREFECTURE)
    drop.batch("water_household", "2025-04-30", [head(7)], scope=TOWN)
    drop.batch("water_household", "2025-05-31", [head(8)], scope=OTHER_COUNTY)
    # health_major_illness: the same as-of date received again, and scopes that are not known.
    drop.batch("health_major_illness", "2025-03-31", [ill(1)], received_at="2025-04-01")
    drop.batch("health_major_illness", "2025-03-31", [ill(2)], received_at="2025-04-02")
    drop.batch("health_major_illness", "2025-01-31", [ill(3), ill(4, NORTH), ill(5, None)], scope=None)
    drop.batch("health_major_illness", "2025-05-31", [ill(6, NORTH)], scope=None)
    drop.batch("health_major_illness", "2025-04-30", [ill(7)], verdict="held")
    # health_chronic_disease: a row of another county stays with the batch that it came in.
    drop.batch("health_chronic_disease", "2025-03-31", [care(1), care(2, NORTH)])
    drop.batch("health_chronic_disease", "2025-06-30", [care(3, NORTH)], scope=OTHER_COUNTY)
    # civil_assistance: an increment, by certificate, month and person, whole or told by name and place.
    drop.batch(
        "civil_assistance", "2025-03-31", [aid(1, "2025-03"), aid(2, "2025-03"), aid(3, "2025-03", id_number=None)]
    )
    drop.batch(
        "civil_assistance", "2025-05-31", [aid(1, "2025-05"), aid(2, "2025-03"), aid(3, "2025-03", id_number=None)]
    )
    drop.batch("civil_assistance", "2025-04-30", [aid(2, "2025-03", payment_status="停发")], received_at="2025-06-20")
    # health_settlement: a refund is a row of its own; a correction of the same day replaces what it repeats.
    drop.batch("health_settlement", "2025-05-31", [bill("S1", 100), bill("S1", -100), bill("S2", 50), bill("S3", 70)])
    drop.batch("health_settlement", "2025-05-31", [bill("S2", 60)], received_at="2025-06-02")
    # housing_safety: two rows of one whole key that do not contradict each other; the feed has no fallback.
    drop.batch("housing_safety", "2025-06-30", [dwelling("F1", 1990), dwelling("F1", None), dwelling("F2", None)])
    # education_enrollment: the student number, else the person; two rows of one fallback key both stay.
    drop.batch(
        "education_enrollment",
        "2025-06-30",
        [
            pupil("G1", None),
            pupil("G1", an_id(1)),
            pupil(None, an_id(2)),
            pupil(None, an_id(2)),
            pupil(None, None),
            pupil(None, None),
        ],
    )
    return drop.build("2025-06-30", select="staging")


def ill(number: int, village: str | None = VILLAGE) -> dict[str, Any]:
    return {"id_number": an_id(number), "division_code": village, "illness": "肺癌"}


def care(number: int, village: str = VILLAGE) -> dict[str, Any]:
    return {"id_number": an_id(number), "division_code": village, "disease": "高血压"}


def aid(number: int, month: str, **more: Any) -> dict[str, Any]:
    row = {"id_number": an_id(number), "person_name": f"萧{number}", "division_code": VILLAGE}
    return row | {"certificate_number": f"J{number}", "month": month, "payment_status": "在享"} | more


def bill(settlement: str, cost: int) -> dict[str, Any]:
    return {"id_number": an_id(1), "division_code": VILLAGE, "settlement_id": settlement, "total_cost": cost}


def dwelling(code: str, built: int | None) -> dict[str, Any]:
    return {"id_number": an_id(1), "division_code": VILLAGE, "dwelling_code": code, "built_year": built}


def pupil(student_number: str | None, id_number: str | None) -> dict[str, Any]:
    row = {"student_number": student_number, "id_number": id_number, "person_name": "萧月"}
    return row | {"division_code": VILLAGE, "school_term": "2024-2025-2"}


def counting(staged: duckdb.DuckDBPyConnection, model: str, day: str, what: str) -> list[Any]:
    """The values of `what` on the rows of a staging model that count on a day, in order."""
    query = f"""
        select {what} from working.staging.{model}
        where valid_from <= date '{day}' and (valid_to is null or date '{day}' < valid_to) order by 1
    """
    return [row[0] for row in staged.execute(query).fetchall()]


def persons(*numbers: int) -> list[str]:
    return sorted(an_id(number) for number in numbers)


@pytest.mark.parametrize(
    ("day", "numbers"),
    [
        ("2025-01-30", []),
        ("2025-01-31", [3]),
        ("2025-02-27", [3]),
        ("2025-02-28", [1, 2]),
        ("2025-03-31", [4, 5, 6]),
        ("2025-04-30", [6, 7]),
        ("2025-05-31", [7, 8]),
    ],
)
def test_a_snapshot_replaces_its_place(staged: duckdb.DuckDBPyConnection, day: str, numbers: list[int]) -> None:
    assert counting(staged, "stg_water__household", day, "id_number") == persons(*numbers)


@pytest.mark.parametrize(
    ("day", "numbers"),
    [
        ("2025-01-31", [3, 4, 5]),
        ("2025-03-31", [2, 4, 5]),
        ("2025-04-30", [2, 4, 5]),
        ("2025-05-31", [2, 6]),
    ],
)
def test_the_later_delivery_of_a_day_wins_and_an_unknown_scope_replaces_an_unknown_one(
    staged: duckdb.DuckDBPyConnection, day: str, numbers: list[int]
) -> None:
    assert counting(staged, "stg_health__major_illness", day, "id_number") == persons(*numbers)


def test_a_row_of_another_division_belongs_to_its_batch(staged: duckdb.DuckDBPyConnection) -> None:
    assert counting(staged, "stg_health__chronic_disease", "2025-06-30", "id_number") == persons(1, 2, 3)


def test_an_increment_replaces_by_key_and_the_newest_as_of_wins(staged: duckdb.DuckDBPyConnection) -> None:
    told = "certificate_number || ' ' || month || ' ' || payment_status || ' ' || as_of"
    assert counting(staged, "stg_civil__assistance", "2025-06-30", told) == [
        "J1 2025-03 在享 2025-03-31",
        "J1 2025-05 在享 2025-05-31",
        "J2 2025-03 在享 2025-05-31",
        "J3 2025-03 在享 2025-05-31",
    ]
    assert counting(staged, "stg_civil__assistance", "2025-04-30", told) == [
        "J1 2025-03 在享 2025-03-31",
        "J2 2025-03 停发 2025-04-30",
        "J3 2025-03 在享 2025-03-31",
    ]


def test_a_refund_stands_beside_its_settlement(staged: duckdb.DuckDBPyConnection) -> None:
    told = "settlement_id || ' ' || total_cost::integer"
    assert counting(staged, "stg_health__settlement", "2025-06-30", told) == ["S1 -100", "S1 100", "S2 60", "S3 70"]


def test_a_second_row_of_a_whole_key_repeats_the_first(staged: duckdb.DuckDBPyConnection) -> None:
    query = "select row_number, repeats_row from working.staging.stg_housing__safety order by 1"
    assert staged.execute(query).fetchall() == [(4, None), (5, 4), (6, None)]
    query = "select row_number, repeats_row from working.staging.stg_education__enrollment order by 1"
    assert staged.execute(query).fetchall() == [(4, None), (5, 4), (6, None), (7, 6), (8, None), (9, None)]


def test_a_batch_that_is_held_lends_no_row(staged: duckdb.DuckDBPyConnection) -> None:
    query = "select count(*) from working.staging.stg_health__major_illness where as_of = date '2025-04-30'"
    assert staged.execute(query).fetchone() == (0,)
