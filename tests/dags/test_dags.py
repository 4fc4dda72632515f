"""The DAGs: one per feed, inbox, warehouse, watchdog, official month; light to parse, and each says what to do."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from safetynet.contract import contracts
from safetynet.home import Home
from safetynet.orchestrate.settings import environment

CHECKOUT = Path(__file__).resolve().parents[2]

PARSE = """
import airflow, json, sys
from airflow.dag_processing.dagbag import BundleDagBag
from pathlib import Path
folder = Path(sys.argv[1])
bag = BundleDagBag(dag_folder=folder, bundle_path=folder, bundle_name="safetynet")
from datetime import datetime
from safetynet.orchestrate.retries import TRANSIENT
from safetynet.refusal import Refused
from sqlalchemy.exc import OperationalError
print("JSON" + json.dumps({
    "errors": list(bag.import_errors),
    "heavy": sorted({"great_expectations", "dbt", "pandas", "polars", "duckdb"} & set(sys.modules)),
    "dags": {
        name: {
            "doc": dag.doc_md or "",
            "tasks": sorted(task.task_id for task in dag.tasks),
            "outlets": sorted(asset.name for task in dag.tasks for asset in task.outlets),
            "active": dag.max_active_runs,
            "hears": sorted(
                asset.name for asset in getattr(getattr(dag.timetable, "asset_condition", None), "objects", [])
            ),
            "schedule": type(dag.timetable).__name__,
        }
        for name, dag in bag.dags.items()
    },
    "retries": {
        error.__class__.__name__: TRANSIENT.evaluate(error, 1, 3).action.value
        for error in (OSError(), MemoryError(), OperationalError("", {}, Exception()), Refused("x"), ValueError())
    },
}))
"""


@pytest.fixture(scope="module")
def parsed(tmp_path_factory: pytest.TempPathFactory) -> dict:
    """What a DAG processor sees, in a process of its own."""
    root = tmp_path_factory.mktemp("parse")
    home = Home(root, root / "inbox", root / "reference")
    answer = subprocess.run(
        [sys.executable, "-c", PARSE, str(CHECKOUT / "dags")],
        env=os.environ | environment(home),
        capture_output=True,
        text=True,
        check=True,
    )
    (line,) = [line for line in answer.stdout.splitlines() if line.startswith("JSON")]
    return json.loads(line[4:])


def test_there_is_one_dag_for_each_feed_and_four_more(parsed: dict) -> None:
    assert parsed["errors"] == []
    assert set(parsed["dags"]) == {*contracts(), "inbox", "official_month", "warehouse", "watchdog"}


def test_every_ingest_dag_has_the_same_tasks_and_updates_its_own_asset(parsed: dict) -> None:
    for feed in contracts():
        dag = parsed["dags"][feed]
        assert dag["tasks"] == ["inbox_is_readable", "land", "month", "publish", "take_in", "tell_owner", "watcher"]
        assert dag["outlets"] == [feed, f"{feed}_month"]
        assert dag["active"] == 1
    assert parsed["dags"]["warehouse"]["outlets"] == ["warehouse"]


def test_the_official_month_hears_of_partitions_and_the_warehouse_of_none(parsed: dict) -> None:
    month, warehouse = parsed["dags"]["official_month"], parsed["dags"]["warehouse"]
    assert month["schedule"] == "PartitionedAssetTimetable"
    assert month["hears"] == sorted(
        [*(f"{feed}_month" for feed in contracts()), *parsed["dags"]["watchdog"]["outlets"]]
    )
    assert warehouse["schedule"] == "AssetTriggeredTimetable"
    assert warehouse["hears"] == sorted(contracts())


def test_every_dag_says_what_to_do_when_it_is_red(parsed: dict) -> None:
    for name, dag in parsed["dags"].items():
        assert "red" in dag["doc"], name
        assert "clear" in dag["doc"], name


def test_parsing_loads_no_engine(parsed: dict) -> None:
    assert "great_expectations" not in parsed["heavy"]
    assert "dbt" not in parsed["heavy"]


def test_only_what_may_recover_is_tried_again(parsed: dict) -> None:
    assert parsed["retries"] == {
        "OSError": "retry",
        "MemoryError": "retry",
        "OperationalError": "retry",
        "Refused": "fail",
        "ValueError": "fail",
    }
