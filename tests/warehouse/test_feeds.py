"""What dbt's models know of a feed, they know from its contract."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from safetynet.contract import Contract, contracts
from warehouse import small_warehouse
from warehouse.small_warehouse import PROJECT, VILLAGE, Drop, an_id

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


def test_a_contract_and_a_staging_model_are_enough_for_a_feed_that_names_persons(
    drop: Drop, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = Path(shutil.copytree(PROJECT, drop.folder / "project"))
    staging = project / "models" / "staging" / "disability"
    staging.mkdir()
    (staging / "stg_disability__certificate.sql").write_text("{{ stage('disability_certificate') }}\n")
    (staging / "stg_disability__certificate.yml").write_text(SOURCE)
    monkeypatch.setattr(small_warehouse, "PROJECT", project)
    monkeypatch.setitem(contracts(), FEED, Contract.model_validate(CONTRACT))
    holder = {"holder_number": an_id(1), "holder": "萧龙", "division_code": VILLAGE, "sex": "女"}
    drop.batch(FEED, "2025-06-30", [holder, holder, {"holder": "袁文", "division_code": VILLAGE}])
    drop.target = drop.folder / "target"
    warehouse = drop.build(select="+person")
    staged = "select row_number, repeats_row from restricted.staging.stg_disability__certificate order by 1"
    assert warehouse.sql(staged).fetchall() == [(4, None), (5, 4), (6, None)]
    persons = "select id_number, person_name from restricted.identity.person order by id_number"
    assert warehouse.sql(persons).fetchall() == [(an_id(1), "萧龙"), (None, "袁文")]


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
