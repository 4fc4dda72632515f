"""The form of the ledger's tables: what an older version did not make is added when the ledger is opened.

Tables and columns are only ever added, so a new column is nullable or has a default that the server knows.
"""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.schema import CreateColumn

_LOCK = 0x5AFE


class NewerLedger(RuntimeError):
    """The ledger was made by a newer version of the program, which keeps in it what this one would lose."""


def bring_to_form(engine: sa.Engine, metadata: sa.MetaData) -> None:
    """Add the tables and columns that are missing, all or none; raises NewerLedger."""
    with engine.connect() as connection:
        if not any(_missing(connection, metadata)):
            return
    with engine.begin() as connection:
        _wait_for_others(connection)
        metadata.create_all(connection)
        _, columns = _missing(connection, metadata)
        name = engine.dialect.identifier_preparer.format_table
        for column in columns:
            added = CreateColumn(column).compile(dialect=engine.dialect)
            connection.exec_driver_sql(f"ALTER TABLE {name(column.table)} ADD COLUMN {added}")


def _missing(connection: sa.Connection, metadata: sa.MetaData) -> tuple[list[sa.Table], list[sa.Column[object]]]:
    """Tables and columns of the metadata that are not there yet; raises NewerLedger."""
    there = {
        table: {column["name"] for column in columns}
        for (_, table), columns in sa.inspect(connection).get_multi_columns(filter_names=list(metadata.tables)).items()
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
    return tables, columns


def _wait_for_others(connection: sa.Connection) -> None:
    """Hold a lock until the transaction ends, so that of several that open the ledger one brings it to its form."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    else:
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))
