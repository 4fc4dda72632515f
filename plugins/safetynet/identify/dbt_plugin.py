"""What every connection of a dbt build is given: the keys behind person_key, and where the build's inputs lie.

They are variables of the connection, so that neither the secret nor a path stands in compiled SQL.
"""

from __future__ import annotations

import hashlib
import os
from typing import Any

from dbt.adapters.duckdb.plugins import BasePlugin
from duckdb import DuckDBPyConnection

from safetynet.home import Home


class Plugin(BasePlugin):  # type: ignore[misc]  # dbt is untyped here
    """Sets `safetynet_inner_key`, `safetynet_outer_key` and `safetynet_inputs` on each cursor."""

    def initialize(self, plugin_config: dict[str, Any]) -> None:
        """Derive two keys of one SHA-256 block (64 hex digits) each from the home's secret."""
        secret = Home.from_environment().key_secret()
        self._variables = {
            "safetynet_inner_key": hashlib.sha256(f"inner:{secret}".encode()).hexdigest(),
            "safetynet_outer_key": hashlib.sha256(f"outer:{secret}".encode()).hexdigest(),
            "safetynet_inputs": os.environ["SAFETYNET_BUILD_INPUTS"],
        }

    def configure_cursor(self, cursor: DuckDBPyConnection) -> None:
        """Set the variables; a cursor does not inherit them from its connection."""
        for name, value in self._variables.items():
            cursor.execute(f"set variable {name} = ?", [value])
