"""dbt in this process: its environment, its folders, and its database closed afterwards."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

from safetynet.home import CHECKOUT, Home

PROJECT = CHECKOUT / "dbt_project"


def _environment(home: Home, draft: Path) -> dict[str, str]:
    """What the dbt project asks of its environment."""
    return {
        "SAFETYNET_HOME": str(home.root),
        "SAFETYNET_BUILD_INPUTS": str(draft / "inputs"),
        "SAFETYNET_BUILD_CURRENT": str(draft / "current.duckdb"),
        "SAFETYNET_BUILD_RESTRICTED": str(draft / "restricted.duckdb"),
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        "DO_NOT_TRACK": "1",
    }


def invoke(home: Home, draft: Path, target: Path, as_of: date, *command: str, hear: Callable[[Any], None]) -> Any:
    """Run a dbt command over the inputs and databases of `draft`; returns dbt's own result.

    `target` is where dbt writes what it compiles; `hear` gets its events.
    """
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager
    from dbt.cli.main import dbtRunner

    os.environ.update(_environment(home, draft))
    try:
        return dbtRunner(callbacks=[hear]).invoke(
            [
                *command,
                *("--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT)),
                *("--target-path", str(target), "--log-path", str(home.folder("dbt") / "logs")),
                *("--vars", json.dumps({"as_of": as_of.isoformat()})),
                "--quiet",
            ]
        )
    finally:
        if DuckDBConnectionManager._ENV is not None:
            DuckDBConnectionManager._ENV.close()
            DuckDBConnectionManager._ENV = None
