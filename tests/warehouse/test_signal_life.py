"""Signals from March to June: answered, dismissed, solved, opened anew; and an earlier date as it was."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import date
from typing import Any

import duckdb
import pytest

from safetynet.reference import POLICY_DEFAULTS
from warehouse.small_warehouse import VILLAGE, Drop, an_id

MONTHS = ("2025-03-31", "2025-04-30", "2025-05-31", "2025-06-30")
MARCH, APRIL, MAY, JUNE = (date.fromisoformat(month) for month in MONTHS)
CHECKED = date(2025, 4, 10)
INCOMES = {
    "verified": (5000, 5000, 5000, 9000),
    "dismissed": (5000, 5000, 5000, 5000),
    "reopened": (5000, 5000, 4900, 4900),
    "returning": (5000, 9000, 5000, 5000),
    "solved": (9000, 9000, 9000, 9000),
    "admitted": (5000, 5000, 5000, 5000),
    "removed": (9000, 9000, 9000, 9000),
    "fell": (20000, 20000, 10000, 10000),
    "several": (5000, 5000, 5000, 5000),
    "held back": (9000, 9000, 9000, 9000),
    "half held back": (9000, 9000, 9000, 9000),
}
HEADS = {
    code: (f"欧阳{letter}", an_id(number))
    for number, (code, letter) in enumerate(zip(INCOMES, "甲乙丙丁戊己庚辛壬癸子", strict=True))
}
HISTORY = "select rule_id, household_code, opened_on, ended_on, status, finding from marts.signal_history "
HISTORY += "join marts.dim_household using (household_key) order by all"


def about(code: str, **more: Any) -> dict[str, Any]:
    name, number = HEADS[code]
    return {"person_name": name, "id_number": number, "division_code": VILLAGE, **more}


def registry(month: int) -> list[dict[str, Any]]:
    """The register of a month; in May and June rows of two households are held back."""
    spouse = {"household_code": "half held back", "household_type": "一般农户", "relation_to_head": "配偶"}
    spouse |= {"person_name": "欧阳丑", "id_number": an_id(99), "division_code": VILLAGE, "member_count": 2}
    members = [
        about(
            code,
            _reasons=[("member_count", "count")] if month > 1 and "held back" in code else [],
            household_code=code,
            household_type="脱贫不稳定户" if code == "removed" else "一般农户",
            risk_eliminated=code == "removed",
            relation_to_head="户主",
            member_count=1,
            per_capita_net_income=incomes[month],
            has_basic_medical_insurance=code != "several",
        )
        for code, incomes in INCOMES.items()
    ]
    return [*members, spouse | {"per_capita_net_income": 9000, "has_basic_medical_insurance": True}]


def dwelling(code: str, assessed_on: date) -> dict[str, Any]:
    return about(
        code,
        dwelling_code=f"F-{code}",
        is_only_dwelling=True,
        is_lived_in=True,
        safety_grade="D",
        assessed_on=assessed_on,
        renovation_status="未改造",
    )


def ids(warehouse: duckdb.DuckDBPyConnection) -> dict[tuple[str, str], str]:
    found = warehouse.sql("select rule_id, household_code, signal_id from marts.risk_signal").fetchall()
    return {(rule, code): signal for rule, code, signal in found}


@pytest.fixture(scope="module")
def march(module_drop: Drop) -> dict[str, Any]:
    """All months' facts delivered; March's signals, by rule and household, and all of March's tables of signals."""
    with POLICY_DEFAULTS.open(encoding="utf-8") as rows:
        module_drop.policy = [
            (
                row["parameter_id"],
                "",
                row["population"],
                date(2021, 1, 1),
                None,
                float(row["value"]),
                row["unit"],
                False,
            )
            for row in csv.DictReader(rows)
        ]
    for number, month in enumerate(MONTHS):
        module_drop.batch("registry_member", month, registry(number))
    old = [dwelling("solved", date(2024, 5, 1))]
    module_drop.batch("housing_safety", "2025-03-31", old)
    module_drop.batch("housing_safety", "2025-05-31", [*old, dwelling("removed", date(2025, 5, 5))])
    anew = [dwelling("solved", date(2025, 6, 5)), dwelling("removed", date(2025, 5, 5))]
    module_drop.batch("housing_safety", "2025-06-30", anew)
    with module_drop.build("2025-03-31") as warehouse:
        return {"ids": ids(warehouse), "tables": _tables(warehouse)}


