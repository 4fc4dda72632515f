"""`make run` from the outside: files in an own inbox, a warehouse and a summary out."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from datetime import date
from pathlib import Path

import duckdb
import pytest

from safetynet.demo import generate
from safetynet.home import CHECKOUT

pytestmark = pytest.mark.airflow


def safetynet(home: Path, drop: Path, *arguments: str, **extra: str) -> subprocess.CompletedProcess[str]:
    """Run a command of the Makefile on a home of its own."""
    settings = {
        "SAFETYNET_HOME": str(home),
        "SAFETYNET_INBOX": str(drop / "inbox"),
        "SAFETYNET_REFERENCE": str(drop / "reference"),
        "PYTHONPATH": str(CHECKOUT / "plugins"),
    }
    command = [sys.executable, "-m", "safetynet", *arguments]
    return subprocess.run(command, env=os.environ | settings | extra, capture_output=True, text=True, timeout=300)


def count(home: Path, table: str, where: str = "true") -> int:
    with duckdb.connect(str(home / "warehouse" / "current.duckdb"), read_only=True) as warehouse:
        ((rows,),) = warehouse.execute(f"SELECT count(*) FROM {table} WHERE {where}").fetchall()
    return rows


@pytest.fixture(scope="module")
def drop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A county of 150 households with one file that is no table of its feed, a feed that comes late in a run."""
    folder = tmp_path_factory.mktemp("drop")
    generate(folder / "inbox", folder / "reference", None, households=150, mess=0.03)
    wrong = next((folder / "inbox" / "water_project").iterdir())
    shutil.copy(wrong, folder / "inbox" / "health_settlement" / "误放_20250630.csv")
    (folder / "inbox" / "not_a_feed").mkdir()
    (folder / "inbox" / "not_a_feed" / "x.csv").write_text("a,b\n1,2\n")
    return folder


