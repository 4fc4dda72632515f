"""What was frozen: what the ledger says of each month, and the files of the figures, which nothing changes."""

from __future__ import annotations

import hashlib
from datetime import date, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from safetynet.home import Home
from safetynet.publish import ledger
from safetynet.publish.ledger import Ledger

Row = dict[str, Any]


class LostMonth(RuntimeError):
    """The file of a month's frozen figures is gone, or is not what was frozen."""


def revisions(store: Ledger, month: date) -> list[Row]:
    """What was frozen of a month, the oldest first; the last may be begun and not done (frozen_at None)."""
    table = ledger.official_month
    return store.rows(sa.select(table).where(table.c.month == month).order_by(table.c.revision))


def is_frozen(store: Ledger, month: date) -> bool:
    """Whether there are official figures of a month."""
    return any(row["frozen_at"] for row in revisions(store, month))


def known(store: Ledger, known_at: datetime) -> list[Row]:
    """Every revision of every month that was frozen by a moment, in order."""
    table = ledger.official_month
    return store.rows(sa.select(table).where(table.c.frozen_at <= known_at).order_by(table.c.month, table.c.revision))


def sha256(path: Path) -> str:
    """The sha256 of a file."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def figures(home: Home, row: Row) -> Path:
    """The file of a frozen month's figures; raises LostMonth where it is not what was frozen."""
    path = home.official(row["month"], row["revision"])
    if not path.is_file() or sha256(path) != row["sha256"]:
        raise LostMonth(f"official/{path.name} is not what was frozen: restore it from the backup")
    return path
