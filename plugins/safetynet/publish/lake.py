"""The lake: for each batch its rows and, in a file beside them, its marks; both moved into place whole.

A batch's rows are written in the one pass that reads and cleans them. What only the last row tells (repeated rows, keys
that contradict each other) is known after that, so the marks are a small file of their own, not a second copy.
"""

from __future__ import annotations

import os
from pathlib import Path

import duckdb
import polars as pl

from safetynet.clean.statement import literal
from safetynet.contract import Contract
from safetynet.home import Home

PARQUET = "(FORMAT parquet, COMPRESSION snappy, ROW_GROUP_SIZE 122880, DICTIONARY_SIZE_LIMIT 5000)"
"""A column with more texts than that in a row group gains nothing from a dictionary, and looking for one costs most."""

_OF_THE_CLEANER = {
    "is_ragged": "BOOLEAN",
    "is_no_data": "BOOLEAN",
    "is_note_like": "BOOLEAN",
    "row_hash": "UBIGINT",
    "issue": "MAP(VARCHAR, VARCHAR)",
    "repair": "MAP(VARCHAR, VARCHAR)",
}
"""Columns of the rows that the marks are made from, and nobody asks for later."""

MARKS = {
    "batch_id": "VARCHAR",
    "row_number": "INTEGER",
    "disposition": "VARCHAR",
    "reasons": "STRUCT(column_name VARCHAR, reason VARCHAR)[]",
    "findings": "STRUCT(column_name VARCHAR, finding VARCHAR)[]",
    "corrects": "STRUCT(batch_id VARCHAR, row_number INTEGER)",
}
"""Column → type of a batch's marks: rows quarantined, duplicate or no data, rows of which something was found, and rows
that a returned file says are the correction of an earlier batch's row."""


def row_columns(contract: Contract) -> dict[str, str]:
    """Column → type of the rows of a feed's batches."""
    values = {name: column.sql_type for name, column in contract.columns.items()}
    damaged = dict.fromkeys((f"{name}_damaged" for name in contract.id_columns), "VARCHAR")
    return {"batch_id": "VARCHAR", "row_number": "INTEGER"} | values | damaged | _OF_THE_CLEANER


def marked(rows: str, marks: str) -> str:
    """SELECT over relations of rows and of marks: every row of data with its disposition and what is told of it."""
    return f"""
        SELECT
            lake.* EXCLUDE ({", ".join(_OF_THE_CLEANER)}),
            coalesce(mark.disposition, 'accepted') AS disposition, mark.reasons, mark.findings, mark.corrects
        FROM {rows} AS lake LEFT JOIN {marks} AS mark USING (batch_id, row_number)
        WHERE mark.disposition IS DISTINCT FROM 'no_data'
    """


def renamed(rows: str, successors: str) -> str:
    """SELECT over relations of rows and of division_code → successor_code: every division under its code of today.

    Rows of a feed that names no division have a division_code that is null.
    """
    return f"""
        SELECT kept.* REPLACE (coalesce(successor.successor_code, kept.division_code) AS division_code)
        FROM (FROM {rows} UNION ALL BY NAME SELECT NULL::VARCHAR AS division_code WHERE false) AS kept
        LEFT JOIN {successors} AS successor ON kept.division_code = successor.division_code
    """


def write(path: Path, columns: dict[str, str], rows: pl.DataFrame) -> None:
    """Write rows into a Parquet file of given columns and types; a column that `rows` lacks is null."""
    with duckdb.connect() as connection:
        declared = ", ".join(f"{name} {sql_type}" for name, sql_type in columns.items())
        connection.execute(f"CREATE TABLE written ({declared})")
        connection.register("given", rows.to_arrow())
        connection.execute("INSERT INTO written BY NAME FROM given")
        connection.execute(f"COPY written TO {literal(str(path))} {PARQUET}")


def write_empty(files: dict[Path, dict[str, str]]) -> None:
    """Write Parquet files without a row, each of given columns and types."""
    with duckdb.connect() as connection:
        for path, columns in files.items():
            nothing = ", ".join(f"NULL::{sql_type} AS {name}" for name, sql_type in columns.items())
            connection.execute(f"COPY (SELECT {nothing} WHERE false) TO {literal(str(path))} {PARQUET}")


def move_in(home: Home, feed: str, batch_id: str, rows: Path, marks: Path) -> None:
    """Put finished files into the lake, each by a rename; files of that batch that nobody published are replaced."""
    _move(rows, home.batch_rows(feed, batch_id), home.folder("lake", feed))
    _move(marks, home.batch_marks(feed, batch_id), home.folder("marks", feed))


def _move(draft: Path, target: Path, folder: Path) -> None:
    with draft.open("rb") as stream:
        os.fsync(stream.fileno())
    draft.chmod(0o600)
    draft.replace(target)
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
