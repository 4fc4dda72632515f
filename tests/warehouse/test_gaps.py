"""Contradictions between departments: found, kept silent where a row may explain them, and told without a name."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from typing import Any

import duckdb
import pytest

from warehouse.small_warehouse import OTHER_COUNTY, OTHER_VILLAGE, VILLAGE, Drop, an_id

KINDS = {
    "enrolled_and_dropped_out",
    "entitled_not_covered",
    "illness_risk_without_illness",
    "paid_in_two_counties",
    "paid_not_registered",
    "paid_though_dead",
    "renovated_yet_unsafe",
    "tekun_and_dibao",
}
FAR_VILLAGE = "990122100201"
CHILD = ("司马幼", an_id(30, "20150501"))
HEADS = {f"H{number}": (f"欧阳{name}", an_id(number)) for number, name in enumerate("甲乙丙丁戊己庚辛", start=1)}
MISSING = ("诸葛漏", an_id(41))
HELD_BACK = ("诸葛扣", an_id(42))
POLICY = [
    ("monitoring_line", "", "all", date(2021, 1, 1), None, 6000.0, "yuan", False),
    ("illness_lookback_days", "", "all", date(2021, 1, 1), None, 365.0, "days", False),
]


def person(who: tuple[str, str], division_code: str = VILLAGE, **more: Any) -> dict[str, Any]:
    return {"person_name": who[0], "id_number": who[1], "division_code": division_code, **more}


def head(code: str, income: float, kind: str = "一般农户", **more: Any) -> dict[str, Any]:
    return person(
        HEADS[code],
        household_code=code,
        household_type=kind,
        relation_to_head="户主",
        per_capita_net_income=income,
        **more,
    )


def payment(who: tuple[str, str], month: str, kind: str = "农村低保", **more: Any) -> dict[str, Any]:
    told = {"certificate_number": f"Z{who[1][-4:]}{kind}", "month": month, "assistance_type": kind}
    return person(who, **(told | {"payment_status": "在享"} | more))


def registry() -> list[dict[str, Any]]:
    """H1 is assisted, H2 below the line and not; H3's risk is an illness that nobody knows of; H6 has a child."""
    return [
        head("H1", 5000, "边缘易致贫户"),
        head("H2", 5000, "边缘易致贫户"),
        head("H3", 9000, "脱贫不稳定户", main_risk="因病"),
        head("H4", 9000, "脱贫不稳定户", main_risk="因病"),
        head("H5", 9000),
        head("H6", 9000),
        head("H7", 9000),
        head("H8", 9000),
        person(
            CHILD,
            household_code="H6",
            household_type="一般农户",
            relation_to_head="之子",
            per_capita_net_income=9000,
        ),
    ]


def fill(drop: Drop) -> None:
    """Deliver May, without a contradiction but H7's dwelling, and June."""
    drop.policy = list(POLICY)
    drop.batch("registry_member", "2025-05-31", registry())
    drop.batch("health_settlement", "2024-06-30", [bill("S0", HEADS["H1"], date(2024, 6, 10))])
    drop.batch("health_settlement", "2025-05-31", [bill("S1", HEADS["H3"], date(2024, 6, 30))])
    dwelling = {"dwelling_code": "F7", "safety_grade": "D", "renovation_status": "已竣工"}
    drop.batch("housing_safety", "2025-05-31", [person(HEADS["H7"], **dwelling)])

    drop.batch(
        "registry_member",
        "2025-06-30",
        [
            *registry(),
            {"person_name": HELD_BACK[0], "division_code": VILLAGE, "_reasons": [("household_code", "blank")]},
        ],
    )
    drop.batch(
        "civil_assistance",
        "2025-06-30",
        [
            payment(HEADS["H1"], "2025-06"),
            payment(HEADS["H2"], "2025-06", payment_status="停发"),
            payment(HEADS["H5"], "2025-06", "特困分散供养"),
            payment(HEADS["H5"], "2025-06", "农村低保"),
            payment(HEADS["H8"], "2025-06"),
            payment(MISSING, "2025-06"),
            payment(HELD_BACK, "2025-06"),
            payment(("诸葛城", an_id(43)), "2025-06", "城市低保"),
        ],
    )
    drop.batch(
        "civil_assistance",
        "2025-06-30",
        [payment(HEADS["H1"], "2025-06", "低保边缘家庭", certificate_number="Y1")],
        scope=OTHER_COUNTY,
    )
    drop.batch(
        "health_major_illness",
        "2025-06-30",
        [
            person(HEADS["H8"], illness="肺癌", treatment_status="死亡"),
            person(HEADS["H4"], illness="肺癌", treatment_status="已救治"),
        ],
    )
    drop.batch(
        "health_chronic_disease", "2025-06-30", [person(HEADS["H1"], disease="高血压", contract_status="已签约")]
    )
    drop.batch(
        "education_enrollment",
        "2025-06-30",
        [person(CHILD, school_term="2024-2025-2", enrollment_status="在读")],
    )
    drop.batch(
        "education_dropout",
        "2025-06-30",
        [person(CHILD, dropped_out_on=date(2025, 4, 1), return_status="劝返中")],
    )


