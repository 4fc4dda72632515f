"""What is true of a drop, as Parquet beside it, for tests to measure a reader against."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

import polars as pl

from safetynet.demo.county import County
from safetynet.demo.mess import Delivered
from safetynet.demo.people import People
from safetynet.demo.table import Table


@dataclass(frozen=True)
class Record:
    """One file's rows: `rows` as of `mess.Delivered` and `_row_number`."""

    feed: str
    file_name: str
    as_of: date
    rows: pl.DataFrame


def record(table: Table, file_name: str, as_of: date, numbers: pl.Series, delivered: Delivered) -> Record:
    """What is known of the rows of one file."""
    return Record(table.feed, file_name, as_of, delivered.rows.with_columns(_row_number=numbers))


def write_truth(folder: Path, land: County, world: People, records: list[Record], as_of: date) -> None:
    """Write person, household, record and signal."""
    folder.mkdir(parents=True, exist_ok=True)
