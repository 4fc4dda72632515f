"""Airflow's metadata database of a home, brought to the installed Airflow's form once."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

from safetynet.home import Home
from safetynet.orchestrate.settings import environment


def _mark(home: Home) -> Path:
    return home.folder("airflow") / f".migrated-{version('apache-airflow')}"


def start_migration(home: Home) -> subprocess.Popen[bytes] | None:
    """Start to make or upgrade the database; None where that is done."""
    if _mark(home).exists():
        return None
    log = (home.folder("airflow", "logs") / "migrate.log").open("wb")
    command = [sys.executable, "-m", "airflow", "db", "migrate"]
    return subprocess.Popen(command, env=os.environ | environment(home), stdout=log, stderr=subprocess.STDOUT)


def finish_migration(home: Home, migration: subprocess.Popen[bytes] | None) -> None:
    """Wait for what start_migration started; raises RuntimeError when it failed."""
    if migration is None:
        return
    if migration.wait() != 0:
        raise RuntimeError(f"Airflow's database could not be made, see {home.root / 'airflow/logs/migrate.log'}")
    _mark(home).touch()
