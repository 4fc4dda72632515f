"""`make docs`: the dbt project's documentation as one static page, beside Great Expectations' Data Docs."""

from __future__ import annotations

import json
import os
import shutil
import sys

import duckdb

from safetynet.home import Home
from safetynet.warehouse.build import PROJECT, dbt_environment
from safetynet.workshop import workshop


def write_docs(home: Home) -> int:
    """Write <home>/docs/warehouse.html; returns 0, or 1 when dbt failed."""
    from dbt.cli.main import dbtRunner

    target = home.folder("docs")
    with workshop(home.folder("tmp")) as draft:
        os.environ.update(dbt_environment(home, draft))
        for name in ("current", "restricted"):
            duckdb.connect(str(draft / f"{name}.duckdb")).close()
        outcome = dbtRunner().invoke(
            [
                *("docs", "generate", "--static", "--empty-catalog", "--quiet"),
                *("--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT)),
                *("--target-path", str(draft), "--log-path", str(home.folder("dbt") / "logs")),
                *("--vars", json.dumps({"as_of": "2000-01-01"})),
            ]
        )
        if not outcome.success:
            print("dbt could not write its documentation, see dbt/logs/dbt.log", file=sys.stderr)
            return 1
        shutil.copyfile(draft / "static_index.html", target / "warehouse.html")
    print(f"Tables, columns, lineage · 数据表说明  {target / 'warehouse.html'}")
    data_docs = home.root / "data_docs" / "site" / "index.html"
    if data_docs.is_file():
        print(f"Data Docs · 数据质量报告  {data_docs}")
    return 0
