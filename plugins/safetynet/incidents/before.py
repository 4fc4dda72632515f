"""What the same place delivered before: the columns of the last batch, and how many rows are usual."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from statistics import median
from typing import Any

import polars as pl
import sqlalchemy as sa

from safetynet import reference
from safetynet.contract import Bounds, Contract, IncidentKind
from safetynet.division import above, prefix
from safetynet.home import Home
from safetynet.incidents import calendar
from safetynet.incidents.cover import share_within
from safetynet.incidents.failures import Columns, Failure
from safetynet.incidents.usual import LEAST_DEVIATION, around, is_near, same_month
from safetynet.messages import say
from safetynet.publish import ledger
from safetynet.publish.ledger import ACCEPTED, Ledger


def codes(divisions: pl.DataFrame, scope: str | None, on: date) -> set[str | None]:
    """A scope, and the codes that it had before it was called by that one, by a date."""
    renamings = reference.renamings(reference.successors(divisions, on))
    return {scope, *(old for old, new in renamings.items() if new == scope)}


def batches(
    store: Ledger, feed: str, scopes: Collection[str | None], part_key: str, received_at: datetime
) -> list[dict[str, Any]]:
    """Batches of a scope (under any of its codes) that were used when a file came, oldest first.

    A part is preceded by what was the same part before, a whole file by whole files and by all parts of deliveries in
    parts. A file that is read again is judged as it was: what was released after it came says nothing.
    """
    batch, delivery = ledger.batch, ledger.delivery
    is_here: sa.ColumnElement[bool] = batch.c.scope.in_([scope for scope in scopes if scope is not None])
    if None in scopes:
        is_here = sa.or_(is_here, batch.c.scope.is_(None))
    statement = sa.select(batch).where(batch.c.feed == feed, is_here, *_was_used(received_at))
    if part_key:
        same_part = sa.select(delivery.c.batch_id).where(delivery.c.feed == feed, delivery.c.part_key == part_key)
        statement = statement.where(batch.c.batch_id.in_(same_part))
    return store.rows(statement.order_by(batch.c.received_at, batch.c.batch_id))


def _was_used(received_at: datetime) -> tuple[sa.ColumnElement[bool], ...]:
    """Hold for a batch that had come before a moment, and was used by then."""
    batch, release = ledger.batch, ledger.release
    released = sa.select(release.c.batch_id).where(release.c.released_at <= received_at)
    is_released = sa.and_(batch.c.verdict == "held", batch.c.batch_id.in_(released))
    return batch.c.received_at < received_at, sa.or_(batch.c.verdict.in_(ACCEPTED), is_released)


def columns(earlier: Sequence[dict[str, Any]]) -> Columns | None:
    """The columns of the last delivery, its parts together; None without one, or where an older version took it in."""
    last = [row for row in earlier if row["received_at"] == earlier[-1]["received_at"]]
    missing = [frozenset(row["missing_optional"]) for row in last if row["missing_optional"] is not None]
    if not last or len(missing) < len(last):
        return None
    return Columns(frozenset.intersection(*missing), max(row["unknown_columns"] for row in last))


def _deliveries(earlier: Sequence[dict[str, Any]]) -> list[tuple[date, datetime, int]]:
    """(as-of date, moment, rows received) of every delivery, its parts together, by date and then by moment."""
    counts: Counter[tuple[date, datetime]] = Counter()
    for row in earlier:
        counts[row["as_of"], row["received_at"]] += row["rows_received"]
    return [(*key, counts[key]) for key in sorted(counts)]


def volumes(earlier: Sequence[dict[str, Any]], as_of: date) -> dict[date, int]:
    """As-of date → rows received, of the last delivery of every date but `as_of`."""
    return {day: rows for day, _, rows in _deliveries(earlier) if day != as_of}


def last_volume(earlier: Sequence[dict[str, Any]], as_of: date) -> int | None:
    """Rows received in the newest delivery that is not younger than a date; None without one, or where it is empty."""
    return next((rows for day, _, rows in reversed(_deliveries(earlier)) if day <= as_of), None) or None


def rows_within(
    home: Home, store: Ledger, feed: str, scopes: Collection[str | None], received_at: datetime
) -> int | None:
    """Rows that a division (under any of its codes) has in the last file of one above it; None without one.

    A file that was cut off after its first town looks like that town's own.
    """
    codes = [scope for scope in scopes if scope]
    earlier = batches(store, feed, {upper for code in codes for upper in above(code)}, "", received_at)
    last = [
        home.batch_rows(feed, row["batch_id"]) for row in earlier if row["received_at"] == earlier[-1]["received_at"]
    ]
    files = [str(path) for path in last if path.is_file()]
    if not files:
        return None
    lies_in_it = pl.any_horizontal([pl.col("division_code").str.starts_with(prefix(code)) for code in codes])
    return int(pl.scan_parquet(files).filter(lies_in_it).select(pl.len()).collect().item()) or None


@dataclass(frozen=True)
class Whole:
    """A division whose next file is due, and the rows of its last one."""

    scope: str
    rows: int


def due_whole(
    home: Home, store: Ledger, feed: Contract, divisions: pl.DataFrame, scope: str, on: date, received_at: datetime
) -> Whole | None:
    """The division of which a file may be a cut-off one, if its rows lie in a part that never sent a file of its own.

    It is the smallest above that delivers, if a file of this date would be its next one, most rows of its last file lie
    elsewhere, and no other part of it has sent a file since: where one has, files come by parts now. None for a feed
    without a calendar, of which nothing is ever due.
    """
    if feed.calendar is None:
        return None
    for code in reversed(above(scope)):
        earlier = batches(store, feed.feed, codes(divisions, code, on), "", received_at)
        if earlier:
            break
    else:
        return None
    newest = max(row["as_of"] for row in earlier)
    last, table = [row for row in earlier if row["as_of"] == newest], ledger.batch
    part_since = store.rows(
        sa.select(table.c.batch_id)
        .where(table.c.feed == feed.feed, table.c.as_of > newest, *_was_used(received_at))
        .where(table.c.scope.startswith(prefix(code)))
        .limit(1)
    )
    rows = last_volume(earlier, newest) or 0
    is_next = calendar.period_of(feed, on) > calendar.period_of(feed, newest)
    if not is_next or part_since or rows < feed.bounds.volume_from_rows:
        return None
    share = share_within(home, reference.present_codes(divisions, on))
    if share(feed.feed, [row["batch_id"] for row in last], [scope]) >= feed.bounds.volume_low:
        return None
    return Whole(code, rows)


def in_one_piece(earlier: Sequence[dict[str, Any]], as_of: date) -> dict[date, dict[str, Any]]:
    """As-of date → the batch that was the last delivery of every date but `as_of`, where that was not in parts."""
    moments = {row["as_of"]: row["received_at"] for row in earlier}
    pieces = Counter((row["as_of"], row["received_at"]) for row in earlier)
    return {
        row["as_of"]: row
        for row in earlier
        if row["as_of"] != as_of
        and row["received_at"] == moments[row["as_of"]]
        and pieces[row["as_of"], row["received_at"]] == 1
    }


def unusual(bounds: Bounds, usual: Mapping[date, float], as_of: date, received: int) -> Failure | None:
    """The failure of a batch whose rows (usually so many by as-of date) are far from their history, else None.

    Nothing is said while the history is short, and where few rows are usual.
    """
    if len(usual) < bounds.usual_from_batches or (middle := median(usual.values())) < bounds.volume_from_rows:
        return None
    usually = around(usual.values(), bounds.usual_deviations, LEAST_DEVIATION * middle)
    if usually.excess(received) <= 1 or any(is_near(rows, received) for rows in same_month(usual, as_of)):
        return None
    facts: dict[str, int | float | str | list[str]] = {
        "received": received,
        "batches": len(usual),
        "usual": round(usually.middle),
        "low": max(round(usually.low), 0),
        "high": round(usually.high),
    }
    return Failure(IncidentKind.UNUSUAL_VOLUME, "history", say("rows_unusual", facts))
