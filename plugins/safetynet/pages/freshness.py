"""Whether a feed's newest period is there in time.

The one place that knows when a delivery is due: the rhythm of the contract, counted from the newest period received.
"""

from __future__ import annotations

import calendar
from datetime import date, timedelta
from enum import StrEnum
from functools import cache

from safetynet.contract import Contract

_MONTHS_AND_DAYS = {"monthly": (1, 10), "quarterly": (3, 15), "term": (6, 30)}
"""Cadence → months of a period, and days after its end within which it arrives."""

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


@cache
def _due(cadence: str, newest: date) -> date | None:
    if cadence not in _MONTHS_AND_DAYS:
        return None
    months, days = _MONTHS_AND_DAYS[cadence]
    year, month = divmod(newest.year * 12 + newest.month - 1 + months, 12)
    return date(year, month + 1, calendar.monthrange(year, month + 1)[1]) + timedelta(days=days)


def due_day(contract: Contract, newest: date) -> date | None:
    """The day by which the period after the newest one is to be there; None where no rhythm is promised."""
    return _due(contract.cadence, newest)


def freshness(contract: Contract, newest: date | None, today: date) -> Freshness:
    """How a feed stands whose newest period received is of that day."""
    if contract.cadence == "irregular":
        return Freshness.FREE
    if newest is None:
        return Freshness.NEVER
    due = due_day(contract, newest)
    if due is None:
        return Freshness.FREE
    if today > due:
        return Freshness.LATE
    return Freshness.SOON if due - today <= _SOON else Freshness.FRESH
