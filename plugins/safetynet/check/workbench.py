"""One sheet on DuckDB's bench: cleaned in one stream, marked in one pass, counted, and set up for validation."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from types import TracebackType

import duckdb
import polars as pl
import pyarrow as pa

from safetynet.check.rules import key_hashes, mark_statement
from safetynet.check.verdict import Counts
from safetynet.clean.statement import MACROS, clean_statement, literal
from safetynet.contract import Contract
from safetynet.publish.lake import PARQUET
from safetynet.read.header import Header
from safetynet.read.sheet import Sheet, row_schema

_SCOPE_SHARE = 0.95
_COLUMNS_READ = 64
"""In a sheet wider than this, columns that the contract does not know are not even looked at."""

_MEMORY = "1200MB"


class BenchError(RuntimeError):
    """A step failed here, not in the file; what the database said of values is not told."""


class _Stream:
    """Batches of a sheet, counted; what ends the stream early is kept for whoever asked."""

    def __init__(self, batches: Iterator[pa.RecordBatch]) -> None:
        self._batches = batches
        self.rows = 0
        self.raised: Exception | None = None

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        try:
            for batch in self._batches:
                self.rows += batch.num_rows
                yield batch
        except Exception as error:
            self.raised = error


class Workbench:
    """The rows of one sheet, in files of a private folder; use as a context manager.

    `clean` first, then `mark`; everything else reads what they left.
    """

    def __init__(self, contract: Contract, folder: Path) -> None:
        self._contract = contract
        self._folder = folder
        self._cleaned = folder / "clean.parquet"
        self.marked = folder / "marked.parquet"
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
            "CREATE TEMP TABLE division AS SELECT DISTINCT division_code FROM division_table "
            f"WHERE coalesce(valid_from <= DATE '{as_of}', true) AND coalesce(valid_to >= DATE '{as_of}', true)",
        )
        self._execute("cleaners", MACROS)
        columns = list(range(header.width)) if header.width <= _COLUMNS_READ else sorted(header.columns.values())
        stream = _Stream(sheet.rows(header.row, columns))
        reader = pa.RecordBatchReader.from_batches(row_schema(len(columns)), stream)
        self._connection.register("sheet", reader)
        statement = clean_statement(self._contract, header.narrowed(columns), as_of)
        try:
            self._execute("cleaning", f"COPY ({self._with_keys(statement)}) TO {self._file(self._cleaned)} {PARQUET}")
        except BenchError:
            if stream.raised is None:
                raise
        finally:
            self._connection.unregister("sheet")
        if stream.raised is not None:
            raise stream.raised
        ((written,),) = self._execute("counting", f"SELECT count(*) FROM {self._file(self._cleaned)}").fetchall()
        if written != stream.rows:
            raise BenchError(f"{self._contract.feed}: {stream.rows} rows read, {written} written")
        self._arrange()

    def _with_keys(self, statement: str) -> str:
        """The cleaned rows with hashes of their whole key, their fallback key and their content."""
        hashes = [f"{hashed} AS {name}" for name, hashed in key_hashes(self._contract).items()]
        return f"""
            SELECT *, {", ".join(hashes)}, hash({", ".join(self._contract.columns)}) AS content_hash
            FROM ({statement})
        """

    @staticmethod
    def _file(path: Path) -> str:
        return literal(str(path))

    def _arrange(self) -> None:
        """Relations: `data` (rows that are data), `repeated_row` (equal to an earlier one), `batch` (the rest)."""
        cleaned = self._file(self._cleaned)
        for statement in (
            f"""
            CREATE TEMP TABLE last_row AS
            SELECT max(row_number) AS row_number FROM {cleaned} WHERE NOT is_no_data AND NOT is_note_like
            """,
            f"""
            CREATE TEMP VIEW data AS
            SELECT * FROM {cleaned}
            WHERE NOT is_no_data
                AND NOT (is_note_like AND row_number > coalesce((SELECT row_number FROM last_row), 0))
            """,
            """
            CREATE TEMP TABLE repeated_row AS
            WITH twice AS (
                SELECT row_hash, content_hash, min(row_number) AS first_row
                FROM data GROUP BY row_hash, content_hash HAVING count(*) > 1
            )
            SELECT data.row_number
            FROM data JOIN twice USING (row_hash, content_hash)
            WHERE data.row_number <> twice.first_row
            """,
            "CREATE TEMP VIEW batch AS SELECT * FROM data ANTI JOIN repeated_row USING (row_number)",
        ):
            self._execute("arranging", statement)

    def mark(self, batch_id: str) -> Counts:
        """Write the batch's lake file: every row with its disposition, reasons and findings."""
        statement = mark_statement(self._contract, batch_id)
        self._execute("marking", f"COPY ({statement}) TO {self._file(self.marked)} {PARQUET}")
        counted = self._execute(
            "counting",
            f"""
            SELECT count(*), count(*) FILTER (disposition = 'accepted'),
                count(*) FILTER (disposition = 'quarantined'), count(*) FILTER (disposition = 'duplicate')
            FROM {self._file(self.marked)}
            """,
        ).fetchall()
        return Counts(*counted[0])

    def repairs(self) -> list[tuple[str, str, int]]:
        """(column, repair, cells) of every repair that the cleaners made."""
        histograms = ", ".join(f"histogram({name}_repair)" for name in self._contract.columns)
        (counted,) = self._execute("counting repairs", f"SELECT {histograms} FROM data").fetchall()
        return [
            (name, repair, cells)
            for name, histogram in zip(self._contract.columns, counted, strict=True)
            for repair, cells in (histogram or {}).items()
        ]

    def scope(self, named: list[str], is_part: bool, divisions: pl.DataFrame) -> str | None:
        """The division that a batch speaks for: the first named one, else the smallest that holds 95 % of its rows.

        A part of a delivery (a sheet, an archive member) whose rows lie in a smaller division than the named one
        speaks for that alone.
        """
        levels: dict[str, int] = dict(divisions.select("division_code", "level").iter_rows())
        stated = next((code for each in named if (code := each.ljust(12, "0")) in levels), None)
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
        """A DuckDB file whose one view `batch` is the batch, for Great Expectations to open."""
        dropped = self._folder / "dropped.parquet"
        cleaned = self._file(self._cleaned)
        self._execute(
            "validation",
            f"COPY (SELECT row_number FROM {cleaned} ANTI JOIN batch USING (row_number)) "
            f"TO {self._file(dropped)} {PARQUET}",
        )
        path = self._folder / "validation.duckdb"
        with duckdb.connect(str(path)) as database:
            database.execute(
                f"CREATE VIEW batch AS SELECT * FROM {cleaned} ANTI JOIN {self._file(dropped)} USING (row_number)"
            )
        return path


def _ancestry(code: str, parents: dict[str, str | None]) -> list[str]:
    """A division and all above it, the smallest first; a table that runs in a circle ends it."""
    above: list[str] = []
    here: str | None = code
    while here and here not in above:
        above.append(here)
        here = parents.get(here)
    return above
