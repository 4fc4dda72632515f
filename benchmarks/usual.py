"""The same work done the usual way: pandas reads, Great Expectations on pandas, `to_sql`.

It does less: no cell is cleaned, no row is marked or kept apart, nobody is identified.
"""

from __future__ import annotations

import sqlite3
import tempfile
import warnings
from pathlib import Path
from typing import Any

from benchmarks.data import is_utf8
from benchmarks.measure import Measured
from safetynet.contract import Contract, Kind, contract

READ, VALIDATED, WRITTEN = "pandas.read", "Great Expectations on pandas", "to_sql"
_ID_NUMBER = r"^[1-9]\d{16}[\dX]$"


def one_file(feed: str, path: Path, rows: int | None) -> Measured:
    """One file (its first `rows` rows, None: all) into an SQLite table."""
    import great_expectations as gx

    declared = contract(feed)
    measured = Measured()
    with tempfile.TemporaryDirectory() as folder, sqlite3.connect(Path(folder) / "usual.sqlite") as database:
        _one_table(gx, declared, path, rows, database, measured)
    return measured


def county(inbox: Path) -> Measured:
    """Every file of a county into a table of its feed, and the persons of all tables joined."""
    import great_expectations as gx
    import pandas as pd  # type: ignore[import-untyped]

    measured = Measured()
    with tempfile.TemporaryDirectory() as folder, sqlite3.connect(Path(folder) / "usual.sqlite") as database:
        for path in sorted(inbox.glob("*/*")):
            _one_table(gx, contract(path.parent.name), path, None, database, measured)
        with measured.part("merge"):
            tables = {
                feed: pd.read_sql(f'SELECT * FROM "{feed}"', database)
                for (feed,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
            }
            persons = tables["registry_member"].dropna(subset=["id_number"]).drop_duplicates("id_number")
            for feed, table in tables.items():
                if feed != "registry_member" and "id_number" in table:
                    counted = table.groupby("id_number").size().rename(feed).reset_index()
                    persons = persons.merge(counted, on="id_number", how="left")
            persons.to_sql("person", database, index=False)
    return measured


def _one_table(gx: Any, declared: Contract, path: Path, rows: int | None, database: Any, measured: Measured) -> None:
    import pandas as pd

    with measured.part(READ):
        if path.suffix == ".csv":
            encoding = "utf-8-sig" if is_utf8(path) else "gb18030"
            table = pd.read_csv(path, dtype=str, encoding=encoding, nrows=rows)
        else:
            raw = pd.read_excel(path, dtype=str, header=None, nrows=rows)
            spelled = {header for column in declared.columns.values() for header in column.headers}
            top = int(raw.head(10).isin(spelled).sum(axis=1).idxmax())
            table = raw.iloc[top + 1 :].set_axis(list(raw.iloc[top].astype(str)), axis=1)
        names = {header: name for name, column in declared.columns.items() for header in column.headers}
        table = table.rename(columns=names)
        table = table.loc[:, [name for name in declared.columns if name in table]]
    measured.rows += len(table)
    with measured.part(VALIDATED), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        context = gx.get_context(mode="ephemeral")
        context.variables.progress_bars = {"globally": False}
        asset = context.data_sources.add_pandas("pandas").add_dataframe_asset(declared.feed)
        batch = asset.add_batch_definition_whole_dataframe("whole").get_batch({"dataframe": table})
        batch.validate(gx.ExpectationSuite(name=declared.feed, expectations=_expectations(gx, declared, list(table))))
    with measured.part(WRITTEN):
        table.to_sql(declared.feed, database, if_exists="append", index=False)


def _expectations(gx: Any, declared: Contract, columns: list[str]) -> list[Any]:
    """One or two expectations a column, of those that come with the library."""
    stated: list[Any] = []
    for name in columns:
        column = declared.columns[name]
        if column.required:
            stated.append(gx.expectations.ExpectColumnValuesToNotBeNull(column=name))
        if column.kind is Kind.ID_NUMBER:
            stated.append(gx.expectations.ExpectColumnValuesToMatchRegex(column=name, regex=_ID_NUMBER))
        elif column.kind is Kind.CATEGORY:
            stated.append(gx.expectations.ExpectColumnValuesToBeInSet(column=name, value_set=list(column.values)))
        elif column.kind is Kind.DATE:
            stated.append(gx.expectations.ExpectColumnValuesToMatchRegex(column=name, regex=r"^\d{4}-\d\d-\d\d$"))
        elif column.kind is Kind.MONEY:
            stated.append(gx.expectations.ExpectColumnValuesToMatchRegex(column=name, regex=r"^-?\d+(\.\d+)?$"))
    return stated
