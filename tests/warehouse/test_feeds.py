"""What dbt's models know of a feed, they know from its contract."""

from __future__ import annotations

import json
import shutil
from datetime import date
from pathlib import Path

import pytest

from safetynet.contract import Contract, contracts
from warehouse import small_warehouse
from warehouse.small_warehouse import OTHER_COUNTY, PROJECT, VILLAGE, Drop, an_id

FEED = "disability_certificate"
CONTRACT = {
    "feed": FEED,
    "department": "disability",
    "title": {"zh": "残疾人证信息", "en": "Disability certificates"},
    "owner": {
        "department": {"zh": "残疾人联合会", "en": "Disabled Persons' Federation"},
        "contact": "disability@county.example",
        "channels": "SAFETYNET_ALERT_DISABILITY",
    },
    "domain": "income",
    "cadence": "quarterly",
    "delivery": "snapshot",
    "format": "csv",
    "csv": {"encodings": ["utf-8"]},
    "person": {"id_number": "holder_number", "name": "holder"},
    "key": ["person"],
    "columns": {
        "holder": {"headers": ["姓名"], "kind": "person_name", "sensitive": True},
        "holder_number": {"headers": ["残疾人证号"], "kind": "id_number", "sensitive": True},
        "division_code": {"headers": ["行政区划代码"], "kind": "division_code"},
        "sex": {"headers": ["性别"], "kind": "sex"},
    },
}
SOURCE = f"""
sources:
  - name: lake
    tables:
      - name: {FEED}
        config:
          meta:
            external_location: "memory.main.lake('{FEED}')"
"""
RULE = """
select
    'DIS_CERTIFIED' as rule_id, person.household_key, person.person_key, certificate.division_code,
    1.0::double as observed_value, policy.value as threshold_value, '持证。' as explanation,
    'Certified.' as explanation_en,
    [{{ evidence('disability_certificate', 'certificate') }}] as evidence, policy.observed_on
from {{ ref('stg_disability__certificate') }} as certificate
inner join {{ ref('bridge_source_record') }} as record
    on certificate.batch_id = record.batch_id and certificate.row_number = record.row_number
inner join {{ ref('person') }} as person on record.person_key = person.person_key
inner join {{ ref('policy') }} as policy
    on certificate.division_code = policy.division_code and policy.parameter_id = 'certificates'
    and policy.population = 'all'
"""
ENTRY = """
models:
  - name: dis_certified
    config:
      meta: {title_zh: 持证, title_en: Certified, domain: income, severity: medium,
        check_at_door_zh: 看, check_at_door_en: look, legal_basis: 无}
"""


@pytest.fixture
def sixth(drop: Drop, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the project with a department that nobody foresaw, and the drop that is built with it."""
    project = Path(shutil.copytree(PROJECT, drop.folder / "project"))
    staging = project / "models" / "staging" / "disability"
    staging.mkdir()
    (staging / "stg_disability__certificate.sql").write_text("{{ stage('disability_certificate') }}\n")
    (staging / "stg_disability__certificate.yml").write_text(SOURCE)
    monkeypatch.setattr(small_warehouse, "PROJECT", project)
    monkeypatch.setitem(contracts(), FEED, Contract.model_validate(CONTRACT))
    drop.target = drop.folder / "target"
    return project


def test_a_contract_and_a_staging_model_are_enough_for_a_feed_that_names_persons(drop: Drop, sixth: Path) -> None:
    holder = {"holder_number": an_id(1), "holder": "萧龙", "division_code": VILLAGE, "sex": "女"}
    drop.batch(FEED, "2025-06-30", [holder, holder, {"holder": "袁文", "division_code": VILLAGE}])
    warehouse = drop.build(select="+person")
    staged = "select row_number, repeats_row from working.staging.stg_disability__certificate order by 1"
    assert warehouse.sql(staged).fetchall() == [(4, None), (5, 4), (6, None)]
    persons = "select id_number, person_name from working.identity.person order by id_number"
    assert warehouse.sql(persons).fetchall() == [(an_id(1), "萧龙"), (None, "袁文")]


def test_its_rule_is_one_model_and_one_entry(drop: Drop, sixth: Path) -> None:
    (sixth / "models" / "signals" / "dis_certified.sql").write_text(RULE, encoding="utf-8")
    (sixth / "models" / "signals" / "disability.yml").write_text(ENTRY, encoding="utf-8")
    drop.policy = [
        ("certificates", "", "all", date(2021, 1, 1), None, 1.0, "number", False),
        ("certificates", "990122", "all", date(2021, 1, 1), None, 2.0, "number", True),
    ]
    head = {"person_name": "萧龙", "id_number": an_id(1), "division_code": VILLAGE, "household_code": "H1"}
    head |= {"household_type": "一般农户", "relation_to_head": "户主", "per_capita_net_income": 9000}
    drop.batch("registry_member", "2025-06-30", [head])
    # No other feed names this division.
    certificate = {"holder_number": an_id(1), "holder": "萧龙", "division_code": "990122100201"}
    drop.batch(FEED, "2025-06-30", [certificate], scope=OTHER_COUNTY)
    with drop.build() as warehouse:
        signals = warehouse.sql(
            "select rule_id, household_code, threshold_value, status from marts.risk_signal"
        ).fetchall()
        profile = warehouse.sql("select is_income_secured, open_signals from marts.household_profile").fetchall()
        history = warehouse.sql("select rule_id, opened_on, status from marts.signal_history").fetchall()
    assert signals == [("DIS_CERTIFIED", "H1", 2.0, "open")]
    assert profile == [(False, 1)]
    assert history == [("DIS_CERTIFIED", date(2025, 6, 30), "open")]


def test_a_build_of_another_date_finds_the_project_parsed(drop: Drop) -> None:
    log = drop.folder / "logs" / "dbt.log"
    drop.batch("registry_member", "2025-05-31", [{"person_name": "萧龙", "division_code": VILLAGE}])
    drop.build("2025-05-31", select="observation_date")
    before = len(log.read_text(encoding="utf-8"))
    drop.build("2025-06-30", select="observation_date")
    told = log.read_text(encoding="utf-8")[before:]
    assert "partial parsing" in told.lower()
    assert "Unable to do partial parsing" not in told


def test_a_fact_carries_every_column_of_its_feeds_less_the_sensitive_ones(drop: Drop) -> None:
    drop.dbt("parse", as_of="2025-06-30")
    nodes = json.loads((drop.target / "manifest.json").read_text(encoding="utf-8"))["nodes"]
    missing, facts = [], 0
    for node in nodes.values():
        if not node["name"].startswith("fct_"):
            continue
        facts += 1
        feeds = [name.split(".core_")[1] for name in node["depends_on"]["nodes"] if ".core_" in name]
        assert feeds, node["name"]
        promised = {
            name for feed in feeds for name in contracts()[feed].columns if name not in contracts()[feed].sensitive
        }
        missing += [(node["name"], name) for name in sorted(promised - set(node["columns"]))]
    assert facts == 8
    assert missing == []
