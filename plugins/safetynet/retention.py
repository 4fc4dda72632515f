"""How long what can be made anew, or was only told, is kept in the home, and the removal of what is older.

What a past date is answered from (landing, lake, marks, reference, the ledger) is evidence and is no concern of this.
"""

from __future__ import annotations

import logging
import time
from contextlib import nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path

from safetynet.home import Home

_log = logging.getLogger(__name__)

_DAY = 86_400.0


@dataclass(frozen=True)
class Kept:
    """Files of a folder of the home that go when they have not been written for so many days.

    Who writes one under an old name holds the home's lock `lock` while doing so.
    """

    folder: str
    files: str
    days: int
    lock: str | None = None


KEPT = (
    Kept("airflow/logs", "dag_processor/*/**/*.log", 7),
    Kept("airflow/logs", "dag_id=inbox/**/*.log", 7),
    Kept("airflow/logs", "dag_id=*/**/*.log", 90),
    Kept("alerts", "**/*", 400),
    Kept("data_docs/site/validations", "**/*.html", 400),
    Kept("lineage", "*.ndjson", 400),
    Kept("returned", "**/*.xlsx", 90, lock="returned"),
    Kept("warehouse/as_of", "*.duckdb", 90, lock="as_of"),
    Kept("worklists", "**/*.xlsx", 180),
)

RUNS_DAYS = 90
"""Days for which Airflow's database keeps the history of runs."""

LOG_BYTES = 10 * 2**20
"""A log that grows with every start begins anew beyond this size; the one before it is kept."""


def prune(home: Home) -> int:
    """Remove what is older than is declared; returns how many files went. What cannot be removed is told and stays."""
    removed = 0
    for kept in KEPT:
        root = home.root / kept.folder
        if not root.is_dir():
            continue
        try:
            with home.alone(kept.lock) if kept.lock else nullcontext():
                removed += _prune(root, kept)
        except OSError as error:
            _log.warning("%s could not be tidied: %s", kept.folder, type(error).__name__)
    return removed


def _prune(root: Path, kept: Kept) -> int:
    removed, oldest = 0, time.time() - kept.days * _DAY
    for path in list(root.glob(kept.files)):
        try:
            if path.is_symlink() or not path.is_file() or path.stat().st_mtime >= oldest:
                continue
            path.unlink()
        except FileNotFoundError:
            continue
        except OSError as error:
            _log.warning("a file of %s could not be removed: %s", kept.folder, type(error).__name__)
            continue
        removed += 1
        _remove_empty(path.parent, root)
    return removed


def _remove_empty(folder: Path, root: Path) -> None:
    with suppress(OSError):
        while folder != root:
            folder.rmdir()
            folder = folder.parent


def begin_anew(log: Path) -> Path:
    """The path of a log that nobody has open; one that has grown too long is put aside first, as `<name>.1`."""
    with suppress(FileNotFoundError):
        if log.stat().st_size > LOG_BYTES:
            log.replace(log.with_name(f"{log.name}.1"))
    return log
