"""One landed file from its bytes to a published batch: read, clean, check, publish.

Any step may be killed and run again: a batch id follows from its content, and what is published is published by one
rename and one transaction.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pyarrow as pa
import sqlalchemy as sa

from safetynet import reference
from safetynet.check.rules import key_columns, mark_statement
from safetynet.check.validation import Result, validate
from safetynet.check.verdict import Counts, Verdict, judge, volume_bounds
from safetynet.clean.statement import MACROS, clean_statement, literal
from safetynet.contract import Contract, contract, contracts
from safetynet.deliver import alerts
from safetynet.home import Home, county_day, masked
from safetynet.land.landing import date_in
from safetynet.messages import say
from safetynet.publish import history, ledger
from safetynet.publish.lake import PARQUET, move_in
from safetynet.publish.ledger import Ledger
from safetynet.read import document, header
from safetynet.read.header import Header
from safetynet.read.sheet import Sheet, row_schema
from safetynet.refusal import Fact, Refused

_TITLE_DATE = re.compile(r"(?<!\d)(20\d\d)\s*(?:[-/.年])\s*(\d{1,2})\s*(?:[-/.月])\s*(\d{1,2})(?!\d)")
_SCOPE_SHARE = 0.95
_COLUMNS_READ = 64
"""In a sheet wider than this, columns that the contract does not know are not even looked at."""


@dataclass(frozen=True)
class Outcome:
    """What became of one delivery."""

    delivery_id: str
    batch_id: str | None
    feed: str
    source_file: str
    verdict: Verdict
    reason: str | None
    counts: Counts


@dataclass(frozen=True)
class _Delivery:
    """One sheet of one landed file on its way."""

    contract: Contract
    landing: dict[str, Any]
    delivery_id: str
    sheet_key: str
    source_file: str
    path: Path

    @property
    def received_at(self) -> datetime:
        moment: datetime = self.landing["received_at"]
        return moment

    def batch_id(self, as_of: date) -> str:
        identity = f"{self.contract.feed}\0{as_of.isoformat()}\0{self.landing['sha256']}\0{self.sheet_key}"
        return hashlib.sha256(identity.encode()).hexdigest()[:20]


@dataclass(frozen=True)
class _AsOf:
    on: date
    source: str


def _as_of(landing: dict[str, Any], head: list[list[str]], header_row: int) -> _AsOf:
    """The date in the file name, else the last one in a title row, else the day of arrival."""
    if landing["as_of_in_name"]:
        return _AsOf(landing["as_of_in_name"], "file_name")
    titles = " ".join(cell for row in head[: header_row - 1] for cell in row)
    found = [date_in(titles)] if date_in(titles) else []
    for year, month, day in _TITLE_DATE.findall(titles):
        try:
            found.append(date(int(year), int(month), int(day)))
        except ValueError:
            continue
    dates = [on for on in found if on is not None]
    if dates:
        return _AsOf(max(dates), "title")
    return _AsOf(county_day(landing["received_at"]), "arrival")


@contextmanager
def _workshop(home: Home) -> Iterator[Path]:
    """A private folder for one batch, gone afterwards whatever happens."""
    folder = Path(tempfile.mkdtemp(prefix="batch-", dir=home.folder("tmp")))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _connect(folder: Path) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect(
        config={
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
            "temp_directory": str(folder / "spill"),
            "memory_limit": "1200MB",
        }
    )
    connection.execute("SET errors_as_json = false")
    return connection


def _clean(
    connection: duckdb.DuckDBPyConnection,
    sheet: Sheet,
    found: Header,
    feed: Contract,
    on: date,
    divisions: pl.DataFrame,
    target: Path,
) -> None:
    """Write clean.parquet: typed columns, issues, repairs, hashes. Raises Refused from the reader."""
    connection.register("division_table", divisions.to_arrow())
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE division AS SELECT DISTINCT division_code FROM division_table "
        f"WHERE coalesce(valid_from <= DATE '{on}', true) AND coalesce(valid_to >= DATE '{on}', true)"
    )
    connection.execute(MACROS)
    columns = list(range(found.width)) if found.width <= _COLUMNS_READ else sorted(found.columns.values())
    reader = _Stream(sheet.rows(found.row, columns))
    placed = found.narrowed(columns)
    stream = pa.RecordBatchReader.from_batches(row_schema(len(columns)), reader)
    connection.register("sheet", stream)
    statement = clean_statement(feed, placed, on)
    keys = key_columns(feed)
    content = ", ".join(feed.columns)
    hashed = f"""
        SELECT *, hash({keys["row_key"]}) AS key_of_row, hash({keys["fallback_key"]}) AS key_of_fallback,
            hash({content}) AS content_hash
        FROM ({statement})
    """
    whole = f"""
        SELECT * EXCLUDE (key_of_row, key_of_fallback),
            CASE WHEN ({keys["row_key"]}) IS NOT NULL THEN key_of_row END AS key_hash,
            CASE WHEN ({keys["fallback_key"]}) IS NOT NULL THEN key_of_fallback END AS fallback_hash
        FROM ({hashed})
    """
    try:
        connection.execute(f"COPY ({whole}) TO {literal(str(target))} {PARQUET}")
    except duckdb.Error as error:
        if reader.refusal is not None:
            raise reader.refusal from None
        raise RuntimeError(f"cleaning a batch of {feed.feed} failed: {type(error).__name__}") from None
    finally:
        connection.unregister("sheet")
    if reader.refusal is not None:
        raise reader.refusal
    row = connection.execute(f"SELECT count(*) FROM {literal(str(target))}").fetchone()
    if row is None or row[0] != reader.rows:
        raise RuntimeError(f"{feed.feed}: {reader.rows} rows read, {row and row[0]} written")


class _Stream:
    """Batches of a sheet, counted; a refusal ends the stream and is kept for whoever asked."""

    def __init__(self, batches: Iterator[pa.RecordBatch]) -> None:
        self._batches = batches
        self.rows = 0
        self.refusal: Refused | None = None

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        try:
            for batch in self._batches:
                self.rows += batch.num_rows
                yield batch
        except Refused as refusal:
            self.refusal = refusal


def _arrange(connection: duckdb.DuckDBPyConnection, cleaned: Path) -> None:
    """Views over clean.parquet: data rows, the repeated ones among them, and the batch without those."""
    file = literal(str(cleaned))
    connection.execute(f"""
        CREATE TEMP TABLE last_row AS SELECT max(row_number) AS row_number FROM {file} WHERE NOT is_no_data AND NOT is_note_like
    """)
    connection.execute(f"""
        CREATE TEMP VIEW data AS SELECT * FROM {file}
        WHERE NOT is_no_data AND NOT (is_note_like AND row_number > coalesce((SELECT row_number FROM last_row), 0))
    """)
    connection.execute("""
        CREATE TEMP TABLE repeated_row AS
        WITH twice AS (
            SELECT row_hash, content_hash, min(row_number) AS first_row FROM data
            GROUP BY row_hash, content_hash HAVING count(*) > 1
        )
        SELECT data.row_number FROM data JOIN twice USING (row_hash, content_hash) WHERE data.row_number <> twice.first_row
    """)
    connection.execute("CREATE TEMP VIEW repeated AS SELECT * FROM data SEMI JOIN repeated_row USING (row_number)")
    connection.execute("CREATE TEMP VIEW batch AS SELECT * FROM data ANTI JOIN repeated_row USING (row_number)")


def _counts(connection: duckdb.DuckDBPyConnection, marked: Path) -> Counts:
    row = connection.execute(f"""
        SELECT count(*), count(*) FILTER (WHERE disposition = 'accepted'),
            count(*) FILTER (WHERE disposition = 'quarantined'), count(*) FILTER (WHERE disposition = 'duplicate')
        FROM {literal(str(marked))}
    """).fetchone()
    assert row is not None
    return Counts(*row)


def _repairs(connection: duckdb.DuckDBPyConnection, feed: Contract, batch_id: str) -> list[dict[str, Any]]:
    histograms = ", ".join(f"histogram({name}_repair)" for name in feed.columns)
    row = connection.execute(f"SELECT {histograms} FROM data").fetchone()
    assert row is not None
    return [
        {"batch_id": batch_id, "feed": feed.feed, "column_name": name, "repair": repair, "cells": cells}
        for name, counted in zip(feed.columns, row, strict=True)
        for repair, cells in (counted or {}).items()
    ]


def _scope(
    connection: duckdb.DuckDBPyConnection, feed: Contract, landing: dict[str, Any], divisions: pl.DataFrame
) -> str | None:
    """The division in the file name, else the smallest one that holds 95 % of the rows; None where none does."""
    known = set(divisions["division_code"])
    named = [code.ljust(12, "0") for code in landing["codes_in_name"].split(",") if code.ljust(12, "0") in known]
    if named:
        return named[0]
    if "division_code" not in feed.columns:
        return None
    rows = connection.execute(
        "SELECT division_code, count(*) FROM batch WHERE division_code IS NOT NULL GROUP BY ALL"
    ).fetchall()
    total = sum(count for _, count in rows)
    parents = dict(divisions.select("division_code", "parent_code").iter_rows())
    levels = dict(divisions.select("division_code", "level").iter_rows())
    held: dict[str, int] = {}
    for code, count in rows:
        above: str | None = code
        seen: set[str] = set()
        while above and above not in seen:
            seen.add(above)
            held[above] = held.get(above, 0) + count
            above = parents.get(above)
    enough = [code for code, count in held.items() if count >= _SCOPE_SHARE * total and code in levels]
    return max(enough, key=lambda code: levels[code], default=None)


def _validation_database(folder: Path, cleaned: Path, connection: duckdb.DuckDBPyConnection) -> Path:
    """A DuckDB file whose one view `batch` is the batch, for Great Expectations to open."""
    dropped = folder / "dropped.parquet"
    connection.execute(f"""
        COPY (
            SELECT row_number FROM {literal(str(cleaned))} ANTI JOIN batch USING (row_number)
        ) TO {literal(str(dropped))} {PARQUET}
    """)
    path = folder / "validation.duckdb"
    with duckdb.connect(str(path)) as database:
        database.execute(
            f"CREATE VIEW batch AS SELECT * FROM {literal(str(cleaned))} ANTI JOIN {literal(str(dropped))} USING (row_number)"
        )
    return path


def _notes(feed: Contract, found: Header, sheet: Sheet, others: list[str], as_of: _AsOf) -> list[str]:
    """What is said of a file besides its verdict."""
    notes = []
    if as_of.source == "arrival":
        notes.append(str(say("as_of_is_arrival")))
    if found.new:
        notes.append(str(say("new_columns", {"count": len(found.new)})))
    if found.missing_optional:
        columns = [feed.first_header(name) for name in found.missing_optional]
        notes.append(str(say("missing_optional", {"columns": columns})))
    if others:
        notes.append(str(say("other_sheets", {"count": len(others)})))
    if feed.csv and sheet.encoding and sheet.encoding != feed.csv.encodings[0]:
        notes.append(str(say("other_encoding", {"encoding": sheet.encoding, "declared": feed.csv.encodings[0]})))
    return notes


def _explain(feed: Contract, refusal: Refused, head: list[list[str]]) -> str:
    """A refusal in words, with what the file looks like where it is another feed's."""
    facts: dict[str, Fact] = dict(refusal.facts)
    near = facts.pop("near", [])
    other = _other_feed(feed, head) if refusal.code in ("no_header", "missing_columns") else None
    looks = (
        say("looks_like", {"title_zh": other.title.zh, "title_en": other.title.en, "feed": other.feed})
        if other
        else None
    )
    pairs = say("near_misses", {"pairs": near}) if near else None
    facts |= {
        "other_zh": looks.zh if looks else "",
        "other_en": f" {looks.en}" if looks else "",
        "near_zh": pairs.zh if pairs else "",
        "near_en": f"{pairs.en} " if pairs else "",
    }
    return str(say(refusal.code, facts))


