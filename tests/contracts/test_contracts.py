"""Every feed has all that belongs to it, and a contract that is wrong is refused by the key that is wrong."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import ValidationError

from clerk import FEEDS
from safetynet.check.rules import EXPECTATIONS, suite_path
from safetynet.contract import DEPARTMENTS, Kind, contract, contracts, load
from safetynet.home import CHECKOUT

STAGING = CHECKOUT / "dbt_project" / "models" / "staging"
PROMISED = {
    "registry_member",
    "education_enrollment",
    "education_dropout",
    "health_major_illness",
    "health_chronic_disease",
    "health_settlement",
    "housing_safety",
    "water_project",
    "water_household",
    "civil_assistance",
    "verification_result",
    "link_decision",
}


def missing_files(departments: Path, expectations: Path, staging: Path) -> set[str]:
    """Files that one of a feed's three parts has and another lacks, named from their folders on."""
    feeds = {(path.parent.name, path.stem) for path in departments.glob("*/*.yml")}
    feeds |= {(path.parent.name, path.stem) for path in expectations.glob("*/*.yml")}
    feeds |= {tuple(path.stem.removeprefix("stg_").split("__", 1)) for path in staging.glob("*/stg_*.sql")}
    wanted = {
        path
        for department, feed in feeds
        for path in (
            departments / department / f"{feed}.yml",
            expectations / department / f"{feed}.yml",
            staging / department / f"stg_{department}__{feed}.sql",
        )
    }
    return {"/".join(path.parts[-3:]) for path in wanted if not path.is_file()}


def test_no_feed_lacks_a_file() -> None:
    assert missing_files(DEPARTMENTS, EXPECTATIONS, STAGING) == set()


@pytest.mark.parametrize("lost", ["departments/a/x.yml", "expectations/a/x.yml", "staging/a/stg_a__x.sql"])
def test_whichever_file_of_a_feed_is_missing_is_named(tmp_path: Path, lost: str) -> None:
    for name in ("departments/a/x.yml", "expectations/a/x.yml", "staging/a/stg_a__x.sql"):
        path = tmp_path / name
        path.parent.mkdir(parents=True)
        if name != lost:
            path.touch()
    folders = [tmp_path / name for name in ("departments", "expectations", "staging")]
    assert missing_files(*folders) == {lost}


def test_all_promised_feeds_are_there() -> None:
    assert set(FEEDS) == PROMISED
    assert suite_path(contract("registry_member")).name == "member.yml"


Spoil = Callable[[dict[str, Any]], None]

WRONG: dict[str, tuple[Spoil, str]] = {
    "an unknown key": (lambda it: it.update(colour="red"), "colour"),
    "an unknown key of a column": (lambda it: it["columns"]["sex"].update(requried=True), "requried"),
    "an unknown key of the owner": (lambda it: it["owner"].update(phone="1"), "phone"),
    "an unknown key of the bounds": (lambda it: it.update(bounds={"quarantine": 1}), "quarantine"),
    "an unknown kind": (lambda it: it["columns"]["sex"].update(kind="gender"), "kind"),
    "no owner": (lambda it: it.pop("owner"), "owner"),
    "no key": (lambda it: it.update(key=[]), "key"),
    "a key that is no column": (lambda it: it.update(key=["household"]), "household"),
    "a rhythm nobody knows": (lambda it: it.update(cadence="daily"), "cadence"),
    "a column without headers": (lambda it: it["columns"]["sex"].update(headers=[]), "headers"),
    "a category without values": (lambda it: it["columns"]["household_type"].pop("values"), "values"),
    "values without a category": (lambda it: it["columns"]["sex"].update(values={"男": []}), "values"),
    "an id number that is not sensitive": (
        lambda it: it["columns"]["id_number"].pop("sensitive"),
        "sensitive",
    ),
    "a csv without a dialect": (lambda it: it.update(format="csv"), "csv"),
    "a workbook with a dialect": (lambda it: it.update(csv={"encodings": ["utf-8"]}), "csv"),
    "an encoding nobody agreed": (
        lambda it: it.update(format="csv", csv={"encodings": ["gb2312"]}),
        "encodings",
    ),
    "channels that are no variable": (lambda it: it["owner"].update(channels="json://x"), "channels"),
    "a person that is no column": (lambda it: it.update(person={"name": "full_name"}), "full_name"),
    "a distribution of persons": (lambda it: it.update(distribution=["person_name"]), "person_name"),
    "a distribution of texts": (lambda it: it.update(distribution=["ethnicity"]), "ethnicity"),
    "a distribution of no column": (lambda it: it.update(distribution=["colour"]), "colour"),
    "negative where nothing is paid": (
        lambda it: it["columns"]["sex"].update(may_be_negative=True),
        "may_be_negative",
    ),
}


@pytest.mark.parametrize("what", WRONG)
def test_a_wrong_contract_is_refused_by_name(tmp_path: Path, what: str) -> None:
    spoil, named = WRONG[what]
    declared = yaml.safe_load((DEPARTMENTS / "registry" / "member.yml").read_text(encoding="utf-8"))
    path = tmp_path / "registry" / "member.yml"
    path.parent.mkdir()
    path.write_text(yaml.safe_dump(declared, allow_unicode=True), encoding="utf-8")
    assert load(path) == contract("registry_member")
    spoil(declared)
    path.write_text(yaml.safe_dump(declared, allow_unicode=True), encoding="utf-8")
    with pytest.raises(ValidationError, match=named):
        load(path)


@pytest.mark.parametrize("feed", FEEDS)
def test_what_is_sensitive_is_so_declared(feed: str) -> None:
    must = {
        "person_name", "id_number", "phone", "birth_date", "student_number", "guardian_name", "guardian_id_number",
        "applicant_name", "applicant_id_number", "responsible", "family_doctor", "verified_by", "note", "reason",
        "measure", "stop_reason", "untreated_reason", "decided_by",
    }  # fmt: skip
    columns = contract(feed).columns
    assert {name for name in must & columns.keys() if not columns[name].sensitive} == set()


REQUIRED = {
    "registry_member": "division_code household_code household_type person_name relation_to_head per_capita_net_income",
    "education_enrollment": "person_name enrollment_status school_term",
    "education_dropout": "person_name dropped_out_on return_status",
    "health_major_illness": "person_name illness treatment_status total_cost out_of_pocket",
    "health_chronic_disease": "person_name disease contract_status",
    "health_settlement": "settlement_id person_name visit_type settled_on total_cost out_of_pocket",
    "housing_safety": "division_code person_name dwelling_code safety_grade renovation_status",
    "water_project": "project_code division_code month quality_result",
    "water_household": "division_code person_name project_code",
    "civil_assistance": "certificate_number month person_name assistance_type payment_status",
    "verification_result": "signal_id verified_on finding",
    "link_decision": "person_key other_person_key decision decided_on decided_by",
}


@pytest.mark.parametrize("feed", FEEDS)
def test_required_columns_are_those_that_were_promised(feed: str) -> None:
    assert set(contract(feed).required) == set(REQUIRED[feed].split())


def test_snapshots_and_increments() -> None:
    snapshots = {name for name, each in contracts().items() if each.delivery == "snapshot"}
    assert snapshots == {
        "registry_member", "education_enrollment", "health_major_illness", "health_chronic_disease", "housing_safety",
        "water_household",
    }  # fmt: skip


def test_only_settlements_may_be_negative() -> None:
    for feed, each in contracts().items():
        for column in each.columns.values():
            if column.kind is Kind.MONEY:
                assert column.may_be_negative == (feed == "health_settlement")