@pytest.fixture(scope="module")
def june(module_drop: Drop, march: dict[str, Any]) -> Iterator[duckdb.DuckDBPyConnection]:
    """June's warehouse, after the doors of March's signals were knocked on in April."""

    def answer(rule: str, code: str, finding: str, *, admitted: bool | None = None) -> dict[str, Any]:
        return {
            "signal_id": march["ids"].get((rule, code), f"{rule} {code}"),
            "household_code": code,
            "verified_on": CHECKED,
            "finding": finding,
            "admitted": admitted,
        }

    answers = [
        answer("INC_BELOW_LINE", "verified", "属实"),
        answer("INC_BELOW_LINE", "dismissed", "不属实"),
        answer("INC_BELOW_LINE", "reopened", "不属实"),
        answer("HOU_UNSAFE", "solved", "已解决"),
        answer("INC_BELOW_LINE", "admitted", "属实", admitted=True),
        answer("MED_UNINSURED", "several", "不属实"),
        answer("a lead of its own", "held back", "属实", admitted=True),
        answer("a lead of its own", "half held back", "属实", admitted=True),
    ]
    module_drop.batch("verification_result", "2025-04-30", answers)
    with module_drop.build("2025-06-30") as warehouse:
        yield warehouse


@pytest.fixture(scope="module")
def lives(june: duckdb.DuckDBPyConnection) -> dict[tuple[str, str], list[tuple[Any, ...]]]:
    """(opened_on, ended_on, status, finding) of June's history, by rule and household."""
    found: dict[tuple[str, str], list[tuple[Any, ...]]] = {}
    for rule, code, *life in june.sql(HISTORY).fetchall():
        found.setdefault((rule, code), []).append(tuple(life))
    return found


def _tables(warehouse: duckdb.DuckDBPyConnection) -> dict[str, list[tuple[Any, ...]]]:
    tables = ("risk_signal", "signal_history", "rule_precision", "household_profile")
    return {table: warehouse.sql(f"from marts.{table} order by all").fetchall() for table in tables}


Lives = dict[tuple[str, str], list[tuple[Any, ...]]]


def test_nobody_answered_and_it_no_longer_holds(lives: Lives) -> None:
    assert lives["INC_BELOW_LINE", "returning"] == [
        (MARCH, APRIL, "resolved", None),
        (MAY, None, "open", None),
    ]


def test_what_was_verified_ends_when_it_no_longer_holds(lives: Lives) -> None:
    assert lives["INC_BELOW_LINE", "verified"] == [(MARCH, JUNE, "resolved", "属实")]


def test_what_was_dismissed_is_not_raised_again_on_the_same_evidence(
    june: duckdb.DuckDBPyConnection, lives: Lives, march: dict[str, Any]
) -> None:
    assert lives["INC_BELOW_LINE", "dismissed"] == [(MARCH, None, "dismissed", "不属实")]
    standing = june.sql(
        "select signal_id, status from marts.risk_signal "
        "where rule_id = 'INC_BELOW_LINE' and household_code = 'dismissed'"
    ).fetchall()
    assert standing == [(march["ids"]["INC_BELOW_LINE", "dismissed"], "dismissed")]


def test_new_evidence_opens_what_was_dismissed_anew(
    june: duckdb.DuckDBPyConnection, lives: Lives, march: dict[str, Any]
) -> None:
    assert lives["INC_BELOW_LINE", "reopened"] == [
        (MARCH, MAY, "dismissed", "不属实"),
        (MAY, None, "open", None),
    ]
    assert ids(june)["INC_BELOW_LINE", "reopened"] != march["ids"]["INC_BELOW_LINE", "reopened"]


def test_what_was_found_solved_ends_on_that_day_and_a_new_assessment_opens_it_anew(lives: Lives) -> None:
    assert lives["HOU_UNSAFE", "solved"] == [
        (MARCH, CHECKED, "resolved", "已解决"),
        (JUNE, None, "open", None),
    ]


