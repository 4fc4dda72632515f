"""Private folders for work in progress: gone when the work is done, swept when whoever made one was killed."""

from __future__ import annotations

import fcntl
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO

_LOCK = ".lock"
_NEW = 60.0
"""Seconds in which a folder without its lock is taken for one that is just being made."""


@contextmanager
def workshop(parent: Path) -> Iterator[Path]:
    """A folder (0700) under `parent` that this process holds a lock on; what others left there is swept first."""
    _sweep(parent)
    folder, lock = _taken(parent)
    with lock:
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def _taken(parent: Path) -> tuple[Path, TextIO]:
    """A new folder and its lock, held; another one where somebody swept it before it was locked."""
    while True:
        folder = Path(tempfile.mkdtemp(prefix="work-", dir=parent))
        lock = (folder / _LOCK).open("w")
        fcntl.flock(lock, fcntl.LOCK_EX)
        if (folder / _LOCK).exists():
            return folder, lock
        lock.close()


def _sweep(parent: Path) -> None:
    """Remove the folders whose maker is gone: nobody holds their lock."""
    for folder in parent.glob("work-*"):
        try:
            with (folder / _LOCK).open() as lock:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder, ignore_errors=True)
        except BlockingIOError:
            continue
        except FileNotFoundError:
            with suppress(FileNotFoundError):
                if time.time() - folder.stat().st_mtime > _NEW:
                    shutil.rmtree(folder, ignore_errors=True)
