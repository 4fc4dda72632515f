"""One sheet on DuckDB's bench: cleaned in one stream, marked in one pass, counted, and set up for validation."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path
from types import TracebackType

import duckdb
import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

from safetynet.check import profile
from safetynet.check.profile import Measure
from safetynet.check.rules import (
    CONTRADICTING_ROWS,
    REPEATED_ROWS,
    alike_statement,
    failed_statement,
    judged_statement,
    keyed_view,
    mark_statement,
    row_view,
)
from safetynet.check.verdict import Counts
from safetynet.clean.repeated import RepeatedColumns
from safetynet.clean.statement import MACROS, clean_statement, literal
from safetynet.contract import Contract
from safetynet.division import first_known
from safetynet.publish.lake import PARQUET
from safetynet.read.added import ORIGIN
from safetynet.read.header import Header
from safetynet.read.sheet import Sheet, row_schema

_SCOPE_SHARE = 0.95
_COLUMNS_READ = 64
"""In a sheet wider than this, columns that the contract does not know are not even looked at."""

_MEMORY = "1200MB"


class BenchError(RuntimeError):
    """A step failed here, not in the file; what the database said of values is not told."""


class _Stream:
    """Batches of a sheet, counted, in `schema`; what ends the stream early is kept for whoever asked.

    Of a column beyond the schema, the one that safetynet added, the filled cells are kept too.
    """

    def __init__(self, batches: Iterator[pa.RecordBatch], schema: pa.Schema) -> None:
        self._batches = batches
        self._schema = schema
        self.rows = 0
        self.added: list[pa.Table] = []
        self.raised: Exception | None = None

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        try:
            for batch in self._batches:
                self.rows += batch.num_rows
                if batch.num_columns > len(self._schema):
                    self._keep(batch)
                    batch = batch.select(self._schema.names)
                yield batch
        except Exception as error:
            self.raised = error

    def _keep(self, batch: pa.RecordBatch) -> None:
        text = batch.column(len(self._schema))
        said = pa.table({"row_number": batch.column("row_number"), "text": text})
        self.added.append(said.filter(pc.not_equal(text, "")))


_ADDED = pa.schema([("row_number", pa.int32()), ("text", pa.string())])


class Workbench:
    """The rows of one sheet, in files of a private folder; use as a context manager.

    `clean` first, then `mark`; the rest reads what they left: `rows`, cleaned, and `marks`, what is told of them.
    """

    def __init__(self, contract: Contract, batch_id: str, folder: Path) -> None:
        self._contract = contract
        self._batch_id = batch_id
        self._folder = folder
        self.rows = folder / "rows.parquet"
        self.marks = folder / "marks.parquet"
        self._connection = duckdb.connect(
            config={
                "autoinstall_known_extensions": "false",
                "autoload_known_extensions": "false",
                "temp_directory": str(folder / "spill"),
                "memory_limit": _MEMORY,
            }
        )
        self._connection.execute("SET enable_progress_bar = false")

    def __enter__(self) -> Workbench:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.close()

    def _execute(self, step: str, statement: str) -> duckdb.DuckDBPyConnection:
        try:
            return self._connection.execute(statement)
        except duckdb.Error as error:
            trouble = OSError if isinstance(error, duckdb.IOException) else BenchError
            raise trouble(f"{self._contract.feed}: {step} failed with {type(error).__name__}") from None

    def clean(self, sheet: Sheet, header: Header, as_of: date, divisions: pl.DataFrame) -> None:
        """Read a sheet into typed columns, and set apart what is no data and what is there twice.

        Raises Refused where the sheet cannot be read to its end.
        """
        self._connection.register("division_table", divisions.to_arrow())
        self._execute(
            "divisions",
            "CREATE TABLE division AS SELECT DISTINCT division_code FROM division_table "
            f"WHERE coalesce(valid_from <= DATE '{as_of}', true) AND coalesce(valid_to >= DATE '{as_of}', true)",
        )
        self._execute("cleaners", MACROS)
        is_wide = header.width > _COLUMNS_READ
        columns = sorted(header.columns.values()) if is_wide else sorted({*range(header.width)} - header.added)
        narrowed = header.narrowed(columns)
        schema = row_schema(len(columns))
        stream = _Stream(sheet.rows(header.row, [*columns, *sorted(header.added)[:1]]), schema)
        rows = RepeatedColumns(self._connection.cursor(), self._contract, narrowed, as_of, schema, stream)
        self._connection.register("sheet", pa.RecordBatchReader.from_batches(rows.schema, rows.batches()))
        statement = clean_statement(self._contract, narrowed, as_of, rows.names)
        statement = f"SELECT {literal(self._batch_id)} AS batch_id, * FROM ({statement})"
        try:
            self._execute("cleaning", f"COPY ({statement}) TO {self._file(self.rows)} {PARQUET}")
        except BenchError:
            if stream.raised is None:
                raise
        finally:
            self._connection.unregister("sheet")
        if stream.raised is not None:
            raise stream.raised
        ((written,),) = self._execute("counting", f"SELECT count(*) FROM {self._file(self.rows)}").fetchall()
        if written != stream.rows:
            raise BenchError(f"{self._contract.feed}: {stream.rows} rows read, {written} written")
        self._connection.register("added", pa.concat_tables([_ADDED.empty_table(), *stream.added]))
        self._arrange()

    @staticmethod
    def _file(path: Path) -> str:
        return literal(str(path))

    def _arrange(self) -> None:
        """Relations: `cleaned` (all), `no_data` and `data`, `batch` (rows of data that repeat no earlier one)."""
        is_no_data = """
            (is_no_data OR (is_note_like AND row_number > coalesce((SELECT row_number FROM last_row), 0)))
        """
        for statement in (
            f"CREATE TEMP VIEW cleaned AS {row_view(self._contract, self._file(self.rows))}",
            "CREATE TEMP TABLE last_row AS "
            "SELECT max(row_number) AS row_number FROM cleaned WHERE NOT is_no_data AND NOT is_note_like",
            f"""
            CREATE TEMP TABLE corrected AS
            SELECT row_number, {{'batch_id': told.batch, 'row_number': CAST(told.line AS INTEGER)}} AS corrects
            FROM (SELECT row_number, regexp_extract(text, {literal(ORIGIN)}, ['batch', 'line']) FROM added)
                AS added(row_number, told)
            WHERE told.batch <> ''
            """,
            f"CREATE TEMP VIEW no_data AS SELECT row_number FROM cleaned WHERE {is_no_data}",
            f"CREATE TEMP VIEW data AS {keyed_view(self._contract, f'(FROM cleaned WHERE NOT {is_no_data})')}",
        ):
            self._execute("arranging", statement)
        self._find_shared("row_hash", "key_hash")
        for statement in (
            f"CREATE TEMP TABLE alike AS {alike_statement(self._contract)}",
            f"CREATE TEMP TABLE repeated_row AS {REPEATED_ROWS}",
            f"CREATE TEMP TABLE contradicting_row AS {CONTRADICTING_ROWS}",
            "CREATE TEMP VIEW batch AS FROM data ANTI JOIN repeated_row USING (row_number)",
        ):
            self._execute("arranging", statement)

    def _find_shared(self, *columns: str) -> None:
        """Make relations `shared_<column>` of the hashes that stand on more than one row: sorting beats grouping."""
        found = self._execute("arranging", f"SELECT {', '.join(columns)} FROM data").fetchnumpy()
        with ThreadPoolExecutor() as pool:
            shared = pool.map(_repeated, (found[column] for column in columns))
        for column, hashes in zip(columns, shared, strict=True):
            self._connection.register(f"shared_{column}", pa.table({column: hashes}))

    def mark(self) -> Counts:
        """Write down what is said of the batch's rows; a row of which nothing is said is accepted."""
        self._execute("marking", f"CREATE TEMP TABLE judged AS {judged_statement(self._contract)}")
        statement = mark_statement(self._contract, self._batch_id)
        self._execute("marking", f"COPY ({statement}) TO {self._file(self.marks)} {PARQUET}")
        ((received, quarantined, duplicate),) = self._execute(
            "counting",
            f"""
            SELECT
                (SELECT count(*) FROM data),
                count(*) FILTER (disposition = 'quarantined'), count(*) FILTER (disposition = 'duplicate')
            FROM {self._file(self.marks)}
            """,
        ).fetchall()
        return Counts(received, received - quarantined - duplicate, quarantined, duplicate)

    def unanswered(self) -> int:
        """Rows of a form that nobody has filled in, 0 where the feed's files are no forms."""
        answers = self._contract.answers
        if not answers:
            return 0
        asked = [name for name in self._contract.columns if name not in answers]
        ((rows,),) = self._execute(
            "counting",
            f"""
            SELECT count(*) FROM cleaned
            WHERE is_no_data AND concat({", ".join(answers)}) = '' AND concat({", ".join(asked)}) <> ''
            """,
        ).fetchall()
        return int(rows)

    def repairs(self) -> list[tuple[str, str, int]]:
        """(column, repair, cells) of every repair that the cleaners made."""
        repaired = f"(FROM {self._file(self.rows)} WHERE repair IS NOT NULL)"
        return self._execute(
            "counting repairs",
            f"""
            SELECT told.key, told.value, count(*)
            FROM (SELECT unnest(map_entries(repair)) AS told FROM {repaired} SEMI JOIN data USING (row_number))
            GROUP BY ALL ORDER BY ALL
            """,
        ).fetchall()

    def profile(self, missing: Collection[str]) -> list[Measure]:
        """What is measured of the contract's watched columns that are not missing; nothing of a batch without rows."""
        measured = profile.measured(self._contract, missing)
        if not measured:
            return []
        ((rows, *values),) = self._execute(
            "profile", f"SELECT count(*), {', '.join(measured.values())} FROM data"
        ).fetchall()
        return [
            Measure(column, name, rows, value)
            for (column, name), value in zip(measured, values, strict=True)
            if rows and value is not None
        ]

    def scope(self, named: list[str], is_part: bool, divisions: pl.DataFrame) -> str | None:
        """The division that a batch speaks for: the first named one, else the smallest that holds 95 % of its rows.

        A part of a delivery (a sheet, an archive member) whose rows lie in a smaller division than the named one
        speaks for that alone.
        """
        levels: dict[str, int] = dict(divisions.select("division_code", "level").iter_rows())
        stated = first_known(named, levels)
        if (stated and not is_part) or "division_code" not in self._contract.columns:
            return stated
        rows = self._execute(
            "scope", "SELECT division_code, count(*) FROM batch WHERE division_code IS NOT NULL GROUP BY ALL"
        ).fetchall()
        parents: dict[str, str | None] = dict(divisions.select("division_code", "parent_code").iter_rows())
        held: dict[str, int] = {}
        for code, count in rows:
            for above in _ancestry(code, parents):
                held[above] = held.get(above, 0) + count
        least = _SCOPE_SHARE * sum(count for _, count in rows)
        enough = [code for code, count in held.items() if count >= least and code in levels]
        smallest = max(enough, key=lambda code: levels[code], default=None)
        if stated and (smallest is None or stated not in _ancestry(smallest, parents)):
            return stated
        return smallest

    def validation_database(self) -> Path:
        """A DuckDB file whose view `batch` is the batch with its marks, for Great Expectations to open.

        The marks are those that `mark` has worked out: a view would do it for every query, whether it asks for them or
        not.
        """
        path = self._folder / "validation.duckdb"
        left_out = f"(FROM {self._file(self.marks)} WHERE disposition IN ('no_data', 'duplicate'))"
        kept = f"(FROM ({row_view(self._contract, self._file(self.rows))}) ANTI JOIN {left_out} USING (row_number))"
        for statement in (
            f"ATTACH {self._file(path)} AS validation",
            f"CREATE TABLE validation.mark AS {failed_statement(self._contract)}",
            "USE validation",
            f"CREATE VIEW unmarked AS {keyed_view(self._contract, kept)}",
            "CREATE VIEW batch AS FROM unmarked LEFT JOIN mark USING (row_number)",
            "USE memory",
            "DETACH validation",
        ):
            self._execute("validation", statement)
        return path


def _repeated(hashes: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """The hashes that stand more than once, NULL aside."""
    ordered = np.sort(np.ma.compressed(hashes))
    return np.unique(ordered[1:][ordered[1:] == ordered[:-1]])


def _ancestry(code: str, parents: dict[str, str | None]) -> list[str]:
    """A division and all above it, the smallest first; a table that runs in a circle ends it."""
    above: list[str] = []
    here: str | None = code
    while here and here not in above:
        above.append(here)
        here = parents.get(here)
    return above
