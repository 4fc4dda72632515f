"""Every rule of every feed trips on a bad sample, and Great Expectations counts the rows that the one pass marks."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

import pytest
import yaml

from clerk import FEEDS, Row, an_id, csv_file, row, table
from county import County
from safetynet.check.rules import declared_rules, derived_rules, row_rules, suite_path
from safetynet.contract import Kind, contracts
from safetynet.messages import catalogue
from safetynet.publish import ledger

Spoiled = list[dict[str, Any]]

# rule of the suite (column, reason) → what spoils one row, or several of one number
DECLARED: dict[str, dict[tuple[str, str], Spoiled]] = {
    "registry_member": {
        ("relation_to_head", "not_one_head"): [{"relation_to_head": "配偶"}],
        ("member_count", "head_count_against_rows"): [{"member_count": "5"}],
        ("id_number", "person_in_two_households"): [{"household_code": "A1"}, {"household_code": "A2"}],
        ("sex", "id_number_against_sex"): [{"sex": "女"}],
        ("identified_on", "before_birth"): [{"identified_on": "1970-01-01"}],
        ("member_count", "out_of_range"): [{"member_count": "31"}],
        ("per_capita_net_income", "out_of_range"): [{"per_capita_net_income": "500000.01"}],
    },
    "education_enrollment": {
        ("birth_date", "id_number_against_birth_date"): [{"birth_date": "2013-12-31"}],
        ("sex", "id_number_against_sex"): [{"sex": "女"}],
        ("status_date", "before_birth"): [{"status_date": "2010-01-01"}],
        ("birth_date", "out_of_range"): [{"birth_date": "1990-01-01"}],
        ("school_term", "not_a_school_term"): [{"school_term": "2024-2026-1"}],
        ("guardian_id_number", "own_number_for_guardian"): [{"guardian_id_number": an_id(1, "20130101"), "_number": 1}],
    },
    "education_dropout": {
        ("returned_on", "dates_out_of_order"): [{"returned_on": "2025-02-28"}],
        ("returned_on", "return_without_date"): [{"return_status": "已劝返"}],
        ("dropped_out_on", "before_birth"): [{"dropped_out_on": "2011-01-01"}],
    },
    "health_major_illness": {
        ("out_of_pocket", "amounts_do_not_add_up"): [{"out_of_pocket": "301.01"}],
        ("updated_on", "dates_out_of_order"): [{"updated_on": "2024-01-10"}],
        ("diagnosed_on", "before_birth"): [{"diagnosed_on": "1979-12-31"}],
        ("untreated_reason", "untreated_without_reason"): [{"treatment_status": "未救治"}],
        ("total_cost", "out_of_range"): [{"total_cost": "5000000.01"}],
    },
    "health_chronic_disease": {
        ("contracted_on", "contracted_without_date"): [{"contracted_on": ""}],
        ("contracted_on", "before_birth"): [{"contracted_on": "1979-12-31"}],
        ("last_follow_up_on", "before_birth"): [{"last_follow_up_on": "1979-12-31"}],
        ("follow_ups_this_year", "out_of_range"): [{"follow_ups_this_year": "367"}],
    },
    "health_settlement": {
        ("out_of_pocket", "amounts_do_not_add_up"): [{"out_of_pocket": "122.29"}],
        ("settled_on", "before_birth"): [{"settled_on": "1979-12-31"}],
        ("out_of_pocket", "sign_against_total"): [{"total_cost": "-246.60"}],
        ("total_cost", "out_of_range"): [{"total_cost": "5000000.01"}],
    },
    "housing_safety": {
        ("completed_on", "completed_without_date"): [{"renovation_status": "已竣工"}],
        ("built_year", "out_of_range"): [
            {"built_year": "1899"},
            {"dwelling_code": "F2", "built_year": "2026"},
        ],
        ("floor_area_m2", "out_of_range"): [{"floor_area_m2": "4.9"}],
        ("subsidy", "out_of_range"): [{"subsidy": "500000.01"}],
        ("assessed_on", "before_birth"): [{"assessed_on": "1979-12-31", "built_year": ""}],
    },
    "water_project": {
        ("litres_per_person_day", "out_of_range"): [{"litres_per_person_day": "1001"}],
        ("guarantee_rate", "out_of_range"): [{"guarantee_rate": "101%"}],
        ("outage_days", "out_of_range"): [{"outage_days": "32"}],
        ("failed_indicator", "failed_without_indicator"): [{"quality_result": "不合格"}],
    },
    "water_household": {("round_trip_minutes", "out_of_range"): [{"round_trip_minutes": "601"}]},
    "civil_assistance": {
        ("stopped_month", "stopped_without_month"): [{"payment_status": "停发"}],
        ("started_month", "dates_out_of_order"): [{"month": "2022-02"}],
        ("persons_covered", "out_of_range"): [{"persons_covered": "0"}],
        ("monthly_amount", "out_of_range"): [{"monthly_amount": "50000.01"}],
        ("monthly_amount", "amounts_differ_in_household"): [
            {},
            {
                "id_number": an_id(490),
                "person_name": "萧子",
                "relation_to_applicant": "之子",
                "monthly_amount": "400",
            },
        ],
        ("id_number", "own_number_for_applicant"): [{"relation_to_applicant": "之子"}],
    },
    "verification_result": {
        ("admitted", "admitted_though_refuted"): [{"finding": "不属实"}],
        ("category", "admitted_without_category"): [{"category": ""}],
    },
    "link_decision": {
        ("person_key", "no_person_key"): [{"person_key": "p_12"}],
        ("other_person_key", "same_key_twice"): [{"person_key": f"p_{1:024x}", "other_person_key": f"p_{1:024x}"}],
    },
}

_REFUSED = {
    Kind.ID_NUMBER: "990121198001010000",
    Kind.PERSON_NAME: "萧\0",
    Kind.DIVISION_CODE: "991234",
    Kind.DATE: "2099-01-01",
    Kind.MONTH: "2099-01",
    Kind.MONEY: "一千",
    Kind.YES_NO: "也许",
    Kind.SEX: "9",
    Kind.CATEGORY: "其他",
    Kind.COUNT: "三",
    Kind.NUMBER: "三",
    Kind.PERCENT: "0.95",
    Kind.CODE: "9.9E+17",
    Kind.TEXT: "\0",
}


def derived_samples(feed: str) -> dict[tuple[str | None, str], Spoiled]:
    """What trips the rules that a contract states."""
    contract = contracts()[feed]
    person = contract.person
    some_text = next(
        name
        for name, column in contract.columns.items()
        if column.kind in (Kind.TEXT, Kind.NUMBER) and not column.required and name != "relation_to_applicant"
    )
    spoiled: dict[tuple[str | None, str], Spoiled] = {}
    for name in contract.required:
        also = {"id_number": ""} if person and name == person.name else {}
        spoiled[(name, "blank")] = [{name: "", **also}]
    key = contract.key[0].split("|")[0].removeprefix("sign(").removesuffix(")")
    spoiled[("id_number" if key == "person" else key, "contradicting_key")] = [
        {some_text: "甲"},
        {some_text: "乙"},
    ]
    if person:
        has_fallback = any("person" in part for part in contract.key)
        spoiled[("id_number", "no_identity")] = [{"id_number": "", "division_code": ""}]
        spoiled[("id_number", "id_number_under_two_names")] = [{}, {"person_name": "萧改"}]
        without_key = {"id_number": ""} | ({"student_number": ""} if "student_number" in contract.columns else {})
        if has_fallback:
            spoiled[("person_name", "same_fallback_key")] = [
                {**without_key, some_text: "甲"},
                {**without_key, some_text: "乙"},
            ]
    return spoiled


def samples(feed: str) -> tuple[list[Row], dict[tuple[str | None, str], int]]:
    """Rows that trip every rule of a feed at least once, and how many rows each of its own samples has."""
    given, number = [row(feed, 1)], 1
    expected: dict[tuple[str | None, str], int] = {}
    for told, spoiled in {**derived_samples(feed), **DECLARED[feed]}.items():
        number += 1
        for each in spoiled:
            given.append(row(feed, each.get("_number", number), **{k: v for k, v in each.items() if k != "_number"}))
        expected[told] = len(spoiled)
    for name, column in contracts()[feed].columns.items():
        number += 1
        given.append(row(feed, number, **{name: _REFUSED[column.kind]}))
    return given, expected


@pytest.mark.parametrize("feed", FEEDS)
def test_every_rule_trips_and_both_count_the_same_rows(county: County, feed: str) -> None:
    given, expected = samples(feed)
    cells = table(feed, given)
    if contracts()[feed].csv:
        cells += [[*table(feed, [row(feed, 400)])[1], "多"]]
        encoding = contracts()[feed].csv.encodings[0].replace("utf-8", "utf-8-sig")
        county.put(feed, f"{feed}_20250630.csv", csv_file(cells, encoding))
        expected[(None, "ragged_row")] = 1
    else:
        county.deliver(feed, given)
    (outcome,) = county.take_in()

    told = Counter(each for line in county.lake(outcome) for each in set(line["reasons"] + line["findings"]))
    assert {rule for rule in expected if told[rule] < expected[rule]} == set()

    rules = {(rule.column, rule.reason) for rule in row_rules(contracts()[feed])}
    has_fallback = any("person" in part for part in contracts()[feed].key)
    never = {(None, "ragged_row")} if not contracts()[feed].csv else set()
    never |= set() if has_fallback else {("person_name", "same_fallback_key")}
    assert rules - never <= set(expected) | {("person_name", "same_fallback_key")}

    results = county.ledger(ledger.expectation_result)
    for result in results:
        kind, reason = result["expectation"].split(":")
        column = result["column_name"]
        if reason == "accepted":
            name = column.removesuffix("_issue")
            marked = sum(count for (at, what), count in told.items() if at == name and (at, what) not in rules)
            assert marked >= 1, f"{name} has no sample of a refused cell"
        else:
            marked = told[(column, reason)]
        assert (result["rows_failed"], result["success"]) == (marked, marked == 0), (kind, reason, column)
        assert result["rows_checked"] == outcome.counts.received - outcome.counts.duplicate
        assert result["severity"] in ("warning", "info")
    assert len(results) == len(rules) + len(contracts()[feed].columns)


@pytest.mark.parametrize("feed", FEEDS)
def test_every_rule_of_the_suite_has_a_sample(feed: str) -> None:
    assert {(rule.column, rule.reason) for rule in declared_rules(contracts()[feed])} == set(DECLARED[feed])


@pytest.mark.parametrize("feed", FEEDS)
def test_suites_are_written_out(feed: str) -> None:
    declared = yaml.safe_load(suite_path(contracts()[feed]).read_text(encoding="utf-8"))
    assert declared["name"] == feed
    for expectation in declared["expectations"]:
        assert expectation["severity"] in ("critical", "warning", "info")
        assert expectation["meta"]["notes"].endswith(".")
        assert re.fullmatch(r"[a-z_]+", expectation["meta"]["reason"])
    told = [(rule.column, rule.reason) for rule in row_rules(contracts()[feed])]
    assert len(told) == len(set(told)), "two rules say the same of a row"


@pytest.mark.parametrize("feed", FEEDS)
def test_every_reason_is_a_sentence_in_both_languages(feed: str) -> None:
    reasons = {rule.reason for rule in row_rules(contracts()[feed])}
    assert {reason for reason in reasons if reason not in catalogue()} == set()


def test_severities_follow_the_contract() -> None:
    for contract in contracts().values():
        severities = {(rule.column, rule.reason): rule.severity for rule in derived_rules(contract)}
        for (column, reason), severity in severities.items():
            is_blank_text = reason == "blank" and contract.columns[column].kind == "text"
            is_told = is_blank_text or reason in ("id_number_under_two_names", "same_fallback_key")
            assert severity == ("info" if is_told else "warning")
