"""A department gets its file back: a copy of what it delivered, what is wrong marked and said beside each row.

The copy is a workbook whatever was delivered: a text file has nowhere to mark a cell, and a spreadsheet that opens one
turns the id numbers in it into the rounded numbers that rows are quarantined for. Texts stay texts, formulas come as
their values.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path, PurePosixPath
from typing import Any

import polars as pl
import sqlalchemy as sa

from safetynet.contract import Contract, contract
from safetynet.deliver import alerts
from safetynet.deliver.copy import Copy, Said
from safetynet.deliver.password import lock, opened, password
from safetynet.home import COUNTY_TIME, Home
from safetynet.messages import Sentence, say, say_reason
from safetynet.publish import history, ledger
from safetynet.publish.ledger import Ledger
from safetynet.publish.outcome import delivery_id, sheet_key
from safetynet.read import document, header
from safetynet.read.added import NOTE_SHEET, REASON_HEADER, origin
from safetynet.read.sheet import Sheet
from safetynet.refusal import Fact, Refused
from safetynet.workshop import workshop

_LONGEST_STEM = 60
_SUFFIX = re.compile(r"\.(xlsx|xls|csv|txt|et|zip)$", re.IGNORECASE)
_NOT_IN_NAMES = re.compile(r"[\\/:*?\"<>|#\s]+")
_TOLD = (("reasons", "returned_reason"), ("findings", "returned_finding"))


def write(home: Home, store: Ledger, wanted: str) -> Path:
    """Write the file that goes back to the department; returns where it lies, encrypted, readable by this account.

    `wanted` is the id of a batch or delivery, or the unique beginning of one. Raises history.NotKnown.
    """
    landing_id = history.landing_of(store, wanted)
    (landing,) = store.rows(sa.select(ledger.landing).where(ledger.landing.c.landing_id == landing_id))
    deliveries = store.rows(sa.select(ledger.delivery).where(ledger.delivery.c.landing_id == landing_id))
    ids = [row["batch_id"] for row in deliveries if row["batch_id"]]
    known = {row["batch_id"]: row for row in history.batches(store, feed=landing["feed"]) if row["batch_id"] in ids}
    feed = contract(landing["feed"])
    with home.alone("returned"), workshop(home.folder("tmp")) as bench:
        sheets = _sheets(home, feed, landing, bench)
        plain, locked = bench / "plain.xlsx", bench / "locked.xlsx"
        with Copy(plain) as copy:
            copy.note(NOTE_SHEET, _note(home, feed, landing, deliveries, known, has_copy=bool(sheets)))
            for sheet, size in sheets:
                own = delivery_id(landing_id, sheet_key(sheet.name) if sheet.name and len(sheets) > 1 else "")
                batch = next((known.get(row["batch_id"]) for row in deliveries if row["delivery_id"] == own), None)
                _copy(home, feed, sheet, size, batch, copy)
        lock(plain, locked, password(home, feed.owner))
        locked.chmod(0o600)
        path = home.folder("returned", feed.feed, landing_id) / _name(landing, list(known.values()))
        locked.replace(path)
    return path


def _sheets(
    home: Home, feed: Contract, landing: Mapping[str, Any], folder: Path
) -> list[tuple[Sheet, tuple[int, int]]]:
    """The sheets that were taken for the feed's table, with their size; none of a file that cannot be read whole."""
    if landing["refusal"]:
        return []
    try:
        path = opened(home, feed.owner, home.landed(landing["sha256"]), folder)
        return [(sheet, _size(sheet)) for sheet in document.data_sheets(path, feed)[0]]
    except Refused:
        return []


def _size(sheet: Sheet) -> tuple[int, int]:
    """Rows of a sheet, and cells of its widest row."""
    rows, widest = 0, 0
    for row in sheet.cells(0):
        rows, widest = rows + 1, max(widest, len(row))
    return rows, widest


def _name(landing: Mapping[str, Any], batches: Sequence[Mapping[str, Any]]) -> str:
    """A name for the copy that dates it like the original, so that the correction speaks of the same day."""
    path = PurePosixPath(_SUFFIX.sub("", landing["source_file"]))
    stem = _NOT_IN_NAMES.sub("_", "_".join(_SUFFIX.sub("", part) for part in path.parts))
    undated: set[date] = {row["as_of"] for row in batches if row["as_of_source"] == "arrival"}
    day = f"_{min(undated):%Y%m%d}" if undated else ""
    return f"退回_{stem[-_LONGEST_STEM:]}{day}.xlsx"


