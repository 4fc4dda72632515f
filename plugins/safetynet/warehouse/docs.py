"""`make docs`: the dbt project's documentation as one static page, beside Great Expectations' Data Docs."""

from __future__ import annotations

import shutil
import sys
from datetime import date

import duckdb

from safetynet.home import Home
from safetynet.warehouse import dbt
from safetynet.workshop import workshop

_ANY_DAY = date(2000, 1, 1)
"""dbt wants a date to compile with; the documentation names none."""


def write_docs(home: Home) -> int:
    """Write <home>/docs/warehouse.html; returns 0, or 1 when dbt failed."""
    target = home.folder("docs")
    with workshop(home.folder("tmp")) as draft:
        for name in ("current", "restricted"):
            duckdb.connect(str(draft / f"{name}.duckdb")).close()
        with dbt.invoked(home, draft, draft, _ANY_DAY, hear=lambda event: None) as run:
            outcome = run("docs", "generate", "--static", "--empty-catalog")
        if not outcome.success:
            print("dbt could not write its documentation, see dbt/logs/dbt.log", file=sys.stderr)
            return 1
        shutil.copyfile(draft / "static_index.html", target / "warehouse.html")
    print(f"Tables, columns, lineage · 数据表说明  {target / 'warehouse.html'}")
    data_docs = home.root / "data_docs" / "site" / "index.html"
    if data_docs.is_file():
        print(f"Data Docs · 数据质量报告  {data_docs}")
    return 0
