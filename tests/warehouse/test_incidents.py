"""quality.incident says what was known at K, and messages name what rests on a feed by dbt's own graph."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from clerk import row, rows
from county import County
from safetynet.contract import contract, contracts
from safetynet.home import now
from safetynet.incidents import endangered, threads
from safetynet.warehouse import inputs
from warehouse.small_warehouse import Drop

CHRONIC = "health_chronic_disease"


def test_what_rests_on_a_feed_is_read_from_the_graph(drop: Drop, county: County) -> None:
    drop.dbt("parse", as_of="2025-06-30")
    assert endangered.told(county.home, contract("education_dropout")) is None, "nothing is in use before a build"
    target = county.home.folder("dbt", "target")
    (target / "manifest.json").write_bytes((drop.target / "manifest.json").read_bytes())
    endangered.keep(county.home)
    told = endangered.told(county.home, contract("education_dropout"))
    assert told is not None
    assert "fct_dropout" in told.en and "fct_dwelling" not in told.en and "dim_person" not in told.en
    titles = json.loads((county.home.root / "dbt" / "downstream.json").read_text())["stg_education__dropout"]["rules"]
    assert len(titles) == 1 and titles[0][0] in told.zh and titles[0][1] in told.en
    for feed in contracts().values():
        assert endangered.told(county.home, feed) is not None, feed.feed


@pytest.mark.usefixtures("unexamined")
def test_the_inputs_of_a_build_are_what_was_known(county: County, tmp_path: Path) -> None:
    county.deliver(CHRONIC, [row(CHRONIC, n, disease="感冒") for n in range(30)], "一_990121_20250630.csv")
    county.take_in()
    before = now()
    (incident,) = threads.current(county.store)
    threads.acknowledge(county.store, incident["incident_id"], "李主任", "")
    county.deliver(CHRONIC, rows(CHRONIC, 3), "二_990121_20250630.csv")
    county.take_in()

    def known(at: datetime) -> tuple[int, list[str]]:
        folder = tmp_path / at.isoformat()
        folder.mkdir()
        inputs.lay_out(county.home, county.store, folder, incident["opened_at"].date(), at)
        ((count,),) = duckdb.sql(f"SELECT count(*) FROM '{folder}/incident.parquet'").fetchall()
        events = duckdb.sql(f"SELECT event FROM '{folder}/incident_event.parquet' ORDER BY event_id").fetchall()
        return count, [event for (event,) in events]

    assert known(incident["opened_at"] - timedelta(microseconds=1)) == (0, [])
    assert known(before) == (1, ["opened"])
    assert known(now()) == (1, ["opened", "acknowledged", "resolved"])
