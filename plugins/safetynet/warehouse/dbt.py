"""dbt in this process: its environment, its folders, and its database closed afterwards."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from safetynet.contract import Contract, Kind, contracts
from safetynet.home import CHECKOUT, Home
from safetynet.identify.model import model

PROJECT = CHECKOUT / "dbt_project"


def variables() -> str:
    """What the contracts state, as dbt's variable `feeds` (see macros/feed.sql), and the model's thresholds.

    dbt parses the whole project anew when a variable changes, so nothing here may change from build to build.
    """
    stated = {feed: _stated(contract) for feed, contract in contracts().items()}
    return json.dumps({"feeds": stated, "linking": model().thresholds})


def _stated(contract: Contract) -> dict[str, Any]:
    def told(kind: Kind) -> list[str]:
        return [name for name, column in contract.columns.items() if column.kind is kind and not column.sensitive]

    return {
        "staged": contract.staged,
        "key": contract.key,
        "person": contract.person.model_dump() if contract.person else None,
        "kin": [{"id_number": number, "name": name} for number, name in contract.kin.items()],
        "columns": list(contract.columns),
        "codes": told(Kind.CODE),
        "texts": told(Kind.TEXT),
    }


def _environment(home: Home, draft: Path, as_of: date, working: str) -> dict[str, str]:
    """What the dbt project and its plugin ask of their environment."""
    return {
        "SAFETYNET_BUILD_AS_OF": as_of.isoformat(),
        "SAFETYNET_HOME": str(home.root),
        "SAFETYNET_BUILD_INPUTS": str(draft / "inputs"),
        "SAFETYNET_BUILD_CURRENT": str(draft / "current.duckdb"),
        "SAFETYNET_BUILD_RESTRICTED": str(draft / "restricted.duckdb"),
        "SAFETYNET_BUILD_WORKING": working,
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        "DO_NOT_TRACK": "1",
    }


IN_MEMORY = ":memory:"


def invoke(
    home: Home,
    draft: Path,
    target: Path,
    as_of: date,
    *command: str,
    hear: Callable[[Any], None],
    working: str = IN_MEMORY,
) -> Any:
    """Run a dbt command over the inputs and databases of `draft`; returns dbt's own result.

    `target` is where dbt writes what it compiles, `working` the file of what is neither current nor restricted; `hear`
    gets its events.
    """
    from dbt.cli.main import dbtRunner

    os.environ.update(_environment(home, draft, as_of, working))
    try:
        return dbtRunner(callbacks=[hear]).invoke(
            [
                *command,
                *("--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT)),
                *("--target-path", str(target), "--log-path", str(home.folder("dbt") / "logs")),
                *("--vars", variables()),
                *("--quiet", "--log-level-file", "info"),
            ]
        )
    finally:
        _close()


def _close() -> None:
    """Write both files of the build to the end, side by side, and let go of them; a build sees if one is not whole."""
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager

    opened = DuckDBConnectionManager._ENV
    if opened is None:
        return
    if opened.conn is not None:
        with ThreadPoolExecutor() as pool, suppress(duckdb.Error):
            list(pool.map(lambda name: opened.conn.cursor().execute(f"CHECKPOINT {name}"), ("restricted", "current")))
    opened.close()
    DuckDBConnectionManager._ENV = None
