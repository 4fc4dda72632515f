"""dbt in this process: its environment, its folders, and its database closed afterwards."""

from __future__ import annotations

import gc
import json
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

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
THREADS = 2
"""Nodes that dbt runs at once; the database divides the work of each among all processors besides."""
_NEW_OBJECTS = 10_000
"""After so many Python looks for garbage, instead of 700: dbt makes and keeps hundreds of thousands."""


def build(
    home: Home, draft: Path, target: Path, as_of: date, *, hear: Callable[[Any], None], working: str = IN_MEMORY
) -> Any:
    """Make all models and ask all tests, over the inputs and databases of `draft`; returns dbt's own result.

    `target` is where dbt writes what it compiles, its manifest and its results; `working` is the file of what is
    neither current nor restricted; `hear` gets dbt's events.
    """
    with invoked(home, draft, target, as_of, hear=hear, working=working) as run:
        from safetynet.warehouse.dbt_log import without_values

        # Left to itself, dbt writes the manifest of a project that it has parsed, and once more at the end.
        parsed = run("parse", "--no-write-json")
        if not parsed.success:
            return parsed
        _keep_manifest(parsed.result, target)
        models_and_tests = ("build", "--exclude-resource-type", "unit_test")
        outcome = run(*models_and_tests, "--no-write-json", "--no-populate-cache", manifest=parsed.result)
        with _written_to_the_end():
            if outcome.result:
                for each in outcome.result.results:
                    each.message = each.message and without_values(each.message)
                outcome.result.write(str(target / "run_results.json"))
    return outcome


def _keep_manifest(manifest: Any, target: Path) -> None:
    """Write down what the project is, where dbt has parsed it anew since; from build to build it is the same."""
    kept, parsed = target / "manifest.json", target / "partial_parse.msgpack"
    if kept.is_file() and parsed.is_file() and kept.stat().st_mtime_ns > parsed.stat().st_mtime_ns:
        return
    draft = kept.with_suffix(".part")
    manifest.write(str(draft))
    draft.replace(kept)


@contextmanager
def invoked(
    home: Home, draft: Path, target: Path, as_of: date, *, hear: Callable[[Any], None], working: str = IN_MEMORY
) -> Iterator[Callable[..., Any]]:
    """What runs a dbt command, with the project as it is or as a `manifest` holds it, and gives dbt's own result.

    The database that dbt opens is closed at the end.
    """
    os.environ.update(_environment(home, draft, as_of, working))
    logs = home.folder("dbt", "logs")
    options = [
        *("--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT)),
        *("--target-path", str(target), "--log-path", str(logs)),
        *("--vars", variables(), "--threads", str(THREADS)),
        *("--log-level", "none", "--log-level-file", "none", "--no-use-colors"),
    ]
    with _rarely_collected():
        from dbt.cli.main import dbtRunner

        from safetynet.warehouse import dbt_log, schedule

        def run(*command: str, manifest: Any = None) -> Any:
            return dbtRunner(manifest, [hear, write]).invoke([*command, *options])

        with schedule.longest_way_first(THREADS), dbt_log.kept(logs / "dbt.log") as write:
            try:
                yield run
            finally:
                _close()


@contextmanager
def _rarely_collected() -> Iterator[None]:
    usual = gc.get_threshold()
    gc.set_threshold(_NEW_OBJECTS, *usual[1:])
    try:
        yield
    finally:
        gc.set_threshold(*usual)


@contextmanager
def _written_to_the_end() -> Iterator[None]:
    """Write both files of the build to the end, beside what is done meanwhile; a build sees if one is not whole."""
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager

    opened = DuckDBConnectionManager._ENV
    with ThreadPoolExecutor() as pool:
        if opened is not None and opened.conn is not None:
            for name in ("restricted", "current"):
                pool.submit(lambda name: opened.conn.cursor().execute(f"CHECKPOINT {name}"), name)
        yield


def _close() -> None:
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager

    if DuckDBConnectionManager._ENV is not None:
        DuckDBConnectionManager._ENV.close()
        DuckDBConnectionManager._ENV = None
