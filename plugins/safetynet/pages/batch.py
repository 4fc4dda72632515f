"""What happened to one file: stages, checks, repairs, what was quarantined. Counts and row numbers, never values."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import sqlalchemy as sa

from safetynet.check.data_docs import page_path, suite_path
from safetynet.contract import Contract, contracts
from safetynet.home import Home
from safetynet.pages.feeds import verdict_now
from safetynet.publish import ledger
from safetynet.publish.ledger import ACCEPTED, Ledger

ROWS = 200
"""Quarantined rows on a page."""


@dataclass(frozen=True)
class Reason:
    """Why rows were quarantined, or what was found in rows that stay; column None: the row as a whole."""

    column: str | None
    reason: str
    rows: int


@dataclass(frozen=True)
class Marks:
    """What a batch's marks say: reasons and findings counted, and one page of its quarantined rows."""

    reasons: list[Reason]
    findings: list[Reason]
    rows: list[tuple[int, list[tuple[str | None, str]]]]
    """Row number → (column, reason) pairs."""
    total: int


@dataclass(frozen=True)
class File:
    """A file (sheet, member of an archive) that arrived; `batch` is None where nothing of it could be read."""

    contract: Contract
    batch: dict[str, Any] | None
    deliveries: list[dict[str, Any]]
    """As often as it was delivered, the newest first."""
    landing: dict[str, Any] | None
    repairs: list[dict[str, Any]]
    expectations: list[dict[str, Any]]
    release: dict[str, Any] | None
    build: dict[str, Any] | None
    """The published build that knows it."""
    message: dict[str, Any] | None
    incidents: list[dict[str, Any]]

    @property
    def verdict(self) -> str:
        """The verdict that holds."""
        return str(self.batch["verdict"] if self.batch else self.deliveries[0]["verdict"])

    @property
    def failed(self) -> list[dict[str, Any]]:
        """Expectations that failed."""
        return [row for row in self.expectations if not row["success"]]

    @property
    def repairs_by_kind(self) -> list[tuple[str, list[dict[str, Any]]]]:
        """Kind of repair → its columns, the most frequent kind first."""
        kinds: dict[str, list[dict[str, Any]]] = {}
        for row in self.repairs:
            kinds.setdefault(row["repair"], []).append(row)
        return sorted(kinds.items(), key=lambda kind: -sum(row["cells"] for row in kind[1]))

    @property
    def repaired_cells(self) -> int:
        """Cells that were brought into their one form."""
        return sum(row["cells"] for row in self.repairs)


def _one(store: Ledger, statement: sa.Select[Any]) -> dict[str, Any] | None:
    rows = store.rows(statement.limit(1))
    return rows[0] if rows else None


def _batch(store: Ledger, batch_id: str) -> dict[str, Any] | None:
    table = ledger.batch
    columns = [column for column in table.c if column.name != "verdict"]
    return _one(store, sa.select(*columns, verdict_now()).where(table.c.batch_id == batch_id))


def _build(store: Ledger, batch: dict[str, Any] | None) -> dict[str, Any] | None:
    """The current warehouse, where it holds the batch's rows."""
    if batch is None or batch["verdict"] not in ACCEPTED:
        return None
    table = ledger.build
    return _one(
        store,
        sa.select(table).where(
            table.c.build_id == "current", table.c.known_at >= batch["received_at"], table.c.as_of >= batch["as_of"]
        ),
    )


def _incidents(store: Ledger, batch_id: str) -> list[dict[str, Any]]:
    table, event = ledger.incident, ledger.incident_event
    of_batch = sa.select(event.c.incident_id).where(event.c.batch_id == batch_id)
    return store.rows(
        sa.select(table)
        .where(sa.or_(table.c.last_batch_id == batch_id, table.c.incident_id.in_(of_batch)))
        .order_by(table.c.opened_at)
    )


