"""The shape that every demonstration feed has before it is messed up and written.

A column's kind says how its typed values look: `date` pl.Date; `month` 'YYYY-MM' text; `money` Int64 fen;
`yes_no` Boolean; `count` Int64; `number` Float64; `percent` Float64 (0-1); everything else text.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import polars as pl

PERSON = "_person"
HOUSEHOLD = "_household"


@dataclass(frozen=True)
class Column:
    """One column of a delivered table: its header, its name in the system and its kind."""

    header: str
    name: str
    kind: str = "text"
    required: bool = False


@dataclass(frozen=True)
class Table:
    """One feed's true content: typed columns, and `_person` and `_household` (Int64, null where none).

    `id_column` and `name_column` name the row's own person (None where the feed names no person); `key` the
    columns whose equality makes two rows one; `contradiction` the column that differs where two rows of
    one key contradict each other, and the value that it may take.
    """

    feed: str
    columns: tuple[Column, ...]
    frame: pl.DataFrame
    key: tuple[str, ...]
    contradiction: tuple[str, tuple[str, ...]]
    id_column: str | None = "id_number"
    name_column: str | None = "person_name"

    def only(self, rows: pl.Expr) -> Table:
        """The same table with those rows alone."""
        return self.holding(self.frame.filter(rows))

    def holding(self, frame: pl.DataFrame) -> Table:
        """The same table with other rows."""
        return replace(self, frame=frame)
