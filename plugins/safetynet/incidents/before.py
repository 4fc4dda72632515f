"""What the same place delivered before: the columns of the last batch, and how many rows are usual."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from statistics import median
from typing import Any

import sqlalchemy as sa

from safetynet.contract import Bounds, IncidentKind
from safetynet.incidents.failures import Columns, Failure
from safetynet.incidents.usual import around, is_near, same_month
from safetynet.messages import say
from safetynet.publish import ledger
from safetynet.publish.ledger import ACCEPTED, Ledger

_LEAST_DEVIATION = 0.05
"""Share of the median below which no deviation is taken, for batches that hardly ever differ."""


def batches(
    store: Ledger, feed: str, scopes: Collection[str | None], part_key: str, received_at: datetime
) -> list[dict[str, Any]]:
    """Batches of a scope (under any of its codes) and part that are used and came before a moment, oldest first."""
    batch, delivery, release = ledger.batch, ledger.delivery, ledger.release
    same_part = sa.select(delivery.c.batch_id).where(delivery.c.feed == feed, delivery.c.part_key == part_key)
    is_here: sa.ColumnElement[bool] = batch.c.scope.in_([scope for scope in scopes if scope is not None])
    if None in scopes:
        is_here = sa.or_(is_here, batch.c.scope.is_(None))
    return store.rows(
        sa.select(batch)
        .where(
            batch.c.feed == feed,
            is_here,
            batch.c.received_at < received_at,
            sa.or_(batch.c.verdict.in_(ACCEPTED), batch.c.batch_id.in_(sa.select(release.c.batch_id))),
            batch.c.batch_id.in_(same_part),
        )
        .order_by(batch.c.received_at)
    )


def columns(earlier: Sequence[dict[str, Any]]) -> Columns | None:
    """The columns of the last batch; None where there is none, or an older version took it in."""
    if not earlier or earlier[-1]["missing_optional"] is None:
        return None
    return Columns(frozenset(earlier[-1]["missing_optional"]), earlier[-1]["unknown_columns"])


def by_date(earlier: Sequence[dict[str, Any]], as_of: date) -> dict[date, dict[str, Any]]:
    """As-of date → the last batch of that date, for every date but `as_of`."""
    return {row["as_of"]: row for row in earlier if row["as_of"] != as_of}


def unusual(bounds: Bounds, usual: Mapping[date, float], as_of: date, received: int) -> Failure | None:
    """The failure of a batch whose rows (usually so many by as-of date) are far from their history, else None.

    Nothing is said while the history is short, and where few rows are usual.
    """
    if len(usual) < bounds.usual_from_batches or (middle := median(usual.values())) < bounds.volume_from_rows:
        return None
    usually = around(usual.values(), bounds.usual_deviations, _LEAST_DEVIATION * middle)
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
