"""Airflow's metadata database of a home, brought to the installed Airflow's form once."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from datetime import timedelta
from importlib.metadata import version
from pathlib import Path

from safetynet.home import Home, now
from safetynet.orchestrate.settings import environment
from safetynet.retention import RUNS_DAYS

CLEANED_EVERY = 86_400.0
"""Seconds after which the history of runs that is too old goes again."""


def _mark(home: Home) -> Path:
    return home.folder("airflow") / f".migrated-{version('apache-airflow')}"


def _cleaned(home: Home) -> Path:
    return home.folder("airflow") / ".cleaned"


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
    _cleaned(home).touch()


def start_cleaning(home: Home) -> subprocess.Popen[bytes] | None:
    """Start to remove the history of runs that is older than is declared; None where that was done lately."""
    if _cleaned(home).exists() and time.time() - _cleaned(home).stat().st_mtime < CLEANED_EVERY:
        return None
    _cleaned(home).touch()
    before = (now() - timedelta(days=RUNS_DAYS)).isoformat()
    command = [sys.executable, "-m", "airflow", "db", "clean", "--clean-before-timestamp", before]
    with (home.folder("airflow", "logs") / "clean.log").open("wb") as log:
        return subprocess.Popen(
            [*command, "--skip-archive", "--yes"],
            env=os.environ | environment(home),
            stdout=log,
            stderr=subprocess.STDOUT,
        )