def _told(feed: Contract, column: str | None, what: str) -> Sentence:
    """What is wrong with a cell or row: the column in the department's words, and what it is."""
    words = say_reason(what)
    if column is None:
        return words
    named = feed.first_header(column)
    return Sentence(f"“{named}”{words.zh}", f"“{named}” {words.en}")


def _marks(home: Home, feed: Contract, batch_id: str) -> Iterator[tuple[int, list[Said], str]]:
    """Row number, what is said of it and how that ends, for the rows of which anything is said, in their order."""
    path = home.batch_marks(feed.feed, batch_id)
    marks = pl.read_parquet(path, columns=["row_number", "reasons", "findings"])
    for mark in marks.sort("row_number").iter_rows(named=True):
        said = [
            Said(entry["column_name"], kind == "reasons", code, _told(feed, *entry.values()))
            for kind, code in _TOLD
            for entry in mark[kind] or []
        ]
        if said:
            yield mark["row_number"], said, origin(batch_id, mark["row_number"])


def _copy(
    home: Home, feed: Contract, sheet: Sheet, size: tuple[int, int], batch: Mapping[str, Any] | None, copy: Copy
) -> None:
    """Copy one sheet; of a rejected one every row is quarantined for one reason, which the note tells."""
    best = header.best_match(feed, sheet.head())
    own = [index for index, text in enumerate(best.texts) if text == header.normal(REASON_HEADER)] if best else []
    is_marked = batch is not None and batch["verdict"] != "rejected"
    marks = _marks(home, feed, batch["batch_id"]) if batch and is_marked else iter(())
    copy.table(
        sheet.name or feed.title.zh,
        sheet,
        size=size,
        header_row=best.row if best else 0,
        places={name: indexes[0] for name, indexes in best.found.items()} if best else {},
        beside=own[0] if own else None,
        reason_header=REASON_HEADER if is_marked else None,
        marks=marks,
    )


def _note(
    home: Home,
    feed: Contract,
    landing: Mapping[str, Any],
    deliveries: Sequence[Mapping[str, Any]],
    batches: Mapping[str, Mapping[str, Any]],
    *,
    has_copy: bool,
) -> list[str]:
    """The lines of the first sheet: what became of the file, what is wrong with it, how to correct it."""
    facts: dict[str, Fact] = {
        "title_zh": feed.title.zh,
        "title_en": feed.title.en,
        "file": landing["source_file"],
        "received_at": f"{landing['received_at'].astimezone(COUNTY_TIME):%Y-%m-%d %H:%M}",
        "feed": feed.feed,
        "header": REASON_HEADER,
    }
    title = say("returned_file", facts)
    lines = [f"{title.zh} · {title.en}"]
    body = [say("returned_delivered", facts)]
    for delivery in deliveries:
        batch = batches.get(delivery["batch_id"])
        verdict = batch["verdict"] if batch else delivery["verdict"]
        counts = {"received": batch["rows_received"], "quarantined": batch["rows_quarantined"]} if batch else {}
        body.append(say(f"returned_verdict_{verdict}", counts))
        if delivery["reason"]:
            body.append(Sentence(delivery["reason"], ""))
        if batch and verdict != "rejected":
            for each in alerts.quarantined(home.batch_marks(feed.feed, batch["batch_id"])):
                told = _told(feed, each.column, each.reason)
                zh = say("returned_count", {"told": told.zh, "rows": each.rows}).zh
                body.append(Sentence(zh, say("returned_count", {"told": told.en, "rows": each.rows}).en))
    is_marked = any(batch["verdict"] != "rejected" for batch in batches.values())
    body.append(say("returned_how" if is_marked else "returned_how_whole", facts))
    if not has_copy:
        body.append(say("returned_unreadable"))
    if landing["is_part"]:
        body.append(say("returned_part"))
    return [*lines, *(line.zh for line in body), *(line.en for line in body if line.en)]
