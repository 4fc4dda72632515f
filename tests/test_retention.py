"""What is kept for a time only goes when that is past, and nothing else ever does."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from safetynet import retention
from safetynet.home import Home

DAY = 86_400
GOES = {
    "airflow/logs/dag_id=inbox/run_id=a/task_id=look/attempt=1.log": 7,
    "airflow/logs/dag_id=warehouse/run_id=a/task_id=build/attempt=1.log": 90,
    "airflow/logs/dag_processor/2025-01-01/safetynet/inbox.py.log": 7,
    "alerts/20250101T000000000000-held.txt": 400,
    "data_docs/site/validations/registry_member/b/20250101T000000.000000Z/page.html": 400,
    "lineage/2025-01.ndjson": 400,
    "returned/registry_member/a/退回_a.xlsx": 90,
    "warehouse/as_of/2025-01-31.duckdb": 90,
    "worklists/2025-01-31_known_20250201T000000Z/镇_990121100000.xlsx": 180,
}
STAYS = (
    "airflow/airflow.db",
    "airflow/logs/services.log",
    "data_docs/site/expectations/registry_member.html",
    "inbox/registry_member/a.xlsx",
    "lake/registry_member/a.parquet",
    "landing/aa/aa",
    "lineage/.told",
    "marks/registry_member/a.parquet",
    "operations.sqlite",
    "reference/divisions.csv",
    "secrets/person_key",
    "warehouse/current.duckdb",
    "warehouse/restricted.duckdb",
)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path, tmp_path / "inbox", tmp_path / "reference")


def lay(home: Home, name: str, days: float) -> Path:
    """A file of the home that was written so many days ago."""
    path = home.root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    os.utime(path, (time.time() - days * DAY,) * 2)
    return path


def test_what_is_past_its_time_goes_with_its_folder_and_what_is_not_stays(home: Home) -> None:
    kept = [lay(home, name, 4000) for name in STAYS]
    kept += [lay(home, f"{Path(name).parent.parent}/young/{Path(name).name}", days - 1) for name, days in GOES.items()]
    old = [lay(home, name, days + 1) for name, days in GOES.items()]
    assert retention.prune(home) == len(old)
    assert [path for path in old if path.exists()] == []
    assert [path for path in kept if not path.exists()] == []
    assert not (home.root / "returned" / "registry_member" / "a").exists()
    assert (home.root / "lineage").is_dir()
    assert retention.prune(home) == 0


def test_every_time_that_is_declared_is_in_the_manual() -> None:
    manual = (Path(__file__).parents[1] / "docs" / "operations.md").read_text(encoding="utf-8")
    stated = {line.split("|")[1].strip(" `"): line for line in manual.splitlines() if line.startswith("| `")}
    for kept in retention.KEPT:
        assert f"{kept.days} days" in stated[f"{kept.folder}/{kept.files}"], kept
    assert f"{retention.RUNS_DAYS} days" in stated["airflow/airflow.db"]


def test_a_link_to_elsewhere_is_not_followed(home: Home, tmp_path: Path) -> None:
    elsewhere = lay(home, "landing/aa/bb", 4000)
    (home.root / "alerts").mkdir()
    (home.root / "alerts" / "link.txt").symlink_to(elsewhere)
    assert retention.prune(home) == 0
    assert elsewhere.exists()


def test_a_log_that_has_grown_too_long_is_put_aside(home: Home) -> None:
    log = home.folder("logs") / "run.log"
    assert retention.begin_anew(log) == log
    log.write_bytes(b"x" * (retention.LOG_BYTES + 1))
    retention.begin_anew(log)
    assert not log.exists() and log.with_name("run.log.1").stat().st_size > retention.LOG_BYTES
