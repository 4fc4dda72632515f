"""The work as the pipeline does it."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import tempfile
from collections.abc import Collection
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from typing import Any

import duckdb
import sqlalchemy as sa

from benchmarks.measure import Measured
from safetynet import reference
from safetynet.check.workbench import Workbench
from safetynet.contract import contract, contracts
from safetynet.home import Home
from safetynet.land.landing import land
from safetynet.publish import ledger
from safetynet.publish.lake import move_in
from safetynet.publish.ledger import Ledger
from safetynet.read import document, header

PUBLISHED = "read, clean, rules, publish"
VALIDATED = "Great Expectations"
IMPORTED = "imports"
_LONG_AGO = 1_750_000_000


def one_file(feed: str, path: Path, references: Path, folder: Path) -> Measured:
    """One file from its bytes to its Parquet file, and Great Expectations' own pass over it."""
    measured = Measured()
    home = Home(folder / "home", folder / "inbox", references)
    store = Ledger(home)
    reference.keep(home, store)
    divisions = reference.divisions(home, store)
    declared, batch_id = contract(feed), "0" * 20
    own = Path(tempfile.mkdtemp(dir=folder))
    with measured.part(IMPORTED):
        from safetynet.check.validation import validate
    with measured.part(PUBLISHED):
        (sheet, *_), _ = document.data_sheets(path, declared)
        found = header.find(declared, sheet.head())
        with Workbench(declared, batch_id, own) as bench:
            bench.clean(sheet, found, date(2025, 6, 30), divisions)
            counts = bench.mark()
            bench.scope([], False, divisions)
            bench.repairs()
            database = bench.validation_database()
    measured.rows = counts.received
    peak = measured.peak
    with measured.part(VALIDATED):
        validate(declared, database, home.folder("data_docs"), batch_id, datetime.now(UTC), None)
    with measured.part(PUBLISHED):
        move_in(home, feed, batch_id, bench.rows, bench.marks)
    measured.peak = peak
    shutil.rmtree(folder / "home")
    shutil.rmtree(own)
    return measured


def county(inbox: Path, references: Path, home_folder: Path) -> Measured:
    """A county's files taken in by two processes, as Airflow's workers do."""
    with _workers() as pool:
        return _county(pool, inbox, references, home_folder)


def _workers() -> ProcessPoolExecutor:
    return ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn"))


def _county(pool: ProcessPoolExecutor, inbox: Path, references: Path, home_folder: Path) -> Measured:
    measured = Measured()
    home = Home(home_folder, inbox, references)
    store = Ledger(home)
    for path in inbox.glob("*/*"):
        os.utime(path, (_LONG_AGO, _LONG_AGO))
    with measured.part("ingest"):
        reference.keep(home, store)
        landed = [landing_id for ids in pool.map(partial(_land, home), contracts()) for landing_id in ids]
        done = [pool.submit(_take_in, home, landing_id) for landing_id in _longest_first(home, store, landed)]
        files = [each.result() for each in done]
    measured.rows = sum(each.rows for each in files)
    measured.processor["ingest"] += sum(each.processor["file"] for each in files)
    measured.within["ingest"] = VALIDATED, sum(each.processor.get(VALIDATED, 0.0) for each in files)
    peaks = {each.process: each.peak for each in sorted(files, key=lambda each: each.peak)}
    measured.peak += sum(peaks.values())
    return measured


def _land(home: Home, feed: str) -> list[str]:
    return land(home, Ledger(home), feed)


def _longest_first(home: Home, store: Ledger, landed: Collection[str]) -> list[str]:
    """Landed files so that nobody waits for the last one alone: workbooks, whose rows cost most, before texts."""
    rows = store.rows(sa.select(ledger.landing).where(ledger.landing.c.landing_id.in_(landed)))
    sizes = {row["landing_id"]: home.landed(row["sha256"]).stat().st_size for row in rows}
    formats = {row["landing_id"]: contract(row["feed"]).format for row in rows}
    return sorted(landed, key=lambda each: (formats[each], sizes[each]), reverse=True)


def _take_in(home: Home, landing_id: str) -> Measured:
    """One landed file: all of it, and Great Expectations' pass within."""
    from safetynet import ingest

    measured = Measured()
    validate = ingest.validate

    def validated(*arguments: Any, **named: Any) -> Any:
        with measured.part(VALIDATED):
            return validate(*arguments, **named)

    ingest.validate = validated
    with measured.part("file"):
        measured.rows = sum(outcome.counts.received for outcome in ingest.take_in(home, Ledger(home), landing_id))
    ingest.validate = validate
    return measured


def warehouse(inbox: Path, references: Path, home_folder: Path, keep_working: bool = False) -> Measured:
    """One build of the warehouse, dbt's own start included."""
    measured = Measured()
    home = Home(home_folder, inbox, references)
    store = Ledger(home)
    with measured.part("build"):
        from safetynet.warehouse import build

        build.build(home, store, build.target(home, store), keep_working=keep_working)
    return measured


def month(inbox: Path, references: Path, small_inbox: Path, folder: Path) -> Measured:
    """A county's month in processes that have done a smaller one before: imports done, dbt's project parsed."""
    before, now = folder / "before", folder / "now"
    with _workers() as pool:
        _county(pool, small_inbox, references, before)
        warehouse(small_inbox, references, before)
        shutil.copytree(before / "dbt", now / "dbt")
        measured = _county(pool, inbox, references, now)
    built = warehouse(inbox, references, now)
    measured.seconds |= built.seconds
    measured.processor |= built.processor
    measured.peak = max(measured.peak, built.peak)
    return measured


def link(home_folder: Path) -> Measured:
    """The broken rows of a build that was kept, scored against whoever they may be."""
    from safetynet.identify.score import score

    measured = Measured()
    with duckdb.connect() as connection:
        connection.execute(f"ATTACH '{home_folder}/warehouse/working.duckdb' AS working (READ_ONLY)")
        broken, known = (connection.table(f"working.identity.{name}") for name in ("broken_row", "known_person"))
        measured.rows = len(broken.filter("NOT is_linked"))
        with measured.part("score"):
            score(connection, broken, known)
    return measured
