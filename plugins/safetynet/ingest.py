"""One landed file from its bytes to published batches: read, clean, check, publish.

Any step may be killed and run again: a batch id follows from its content, and a batch is published by one rename and
one transaction.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import sqlalchemy as sa

from safetynet import reference
from safetynet.check import data_docs
from safetynet.check.profile import Measure
from safetynet.check.validation import validate
from safetynet.check.verdict import Counts, causes, judge, volume_bounds
from safetynet.check.workbench import Workbench
from safetynet.contract import Contract, contract, contracts
from safetynet.deliver import alerts
from safetynet.deliver.password import opened
from safetynet.division import first_known
from safetynet.home import Home, county_day, masked
from safetynet.incidents import before, distribution, endangered, failures, threads
from safetynet.messages import Sentence, say, together
from safetynet.publish import lake, ledger
from safetynet.publish.ledger import Ledger
from safetynet.publish.outcome import (
    Outcome,
    batch_row,
    delivery_id,
    profile_rows,
    record,
    repair_rows,
    result_rows,
    sheet_key,
)
from safetynet.read import document, header
from safetynet.read.as_of import AsOf, as_of
from safetynet.read.header import Header
from safetynet.read.sheet import Sheet
from safetynet.refusal import Fact, Refused
from safetynet.workshop import workshop

_NO_ROWS = Counts(0, 0, 0, 0)
_REASONS = pl.List(pl.Struct({"column_name": pl.String, "reason": pl.String}))


@dataclass(frozen=True)
class _Delivery:
    """One sheet of one landed file on its way; `sheet_key` is empty for a file of one table."""

    feed: Contract
    landing: dict[str, Any]
    sheet_key: str
    source_file: str

    @property
    def is_part(self) -> bool:
        return bool(self.sheet_key) or self.landing["is_part"]

    @property
    def part_key(self) -> str:
        """Which part of its file or archive it is, the same from delivery to delivery; empty for a whole file."""
        return f"{self.landing['member_key']}/{self.sheet_key}" if self.is_part else ""

    @property
    def delivery_id(self) -> str:
        return delivery_id(self.landing["landing_id"], self.sheet_key)

    def batch_id(self, on: date) -> str:
        identity = f"{self.feed.feed}\0{on.isoformat()}\0{self.landing['sha256']}\0{self.sheet_key}"
        return hashlib.sha256(identity.encode()).hexdigest()[:20]

    def as_of(self, head: list[list[str]], header_row: int) -> AsOf:
        return as_of(self.landing["as_of_in_name"], head[: header_row - 1], self.landing["received_at"])

    def outcome(self, batch_id: str | None, verdict: Any, reason: Sentence | None, counts: Counts) -> Outcome:
        return Outcome(
            self.delivery_id, self.part_key, batch_id, self.feed.feed, self.source_file, verdict, reason, counts
        )

    def successors(self, divisions: pl.DataFrame) -> dict[str, str]:
        """Former → present code of divisions on the day on which it came."""
        return reference.present_codes(divisions, county_day(self.landing["received_at"]))

    def stated_scope(self, divisions: pl.DataFrame) -> str | None:
        """The division that its name states, None where it states none."""
        return first_known(self.landing["codes_in_name"].split(","), set(divisions["division_code"]))

    def named_scope(self, store: Ledger, divisions: pl.DataFrame) -> str | None:
        """The division of which a file that cannot be read is: the named one, else the only one that ever delivered."""
        if "division_code" not in self.feed.columns:
            return None
        return self.stated_scope(divisions) or threads.only_scope(store, self.feed.feed, self.successors(divisions))


def take_in(home: Home, store: Ledger, landing_id: str) -> list[Outcome]:
    """Take in one landed file; returns one outcome per sheet, none where it is done already.

    What is wrong with the file is a verdict. What is wrong here (disk, database, memory) is raised, and the file is
    taken in the next time.
    """
    is_this = ledger.landing.c.landing_id == landing_id
    (landing,) = store.rows(sa.select(ledger.landing).where(is_this))
    if landing["is_done"]:
        return []
    with workshop(home.folder("tmp")) as folder:
        outcomes = list(_take_in_sheets(home, store, contract(landing["feed"]), landing, folder))
    with store.transaction() as connection:
        connection.execute(sa.update(ledger.landing).where(is_this).values(is_done=True))
    data_docs.write_index(home, store)
    return outcomes


def _take_in_sheets(
    home: Home, store: Ledger, feed: Contract, landing: dict[str, Any], folder: Path
) -> Iterator[Outcome]:
    whole = _Delivery(feed, landing, "", landing["source_file"])
    try:
        if landing["refusal"]:
            raise Refused(landing["refusal"]["code"], **landing["refusal"]["facts"])
        delivered = opened(home, feed.owner, home.landed(landing["sha256"]), folder)
        sheets, others = document.data_sheets(delivered, feed)
    except Refused as refusal:
        yield _reject(home, store, whole, None, refusal, folder)
        return
    for number, sheet in enumerate(sheets):
        delivery = _of_sheet(whole, sheet.name) if sheet.name and len(sheets) > 1 else whole
        own = folder / str(number)
        own.mkdir()
        try:
            yield _take_in_sheet(home, store, delivery, sheet, others, own)
        except Refused as refusal:
            yield _reject(home, store, delivery, sheet, refusal, own)


def _of_sheet(whole: _Delivery, sheet: str) -> _Delivery:
    return _Delivery(whole.feed, whole.landing, sheet_key(sheet), f"{whole.source_file}#{masked(sheet)}")


def _duplicate_of(store: Ledger, delivery: _Delivery, dated: AsOf) -> str | None:
    """The batch that is there already: the same bytes of the same date, or of any date where the file names none.

    A part without a date that comes beside something new is of their day, or what is new would replace it.
    """
    table = ledger.batch
    statement = sa.select(table.c.batch_id).where(
        table.c.feed == delivery.feed.feed,
        table.c.sha256 == delivery.landing["sha256"],
        table.c.sheet_key == delivery.sheet_key,
    )
    known = [str(row["batch_id"]) for row in store.rows(statement)]
    same = delivery.batch_id(dated.on)
    if same in known:
        return same
    if known and dated.source == "arrival" and not _has_news_beside(store, delivery):
        return known[0]
    return None


def _has_news_beside(store: Ledger, delivery: _Delivery) -> bool:
    """Whether another member of the same archive holds what this feed never brought before."""
    table = ledger.landing
    of_feed = sa.select(table.c.sha256).where(table.c.feed == delivery.feed.feed)
    moment = delivery.landing["received_at"]
    beside = {row["sha256"] for row in store.rows(of_feed.where(table.c.received_at == moment))}
    before = store.rows(of_feed.where(table.c.received_at < moment, table.c.sha256.in_(beside)))
    return bool(beside - {row["sha256"] for row in before})


def _repeat(store: Ledger, delivery: _Delivery, batch_id: str) -> Outcome:
    """Record a delivery of what is there already."""
    outcome = delivery.outcome(batch_id, "duplicate", say("duplicate"), _NO_ROWS)
    record(store, delivery.feed, delivery.landing, outcome, {})
    return outcome


def _take_in_sheet(
    home: Home, store: Ledger, delivery: _Delivery, sheet: Sheet, others: list[str], folder: Path
) -> Outcome:
    """Read, clean, check and publish one sheet. Raises Refused."""
    feed, landing, head = delivery.feed, delivery.landing, sheet.head()
    found = header.find(feed, head)
    dated = delivery.as_of(head, found.row)
    duplicate = _duplicate_of(store, delivery, dated)
    if duplicate is not None:
        return _repeat(store, delivery, duplicate)
    batch_id = delivery.batch_id(dated.on)
    divisions = reference.divisions(home, store)
    with Workbench(feed, batch_id, folder) as bench:
        bench.clean(sheet, found, dated.on, divisions)
        counts = bench.mark()
        scope = bench.scope(landing["codes_in_name"].split(","), delivery.is_part, divisions)
        repairs = bench.repairs()
        unanswered = bench.unanswered()
        measures = bench.profile(found.missing_optional)
        database = bench.validation_database()
    scopes = before.codes(divisions, scope, dated.on)
    earlier = before.batches(store, feed.feed, scopes, delivery.part_key, landing["received_at"])
    previous = before.last_volume(earlier, dated.on)
    if not earlier and feed.delivery == "snapshot" and "division_code" in feed.columns:
        previous = before.rows_within(home, store, feed.feed, scopes, landing["received_at"])
    bounds = volume_bounds(feed, previous, counts.received)
    results = validate(
        feed,
        database,
        home.folder("data_docs"),
        batch_id,
        landing["received_at"],
        bounds and bounds.without(counts.duplicate),
    )
    is_future = dated.on > county_day(landing["received_at"])
    cut_off = None if earlier or is_future else _cut_off(home, store, delivery, divisions, scope, dated.on, counts)
    held = causes(feed, counts, bounds, is_future, dated.on, results, cut_off)
    verdict, why = judge(counts, held)
    reason = together([*why, *_notes(feed, found, sheet, others, dated, unanswered)])
    columns = failures.Columns(frozenset(found.missing_optional), len(found.new))
    failed = failures.of_batch(feed, counts, held, results, columns, before.columns(earlier))
    if not held:
        told = {failure.column for failure in failed}
        untold = [measure for measure in measures if measure.column not in told]
        failed += _unusual(store, feed, earlier, dated.on, counts, untold)
    outcome = replace(
        delivery.outcome(batch_id, verdict, reason, counts),
        scope=scope,
        stated_on=None if dated.source == "arrival" else dated.on,
        failures=tuple(failed),
        successors=delivery.successors(divisions),
    )
    quarantined = alerts.quarantined(bench.marks) if verdict == "held" else []
    lake.move_in(home, feed.feed, batch_id, bench.rows, bench.marks)
    tables = {
        ledger.batch: [batch_row(landing, delivery.sheet_key, outcome, dated, scope, columns)],
        ledger.repair: repair_rows(outcome, repairs),
        ledger.expectation_result: result_rows(outcome, results),
        ledger.profile: profile_rows(outcome, measures),
    }
    record(store, feed, landing, outcome, tables, quarantined, endangered.told(home, feed))
    return outcome


def _cut_off(
    home: Home,
    store: Ledger,
    delivery: _Delivery,
    divisions: pl.DataFrame,
    scope: str | None,
    on: date,
    counts: Counts,
) -> Sentence | None:
    """What a batch may be the rest of, whose scope is known by its rows alone and never delivered; None: of nothing."""
    if scope is None or delivery.is_part or delivery.stated_scope(divisions):
        return None
    whole = before.due_whole(home, store, delivery.feed, divisions, scope, on, delivery.landing["received_at"])
    if whole is None:
        return None
    facts: dict[str, Fact] = {"received": counts.received, "scope": scope, "whole": whole.scope, "rows": whole.rows}
    return say("cut_off", facts)


def _unusual(
    store: Ledger,
    feed: Contract,
    earlier: Sequence[dict[str, Any]],
    on: date,
    counts: Counts,
    measures: Sequence[Measure],
) -> list[failures.Failure]:
    """What is unusual against the batches of other dates: the number of rows, else the distribution of their values."""
    volume = before.unusual(feed.bounds, before.volumes(earlier, on), on, counts.received)
    if volume:
        return [volume]
    usual = distribution.history(store, feed, before.in_one_piece(earlier, on))
    return distribution.unusual(feed, usual, on, measures)


def _notes(
    feed: Contract, found: Header, sheet: Sheet, others: list[str], dated: AsOf, unanswered: int
) -> list[Sentence]:
    """What is said of a file besides its verdict."""
    notes = []
    if dated.source == "arrival":
        notes.append(say("as_of_is_arrival"))
    if unanswered:
        notes.append(say("unanswered", {"rows": unanswered}))
    if found.new:
        notes.append(say("new_columns", {"count": len(found.new)}))
    if found.missing_optional:
        notes.append(say("missing_optional", {"columns": [feed.first_header(name) for name in found.missing_optional]}))
    if others:
        notes.append(say("other_sheets", {"count": len(others)}))
    if sheet.merged_cells:
        notes.append(say("merged_cells", {"count": sheet.merged_cells}))
    if feed.csv and sheet.encoding and sheet.encoding != feed.csv.encodings[0]:
        notes.append(say("other_encoding", {"encoding": sheet.encoding, "declared": feed.csv.encodings[0]}))
    return notes


def _reject(
    home: Home, store: Ledger, delivery: _Delivery, sheet: Sheet | None, refusal: Refused, folder: Path
) -> Outcome:
    """Publish a rejected batch: the rows that could be read, all quarantined; no batch where none could."""
    feed = delivery.feed
    head = sheet.head() if sheet else []
    reason = _explain(feed, refusal, head)
    above = _row_above_data(feed, head)
    numbers = sheet.filled_rows(above) if sheet and above else []
    divisions = reference.divisions(home, store)
    unread = replace(
        delivery.outcome(None, "rejected", reason, _NO_ROWS),
        scope=delivery.named_scope(store, divisions),
        stated_on=delivery.landing["as_of_in_name"],
        failures=tuple(failures.of_refusal(refusal, reason)),
        successors=delivery.successors(divisions),
    )
    at_stake = endangered.told(home, feed)
    if not numbers:
        record(store, feed, delivery.landing, unread, {}, endangered=at_stake)
        return unread
    dated = delivery.as_of(head, above)
    duplicate = _duplicate_of(store, delivery, dated)
    if duplicate is not None:
        return _repeat(store, delivery, duplicate)
    batch_id = delivery.batch_id(dated.on)
    rows, marks = folder / "rows.parquet", folder / "marks.parquet"
    kept = pl.DataFrame({"row_number": numbers}).with_columns(batch_id=pl.lit(batch_id))
    reason_of_all = pl.lit([{"column_name": None, "reason": refusal.code}], dtype=_REASONS)
    lake.write(rows, lake.row_columns(feed), kept)
    lake.write(marks, lake.MARKS, kept.with_columns(disposition=pl.lit("quarantined"), reasons=reason_of_all))
    outcome = replace(unread, batch_id=batch_id, counts=Counts(len(numbers), 0, len(numbers), 0))
    lake.move_in(home, feed.feed, batch_id, rows, marks)
    batch = batch_row(delivery.landing, delivery.sheet_key, outcome, dated, None)
    record(store, feed, delivery.landing, outcome, {ledger.batch: [batch]}, endangered=at_stake)
    return outcome


def _explain(feed: Contract, refusal: Refused, head: list[list[str]]) -> Sentence:
    """A refusal in words, with what the file looks like where it is another feed's."""
    facts: dict[str, Fact] = dict(refusal.facts)
    near = facts.pop("near", [])
    other = _other_feed(feed, head) if refusal.code in ("no_header", "missing_columns") else None
    titles: dict[str, Fact] = (
        {"title_zh": other.title.zh, "title_en": other.title.en, "feed": other.feed} if other else {}
    )
    looks = say("looks_like", titles) if other else None
    if refusal.code == "no_header" and feed.csv and _is_delimited_otherwise(feed, head):
        looks = say("other_delimiter", {"delimiter": feed.csv.delimiter})
    pairs = say("near_misses", {"pairs": near}) if near else None
    facts |= {
        "other_zh": looks.zh if looks else "",
        "other_en": f" {looks.en}" if looks else "",
        "near_zh": pairs.zh if pairs else "",
        "near_en": f"{pairs.en} " if pairs else "",
    }
    return say(refusal.code, facts)


def _is_delimited_otherwise(feed: Contract, head: list[list[str]]) -> bool:
    """Whether another delimiter that is in use would show the feed's own header."""
    lines = [row[0] if len(row) == 1 else "" for row in head]
    return any(header.recognised(feed, [line.split(other) for line in lines]) == 1 for other in ";\t|，；")


def _other_feed(feed: Contract, head: list[list[str]]) -> Contract | None:
    """The feed whose required headers a sheet has all of, the one with most of them if there are several."""
    whole = [other for other in contracts().values() if other != feed and header.recognised(other, head) == 1]
    return max(whole, key=lambda other: len(other.required), default=None)


def _row_above_data(feed: Contract, head: list[list[str]]) -> int:
    """The header's row as far as it can be told, else the first filled row; 0 where there is none."""
    best = header.best_match(feed, head)
    if best:
        return best.row
    return next((number for number, row in enumerate(head, start=1) if any(cell.strip() for cell in row)), 0)
