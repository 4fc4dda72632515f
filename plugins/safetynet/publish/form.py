"""The form of the ledger's tables: what an older version did not make is added when the ledger is opened.

Tables, columns and indexes are only ever added, so a new column is nullable or has a default that the server knows.
"""

from __future__ import annotations

from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.schema import CreateColumn

_LOCK = 0x5AFE


class NewerLedger(RuntimeError):
    """The ledger was made by a newer version of the program, which keeps in it what this one would lose."""


class _Missing(NamedTuple):
    """What is not there yet."""

    tables: list[sa.Table]
    columns: list[sa.Column[object]]
    indexes: list[sa.Index]


def bring_to_form(engine: sa.Engine, metadata: sa.MetaData) -> None:
    """Add the tables, columns and indexes that are missing, all or none; raises NewerLedger."""
    with engine.connect() as connection:
        if not any(_missing(connection, metadata)):
            return
    with engine.begin() as connection:
        _wait_for_others(connection)
        metadata.create_all(connection)
        _, columns, indexes = _missing(connection, metadata)
        name = engine.dialect.identifier_preparer.format_table
        for column in columns:
            added = CreateColumn(column).compile(dialect=engine.dialect)
            connection.exec_driver_sql(f"ALTER TABLE {name(column.table)} ADD COLUMN {added}")
        for index in indexes:
            index.create(connection)


def _missing(connection: sa.Connection, metadata: sa.MetaData) -> _Missing:
    """Tables, and columns and indexes of the other tables, that are not there yet; raises NewerLedger."""
    inspector = sa.inspect(connection)
    there = {
        table: {column["name"] for column in columns}
        for (_, table), columns in inspector.get_multi_columns(filter_names=list(metadata.tables)).items()
    }
    indexed = {
        index["name"]
        for indexes in inspector.get_multi_indexes(filter_names=list(metadata.tables)).values()
        for index in indexes
    }
    for table, names in there.items():
        unknown = names - set(metadata.tables[table].columns.keys())
        if unknown:
            raise NewerLedger(
                f"the ledger was made by a newer version of safetynet (it knows {table}.{min(unknown)}): "
                "take the newer version, or the backup that is of this one / 台账由更新版本的程序建立，请使用新版本"
            )
    tables = [table for name, table in metadata.tables.items() if name not in there]
    columns = [column for name in there for column in metadata.tables[name].columns if column.name not in there[name]]
    indexes = [index for name in there for index in metadata.tables[name].indexes if index.name not in indexed]
    return _Missing(tables, columns, sorted(indexes, key=lambda index: str(index.name)))


def _wait_for_others(connection: sa.Connection) -> None:
    """Hold a lock until the transaction ends, so that of several that open the ledger one brings it to its form."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    else:
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))
