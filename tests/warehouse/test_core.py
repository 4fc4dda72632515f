"""Dimensions, facts and the quality schema over a small drop."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import duckdb
import pytest

from safetynet.contract import contracts
from warehouse.small_warehouse import OTHER_COUNTY, OTHER_VILLAGE, VILLAGE, Drop, an_id

MAY, JUNE = "2025-05-31", "2025-06-30"


def member(number: int, household: str, **more: Any) -> dict[str, Any]:
    row = {"person_name": f"萧{number}", "id_number": an_id(number), "household_code": household}
    return row | {"division_code": VILLAGE, "relation_to_head": "其他", "household_type": "一般农户"} | more


@pytest.fixture(scope="module")
def built(module_drop: Drop) -> duckdb.DuckDBPyConnection:
    drop = module_drop
    drop.batch("registry_member", MAY, [member(1, "H1", relation_to_head="户主"), member(9, "H9")])
    drop.batch(
        "registry_member",
        JUNE,
        [
            member(2, "H1", health_status="长期慢性病"),
            member(
                1,
                "H1",
                relation_to_head="户主",
                household_type="脱贫不稳定户",
                per_capita_net_income=5000,
                risk_eliminated=False,
                identified_on=date(2024, 3, 1),
                member_count=2,
            ),
            member(3, "H3", division_code=OTHER_VILLAGE),
        ],
    )
    drop.batch("water_project", MAY, [project("2025-05", "合格")])
    drop.batch("water_project", JUNE, [project("2025-06", "不合格"), project("2025-04", "合格")])
    drop.batch(
        "water_household",
        JUNE,
        [
            {"id_number": an_id(1), "person_name": "萧1", "division_code": VILLAGE, "project_code": "G1"},
            {"id_number": an_id(3), "person_name": "萧3", "division_code": VILLAGE, "project_code": "unknown"},
        ],
    )
    drop.batch("health_settlement", JUNE, [bill("S1", 100), bill("S1", -100), bill("S2", 50)])
    drop.batch("health_major_illness", MAY, [ill(1, _findings=[("total_cost", "does not add up")]), ill(2, "x")])
    drop.batch("health_major_illness", JUNE, [ill(1), ill(2)])
    drop.batch("health_major_illness", JUNE, [ill(4), ill(5, "x")], verdict="held", scope=OTHER_COUNTY)
    drop.batch("health_chronic_disease", JUNE, [{"_disposition": "quarantined"}], verdict="rejected")
    drop.batch(
        "education_dropout",
        JUNE,
        [{"person_name": "袁文", "division_code": VILLAGE, "dropped_out_on": date(2025, 3, 1), "_row_number": 2}],
    )
    drop.repairs.append(("b", "health_settlement", "id_number", "full width", 3))
    return drop.build(JUNE)


def project(month: str, result: str) -> dict[str, Any]:
    return {"project_code": "G1", "month": month, "quality_result": result, "division_code": VILLAGE}


def bill(settlement: str, cost: int) -> dict[str, Any]:
    row = {"id_number": an_id(1), "person_name": "萧1", "division_code": VILLAGE, "settled_on": date(2025, 6, 1)}
    return row | {"settlement_id": settlement, "total_cost": cost, "out_of_pocket": cost}


def ill(number: int, reason: str | None = None, **more: Any) -> dict[str, Any]:
    row = {"id_number": an_id(number), "person_name": f"萧{number}", "division_code": VILLAGE, "illness": "肺癌"}
    return row | ({"_reasons": [("treatment_status", reason), (None, "another")]} if reason else {}) | more


def rows(built: duckdb.DuckDBPyConnection, query: str) -> list[tuple[Any, ...]]:
    return built.execute(query).fetchall()


def test_a_household_is_what_its_head_says_on_the_day(built: duckdb.DuckDBPyConnection) -> None:
    query = """
        select
            household_code, household_type, is_monitored, is_risk_eliminated, per_capita_net_income, identified_on,
            member_count, head_person_key is not null
        from marts.dim_household order by household_code
    """
    assert rows(built, query) == [
        ("H1", "脱贫不稳定户", True, False, Decimal("5000.00"), date(2024, 3, 1), 2, True),
        ("H3", "一般农户", False, None, None, None, None, False),
    ]


def test_who_left_the_registry_is_still_a_person_without_a_household(built: duckdb.DuckDBPyConnection) -> None:
    query = """
        select is_in_registry, household_key, last_seen_on from marts.dim_person
        join restricted.restricted.person_identity using (person_key) where id_number = ?
    """
    assert built.execute(query, [an_id(9)]).fetchall() == [(False, None, date(2025, 5, 31))]


def test_a_fact_names_person_and_household(built: duckdb.DuckDBPyConnection) -> None:
    query = """
        select household_code, settlement_id, total_cost::integer from marts.fct_settlement
        join marts.dim_household using (household_key) order by settlement_id, total_cost
    """
    assert rows(built, query) == [("H1", "S1", -100), ("H1", "S1", 100), ("H1", "S2", 50)]


def test_a_household_has_the_newest_month_of_its_project(built: duckdb.DuckDBPyConnection) -> None:
    query = "select project_code, month, quality_result from marts.fct_water_supply order by project_code"
    assert rows(built, query) == [("G1", "2025-06", "不合格"), ("unknown", None, None)]


def test_a_row_held_back_is_resolved_by_a_later_row_of_its_key(built: duckdb.DuckDBPyConnection) -> None:
    query = """
        select held.row_number, held.column_name, held.reason, held.first_seen_at, later.as_of
        from quality.quarantined_row as held
        join quality.batch using (batch_id)
        left join quality.batch as later on held.resolved_by_batch = later.batch_id
        where held.feed = 'health_major_illness' order by all
    """
    may, june = datetime(2025, 6, 1, 9), datetime(2025, 7, 1, 9)
    assert rows(built, query) == [
        (5, "treatment_status", "x", may, date(2025, 6, 30)),
        (5, "treatment_status", "x", june, None),
        (5, None, "another", may, date(2025, 6, 30)),
        (5, None, "another", june, None),
    ]


def test_a_batch_that_is_held_or_rejected_lends_no_person(built: duckdb.DuckDBPyConnection) -> None:
    query = "select count(*) from restricted.restricted.person_identity where id_number in (?, ?)"
    assert built.execute(query, [an_id(4), an_id(5)]).fetchone() == (0,)
    verdicts = rows(built, "select verdict, count(*) from quality.batch group by 1 order by 1")
    assert verdicts == [("accepted", 9), ("held", 1), ("rejected", 1)]


def test_findings_of_ingestion_are_told(built: duckdb.DuckDBPyConnection) -> None:
    query = "select feed, row_number, column_name, finding from quality.finding where column_name = 'total_cost'"
    assert rows(built, query) == [("health_major_illness", 4, "total_cost", "does not add up")]


def test_a_division_is_told_from_the_province_down(built: duckdb.DuckDBPyConnection) -> None:
    query = "select level, county_code, town_code, full_name from marts.dim_division where division_code = ?"
    assert built.execute(query, [VILLAGE]).fetchall() == [
        (5, "990121000000", "990121100000", "云岭省青溪市松岭县伟溪镇东村")
    ]
    assert built.execute(query, ["990100000000"]).fetchall() == [(2, None, None, "云岭省青溪市")]


def test_signals_are_judged_on_the_days_of_batches_and_on_the_day_itself(built: duckdb.DuckDBPyConnection) -> None:
    query = "select observed_on, is_as_of from working.core.observation_date order by 1"
    assert rows(built, query) == [(date(2025, 5, 31), False), (date(2025, 6, 30), True)]


def test_no_sensitive_column_reaches_the_analysts(built: duckdb.DuckDBPyConnection) -> None:
    sensitive = {column for contract in contracts().values() for column in contract.sensitive}
    query = "select table_name, column_name from duckdb_columns() where database_name = 'current'"
    told = {
        (table, column)
        for table, column in rows(built, query)
        if column in sensitive and (table, column) not in INNOCENT
    }
    assert told == set()


INNOCENT = {
    # What ingestion says of a delivery or a row; a department's own `reason` (education_dropout) is another column.
    ("batch", "reason"),
    ("delivery", "reason"),
    ("quarantined_row", "reason"),
    # Why somebody froze a month.
    ("official_month", "reason"),
}


def test_the_same_day_gives_the_same_tables(drop: Drop) -> None:
    drop.batch("registry_member", MAY, [member(1, "H1"), member(2, "H1")], received_at="2025-06-01")
    drop.batch("health_settlement", MAY, [bill("S1", 100)], received_at="2025-06-01")

    def told() -> dict[str, list[tuple[Any, ...]]]:
        with drop.build(MAY, known_at="2025-06-15") as warehouse:
            tables = warehouse.execute(
                "select schema_name || '.' || table_name from duckdb_tables() where database_name = 'current'"
            ).fetchall()
            return {table: warehouse.execute(f"from {table} order by all").fetchall() for (table,) in tables}

    before = told()
    drop.batch("registry_member", JUNE, [member(3, "H3")])
    drop.batch("health_settlement", MAY, [bill("S1", 900)], received_at="2025-06-20")
    assert told() == before
    assert len(before["marts.dim_person"]) == 2
