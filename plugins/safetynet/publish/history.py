"""What the ledger said at a moment: every batch with the verdict that held then, releases included."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from safetynet.home import masked, now
from safetynet.incidents import threads
from safetynet.messages import say
from safetynet.publish import ledger
from safetynet.publish.ledger import ACCEPTED, Ledger


def _verdict_released(batch: dict[str, Any]) -> str:
    return "accepted_with_quarantine" if batch["rows_quarantined"] else "accepted"


def batches(store: Ledger, known_at: datetime | None = None, feed: str | None = None) -> list[dict[str, Any]]:
    """Batches (of one feed, or all) received by a moment (None: now), a released one as accepted, saying why."""
    moment = known_at or now()
    releases = {
        row["batch_id"]: row
        for row in store.rows(sa.select(ledger.release).where(ledger.release.c.released_at <= moment))
    }
    table = ledger.batch
    is_of_feed = sa.true() if feed is None else table.c.feed == feed
    rows = store.rows(
        sa.select(table)
        .where(table.c.received_at <= moment, is_of_feed)
        .order_by(table.c.received_at, table.c.batch_id)
    )
    for row in rows:
        release = releases.get(row["batch_id"])
        if release is not None and row["verdict"] == "held":
            row["verdict"] = _verdict_released(row)
            row["reason"] = f"{row['reason'] or ''} {say('released', {'why': release['reason']})}".strip()
    return rows


def deliveries(store: Ledger, known_at: datetime | None = None) -> list[dict[str, Any]]:
    """Deliveries received by a moment, those of a released batch as that batch."""
    moment = known_at or now()
    verdicts = {row["batch_id"]: row["verdict"] for row in batches(store, moment)}
    rows = store.rows(
        sa.select(ledger.delivery)
        .where(ledger.delivery.c.received_at <= moment)
        .order_by(ledger.delivery.c.received_at, ledger.delivery.c.delivery_id)
    )
    for row in rows:
        if row["verdict"] == "held" and row["batch_id"] in verdicts:
            row["verdict"] = verdicts[row["batch_id"]]
    return rows


def accepted_dates(store: Ledger, known_at: datetime | None = None) -> tuple[date | None, date | None]:
    """The oldest and the newest as-of date among the accepted batches, None while there is none."""
    dates = [row["as_of"] for row in batches(store, known_at) if row["verdict"] in ACCEPTED]
    return min(dates, default=None), max(dates, default=None)


@dataclass(frozen=True, order=True)
class Change:
    """What made a batch count: that it came, or that it was released."""

    at: datetime
    batch_id: str
    feed: str
    is_release: bool


def changes(store: Ledger, as_of: date, after: datetime, until: datetime) -> list[Change]:
    """What came to count in the answer for a date after one moment and up to another, in order."""
    releases = {row["batch_id"]: row["released_at"] for row in store.rows(sa.select(ledger.release))}
    table = ledger.batch
    found = []
    for row in store.rows(sa.select(table).where(table.c.as_of <= as_of)):
        is_release = row["verdict"] == "held" and row["batch_id"] in releases
        if is_release or row["verdict"] in ACCEPTED:
            at = releases[row["batch_id"]] if is_release else row["received_at"]
            found.append(Change(at, row["batch_id"], row["feed"], is_release))
    return sorted(change for change in found if after < change.at <= until)


def outcomes(store: Ledger, landing_id: str) -> list[dict[str, Any]]:
    """What became of each sheet of a landed file: its delivery, with the counts of a new batch, else 0."""
    delivery, batch = ledger.delivery, ledger.batch
    of_batch = sa.and_(batch.c.batch_id == delivery.c.batch_id, delivery.c.verdict != "duplicate")
    counts = [sa.func.coalesce(column, 0).label(column.name) for column in batch.c if column.name.startswith("rows_")]
    return store.rows(
        sa.select(delivery, *counts)
        .join(batch, of_batch, isouter=True)
        .where(delivery.c.landing_id == landing_id)
        .order_by(delivery.c.delivery_id)
    )


class NotHeld(ValueError):
    """A batch that cannot be released: nobody knows it, or it is not held."""


def release(store: Ledger, batch_id: str, reason: str, by: str = "") -> None:
    """Release a held batch, named by its id or the unique beginning of it; raises NotHeld."""
    if not reason.strip():
        raise NotHeld("a release states its reason / 放行必须写明原因")
    found = [row for row in batches(store) if batch_id and row["batch_id"].startswith(batch_id)]
    if len(found) != 1:
        raise NotHeld(f"no single batch has the id {batch_id!r} / 没有这个批次")
    if found[0]["verdict"] != "held":
        raise NotHeld(f"batch {found[0]['batch_id']} is {found[0]['verdict']}, not held / 该批次不在暂缓状态")
    batch, why, at, who = found[0]["batch_id"], masked(reason.strip()), now(), _who(by)
    row = {"batch_id": batch, "reason": why, "released_at": at, "released_by": who}
    with store.transaction() as connection:
        if store.put(connection, ledger.release, [row]):
            threads.released(connection, batch, why, at, who)


def _who(by: str) -> str | None:
    return masked(by.strip())[:128] or None


class NotKnown(ValueError):
    """An id that names no single batch or delivery."""


def landing_of(store: Ledger, wanted: str) -> str:
    """The landed file that a batch's or delivery's id, or the unique beginning of one, names; raises NotKnown."""
    table = ledger.delivery
    landings = {
        str(row["landing_id"])
        for row in store.rows(sa.select(table).where(table.c.verdict != "duplicate"))
        if wanted and ((row["batch_id"] or "").startswith(wanted) or row["delivery_id"].startswith(wanted))
    }
    if len(landings) != 1:
        raise NotKnown(f"no single file has the id {wanted!r} / 没有这个批次")
    return landings.pop()


def retake(store: Ledger, wanted: str, by: str = "") -> int:
    """Forget what became of a landed file, so that the next run reads it again from landing; returns its sheets.

    The file is named by the id of a batch or delivery, or the unique beginning of one. Raises NotKnown.
    """
    table = ledger.delivery
    landing_id = landing_of(store, wanted)
    sheets = store.rows(sa.select(table).where(table.c.landing_id == landing_id, table.c.verdict != "duplicate"))
    batch_ids = [row["batch_id"] for row in sheets if row["batch_id"]]
    with store.transaction() as connection:
        for kept in (ledger.batch, ledger.repair, ledger.expectation_result, ledger.profile):
            connection.execute(sa.delete(kept).where(kept.c.batch_id.in_(batch_ids)))
        connection.execute(sa.delete(table).where(table.c.landing_id == landing_id))
        connection.execute(
            sa.update(ledger.landing)
            .where(ledger.landing.c.landing_id == landing_id)
            .values(is_done=False, retaken_at=now(), retaken_by=_who(by))
        )
    return len(sheets)
