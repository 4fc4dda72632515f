"""dbt in this process: its environment, its folders, and its database closed afterwards."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import date
from logging.handlers import RotatingFileHandler
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


@contextmanager
def _log(path: Path) -> Iterator[Callable[[Any], None]]:
    """What takes dbt's events and writes what happened into a file.

    dbt's own log makes a line of each of a build's 2,700 events, however few of them it is to hold.
    """
    handler = RotatingFileHandler(path, maxBytes=_LOG_BYTES, backupCount=_LOGS_BEFORE, encoding="utf-8")

    def write(event: Any) -> None:
        told = event.info
        if told.level != "debug":
            line = f"{told.ts.ToJsonString()} [{told.level}] {told.msg}"
            handler.handle(logging.makeLogRecord({"msg": line}))

    try:
        yield write
    finally:
        handler.close()


_LOG_BYTES = 10 * 1024 * 1024
_LOGS_BEFORE = 5
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
    logs = home.folder("dbt", "logs")
    try:
        with _log(logs / "dbt.log") as write:
            return dbtRunner(callbacks=[hear, write]).invoke(
                [
                    *command,
                    *("--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT)),
                    *("--target-path", str(target), "--log-path", str(logs)),
                    *("--vars", variables()),
                    *("--log-level", "none", "--log-level-file", "none", "--no-use-colors"),
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
