"""What became of a delivery, recorded in one transaction with all that belongs to it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from safetynet.check.verdict import Counts, Verdict
from safetynet.contract import Contract
from safetynet.deliver import alerts
from safetynet.deliver.alerts import Quarantined
from safetynet.messages import Sentence
from safetynet.publish import ledger
from safetynet.publish.ledger import Ledger
from safetynet.read.as_of import AsOf
from safetynet.refusal import Fact

if TYPE_CHECKING:
    from safetynet.check.validation import Result


@dataclass(frozen=True)
class Outcome:
    """What became of one delivery; batch_id is None where nothing of it could be read."""

    delivery_id: str
    part_key: str
    batch_id: str | None
    feed: str
    source_file: str
    verdict: Verdict
    reason: Sentence | None
    counts: Counts

    @property
    def told(self) -> str | None:
        """The reason as the ledger keeps it, in both languages."""
        return str(self.reason) if self.reason else None


def sheet_key(sheet: str) -> str:
    """What tells a sheet from the others of its workbook, without its name."""
    return hashlib.sha256(sheet.encode()).hexdigest()[:32]


def delivery_id(landing_id: str, key: str) -> str:
    """The id of what was delivered in one sheet of a landed file; the key is empty for a file of one table."""
    return hashlib.sha256(f"{landing_id}\0{key}".encode()).hexdigest()[:24]


Tables = Mapping[sa.Table, Sequence[dict[str, Any]]]


def record(
    store: Ledger,
    feed: Contract,
    landing: Mapping[str, Any],
    outcome: Outcome,
    tables: Tables,
    quarantined: Sequence[Quarantined] = (),
) -> None:
    """Keep the batch with all that belongs to it, its delivery, and the message to its owner: all or nothing.

    `quarantined` is what the message of a held batch tells of its rows.
    """
    delivery = {
        "delivery_id": outcome.delivery_id,
        "landing_id": landing["landing_id"],
        "batch_id": outcome.batch_id,
        "feed": outcome.feed,
        "source_file": outcome.source_file,
        "received_at": landing["received_at"],
        "verdict": outcome.verdict,
        "reason": outcome.told,
        "part_key": outcome.part_key,
    }
    with store.transaction() as connection:
        for table, rows in tables.items():
            store.put(connection, table, rows)
        store.put(connection, ledger.delivery, [delivery])
        if outcome.verdict in ("rejected", "held"):
            facts: dict[str, Fact] = {
                "file": outcome.source_file,
                "received": outcome.counts.received,
                "quarantined": outcome.counts.quarantined,
                "batch_id": outcome.batch_id or "",
            }
            why = outcome.reason or Sentence("", "")
            message = alerts.about_file(feed, outcome.delivery_id, outcome.verdict, why, quarantined, facts)
            store.put(connection, ledger.message, [message])


def batch_row(
    landing: Mapping[str, Any], sheet_key: str, outcome: Outcome, as_of: AsOf, scope: str | None
) -> dict[str, Any]:
    """The ledger row of a batch."""
    counts = outcome.counts
    return {
        "batch_id": outcome.batch_id,
        "feed": outcome.feed,
        "source_file": outcome.source_file,
        "sha256": landing["sha256"],
        "sheet_key": sheet_key,
        "as_of": as_of.on,
        "as_of_source": as_of.source,
        "scope": scope,
        "received_at": landing["received_at"],
        "verdict": outcome.verdict,
        "reason": outcome.told,
        "rows_received": counts.received,
        "rows_accepted": counts.accepted,
        "rows_quarantined": counts.quarantined,
        "rows_duplicate": counts.duplicate,
        "is_told": False,
    }


def repair_rows(outcome: Outcome, repairs: Sequence[tuple[str, str, int]]) -> list[dict[str, Any]]:
    """Ledger rows of a batch's repairs."""
    return [
        {"batch_id": outcome.batch_id, "feed": outcome.feed, "column_name": column, "repair": repair, "cells": cells}
        for column, repair, cells in repairs
    ]


def result_rows(outcome: Outcome, results: Sequence[Result]) -> list[dict[str, Any]]:
    """Ledger rows of what the expectations found; where one counts no rows of its own, the batch's rows."""
    checked = outcome.counts.received - outcome.counts.duplicate
    return [
        {
            "batch_id": outcome.batch_id,
            "position": position,
            "feed": outcome.feed,
            "expectation": result.expectation,
            "column_name": result.column,
            "severity": result.severity,
            "success": result.success,
            "rows_checked": checked if result.rows_checked is None else result.rows_checked,
            "rows_failed": result.rows_failed,
        }
        for position, result in enumerate(results)
    ]