def _other_feed(feed: Contract, head: list[list[str]]) -> Contract | None:
    """The feed whose required headers a sheet has all of, if it is not this one."""
    scores = {other.feed: header.recognised(other, head) for other in contracts().values() if other != feed}
    best = max(scores, key=lambda name: (scores[name], len(contract(name).required)), default=None)
    return contract(best) if best and scores[best] == 1 else None


def _record(store: Ledger, delivery: _Delivery, outcome: Outcome, tables: dict[sa.Table, list[dict[str, Any]]]) -> None:
    """One transaction: the batch with all that belongs to it, its delivery, and the message to its owner."""
    with store.transaction() as connection:
        for table, rows in tables.items():
            store.put(connection, table, rows)
        store.put(
            connection,
            ledger.delivery,
            [
                {
                    "delivery_id": outcome.delivery_id,
                    "landing_id": delivery.landing["landing_id"],
                    "batch_id": outcome.batch_id,
                    "feed": outcome.feed,
                    "source_file": outcome.source_file,
                    "received_at": delivery.received_at,
                    "verdict": outcome.verdict,
                    "reason": outcome.reason,
                }
            ],
        )
        if outcome.verdict in ("rejected", "held"):
            facts = {
                "file": outcome.source_file,
                "received": outcome.counts.received,
                "quarantined": outcome.counts.quarantined,
                "reason": outcome.reason or "",
                "batch_id": outcome.batch_id or "",
            }
            store.put(
                connection,
                ledger.message,
                [alerts.about_file(delivery.contract, outcome.delivery_id, outcome.verdict, facts)],
            )


