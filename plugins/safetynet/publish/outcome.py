"""What became of a delivery, recorded in one transaction with all that belongs to it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from safetynet.check.profile import Measure
from safetynet.check.verdict import Counts, Verdict
from safetynet.contract import Contract
from safetynet.deliver import alerts
from safetynet.deliver.alerts import Quarantined
from safetynet.incidents import threads
from safetynet.incidents.calendar import period_received
from safetynet.incidents.failures import Columns, Failure
from safetynet.messages import Sentence, together
from safetynet.publish import ledger
from safetynet.publish.ledger import Ledger
from safetynet.read.as_of import AsOf
from safetynet.refusal import Fact

if TYPE_CHECKING:
    from safetynet.check.validation import Result


@dataclass(frozen=True)
class Outcome:
    """What became of one delivery; batch_id is None where nothing of it could be read.

    `stated_on` is the date that its name or title states, None where it states none; `successors` is former → present
    code of divisions when it came.
    """

    delivery_id: str
    part_key: str
    batch_id: str | None
    feed: str
    source_file: str
    verdict: Verdict
    reason: Sentence | None
    counts: Counts
    scope: str | None = None
    stated_on: date | None = None
    failures: tuple[Failure, ...] = ()
    successors: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def place(self) -> threads.Place:
        """Where it failed or came right."""
        return threads.Place(self.feed, self.scope, self.part_key, self.batch_id, self.stated_on, self.successors)

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
    endangered: Sentence | None = None,
) -> None:
    """Keep the batch with all that belongs to it, its delivery, its incidents and their message: all or nothing.

    `quarantined` is what the message of a held batch tells of its rows, `endangered` what rests on the feed. A
    delivery that is in the ledger already stays as it is, and nobody is told again.
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
        store.alone(connection)
        for table, rows in tables.items():
            store.put(connection, table, rows)
        if store.put(connection, ledger.delivery, [delivery]) and outcome.verdict != "duplicate":
            _follow(store, connection, feed, landing, outcome, quarantined, endangered)


def _follow(
    store: Ledger,
    connection: sa.Connection,
    feed: Contract,
    landing: Mapping[str, Any],
    outcome: Outcome,
    quarantined: Sequence[Quarantined],
    endangered: Sentence | None,
) -> None:
    """Carry the incidents on to which a delivery says something, and write the message where any is news."""
    at = landing["received_at"]
    is_released = _is_released(connection, outcome.batch_id)
    steps = [
        (failure, *threads.fail(connection, outcome.place, failure.kind, failure.what, at))
        for failure in outcome.failures
        if not is_released
    ]
    if outcome.verdict in ledger.ACCEPTED or is_released:
        threads.clean(connection, feed, outcome.place, [incident for _, _, incident in steps], at)
    period = period_received(feed, outcome.stated_on, at)
    if period is not None:
        threads.arrived(connection, outcome.place, period, at)
    news = [(failure, incident) for failure, step, incident in steps if step != "repeated"]
    if news:
        facts: dict[str, Fact] = {
            "file": outcome.source_file,
            "received": outcome.counts.received,
            "quarantined": outcome.counts.quarantined,
            "batch_id": outcome.batch_id or "",
        }
        is_used = outcome.verdict in ledger.ACCEPTED
        why = together([failure.told for failure, _ in news]) if is_used else outcome.reason
        message = alerts.about_file(
            feed,
            outcome.delivery_id,
            "incident" if is_used else outcome.verdict,
            why or Sentence("", ""),
            quarantined,
            facts,
            [incident for _, incident in news],
            endangered,
        )
        store.put(connection, ledger.message, [message])


def _is_released(connection: sa.Connection, batch_id: str | None) -> bool:
    """Whether a batch was released before it was read again."""
    table = ledger.release
    return bool(connection.execute(sa.select(table.c.batch_id).where(table.c.batch_id == batch_id)).first())


def batch_row(
    landing: Mapping[str, Any],
    sheet_key: str,
    outcome: Outcome,
    as_of: AsOf,
    scope: str | None,
    columns: Columns | None = None,
) -> dict[str, Any]:
    """The ledger row of a batch; `columns` is None where its header could not be read."""
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
        "missing_optional": sorted(columns.missing) if columns else None,
        "unknown_columns": columns.unknown if columns else None,
    }


def repair_rows(outcome: Outcome, repairs: Sequence[tuple[str, str, int]]) -> list[dict[str, Any]]:
    """Ledger rows of a batch's repairs."""
    return [
        {"batch_id": outcome.batch_id, "feed": outcome.feed, "column_name": column, "repair": repair, "cells": cells}
        for column, repair, cells in repairs
    ]


def profile_rows(outcome: Outcome, measures: Sequence[Measure]) -> list[dict[str, Any]]:
    """Ledger rows of what was measured about a batch's watched columns."""
    return [
        {
            "batch_id": outcome.batch_id,
            "column_name": measure.column,
            "measure": measure.name,
            "feed": outcome.feed,
            "rows_measured": measure.rows,
            "value": measure.value,
        }
        for measure in measures
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
