"""Zip archives: every member is a delivery of its own, taken out with a bound on what it may unpack to."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO

from safetynet.refusal import Refused

_MOST_MEMBERS = 1_000
UNPACKED_LIMIT = 8 << 30
_RATIO_LIMIT = 200
_RATIO_FROM = 64 << 20


_DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, ValueError, NotImplementedError, RuntimeError)
_OFFICE = {"[Content_Types].xml", "xl/workbook.xml", "mimetype"}


def is_archive(path: Path) -> bool:
    """Whether a file is a zip that can be opened and is no office document."""
    if not zipfile.is_zipfile(path):
        return False
    try:
        with zipfile.ZipFile(path) as archive:
            return not _OFFICE & set(archive.namelist())
    except _DAMAGE:
        return False


@contextmanager
def readable() -> Iterator[None]:
    """What is wrong with an archive while its members are read, as Refused: unreadable_archive."""
    try:
        yield
    except _DAMAGE as error:
        raise Refused("unreadable_archive") from error


def member_name(member: zipfile.ZipInfo) -> str:
    """A member's name; archives of Chinese Windows name in GBK without saying so."""
    if member.flag_bits & 0x800:
        return member.filename
    try:
        return member.filename.encode("cp437").decode("gb18030")
    except (UnicodeEncodeError, UnicodeDecodeError):
        return member.filename


def members(path: Path) -> Iterator[tuple[str, IO[bytes]]]:
    """Yield (name, stream) of every file in a zip; to be read within `readable`.

    Raises Refused: unsafe_archive (a name that leaves the archive), zip_bomb, archive_password, nested_archive.
    """
    packed = path.stat().st_size
    with zipfile.ZipFile(path) as archive:
        inside = [member for member in archive.infolist() if not member.is_dir()]
        if len(inside) > _MOST_MEMBERS:
            raise Refused("zip_bomb")
        if not inside:
            raise Refused("empty_file")
        unpacked = sum(member.file_size for member in inside)
        if unpacked > UNPACKED_LIMIT or (unpacked > _RATIO_FROM and unpacked > packed * _RATIO_LIMIT):
            raise Refused("zip_bomb")
        for member in inside:
            name = member_name(member)
            parts = PurePosixPath(name.replace("\\", "/")).parts
            if ".." in parts or name.startswith(("/", "\\")) or (parts and parts[0].endswith(":")):
                raise Refused("unsafe_archive")
            if member.flag_bits & 0x1:
                raise Refused("archive_password")
            if name.lower().endswith(".zip"):
                raise Refused("nested_archive")
            if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                raise Refused("unreadable_archive")
        for member in inside:
            name = member_name(member)
            if PurePosixPath(name).name.startswith((".", "~$")) or name.startswith("__MACOSX/"):
                continue
            with archive.open(member) as stream:
                yield name, stream
