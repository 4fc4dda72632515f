"""Whether a feed's newest period is there in time."""

from __future__ import annotations

from datetime import date, timedelta
from enum import StrEnum

from safetynet.contract import Contract
from safetynet.incidents.calendar import next_deadline

_SOON = timedelta(days=7)


class Freshness(StrEnum):
    """How a feed stands against its due day."""

    LATE = "late"
    SOON = "soon"
    FRESH = "fresh"
    NEVER = "never"
    """Nothing has ever arrived."""
    FREE = "free"
    """Nothing is promised for any day."""
    ENDED = "ended"
    """The division was no more when the next period became due."""


def freshness(contract: Contract, newest: date | None, today: date, ended: date | None = None) -> Freshness:
    """How a feed stands whose newest period received is of that day; `ended` is the last day of its division."""
    if contract.calendar is None:
        return Freshness.FREE
    due = next_deadline(contract, newest) if newest else None
    if due is None:
        return Freshness.NEVER
    if ended and ended < due:
        return Freshness.ENDED
    if today > due:
        return Freshness.LATE
    return Freshness.SOON if due - today <= _SOON else Freshness.FRESH