def test_admitted_and_forgotten(lives: Lives) -> None:
    assert lives["MON_ADMITTED_NOT_MONITORED", "admitted"] == [(MAY, None, "open", None)]


def test_admitted_and_in_a_register_whose_row_was_held_back(june: duckdb.DuckDBPyConnection, lives: Lives) -> None:
    """Of the one nothing else stands there; of the other a row that was taken in, and says that it is not monitored."""
    ((raised,),) = june.sql(
        "select count(*) from marts.signal_history where rule_id = 'MON_ADMITTED_NOT_MONITORED'"
    ).fetchall()
    assert raised == 2
    assert lives["MON_ADMITTED_NOT_MONITORED", "half held back"] == [(MAY, None, "open", None)]
    told = june.sql(
        "select batch.as_of from quality.finding join quality.batch using (batch_id) "
        "where finding = 'silences_mon_admitted_not_monitored'"
    ).fetchall()
    assert told == [(JUNE,)]


def test_removed_and_in_trouble_again(june: duckdb.DuckDBPyConnection, lives: Lives) -> None:
    assert lives["MON_REMOVED_NEW_SIGNAL", "removed"] == [(MAY, None, "open", None)]
    told = june.sql("select explanation from marts.risk_signal where rule_id = 'MON_REMOVED_NEW_SIGNAL'").fetchall()
    assert told == [("2025-03-31 的名册起登记为风险已消除，此后新出现 1 条预警：居住在C、D级危房。",)]


def test_income_fell_and_stays_low(june: duckdb.DuckDBPyConnection, lives: Lives) -> None:
    assert lives["INC_FELL", "fell"] == [(MAY, None, "open", None)]
    told = june.sql(
        "select observed_value, threshold_value, explanation_en from marts.risk_signal "
        "where rule_id = 'INC_FELL' and household_code = 'fell'"
    ).fetchall()
    text = (
        "Net income a head fell from 20,000.00 yuan (register of 2025-04-30) to 10,000.00 yuan, by 50%, more than 30%."
    )
    assert told == [(0.5, 0.3, text)]


def test_a_dismissed_signal_counts_for_no_other_rule(lives: Lives) -> None:
    assert lives["MULTI_DOMAIN", "several"] == [(MARCH, APRIL, "resolved", None)]
    assert lives["MED_UNINSURED", "several"] == [(MARCH, None, "dismissed", "不属实")]


def test_history_and_standing_signals_agree(june: duckdb.DuckDBPyConnection) -> None:
    standing = "select signal_id, opened_on, status from marts.signal_history where ended_on is null"
    differ = f"(from ({standing}) except all select signal_id, first_detected_on, status from marts.risk_signal)"
    differ += (
        f"union all (select signal_id, first_detected_on, status from marts.risk_signal except all from ({standing}))"
    )
    assert june.sql(differ).fetchall() == []


def test_every_rule_has_its_precision(june: duckdb.DuckDBPyConnection) -> None:
    found = june.sql(
        "select rule_id, doors_knocked_on, confirmed, refuted, precision, open from marts.rule_precision "
        "where doors_knocked_on > 0 order by 1"
    ).fetchall()
    assert found == [
        ("HOU_UNSAFE", 1, 1, 0, 1.0, 2),
        ("INC_BELOW_LINE", 4, 2, 2, 0.5, 3),
        ("MED_UNINSURED", 1, 0, 1, 0.0, 0),
    ]
    ((rules, named),) = june.sql(
        "select (select count(*) from marts.rule), (select count(*) from marts.rule_precision)"
    ).fetchall()
    assert rules == named


def test_an_earlier_date_is_as_it_was_whatever_came_since(
    module_drop: Drop, june: duckdb.DuckDBPyConnection, march: dict[str, Any]
) -> None:
    june.close()
    with module_drop.build("2025-03-31") as warehouse:
        assert _tables(warehouse) == march["tables"]
    with module_drop.build("2025-04-30", known_at="2025-05-01T08:00:00") as warehouse:
        assert warehouse.sql("select count(*) from marts.signal_history where finding is not null").fetchall() == [(0,)]
