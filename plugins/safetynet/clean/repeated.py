"""Columns whose cells repeat (codes, names of places, days): each distinct text is cleaned once and then looked up."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date

import duckdb
import pyarrow as pa

from safetynet.clean.statement import text_statement
from safetynet.contract import Contract
from safetynet.read.header import Header

_ROWS_AT_ONCE = 1 << 15
_FEW = 8
"""A column repeats where the first rows have this many times fewer texts than rows."""

_TEXTS_KEPT = 100_000
"""Texts of a column that are remembered; a column that turns out to hold more starts anew."""


class _Texts:
    """The distinct texts of one column so far, and what became of each."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, statement: str) -> None:
        self._connection = connection
        self._statement = statement
        self._places: dict[str, int] = {}
        self._outcomes: list[pa.Array] = []

    def outcomes(self, texts: list[str]) -> list[pa.Array]:
        """Value, issue and repair of each text."""
        if len(self._places) > _TEXTS_KEPT:
            self._places, self._outcomes = {}, []
        unseen = [text for text in texts if text not in self._places]
        if unseen:
            self._learn(unseen)
        places = pa.array([self._places[text] for text in texts], pa.int32())
        return [outcome.take(places) for outcome in self._outcomes]

    def _learn(self, texts: list[str]) -> None:
        self._connection.register("texts", pa.table({"text": pa.array(texts, pa.string())}))
        try:
            learnt = self._connection.sql(self._statement).to_arrow_table().columns
        except duckdb.Error as error:
            raise RuntimeError(f"cleaning distinct texts failed with {type(error).__name__}") from None
        finally:
            self._connection.unregister("texts")
        if len(learnt[0]) != len(texts):
            raise RuntimeError(f"{len(texts)} texts given, {len(learnt[0])} cleaned")
        new = [outcome.combine_chunks() for outcome in learnt]
        before = self._outcomes or [outcome.slice(0, 0) for outcome in new]
        self._outcomes = [pa.concat_arrays(pair) for pair in zip(before, new, strict=True)]
        self._places |= {text: place for place, text in enumerate(texts, start=len(self._places))}


class RepeatedColumns:
    """Cleans the repeating columns of a stream of rows ahead of whoever takes them.

    `names` are those columns, found out from the first rows; `schema` is that of the rows that `batches` yields, the
    cleaned columns behind the raw cells. Raises what the stream raises.
    """

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        contract: Contract,
        header: Header,
        as_of: date,
        schema: pa.Schema,
        batches: Iterable[pa.RecordBatch],
    ) -> None:
        self._cells = {name: f"c{index}" for name, index in header.columns.items()}
        self._groups = _groups(schema, batches)
        self._first = next(self._groups, schema.empty_table())
        rows = self._first.num_rows
        self._columns = {
            name: _Texts(connection, text_statement(contract, header, as_of, name))
            for name, cell in self._cells.items()
            if rows and len(self._first.column(cell).unique()) * _FEW <= rows
        }
        self._first = self._clean(self._first)
        self.names = list(self._columns)
        self.schema = self._first.schema

    def batches(self) -> Iterator[pa.RecordBatch]:
        """The rows with their cleaned columns; the next ones are made ready while these are worked on."""
        yield from self._first.to_batches()
        with ThreadPoolExecutor(1) as ahead:
            coming = ahead.submit(self._next)
            while (group := coming.result()) is not None:
                coming = ahead.submit(self._next)
                yield from group.to_batches()

    def _next(self) -> pa.Table | None:
        group = next(self._groups, None)
        return None if group is None else self._clean(group)

    def _clean(self, rows: pa.Table) -> pa.Table:
        for name, texts in self._columns.items():
            cell = rows.schema.get_field_index(self._cells[name])
            encoded = rows.column(cell).dictionary_encode()
            rows = rows.set_column(cell, self._cells[name], encoded)
            outcomes = texts.outcomes(encoded.chunk(0).dictionary.to_pylist())
            for suffix, outcome in zip(("", "_issue", "_repair"), outcomes, strict=True):
                looked_up = [pa.DictionaryArray.from_arrays(chunk.indices, outcome) for chunk in encoded.chunks]
                rows = rows.append_column(f"{name}{suffix}", pa.chunked_array(looked_up))
        return rows


def _groups(schema: pa.Schema, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.Table]:
    """Batches put together until there are enough rows at once."""
    group: list[pa.RecordBatch] = []
    rows = 0
    for batch in batches:
        if batch.num_rows:
            group.append(batch)
            rows += batch.num_rows
        if rows >= _ROWS_AT_ONCE:
            yield pa.Table.from_batches(group, schema).combine_chunks()
            group, rows = [], 0
    if group:
        yield pa.Table.from_batches(group, schema).combine_chunks()
