"""A build that cannot be whole is not published."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import duckdb
import pytest

from clerk import an_id, rows
from county import County
from safetynet.publish import ledger
from safetynet.warehouse import build, dbt, dbt_log

FEED = "health_chronic_disease"


@pytest.fixture
def county(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> County:
    """A county with one file that was taken in."""
    county = County(tmp_path)
    monkeypatch.setattr("safetynet.ingest.validate", lambda *_, **__: [])
    county.deliver(FEED, rows(FEED, 2), "a_990121_20250630.csv")
    county.take_in()
    return county


def test_a_lost_lake_file_fails_the_build_by_name_and_is_told(county: County, monkeypatch: pytest.MonkeyPatch) -> None:
    from safetynet.tasks import build_warehouse

    for name in ("HOME", "INBOX", "REFERENCE"):
        folder = county.home.root if name == "HOME" else getattr(county.home, name.lower())
        monkeypatch.setenv(f"SAFETYNET_{name}", str(folder))
    (batch,) = county.ledger(ledger.batch)
    county.home.batch_rows(FEED, batch["batch_id"]).unlink()
    (failed,) = build_warehouse("", "")
    assert f"make retake BATCH={batch['batch_id']}" in failed
    assert not county.home.current.exists()
    (message,) = [each for each in county.ledger(ledger.message) if each["kind"] == "build"]
    assert failed in message["body"]
    assert build_warehouse("", "") == [failed]
    (incident,) = county.ledger(ledger.incident)
    assert (incident["kind"], incident["batches"], incident["owner"]) == (
        "build_failed",
        2,
        "SAFETYNET_ALERT_OPERATIONS",
    )
    assert len([each for each in county.ledger(ledger.message) if each["kind"] == "build"]) == 1
    with pytest.raises(build.BuildFailed):
        build.build(county.home, county.store, build.target(county.home, county.store))


def test_what_stops_dbt_itself_is_told_in_the_words_of_the_system(county: County) -> None:
    (county.home.folder("dbt") / "target").write_text("a file where dbt needs a folder")
    with pytest.raises(build.BuildFailed) as stopped:
        build.build(county.home, county.store, build.target(county.home, county.store))
    assert stopped.value.failed == ["NotADirectoryError: Not a directory"]


def test_a_failing_model_is_named_and_the_words_of_the_database_stand_in_the_log_alone(
    county: County, capfd: pytest.CaptureFixture[str]
) -> None:
    (batch,) = county.ledger(ledger.batch)
    county.home.batch_rows(FEED, batch["batch_id"]).write_text("no Parquet" * 100)
    with pytest.raises(build.BuildFailed) as stopped:
        build.build(county.home, county.store, build.target(county.home, county.store))
    assert stopped.value.failed == ["batch_replacement", "resolved_row"]
    assert not county.home.current.exists()
    log = (county.home.root / "dbt" / "logs" / "dbt.log").read_text()
    assert "Failure in model resolved_row" in log
    assert "No magic bytes" in log
    assert "No magic bytes" not in "".join(capfd.readouterr())
    results = json.loads((county.home.root / "dbt" / "target" / "run_results.json").read_bytes())
    manifest = json.loads((county.home.root / "dbt" / "target" / "manifest.json").read_bytes())
    assert {each["unique_id"] for each in results["results"]} <= set(manifest["nodes"] | manifest["exposures"])


@pytest.mark.parametrize(
    ("told", "kept"),
    [
        (
            'Constraint Error: Duplicate key "household_code: H\'1" violates primary key constraint.',
            "Constraint Error: Duplicate key … violates primary key constraint.",
        ),
        (
            "Runtime Error in model x\n  Out of Range Error: Casting value 990121198001010048 to INT32\nLINE 1: y",
            "Runtime Error in model x\n  Out of Range Error: Casting value ****************** to INT32\nLINE 1: y",
        ),
        ('Binder Error: column "x" not found', 'Binder Error: column "x" not found'),
        ("1 of 2 OK created table 'x'", "1 of 2 OK created table 'x'"),
    ],
)
def test_an_error_is_told_without_what_it_quotes(told: str, kept: str) -> None:
    assert dbt_log.without_values(told) == kept


def test_what_the_database_quotes_of_a_row_is_told_nowhere(
    county: County, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    project = Path(shutil.copytree(dbt.PROJECT, tmp_path / "project"))
    (project / "models" / "core" / "core_household.sql").write_text("select id_number::int from {{ ref('person') }}")
    (project / "models" / "core" / "core_division.sql").write_text("select nowhere from {{ ref('observation_date') }}")
    monkeypatch.setattr(dbt, "PROJECT", project)
    with pytest.raises(build.BuildFailed) as stopped:
        build.build(county.home, county.store, build.target(county.home, county.store))
    assert stopped.value.failed == ["core_division", "core_household"]
    log, results = (county.home.root / "dbt" / name for name in ("logs/dbt.log", "target/run_results.json"))
    messages = [each["message"] for each in json.loads(results.read_bytes())["results"]]
    told = [log.read_text(), "\n".join(filter(None, messages)), "".join(capfd.readouterr())]
    assert all("Conversion Error: Could not convert string … to INT32" in each for each in told[:2])
    assert all('column "nowhere"' in each for each in told[:2])
    assert not [number for each in told for number in (an_id(1), an_id(2)) if number in each]


def test_what_a_build_works_with_is_kept_on_demand_until_the_next_build(county: County) -> None:
    wanted = build.target(county.home, county.store)
    build.build(county.home, county.store, wanted, keep_working=True)
    assert county.home.working.stat().st_mode & 0o777 == 0o600
    assert {"staging", "identity", "core"} <= _schemas(county.home.working)
    assert _schemas(county.home.restricted) == {"restricted"}
    build.build(county.home, county.store, wanted)
    assert not county.home.working.exists()


def _schemas(path: Path) -> set[str]:
    with duckdb.connect(str(path), read_only=True) as database:
        return {name for (name,) in database.execute("SELECT DISTINCT schema_name FROM duckdb_tables()").fetchall()}


def test_a_build_begins_with_the_longest_way_and_describes_an_unchanged_project_once(county: County) -> None:
    target = county.home.root / "dbt" / "target"
    written = []
    for _ in range(2):
        build.build(county.home, county.store, build.target(county.home, county.store))
        written.append((target / "manifest.json").stat().st_mtime_ns)
    assert written[0] == written[1]
    nodes = json.loads((target / "manifest.json").read_bytes())["nodes"]
    started = {
        nodes[each["unique_id"]]["name"]: each["timing"][0]["started_at"]
        for each in json.loads((target / "run_results.json").read_bytes())["results"]
        if each["unique_id"] in nodes
    }
    for name in ("incident", "repair", "expectation_result"):  # at the end of their way, and free from the beginning
        assert started["exact_link"] < started[name]
