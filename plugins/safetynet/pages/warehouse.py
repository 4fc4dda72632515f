"""The published warehouse, read for as long as one page takes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import duckdb

from safetynet.home import Home


class NoWarehouse(RuntimeError):
    """Nothing has been built yet."""


@contextmanager
def warehouse(home: Home) -> Iterator[duckdb.DuckDBPyConnection]:
    """The published file; a build may switch it meanwhile. Raises NoWarehouse."""
    if not home.current.is_file():
        raise NoWarehouse
    with duckdb.connect(str(home.current), read_only=True) as connection:
        yield connection


def rows(connection: duckdb.DuckDBPyConnection, query: str, values: Sequence[object] = ()) -> list[dict[str, Any]]:
    """Rows of a query as dictionaries."""
    found = connection.execute(query, list(values))
    names = [column[0] for column in found.description or []]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def has(connection: duckdb.DuckDBPyConnection, table: str) -> bool:
    """Whether there is this mart."""
    query = "SELECT 1 FROM information_schema.tables WHERE table_schema = 'marts' AND table_name = ?"
    return bool(rows(connection, query, [table]))


def resolved_rows(home: Home, batch_id: str, numbers: Sequence[int]) -> dict[int, str]:
    """Quarantined row → the batch that brought it again without fault, as far as the warehouse knows."""
    query = (
        "SELECT DISTINCT row_number, resolved_by_batch FROM quality.quarantined_row "
        "WHERE batch_id = ? AND resolved_by_batch IS NOT NULL AND list_contains(?, row_number)"
    )
    return {row["row_number"]: row["resolved_by_batch"] for row in _told(home, query, [batch_id, list(numbers)])}


def _told(home: Home, query: str, values: Sequence[object]) -> list[dict[str, Any]]:
    """Rows that a page is better with and does without where there is no warehouse, or one of another form."""
    try:
        with warehouse(home) as connection:
            return rows(connection, query, values)
    except (NoWarehouse, duckdb.Error):
        return []
