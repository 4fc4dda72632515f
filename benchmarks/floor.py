"""The floor: the same bytes read by DuckDB and joined once, without any check, repair or account of a row."""

from __future__ import annotations

import tempfile
from pathlib import Path

import duckdb
import pyarrow as pa

from benchmarks.data import is_utf8
from benchmarks.measure import Measured
from safetynet.contract import Contract, contract


def one_file(feed: str, path: Path) -> Measured:
    """One file into a Parquet file, joined with its divisions."""
    measured = Measured()
    with tempfile.TemporaryDirectory() as folder, _connect() as connection, measured.part("floor"):
        measured.rows = _read(connection, contract(feed), path, Path(folder))
        code = next(name for name in contract(feed).columns if name == "division_code")
        connection.execute(
            f"""
            COPY (
                SELECT t.*, d.rows_of_division FROM "{feed}" AS t
                LEFT JOIN (SELECT {code}, count(*) AS rows_of_division FROM "{feed}" GROUP BY ALL) AS d USING ({code})
            ) TO '{folder}/floor.parquet' (FORMAT parquet)
            """
        )
    return measured


def county(inbox: Path) -> Measured:
    """Every file of a county read, and the persons of all tables joined."""
    measured = Measured()
    with tempfile.TemporaryDirectory() as folder, _connect() as connection, measured.part("floor"):
        feeds: list[str] = []
        for path in sorted(inbox.glob("*/*")):
            feed = path.parent.name
            measured.rows += _read(connection, contract(feed), path, Path(folder))
            if feed not in feeds and "id_number" in contract(feed).columns:
                feeds.append(feed)
        joins = "".join(
            f' LEFT JOIN (SELECT id_number, count(*) AS "{feed}" FROM "{feed}" GROUP BY ALL) USING (id_number)'
            for feed in feeds
            if feed != "registry_member"
        )
        connection.execute(f"COPY (SELECT * FROM registry_member{joins}) TO '{folder}/floor.parquet' (FORMAT parquet)")
    return measured


def lake(home: Path) -> Measured:
    """The lake of a home read, and the persons of all feeds joined."""
    measured = Measured()
    with _connect() as connection, tempfile.TemporaryDirectory() as folder, measured.part("floor"):
        feeds = sorted(path.name for path in (home / "lake").iterdir() if any(path.iterdir()))
        for feed in feeds:
            files = f"'{home}/lake/{feed}/*.parquet'"
            connection.execute(f'CREATE TABLE "{feed}" AS SELECT * FROM read_parquet({files}, union_by_name = true)')
            ((rows,),) = connection.execute(f'SELECT count(*) FROM "{feed}"').fetchall()
            measured.rows += rows
        joins = "".join(
            f' LEFT JOIN (SELECT id_number, count(*) AS "{feed}" FROM "{feed}" GROUP BY ALL) USING (id_number)'
            for feed in feeds
            if feed != "registry_member" and "id_number" in contract(feed).columns
        )
        connection.execute(f"COPY (SELECT * FROM registry_member{joins}) TO '{folder}/floor.parquet' (FORMAT parquet)")
    return measured


def _connect() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    connection.execute("SET enable_progress_bar = false")
    return connection


def _read(connection: duckdb.DuckDBPyConnection, declared: Contract, path: Path, folder: Path) -> int:
    """Append a file to the table of its feed, all text; gives its rows."""
    names = {header: name for name, column in declared.columns.items() for header in column.headers}
    if path.suffix == ".csv":
        readable = path
        if not is_utf8(path):
            readable = folder / "utf8.csv"
            with (
                path.open(encoding="gb18030", errors="replace", newline="") as source,
                readable.open("w", encoding="utf-8", newline="") as target,
            ):
                while block := source.read(1 << 20):
                    target.write(block)
        relation = f"read_csv('{readable}', header = true, all_varchar = true, quote = '\"', strict_mode = false)"
        headers = [row[0] for row in connection.execute(f"DESCRIBE SELECT * FROM {relation}").fetchall()]
        chosen = ", ".join(f'"{header}" AS {names[header]}' for header in headers if header in names)
        source_query = f"SELECT {chosen} FROM {relation}"
    else:
        source_query = "SELECT * FROM given"
        connection.register("given", _workbook(path, names))
    connection.execute(f'CREATE TABLE IF NOT EXISTS "{declared.feed}" AS FROM ({source_query}) LIMIT 0')
    ((rows,),) = connection.execute(f'INSERT INTO "{declared.feed}" BY NAME {source_query}').fetchall()
    return int(rows)


def _workbook(path: Path, names: dict[str, str]) -> object:
    import fastexcel

    cells = fastexcel.read_excel(path).load_sheet_eager(0, header_row=None, skip_rows=0, dtypes="string")
    head = cells.slice(0, 10).to_pylist()
    top = max(range(10), key=lambda number: sum(cell in names for cell in head[number].values()))
    rows = cells.slice(top + 1)
    return pa.table({names[text]: rows[column] for column, text in head[top].items() if text in names})