def _batch_row(
    delivery: _Delivery, outcome: Outcome, as_of: _AsOf, scope: str | None, has_rows_file: bool
) -> dict[str, Any]:
    counts = outcome.counts
    return {
        "batch_id": outcome.batch_id,
        "feed": outcome.feed,
        "source_file": outcome.source_file,
        "sha256": delivery.landing["sha256"],
        "sheet_key": delivery.sheet_key,
        "as_of": as_of.on,
        "as_of_source": as_of.source,
        "scope": scope,
        "received_at": delivery.received_at,
        "verdict": outcome.verdict,
        "reason": outcome.reason,
        "rows_received": counts.received,
        "rows_accepted": counts.accepted,
        "rows_quarantined": counts.quarantined,
        "rows_duplicate": counts.duplicate,
        "has_rows_file": has_rows_file,
    }


def _reject(
    home: Home, store: Ledger, delivery: _Delivery, sheet: Sheet | None, refusal: Refused, folder: Path
) -> Outcome:
    """Publish a rejected batch: the rows that could be read, all quarantined; no batch where none could."""
    head = sheet.head() if sheet else []
    reason = _explain(delivery.contract, refusal, head)
    numbers = _readable_rows(delivery.contract, sheet, head) if sheet else []
    if not numbers:
        outcome = Outcome(
            delivery.delivery_id,
            None,
            delivery.contract.feed,
            delivery.source_file,
            "rejected",
            reason,
            Counts(0, 0, 0, 0),
        )
        _record(store, delivery, outcome, {})
        return outcome
    best = header.best_match(delivery.contract, head)
    as_of = _as_of(delivery.landing, head, best.row if best else 1)
    batch_id = delivery.batch_id(as_of.on)
    draft = folder / "rejected.parquet"
    pl.DataFrame(
        {
            "batch_id": [batch_id] * len(numbers),
            "row_number": pl.Series(numbers, dtype=pl.Int32),
            "disposition": ["quarantined"] * len(numbers),
            "reasons": [[{"column_name": None, "reason": refusal.code}]] * len(numbers),
        },
        schema_overrides={"reasons": pl.List(pl.Struct({"column_name": pl.String, "reason": pl.String}))},
    ).write_parquet(draft)
    move_in(home, draft, delivery.contract.feed, batch_id)
    outcome = Outcome(
        delivery.delivery_id,
        batch_id,
        delivery.contract.feed,
        delivery.source_file,
        "rejected",
        reason,
        Counts(len(numbers), 0, len(numbers), 0),
    )
    _record(store, delivery, outcome, {ledger.batch: [_batch_row(delivery, outcome, as_of, None, True)]})
    return outcome


