"""What lies in the inbox and is new: whole files only, by their size and time, each looked at twice."""

from __future__ import annotations

import os
import stat
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from safetynet.contract import contracts

SETTLED_AFTER = 2.0
"""Seconds without a change after which a file counts as written to its end."""

_LONGEST_WAIT = 10.0
_UNFINISHED = (".tmp", ".part", ".partial", ".crdownload", ".filepart", ".swp")


@dataclass(frozen=True)
class InboxFile:
    """A file in the inbox as it was when it was looked at."""

    feed: str
    path: Path
    size: int
    modified_ns: int

    @property
    def fingerprint(self) -> str:
        """What changes when the file changes."""
        return f"{self.size}:{self.modified_ns}"


def look(feed: str, path: Path) -> InboxFile | None:
    """A file as it is now; None where there is no regular file."""
    try:
        status = path.stat()
    except OSError:
        return None
    if not stat.S_ISREG(status.st_mode):
        return None
    return InboxFile(feed, path, status.st_size, status.st_mtime_ns)


def files(inbox: Path) -> list[InboxFile]:
    """Every delivered file under <inbox>/<feed>/, oldest first, names decide between equals.

    Hidden files, lock files of spreadsheets and files that a transfer has named unfinished are not delivered yet.
    """
    found = []
    for feed in contracts():
        for folder, _, names in os.walk(inbox / feed):
            for name in names:
                if name.startswith((".", "~$")) or name.lower().endswith(_UNFINISHED):
                    continue
                file = look(feed, Path(folder, name))
                if file is not None:
                    found.append(file)
    return sorted(found, key=lambda file: (file.modified_ns, str(file.path)))


def unknown_folders(inbox: Path) -> list[str]:
    """Folders of the inbox that hold something and are no feed's; their files would never be read."""
    if not inbox.is_dir():
        return []
    return sorted(
        entry.name
        for entry in inbox.iterdir()
        if entry.is_dir() and entry.name not in contracts() and not entry.name.startswith(".") and any(entry.iterdir())
    )


def _open_for_writing() -> set[tuple[int, int]]:
    """(device, inode) of files that some process of this account holds open for writing; empty off Linux."""
    held = set()
    for process in Path("/proc").glob("[0-9]*"):
        descriptors: list[Path] = []
        with suppress(OSError):
            descriptors = list((process / "fd").iterdir())
        for descriptor in descriptors:
            # Whoever closes one file meanwhile says nothing of its other files.
            with suppress(OSError, IndexError, ValueError):
                flags = (process / "fdinfo" / descriptor.name).read_text().split("flags:", 1)[1].split()[0]
                if int(flags, 8) & (os.O_WRONLY | os.O_RDWR):
                    status = descriptor.stat()
                    held.add((status.st_dev, status.st_ino))
    return held


def settled(waiting: list[InboxFile]) -> tuple[list[InboxFile], list[InboxFile]]:
    """Split into files that are whole and files still being written, waiting a few seconds for the youngest."""
    started = time.monotonic()
    whole: dict[Path, InboxFile] = {}
    pending = {file.path: file for file in waiting}
    while pending:
        held = _open_for_writing()
        for path, seen in list(pending.items()):
            current = look(seen.feed, path)
            if current is None:
                del pending[path]
                continue
            age = time.time() - current.modified_ns / 1e9
            is_still = current == seen and (age >= SETTLED_AFTER or age < 0)
            status = path.stat()
            if is_still and (status.st_dev, status.st_ino) not in held:
                whole[path] = current
                del pending[path]
            else:
                pending[path] = current
        if not pending or time.monotonic() - started > _LONGEST_WAIT:
            break
        time.sleep(0.5)
    return sorted(whole.values(), key=lambda file: (file.modified_ns, str(file.path))), list(pending.values())
