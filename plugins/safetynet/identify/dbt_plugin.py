"""What a dbt build is given beside its profile: its date, its inputs, its files, and the keys behind person_key.

They are a variable of a connection, so that neither the secret nor a path stands in compiled SQL, and a build of
another date finds the project parsed.
"""

from __future__ import annotations

import hashlib
import os
from datetime import date
from typing import Any

from dbt.adapters.duckdb.credentials import DuckDBCredentials
from dbt.adapters.duckdb.plugins import BasePlugin
from duckdb import DuckDBPyConnection

from safetynet.home import Home
from safetynet.publish.lake import marked, renamed

ATTACHED = {
    "current": "SAFETYNET_BUILD_CURRENT",
    "restricted": "SAFETYNET_BUILD_RESTRICTED",
    "working": "SAFETYNET_BUILD_WORKING",
}
"""Database → environment variable with its path; `:memory:` where nobody asks to look into it later."""

_ROWS_IN_GROUP = 15 * 2048
"""A quarter of what is usual: a group is what one thread scans, and what is packed as soon as it is full."""


class Plugin(BasePlugin):  # type: ignore[misc]  # dbt is untyped here
    """Attaches the build's files and sets the variable `safetynet` that macros and sources read the parts of."""

    def initialize(self, plugin_config: dict[str, Any]) -> None:
        """Derive two keys of one SHA-256 block (64 hex digits) each from the home's secret."""
        secret = Home.from_environment().key_secret()
        self._given: dict[str, Any] = {
            "as_of": date.fromisoformat(os.environ["SAFETYNET_BUILD_AS_OF"]),
            "inner_key": hashlib.sha256(f"inner:{secret}".encode()).hexdigest(),
            "outer_key": hashlib.sha256(f"outer:{secret}".encode()).hexdigest(),
            "inputs": os.environ["SAFETYNET_BUILD_INPUTS"],
        }

    def update_connection_config(self, creds: DuckDBCredentials, config: dict[str, Any]) -> None:
        """Spill beside the restricted file, and nowhere that others read."""
        config["temp_directory"] = os.environ["SAFETYNET_BUILD_RESTRICTED"] + ".tmp"

    def configure_connection(self, conn: DuckDBPyConnection) -> None:
        """Attach the databases of the build under fixed names, and make `lake(feed)`.

        That is the feed's marked rows (of all for `*`), with every division under its code on D.
        """
        for name, variable in ATTACHED.items():
            path = os.environ[variable].replace("'", "''")
            conn.execute(f"attach '{path}' as {name} (row_group_size {_ROWS_IN_GROUP})")
        inputs = "getvariable('safetynet').inputs"
        rows, marks = (
            f"read_parquet({inputs} || '/{folder}/' || feed || '/*.parquet', union_by_name = true)"
            for folder in ("lake", "marks")
        )
        successors = f"read_parquet({inputs} || '/division_successor.parquet')"
        conn.execute(f"create macro memory.main.lake(feed) as table {marked(f'({renamed(rows, successors)})', marks)}")

    def configure_cursor(self, cursor: DuckDBPyConnection) -> None:
        """Set the variable, one for all of it: dbt opens a cursor for each node, which inherits nothing."""
        cursor.execute("set variable safetynet = ?", [self._given])