def _readable_rows(feed: Contract, sheet: Sheet, head: list[list[str]]) -> list[int]:
    """Row numbers of the filled rows under the header, as far as the sheet can be read."""
    best = header.best_match(feed, head)
    above = (
        best.row
        if best
        else next((number for number, row in enumerate(head, 1) if any(cell.strip() for cell in row)), 0)
    )
    if above == 0:
        return []
    numbers: list[int] = []
    try:
        for rows in sheet.rows(above, list(range(len(head[above - 1])))):
            table = pl.from_arrow(rows)
            assert isinstance(table, pl.DataFrame)
            cells = pl.exclude("row_number", "is_ragged").str.strip_chars() != ""
            numbers += table.filter(pl.any_horizontal(cells))["row_number"].to_list()
    except Refused:
        pass
    return sorted(numbers)


def _duplicate_of(store: Ledger, delivery: _Delivery) -> str | None:
    table = ledger.batch
    statement = sa.select(table.c.batch_id).where(
        table.c.feed == delivery.contract.feed,
        table.c.sha256 == delivery.landing["sha256"],
        table.c.sheet_key == delivery.sheet_key,
    )
    found = store.rows(statement)
    return found[0]["batch_id"] if found else None


def _take_in_sheet(
    home: Home, store: Ledger, delivery: _Delivery, sheet: Sheet, others: list[str], folder: Path
) -> Outcome:
    feed = delivery.contract
    head = sheet.head()
    try:
        found = header.find(feed, head)
        as_of = _as_of(delivery.landing, head, found.row)
        divisions = reference.divisions(home, store)
        cleaned, marked = folder / "clean.parquet", folder / "marked.parquet"
        connection = _connect(folder)
        _clean(connection, sheet, found, feed, as_of.on, divisions, cleaned)
    except Refused as refusal:
        return _reject(home, store, delivery, sheet, refusal, folder)
    batch_id = delivery.batch_id(as_of.on)
    _arrange(connection, cleaned)
    connection.execute(f"COPY ({mark_statement(feed, batch_id)}) TO {literal(str(marked))} {PARQUET}")
    counts = _counts(connection, marked)
    scope = _scope(connection, feed, delivery.landing, divisions)
    bounds = volume_bounds(feed, history.previous_rows(store, feed.feed, scope, as_of.on), counts.received)
    repairs = _repairs(connection, feed, batch_id)
    database = _validation_database(folder, cleaned, connection)
    connection.close()
    results = validate(feed, database, home.folder("data_docs"), batch_id, bounds and (bounds.low, bounds.high))
    is_future = as_of.on > county_day(delivery.received_at)
    verdict, reasons = judge(feed, counts, bounds, is_future, as_of.on, results)
    notes = _notes(feed, found, sheet, others, as_of)
    reason = " ".join([*map(str, reasons), *notes]) or None
    move_in(home, marked, feed.feed, batch_id)
    outcome = Outcome(delivery.delivery_id, batch_id, feed.feed, delivery.source_file, verdict, reason, counts)
    _record(
        store,
        delivery,
        outcome,
        {
            ledger.batch: [_batch_row(delivery, outcome, as_of, scope, True)],
            ledger.repair: repairs,
            ledger.expectation_result: _result_rows(feed.feed, batch_id, counts, results),
        },
    )
    return outcome


