"""What every reader yields: a sheet of text cells with the row numbers that a person sees."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Protocol

import pyarrow as pa

HEAD_ROWS = 40
"""Rows of a sheet that are looked at to find its header."""


Cell = str | float | bool | dt.date | dt.datetime | dt.time | dt.timedelta


class Sheet(Protocol):
    """One table of a delivered file."""

    @property
    def name(self) -> str | None:
        """Name of the sheet, None for a text file."""

    @property
    def encoding(self) -> str | None:
        """How a text file was decoded, None for a workbook."""

    @property
    def merged_cells(self) -> int:
        """Cells, of the rows streamed so far, that were filled with what is merged over them."""

    def head(self) -> list[list[str]]:
        """The first rows as text, title rows and header included."""

    def rows(self, below: int, columns: list[int]) -> Iterator[pa.RecordBatch]:
        """Stream the rows under row `below` (1-based) in the schema of `row_schema(len(columns))`.

        Raises Refused when the sheet cannot be read to its end.
        """

    def cells(self, below: int) -> Iterator[list[Cell]]:
        """All rows from the first on as they stand, those under row `below` with what is merged over them.

        Raises Refused when the sheet cannot be read to its end.
        """

    def filled_rows(self, below: int) -> list[int]:
        """Numbers of the rows under row `below` with any filled cell, as far as the sheet can be read."""


def row_schema(width: int) -> pa.Schema:
    """Columns of a stream of rows: row_number, is_ragged, and the cells c0 … c<width-1> as text ('' = blank)."""
    return pa.schema(
        [("row_number", pa.int32()), ("is_ragged", pa.bool_())] + [(f"c{i}", pa.string()) for i in range(width)]
    )
