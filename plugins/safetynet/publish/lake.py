"""The lake: one Parquet file per batch, moved into place whole."""

from __future__ import annotations

import os
from pathlib import Path

from safetynet.home import Home

PARQUET = "(FORMAT parquet, COMPRESSION snappy, ROW_GROUP_SIZE 122880, DICTIONARY_SIZE_LIMIT 5000)"
"""A column with more texts than that in a row group gains nothing from a dictionary, and looking for one costs most."""


def move_in(home: Home, draft: Path, feed: str, batch_id: str) -> None:
    """Put a finished file into the lake by a rename; a file of that batch that nobody published is replaced."""
    target = home.batch_file(feed, batch_id)
    folder = home.folder("lake", feed)
    with draft.open("rb") as stream:
        os.fsync(stream.fileno())
    draft.chmod(0o600)
    draft.replace(target)
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