def _result_rows(feed: str, batch_id: str, counts: Counts, results: list[Result]) -> list[dict[str, Any]]:
    checked = counts.received - counts.duplicate
    return [
        {
            "batch_id": batch_id,
            "position": position,
            "feed": feed,
            "expectation": result.expectation,
            "column_name": result.column,
            "severity": result.severity,
            "success": result.success,
            "rows_checked": checked if result.rows_checked < 0 else result.rows_checked,
            "rows_failed": result.rows_failed,
        }
        for position, result in enumerate(results)
    ]


def _delivery(home: Home, feed: Contract, landing: dict[str, Any], sheet: str | None) -> _Delivery:
    key = hashlib.sha256(sheet.encode()).hexdigest()[:32] if sheet else ""
    identity = f"{landing['landing_id']}\0{key}"
    suffix = f"#{sheet}" if sheet else ""
    return _Delivery(
        contract=feed,
        landing=landing,
        delivery_id=hashlib.sha256(identity.encode()).hexdigest()[:24],
        sheet_key=key,
        source_file=landing["source_file"] + masked(suffix),
        path=home.landed(landing["sha256"]),
    )


def take_in(home: Home, store: Ledger, landing_id: str) -> list[Outcome]:
    """Take in one landed file; returns one outcome per sheet, none where it is done already.

    What is wrong with the file is a verdict. What is wrong here (disk, database, memory) is raised, and the file is
    taken in the next time.
    """
    (landing,) = store.rows(sa.select(ledger.landing).where(ledger.landing.c.landing_id == landing_id))
    if landing["is_done"]:
        return []
    feed = contract(landing["feed"])
    outcomes = []
    with _workshop(home) as folder:
        for delivery, sheet, others, refusal in _deliveries(home, feed, landing):
            duplicate = _duplicate_of(store, delivery)
            if duplicate is not None:
                outcome = Outcome(
                    delivery.delivery_id,
                    duplicate,
                    feed.feed,
                    delivery.source_file,
                    "duplicate",
                    str(say("duplicate")),
                    Counts(0, 0, 0, 0),
                )
                _record(store, delivery, outcome, {})
            elif sheet is None:
                assert refusal is not None
                outcome = _reject(home, store, delivery, None, refusal, folder)
            else:
                own = folder / delivery.delivery_id
                own.mkdir()
                outcome = _take_in_sheet(home, store, delivery, sheet, others, own)
            outcomes.append(outcome)
    with store.transaction() as connection:
        connection.execute(
            sa.update(ledger.landing).where(ledger.landing.c.landing_id == landing_id).values(is_done=True)
        )
    return outcomes


def _deliveries(
    home: Home, feed: Contract, landing: dict[str, Any]
) -> Iterator[tuple[_Delivery, Sheet | None, list[str], Refused | None]]:
    """The sheets of a landed file, or the one refusal that stands for all of it."""
    try:
        if landing["refusal"]:
            raise Refused(landing["refusal"]["code"], **landing["refusal"]["facts"])
        sheets, others = document.data_sheets(home.landed(landing["sha256"]), feed)
    except Refused as refusal:
        yield _delivery(home, feed, landing, None), None, [], refusal
        return
    for sheet in sheets:
        yield _delivery(home, feed, landing, sheet.name if len(sheets) > 1 else None), sheet, others, None
