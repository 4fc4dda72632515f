"""Killed, without disk, without its database: what is published is whole, and the next run completes it."""

from __future__ import annotations

import json
import os
import random
import shutil
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from clerk import an_id, row, rows
from county import County
from safetynet.home import CHECKOUT, Home
from safetynet.publish import ledger
from safetynet.publish.ledger import Ledger

pytestmark = pytest.mark.usefixtures("unexamined")

Live = Callable[[Path, str, float], dict[str, Any]]
FEED = "health_chronic_disease"


@pytest.fixture(scope="module")
def live() -> Iterator[Live]:
    """live(root, at, count): take in the inbox of a county in a process that ends there; returns its fate."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("SAFETYNET_")}
    environment["PYTHONPATH"] = f"{CHECKOUT / 'plugins'}{os.pathsep}{CHECKOUT / 'tests'}"
    driver = subprocess.Popen(
        [sys.executable, str(Path(__file__).with_name("mortal.py"))],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=environment,
        text=True,
    )

    def lived(root: Path, at: str, count: float) -> dict[str, Any]:
        assert driver.stdin and driver.stdout
        driver.stdin.write(json.dumps({"root": str(root), "at": at, "count": count}) + "\n")
        driver.stdin.flush()
        fate: dict[str, Any] = json.loads(driver.stdout.readline())
        return fate

    yield lived
    assert driver.stdin
    driver.stdin.close()
    driver.wait(20)


def delivered(root: Path) -> County:
    """A county with an accepted, a held, a rejected and a duplicate file waiting."""
    county = County(root)
    county.deliver(FEED, rows(FEED, 400), "a_990121_20250630.csv")
    county.deliver(FEED, [row(FEED, n, disease="感冒") for n in range(1, 31)], "b_990122_20250630.csv")
    county.deliver(FEED, rows(FEED, 400), "c_20250630.csv")
    county.put("registry_member", "d_20250630.xlsx", b"broken")
    return county


def completed(county: County) -> dict[str, Any]:
    """Run to the end; everything that the ledger and the lake then hold, without ids of time."""
    county = County(county.home.root.parent)
    shutil.rmtree(county.home.folder("tmp"))
    county.take_in()
    batches = county.ledger(ledger.batch)
    files = {
        str(path.relative_to(county.home.root)) for path in (county.home.root / "lake").rglob("*") if path.is_file()
    }
    return {
        "batches": sorted((each["batch_id"], each["verdict"], each["rows_received"]) for each in batches),
        "deliveries": sorted((each["source_file"], each["verdict"]) for each in county.ledger(ledger.delivery)),
        "messages": sorted((each["kind"], each["feed"]) for each in county.ledger(ledger.message)),
        "incidents": sorted((each["kind"], each["batches"], each["status"]) for each in county.ledger(ledger.incident)),
        "repairs": len(county.ledger(ledger.repair)),
        "files": files,
    }


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What a run leaves that nothing disturbs."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("safetynet.ingest.validate", lambda *_, **__: [])
        found = completed(delivered(tmp_path_factory.mktemp("undisturbed")))
    assert [verdict for _, verdict in found["deliveries"]] == ["accepted", "held", "duplicate", "rejected"]
    assert found["incidents"] == [("quarantine_share", 1, "open"), ("rejected", 1, "open")]
    return found


def whole(county: County) -> None:
    """What is in the ledger is in the lake, whole."""
    for batch in Ledger(county.home).rows(sa.select(ledger.batch)):
        ((rows,),) = county.sql("SELECT count(*) FROM batch", batch["feed"], batch["batch_id"])
        assert rows == batch["rows_received"]


POINTS = [("replace", count) for count in (1, 4, 9, 10, 11, 12)] + [
    ("commit", count) for count in (1, 2, 5, 6, 7, 8, 9, 10)
]


@pytest.mark.parametrize(("at", "count"), POINTS)
def test_killed_at_a_rename_or_a_commit(
    tmp_path: Path, live: Live, undisturbed: dict[str, Any], at: str, count: int
) -> None:
    county = delivered(tmp_path)
    fate = live(tmp_path, at, count)
    assert fate["status"] in ("killed", "done"), fate
    whole(county)
    assert completed(county) == undisturbed


def test_killed_at_any_moment(tmp_path: Path, live: Live, undisturbed: dict[str, Any]) -> None:
    chance = random.Random(2)
    fates = set()
    for number in range(6):
        county = delivered(tmp_path / str(number))
        fates.add(live(tmp_path / str(number), "seconds", chance.uniform(0.02, 1.2))["status"])
        whole(county)
        assert completed(county) == undisturbed
    assert "killed" in fates


def test_killed_again_and_again(tmp_path: Path, live: Live, undisturbed: dict[str, Any]) -> None:
    county = delivered(tmp_path)
    for count in (2, 3, 3, 3):
        live(tmp_path, "commit", count)
        whole(county)
    assert completed(county) == undisturbed


@pytest.mark.parametrize("size", [1_000, 40_000, 200_000, 8_000_000])
def test_a_full_disk_is_no_verdict(tmp_path: Path, live: Live, undisturbed: dict[str, Any], size: int) -> None:
    county = delivered(tmp_path)
    fate = live(tmp_path, "bytes", size)
    assert fate["status"] == ("raised" if size < 8_000_000 else "done"), fate
    if fate["status"] == "raised":
        assert "萧" not in fate["raised"] and an_id(1) not in fate["raised"]
    whole(county)
    assert not [
        each for each in Ledger(county.home).rows(sa.select(ledger.batch)) if each["rows_received"] not in (400, 30)
    ]
    assert completed(county) == undisturbed


def test_a_killed_process_leaves_nothing_in_tmp_for_good(tmp_path: Path, live: Live) -> None:
    county = delivered(tmp_path)
    live(tmp_path, "replace", 9)
    assert list(county.home.folder("tmp").iterdir())
    county = County(tmp_path)
    from safetynet.ingest import take_in

    for landing_id in county.land():
        take_in(county.home, county.store, landing_id)
    assert not list(county.home.folder("tmp").iterdir())


def test_a_locked_ledger_is_waited_for(county: County) -> None:
    county.deliver(FEED, rows(FEED, 2))
    blocker = sqlite3.connect(county.home.operations, check_same_thread=False, isolation_level=None)
    blocker.execute("BEGIN IMMEDIATE")
    release = threading.Timer(1.0, lambda: blocker.execute("COMMIT"))
    release.start()
    started = time.monotonic()
    (outcome,) = county.take_in()
    release.join()
    blocker.close()
    assert outcome.verdict == "accepted"
    assert time.monotonic() - started >= 0.9


def test_a_ledger_locked_for_good_raises_and_the_next_run_succeeds(county: County) -> None:
    county.deliver(FEED, rows(FEED, 2))
    (landing_id,) = county.land()
    sa.event.listen(county.store.engine, "connect", lambda connection, _: connection.execute("PRAGMA busy_timeout=50"))
    county.store.engine.dispose()
    blocker = sqlite3.connect(county.home.operations, isolation_level=None)
    blocker.execute("BEGIN IMMEDIATE")
    from safetynet.ingest import take_in

    with pytest.raises(sa.exc.OperationalError):
        take_in(county.home, county.store, landing_id)
    assert county.ledger(ledger.batch) == []
    assert not list(county.home.folder("tmp").iterdir())
    blocker.execute("ROLLBACK")
    blocker.close()
    (outcome,) = county.take_in()
    assert outcome.verdict == "accepted"


def test_a_lost_ledger_is_written_anew_from_the_inbox(tmp_path: Path, undisturbed: dict[str, Any]) -> None:
    county = delivered(tmp_path)
    assert completed(county) == undisturbed
    county.store.engine.dispose()
    for path in county.home.root.glob("operations.sqlite*"):
        path.unlink()
    assert completed(county) == undisturbed


def test_a_damaged_ledger_is_not_taken_for_an_empty_one(tmp_path: Path) -> None:
    county = delivered(tmp_path)
    county.store.engine.dispose()
    for path in county.home.root.glob("operations.sqlite-*"):
        path.unlink()
    county.home.operations.write_bytes(b"no database" * 1000)
    with pytest.raises(sa.exc.DatabaseError):
        Ledger(Home(county.home.root, county.home.inbox, county.home.reference))


def test_without_a_division_table_nothing_is_taken_in(county: County) -> None:
    from safetynet.reference import MissingReference

    county.deliver(FEED, rows(FEED, 2))
    (county.home.reference / "divisions.csv").unlink()
    with pytest.raises(MissingReference):
        county.take_in()
    assert county.ledger(ledger.landing) == []
