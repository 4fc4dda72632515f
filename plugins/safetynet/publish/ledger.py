"""The ledger: what arrived, what became of it, what was said to whom. SQLite unless told otherwise."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.dialects.postgresql import insert as insert_postgresql
from sqlalchemy.dialects.sqlite import insert as insert_sqlite

from safetynet.home import Home
from safetynet.publish.form import bring_to_form

metadata = sa.MetaData()

_PATIENCE_SECONDS = 60
_LOCK = 0x1C1D


class Moment(sa.TypeDecorator[datetime]):
    """A moment with its zone, kept in UTC."""

    impl = sa.DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        return value.astimezone(UTC).replace(tzinfo=None) if value else None

    def process_result_value(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        return value.replace(tzinfo=UTC) if value else None


landing = sa.Table(
    "landing",
    metadata,
    sa.Column("landing_id", sa.String(24), primary_key=True),
    sa.Column("feed", sa.String(64), nullable=False, index=True),
    sa.Column("path_key", sa.String(64), nullable=False, comment="keyed hash of the path in the inbox"),
    sa.Column("fingerprint", sa.String(64), nullable=False, comment="size and time of the file when it was read"),
    sa.Column("sha256", sa.String(64), nullable=False),
    sa.Column("source_file", sa.String(512), nullable=False, comment="name with long runs of digits masked"),
    sa.Column("as_of_in_name", sa.Date),
    sa.Column("codes_in_name", sa.String(128), nullable=False, comment="six-digit runs, for the scope"),
    sa.Column("is_part", sa.Boolean, nullable=False, comment="one of several tables of a delivered archive"),
    sa.Column("member_key", sa.String(32), nullable=False, server_default="", comment="keyed hash of its name there"),
    sa.Column("received_at", Moment, nullable=False),
    sa.Column("refusal", sa.JSON, comment="why the file was refused before it was read"),
    sa.Column("is_done", sa.Boolean, nullable=False, default=False),
    sa.Column("retaken_at", Moment, comment="when somebody asked last that it be read again"),
    sa.Column("retaken_by", sa.String(128)),
)

delivery = sa.Table(
    "delivery",
    metadata,
    sa.Column("delivery_id", sa.String(32), primary_key=True),
    sa.Column("landing_id", sa.String(24), nullable=False, index=True),
    sa.Column("batch_id", sa.String(24), index=True),
    sa.Column("feed", sa.String(64), nullable=False),
    sa.Column("source_file", sa.String(512), nullable=False),
    sa.Column("received_at", Moment, nullable=False),
    sa.Column("verdict", sa.String(32), nullable=False),
    sa.Column("reason", sa.Text),
    sa.Column("part_key", sa.String(72), nullable=False, server_default="", comment="which part of its file, '' = all"),
    sa.Index("delivery_of_verdict", "verdict", "received_at"),
)

batch = sa.Table(
    "batch",
    metadata,
    sa.Column("batch_id", sa.String(24), primary_key=True),
    sa.Column("feed", sa.String(64), nullable=False, index=True),
    sa.Column("source_file", sa.String(512), nullable=False),
    sa.Column("sha256", sa.String(64), nullable=False),
    sa.Column("sheet_key", sa.String(64), nullable=False, default=""),
    sa.Column("as_of", sa.Date, nullable=False),
    sa.Column("as_of_source", sa.String(16), nullable=False),
    sa.Column("scope", sa.String(12)),
    sa.Column("received_at", Moment, nullable=False),
    sa.Column("verdict", sa.String(32), nullable=False),
    sa.Column("reason", sa.Text),
    sa.Column("rows_received", sa.BigInteger, nullable=False),
    sa.Column("rows_accepted", sa.BigInteger, nullable=False),
    sa.Column("rows_quarantined", sa.BigInteger, nullable=False),
    sa.Column("rows_duplicate", sa.BigInteger, nullable=False),
    sa.Column("is_told", sa.Boolean, nullable=False, default=False, comment="its quarantine went into a message"),
    sa.Column("missing_optional", sa.JSON, comment="columns of the contract that the file lacks; null: not known"),
    sa.Column("unknown_columns", sa.Integer, comment="headers that the contract does not know"),
    sa.UniqueConstraint("feed", "as_of", "sha256", "sheet_key"),
    sa.Index("batch_of_scope", "feed", "scope", "as_of", "received_at"),
)

repair = sa.Table(
    "repair",
    metadata,
    sa.Column("batch_id", sa.String(24), primary_key=True),
    sa.Column("column_name", sa.String(64), primary_key=True),
    sa.Column("repair", sa.String(32), primary_key=True),
    sa.Column("feed", sa.String(64), nullable=False),
    sa.Column("cells", sa.BigInteger, nullable=False),
)

expectation_result = sa.Table(
    "expectation_result",
    metadata,
    sa.Column("batch_id", sa.String(24), primary_key=True),
    sa.Column("position", sa.Integer, primary_key=True),
    sa.Column("feed", sa.String(64), nullable=False),
    sa.Column("expectation", sa.String(128), nullable=False),
    sa.Column("column_name", sa.String(64)),
    sa.Column("severity", sa.String(16), nullable=False),
    sa.Column("success", sa.Boolean, nullable=False),
    sa.Column("rows_checked", sa.BigInteger, nullable=False),
    sa.Column("rows_failed", sa.BigInteger, nullable=False),
)

profile = sa.Table(
    "profile",
    metadata,
    sa.Column("batch_id", sa.String(24), primary_key=True),
    sa.Column("column_name", sa.String(64), primary_key=True),
    sa.Column("measure", sa.String(128), primary_key=True, comment="blank, =<code of the contract>, median, quartiles"),
    sa.Column("feed", sa.String(64), nullable=False),
    sa.Column("rows_measured", sa.BigInteger, nullable=False),
    sa.Column("value", sa.Float, nullable=False, comment="share of the rows, or in the column's unit"),
)

release = sa.Table(
    "release",
    metadata,
    sa.Column("batch_id", sa.String(24), primary_key=True),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("released_at", Moment, nullable=False),
    sa.Column("released_by", sa.String(128), comment="null: nobody said who"),
)

reference = sa.Table(
    "reference",
    metadata,
    sa.Column("name", sa.String(64), primary_key=True),
    sa.Column("sha256", sa.String(64), primary_key=True),
    sa.Column("received_at", Moment, nullable=False),
)

reference_return = sa.Table(
    "reference_return",
    metadata,
    sa.Column("name", sa.String(64), primary_key=True),
    sa.Column("received_at", Moment, primary_key=True),
    sa.Column("sha256", sa.String(64), nullable=False, comment="a version that was there before another one"),
)

message = sa.Table(
    "message",
    metadata,
    sa.Column("message_id", sa.String(128), primary_key=True),
    sa.Column("feed", sa.String(64)),
    sa.Column("channels", sa.String(64), nullable=False),
    sa.Column("kind", sa.String(32), nullable=False),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("body", sa.Text, nullable=False),
    sa.Column("written_at", Moment, nullable=False),
    sa.Column("sent_at", Moment),
    sa.Column("sent_to", sa.String(16)),
    sa.Column("severity", sa.String(16), nullable=False, server_default="warning"),
    sa.Column("incidents", sa.JSON, comment="ids of the incidents that it tells of"),
    sa.Column("attempts", sa.Integer, nullable=False, server_default="0", comment="times its channel refused it"),
)

channel_rest = sa.Table(
    "channel_rest",
    metadata,
    sa.Column("channels", sa.String(64), primary_key=True),
    sa.Column("until", Moment, nullable=False, comment="when it asked to be left alone until"),
)

incident = sa.Table(
    "incident",
    metadata,
    sa.Column("incident_id", sa.String(24), primary_key=True),
    sa.Column("feed", sa.String(64), index=True, comment="null: the installation itself"),
    sa.Column("scope", sa.String(12)),
    sa.Column("part_key", sa.String(72), nullable=False, server_default="", comment="which part of its file, '' = all"),
    sa.Column("kind", sa.String(32), nullable=False),
    sa.Column("what", sa.String(256), nullable=False, comment="an expectation, a refusal, a model, a channel; or ''"),
    sa.Column("severity", sa.String(16), nullable=False),
    sa.Column("owner", sa.String(64), nullable=False, comment="the variable that names the owner's channels"),
    sa.Column("status", sa.String(16), nullable=False, comment="open, acknowledged, resolved"),
    sa.Column("opened_at", Moment, nullable=False),
    sa.Column("acknowledged_at", Moment),
    sa.Column("acknowledged_by", sa.String(128)),
    sa.Column("assigned_to", sa.String(128)),
    sa.Column("resolved_at", Moment),
    sa.Column("batches", sa.Integer, nullable=False, comment="how often it failed since it was opened"),
    sa.Column("last_batch_id", sa.String(24)),
    sa.Column("last_as_of", sa.Date, comment="date in the name or title of the last file that failed"),
    sa.Column("last_seen_at", Moment, nullable=False),
    sa.Column("last_notified_at", Moment),
)

incident_event = sa.Table(
    "incident_event",
    metadata,
    sa.Column("event_id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("incident_id", sa.String(24), nullable=False, index=True),
    sa.Column("at", Moment, nullable=False),
    sa.Column("event", sa.String(16), nullable=False),
    sa.Column("batch_id", sa.String(24)),
    sa.Column("by", sa.String(128)),
    sa.Column("note", sa.Text),
)

build = sa.Table(
    "build",
    metadata,
    sa.Column("build_id", sa.String(32), primary_key=True),
    sa.Column("as_of", sa.Date, nullable=False),
    sa.Column("known_at", Moment, nullable=False),
    sa.Column("inputs", sa.String(64), nullable=False, comment="hash of everything the build depends on"),
    sa.Column("published_at", Moment, nullable=False),
)

official_month = sa.Table(
    "official_month",
    metadata,
    sa.Column("month", sa.Date, primary_key=True, comment="its first day"),
    sa.Column("revision", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("known_at", Moment, nullable=False, comment="the moment that the figures answer for"),
    sa.Column("by", sa.String(128), comment="who released it or asked for a revision"),
    sa.Column("reason", sa.Text, comment="why; null: everything was in, and this is the first"),
    sa.Column("missing", sa.JSON, nullable=False, comment="feed, scope, period, deadline, state of what was not in"),
    sa.Column("models_version", sa.String(12)),
    sa.Column("sha256", sa.String(64), comment="of the file of its figures"),
    sa.Column("frozen_at", Moment, comment="null: begun and not yet done, so nothing counts"),
)

ACCEPTED = ("accepted", "accepted_with_quarantine")


class Ledger:
    """The ledger of one home; every method is one transaction. Raises NewerLedger."""

    def __init__(self, home: Home) -> None:
        url = os.environ.get("SAFETYNET_OPERATIONS") or f"sqlite:///{home.operations}"
        home.folder()
        self.engine = sa.create_engine(url)
        if self.engine.dialect.name == "sqlite":
            event.listen(self.engine, "connect", _prepare_sqlite)
        bring_to_form(self.engine, metadata)
        if self.engine.dialect.name == "sqlite":
            home.operations.chmod(0o600)

    @contextmanager
    def transaction(self) -> Iterator[sa.Connection]:
        """One transaction: all of it is kept, or none."""
        with self.engine.begin() as connection:
            yield connection

    def put(self, connection: sa.Connection, table: sa.Table, rows: Sequence[dict[str, Any]]) -> int:
        """Insert rows; those whose primary key is there already stay as they are. Returns how many were new."""
        if not rows:
            return 0
        insert = insert_sqlite if self.engine.dialect.name == "sqlite" else insert_postgresql
        given = list(rows) if len(rows) > 1 else rows[0]
        return connection.execute(insert(table).on_conflict_do_nothing(), given).rowcount

    def alone(self, connection: sa.Connection) -> None:
        """Let no other transaction that asks for this run beside this one; SQLite's own lock does so by itself."""
        if self.engine.dialect.name != "sqlite":
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))

    def rows(self, statement: sa.Select[Any]) -> list[dict[str, Any]]:
        """Rows of a query as dictionaries."""
        with self.engine.connect() as connection:
            found = connection.execute(statement)
            names = list(found.keys())
            return [dict(zip(names, row, strict=True)) for row in found]


def _prepare_sqlite(connection: Any, record: Any) -> None:
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout={_PATIENCE_SECONDS * 1000}")
    _switch_to_wal(cursor)
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.close()


def _switch_to_wal(cursor: Any) -> None:
    """Wait for others as for any lock: SQLite itself gives up at once where several switch a new file over."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while True:
        try:
            cursor.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)