def bill(number: str, who: tuple[str, str], settled_on: date) -> dict[str, Any]:
    return person(who, settlement_id=number, settled_on=settled_on, total_cost=100, out_of_pocket=10)


GAPS = "select kind, household_code, since from marts.coverage_gap left join marts.dim_household using (household_key)"


@pytest.fixture(scope="module")
def may(module_drop: Drop) -> dict[str, str]:
    """The ids of May's gaps, by kind."""
    fill(module_drop)
    with module_drop.build("2025-05-31") as warehouse:
        return dict(warehouse.sql("select kind, gap_id from marts.coverage_gap").fetchall())


@pytest.fixture(scope="module")
def june(module_drop: Drop, may: dict[str, str]) -> Iterator[duckdb.DuckDBPyConnection]:
    """June's warehouse."""
    with module_drop.build("2025-06-30") as warehouse:
        yield warehouse


def test_may_has_one_contradiction(may: dict[str, str]) -> None:
    assert set(may) == {"renovated_yet_unsafe"}


def test_each_kind_is_found_where_it_is_and_nowhere_else(june: duckdb.DuckDBPyConnection) -> None:
    first, second = date(2025, 5, 31), date(2025, 6, 30)
    assert set(june.sql(GAPS).fetchall()) == {
        ("entitled_not_covered", "H2", second),
        ("paid_though_dead", "H8", second),
        ("paid_not_registered", None, second),
        ("paid_in_two_counties", "H1", second),
        ("tekun_and_dibao", "H5", second),
        ("enrolled_and_dropped_out", "H6", second),
        ("renovated_yet_unsafe", "H7", first),
        ("illness_risk_without_illness", "H3", second),
    }
    assert june.sql("select count(*) from marts.coverage_gap").fetchall() == [(len(KINDS),)]


def test_a_gap_keeps_its_id_while_it_holds(june: duckdb.DuckDBPyConnection, may: dict[str, str]) -> None:
    found = june.sql("select kind, gap_id from marts.coverage_gap where since = '2025-05-31'").fetchall()
    assert dict(found) == may


def test_a_receiver_whose_registration_was_held_back_is_no_gap_but_a_finding(june: duckdb.DuckDBPyConnection) -> None:
    found = june.sql(
        "select feed, finding, disposition is null from quality.finding "
        "left join (select batch_id, row_number, 'held' as disposition from quality.quarantined_row) as held "
        "using (batch_id, row_number) where finding like 'silences_paid%'"
    ).fetchall()
    assert found == [("registry_member", "silences_paid_not_registered", False)]


def test_evidence_is_two_sides_of_it(june: duckdb.DuckDBPyConnection) -> None:
    found = june.sql(
        "select kind, list_sort(list(distinct piece.feed)) from marts.coverage_gap, unnest(evidence) as source (piece) "
        "semi join marts.bridge_source_record as record on piece.feed = record.feed "
        "and piece.batch_id = record.batch_id and piece.row_number = record.row_number group by kind"
    ).fetchall()
    assert dict(found) == {
        "entitled_not_covered": ["registry_member"],
        "paid_though_dead": ["civil_assistance", "health_major_illness"],
        "paid_not_registered": ["civil_assistance"],
        "paid_in_two_counties": ["civil_assistance"],
        "tekun_and_dibao": ["civil_assistance"],
        "enrolled_and_dropped_out": ["education_dropout", "education_enrollment"],
        "renovated_yet_unsafe": ["housing_safety"],
        "illness_risk_without_illness": ["registry_member"],
    }


def test_no_name_and_no_number_in_a_gap(june: duckdb.DuckDBPyConnection) -> None:
    told = "\n".join(str(row) for row in june.sql("from marts.coverage_gap").fetchall())
    assert told
    assert not [value for who in (*HEADS.values(), CHILD, MISSING, HELD_BACK) for value in who if value in told]


def test_a_corrected_dwelling_ends_its_gap(module_drop: Drop, june: duckdb.DuckDBPyConnection) -> None:
    june.close()
    dwelling = {"dwelling_code": "F7", "safety_grade": "A", "renovation_status": "已竣工"}
    module_drop.batch("housing_safety", "2025-07-31", [person(HEADS["H7"], OTHER_VILLAGE, **dwelling)])
    with module_drop.build("2025-07-31") as warehouse:
        kinds = warehouse.sql("select kind from marts.coverage_gap").fetchall()
    assert ("renovated_yet_unsafe",) not in kinds
    assert ("tekun_and_dibao",) in kinds


def test_every_kind_is_found_by_its_folder_and_has_unit_tests(module_drop: Drop, may: dict[str, str]) -> None:
    manifest = json.loads((module_drop.target / "manifest.json").read_text())
    parents = set(manifest["nodes"]["model.safetynet.gap_hit"]["depends_on"]["nodes"])
    assert parents == {f"model.safetynet.{kind}" for kind in KINDS}
    assert {test["model"] for test in manifest["unit_tests"].values()} >= KINDS
