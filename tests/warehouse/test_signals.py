"""The rules: each has unit tests of its own, and reaches risk_signal without a list kept by hand."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from warehouse.small_warehouse import PROJECT, VILLAGE, Drop, an_id

RULES = {
    "INC_BELOW_LINE": "income",
    "EDU_NOT_ENROLLED": "education",
    "EDU_DROPPED_OUT": "education",
    "MED_UNINSURED": "medical",
    "MED_UNTREATED": "medical",
    "MED_CHRONIC_NOT_CONTRACTED": "medical",
    "MED_CHRONIC_FOLLOW_UP_OVERDUE": "medical",
    "MED_HIGH_OUT_OF_POCKET": "medical",
    "HOU_UNSAFE": "housing",
    "WAT_UNSAFE": "water",
    "CIV_AID_STOPPED": "assistance",
    "CIV_NOT_COVERED": "assistance",
    "INC_FELL": "income",
    "EXP_RIGID_SPENDING": "expenditure",
    "MON_ADMITTED_NOT_MONITORED": "monitoring",
}
COMPOUND_RULES = {
    "MON_REMOVED_NEW_SIGNAL": "monitoring",
    "MULTI_DOMAIN": "monitoring",
}


@pytest.fixture(scope="module")
def built(module_drop: Drop) -> Drop:
    """A drop of one household, built."""
    head = {
        "household_code": "H1",
        "household_type": "一般农户",
        "person_name": "萧龙",
        "id_number": an_id(1),
        "relation_to_head": "户主",
        "division_code": VILLAGE,
        "per_capita_net_income": 9000,
    }
    module_drop.policy = [("monitoring_line", "", "all", date(2021, 1, 1), None, 6000.0, "yuan", False)]
    module_drop.batch("registry_member", "2025-06-30", [head])
    with module_drop.build() as warehouse:
        rules = warehouse.sql("select rule_id, domain from marts.rule").fetchall()
    assert dict(rules) == RULES | COMPOUND_RULES
    return module_drop


def test_every_unit_test_passes(built: Drop) -> None:
    built.dbt("test", "--select", "test_type:unit", as_of="2025-06-30")


def test_every_rule_is_a_parent_of_what_unites_them_and_has_unit_tests(built: Drop) -> None:
    manifest = json.loads((built.target / "manifest.json").read_text())
    for union, rules in (("rule_hit", RULES), ("compound_signal", COMPOUND_RULES)):
        parents = manifest["nodes"][f"model.safetynet.{union}"]["depends_on"]["nodes"]
        assert set(parents) == {f"model.safetynet.{rule.lower()}" for rule in rules}
    for rule in RULES | COMPOUND_RULES:
        named = [test for test in manifest["unit_tests"].values() if test["name"].startswith(f"{rule}_")]
        assert named, f"{rule} has no unit test"
        assert {test["model"] for test in named} == {rule.lower()}


def test_no_policy_number_stands_in_a_model() -> None:
    parameters = (PROJECT / "seeds" / "policy_parameter_default.csv").read_text(encoding="utf-8").splitlines()[1:]
    numbers = {line.split(",")[5] for line in parameters} - {"3", "6", "10", "14", "15", "20", "30", "365"}
    assert numbers == {"6000", "10000", "20000", "90", "35", "0.90", "0.30", "0.50"}
    for model in [*_sql(PROJECT / "models" / "signals"), *(PROJECT / "models" / "compound").glob("*.sql")]:
        words = set(model.read_text(encoding="utf-8").replace(",", " ").replace(")", " ").split())
        assert not words & numbers, model.name


def _sql(folder: Path) -> list[Path]:
    found = sorted(folder.rglob("*.sql"))
    assert len(found) > len(RULES)
    return found