@pytest.fixture(scope="module")
def home(drop: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home in a folder with a blank and Chinese characters, after its first run."""
    root = tmp_path_factory.mktemp("home") / "社会 安全网"
    killed = subprocess.Popen(
        [sys.executable, "-m", "safetynet", "run"],
        env=os.environ
        | {
            "SAFETYNET_HOME": str(root),
            "SAFETYNET_INBOX": str(drop / "inbox"),
            "SAFETYNET_REFERENCE": str(drop / "reference"),
            "PYTHONPATH": str(CHECKOUT / "plugins"),
        },
        start_new_session=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + 120
    while not list(root.glob("lake/*/*.parquet")) and time.monotonic() < deadline:
        time.sleep(0.2)
    os.killpg(killed.pid, signal.SIGKILL)
    killed.wait()
    answer = safetynet(root, drop, "run")
    assert answer.returncode == 0, answer.stdout + answer.stderr
    (root / "first.txt").write_text(answer.stdout)
    return root


def test_a_run_that_was_killed_is_finished_by_the_next(home: Path, drop: Path) -> None:
    delivered = [path for path in (drop / "inbox").rglob("*") if path.is_file() and "not_a_feed" not in path.parts]
    assert count(home, "quality.delivery") == len(delivered)
    assert count(home, "quality.batch", "rows_received <> rows_accepted + rows_quarantined + rows_duplicate") == 0
    assert count(home, "marts.dim_household") > 100


def test_the_summary_tells_verdicts_and_what_to_do(home: Path) -> None:
    told = (home / "first.txt").read_text()
    assert "rejected health_settlement" in told
    assert "water_project" in told
    assert "not_a_feed" in told
    assert str(home / "warehouse" / "current.duckdb") in told
    assert "make sql" in told


def test_the_owner_of_the_rejected_file_got_one_message(home: Path) -> None:
    messages = [path.read_text() for path in (home / "alerts").glob("*-rejected.txt")]
    assert len(messages) == 1
    assert "医疗保障局" in messages[0]
    assert "误放_20250630.csv" in messages[0]


def test_the_rejected_file_is_the_only_incident(home: Path) -> None:
    assert count(home, "quality.incident") == 1
    told = "feed = 'health_settlement' AND kind = 'rejected' AND last_notified_at IS NOT NULL"
    assert count(home, "quality.incident", told) == 1
    assert (home / "dbt" / "downstream.json").is_file()


def test_in_airflow_the_run_with_the_rejected_file_is_red_and_its_good_files_are_published(home: Path) -> None:
    with sqlite3.connect(home / "airflow" / "airflow.db") as database:
        runs = dict(database.execute("SELECT dag_id, state FROM dag_run ORDER BY id").fetchall())
        tasks = dict(
            database.execute(
                "SELECT t.task_id, t.state FROM task_instance t JOIN dag_run r USING (dag_id, run_id) "
                "WHERE t.dag_id = 'health_settlement' AND t.task_id <> 'take_in' ORDER BY r.id"
            ).fetchall()
        )
    assert {dag for dag, state in runs.items() if state != "success"} == {"health_settlement"}
    assert tasks == {
        "land": "success",
        "month": "skipped",
        "inbox_is_readable": "success",
        "publish": "success",
        "tell_owner": "success",
        "watcher": "failed",
    }


def test_a_second_run_has_nothing_to_do(home: Path, drop: Path) -> None:
    before = (home / "warehouse" / "current.duckdb").stat().st_mtime_ns
    answer = safetynet(home, drop, "run")
    assert answer.returncode == 0
    assert "Nothing new" in answer.stdout
    assert (home / "warehouse" / "current.duckdb").stat().st_mtime_ns == before


def test_another_date_lies_beside_and_leaves_current_alone(home: Path, drop: Path) -> None:
    before = (home / "warehouse" / "current.duckdb").stat().st_mtime_ns
    answer = safetynet(home, drop, "run", SAFETYNET_AS_OF="2025-05-15")
    assert answer.returncode == 0, answer.stdout
    assert [path.name for path in (home / "warehouse" / "as_of").iterdir()] == ["2025-05-15.duckdb"]
    assert (home / "warehouse" / "current.duckdb").stat().st_mtime_ns == before


def test_a_held_batch_is_released_by_hand(home: Path, drop: Path, tmp_path: Path) -> None:
    generate(tmp_path / "inbox", tmp_path / "reference", None, households=20, seed=5, as_of=date(2025, 7, 31))
    small = next((tmp_path / "inbox" / "registry_member").iterdir())
    target = drop / "inbox" / "registry_member" / small.name
    households = count(home, "marts.dim_household")
    shutil.copy(small, target)
    try:
        held = safetynet(home, drop, "run")
        assert "held registry_member" in held.stdout
        assert count(home, "marts.dim_household") == households
        with duckdb.connect(str(home / "warehouse" / "current.duckdb"), read_only=True) as warehouse:
            ((batch,),) = warehouse.execute("SELECT batch_id FROM quality.batch WHERE verdict = 'held'").fetchall()
        assert safetynet(home, drop, "release", batch, "").returncode == 2
        assert safetynet(home, drop, "release", batch, "the county was divided").returncode == 0
        assert safetynet(home, drop, "run").returncode == 0
        assert count(home, "quality.batch", "verdict = 'held'") == 0
        assert count(home, "marts.dim_household") < households
    finally:
        target.unlink()


def test_the_prompt_answers_and_cannot_write(home: Path, drop: Path) -> None:
    answer = safetynet(home, drop, "sql", "--query", "SELECT count(*) AS rules FROM marts.rule")
    assert answer.returncode == 0
    assert "17" in answer.stdout
    assert safetynet(home, drop, "sql", "--query", "DROP TABLE marts.rule").returncode == 1


def test_the_documentation_is_one_page_that_loads_nothing(home: Path, drop: Path) -> None:
    answer = safetynet(home, drop, "docs")
    assert answer.returncode == 0, answer.stderr
    assert "risk_signal" in (home / "docs" / "warehouse.html").read_text()
    for page in (home / "data_docs" / "site").rglob("*.html"):
        text = page.read_text()
        assert 'src="http' not in text, page
        assert 'rel="stylesheet" href="http' not in text, page


def test_a_home_that_cannot_be_used_is_told_in_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from safetynet.__main__ import main

    (tmp_path / "file").touch()
    monkeypatch.setenv("SAFETYNET_HOME", str(tmp_path / "file" / "home"))
    monkeypatch.setattr("sys.argv", ["safetynet", "incidents"])
    assert main() == 2
    told = capsys.readouterr().err
    assert told.startswith(f"{tmp_path}/file/home: Not a directory. The home cannot be used.") and told.count("\n") == 1