def find(store: Ledger, batch_id: str | None, delivery_id: str | None = None) -> File | None:
    """A file by its batch, or by its delivery where there is no batch; None where nobody knows it."""
    delivery = ledger.delivery
    is_it = delivery.c.batch_id == batch_id if batch_id else delivery.c.delivery_id == delivery_id
    deliveries = store.rows(sa.select(delivery).where(is_it).order_by(delivery.c.received_at.desc()))
    known = batch_id or (deliveries[0]["batch_id"] if deliveries else None)
    batch = _batch(store, known) if known else None
    feed = batch["feed"] if batch else deliveries[0]["feed"] if deliveries else None
    if feed not in contracts():
        return None
    first = deliveries[-1] if deliveries else None
    landing = first and _one(store, sa.select(ledger.landing).where(ledger.landing.c.landing_id == first["landing_id"]))
    told = [f"{verdict}:{row['delivery_id']}" for row in deliveries for verdict in ("rejected", "held")]
    repair, result, release = ledger.repair, ledger.expectation_result, ledger.release
    return File(
        contract=contracts()[feed],
        batch=batch,
        deliveries=deliveries,
        landing=landing,
        repairs=store.rows(
            sa.select(repair).where(repair.c.batch_id == known).order_by(repair.c.cells.desc(), repair.c.column_name)
        ),
        expectations=store.rows(
            sa.select(result)
            .where(result.c.batch_id == known)
            .order_by(result.c.success, result.c.rows_failed.desc(), result.c.position)
        ),
        release=_one(store, sa.select(release).where(release.c.batch_id == known)),
        build=_build(store, batch),
        message=_one(store, sa.select(ledger.message).where(ledger.message.c.message_id.in_(told))),
        incidents=_incidents(store, known) if known else [],
    )


_COUNTED = """
    SELECT told.column_name, told.{what}, count(DISTINCT row_number)
    FROM (SELECT row_number, unnest({what}s) AS told FROM read_parquet(?) WHERE {which})
    GROUP BY ALL ORDER BY 3 DESC, 1, 2
"""
_ROWS = """
    SELECT row_number, reasons FROM read_parquet(?) WHERE disposition = 'quarantined'
    ORDER BY row_number LIMIT ? OFFSET ?
"""
_TOTAL = "SELECT count(*) FROM read_parquet(?) WHERE disposition = 'quarantined'"


def marks(home: Home, batch: dict[str, Any], page: int) -> Marks | None:
    """What the marks of a batch say, with one page (from 0) of its quarantined rows; None where the file is lost."""
    path = home.batch_marks(batch["feed"], batch["batch_id"])
    if not path.is_file():
        return None
    file = str(path)
    with duckdb.connect() as connection:
        reasons = connection.execute(
            _COUNTED.format(what="reason", which="disposition = 'quarantined'"), [file]
        ).fetchall()
        findings = connection.execute(_COUNTED.format(what="finding", which="true"), [file]).fetchall()
        rows = connection.execute(_ROWS, [file, ROWS, page * ROWS]).fetchall()
        ((total,),) = connection.execute(_TOTAL, [file]).fetchall()
    return Marks(
        reasons=[Reason(*row) for row in reasons],
        findings=[Reason(*row) for row in findings],
        rows=[(number, [(each["column_name"], each["reason"]) for each in told or []]) for number, told in rows],
        total=total,
    )


def returned(home: Home, file: File) -> Path | None:
    """The locked copy that goes back to the department; None where nobody has made one."""
    if file.landing is None:
        return None
    folder = home.root / "returned" / file.contract.feed / file.landing["landing_id"]
    return next(iter(sorted(folder.glob("*.xlsx"))), None)


def data_docs(home: Home, batch: dict[str, Any]) -> str | None:
    """Where the batch's page lies in Data Docs; None where there is none."""
    path = page_path(batch["feed"], batch["batch_id"], batch["received_at"])
    return path if (home.root / "data_docs" / "site" / path).is_file() else None


def suite(home: Home, feed: str) -> str | None:
    """Where the page of a feed's expectations lies in Data Docs; None where there is none."""
    path = suite_path(feed)
    return path if (home.root / "data_docs" / "site" / path).is_file() else None
