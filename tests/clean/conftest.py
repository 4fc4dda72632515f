"""Cells of one kind through the statement that cleans every sheet."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from clerk import DIVISIONS
from safetynet.clean.statement import MACROS, clean_statement
from safetynet.contract import Column, Contract, Csv, Kind, Owner, Titles
from safetynet.read.header import Header
from safetynet.read.sheet import row_schema

AS_OF = date(2025, 6, 30)
Outcome = tuple[Any, str | None, str | None]
Clean = Callable[..., list[Outcome]]


def _contract(column: Column) -> Contract:
    words = Titles(zh="表", en="table")
    return Contract(
        feed="try_it",
        department="try",
        title=words,
        owner=Owner(department=words, contact="x@county.example", channels="SAFETYNET_ALERT_X"),
        domain="registry",
        cadence="monthly",
        delivery="snapshot",
        format="csv",
        csv=Csv(encodings=("gb18030",)),
        key=("cell",),
        columns={"cell": column},
    )


@pytest.fixture(scope="session")
def _connection() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect(config={"threads": 1})
    codes = [line.split(",") for line in DIVISIONS.splitlines()[1:]]
    in_force = [code for code, *_, start, end in codes if not start > "2025-06-30" and not "" < end < "2025-06-30"]
    connection.execute("CREATE TABLE division (division_code VARCHAR)")
    connection.executemany("INSERT INTO division VALUES (?)", [[code] for code in in_force])
    connection.execute(MACROS)
    return connection


@pytest.fixture(scope="session")
def clean(_connection: duckdb.DuckDBPyConnection) -> Clean:
    """clean(kind, cells, **column) → (value, issue, repair) of each cell; `multiplier` is the header's unit."""

    def cleaned(
        kind: str, cells: Sequence[str], multiplier: int = 1, as_of: date = AS_OF, **declared: Any
    ) -> list[Outcome]:
        sensitive = kind in ("id_number", "person_name")
        column = Column(headers=("列",), kind=Kind(kind), sensitive=sensitive, **declared)
        header = Header(1, {"cell": 0}, {"cell": Decimal(multiplier)}, {"cell": "列"}, 1, (), ())
        numbers = pa.array(range(len(cells)), pa.int32())
        ragged = pa.array([False] * len(cells), pa.bool_())
        sheet = pa.table([numbers, ragged, pa.array(cells, pa.string())], schema=row_schema(1))
        _connection.register("sheet", sheet)
        statement = clean_statement(_contract(column), header, as_of)
        return _connection.execute(
            f"SELECT cell, issue['cell'], repair['cell'] FROM ({statement}) ORDER BY row_number"
        ).fetchall()

    return cleaned
