"""Landing: the bytes of a new file copied under their sha256, and a ledger row that says so."""

from __future__ import annotations

import hashlib
import hmac
import os
import re
from pathlib import PurePath
from typing import IO, Any

import sqlalchemy as sa

from safetynet.contract import contracts
from safetynet.home import Home, masked, now
from safetynet.land import archive, inbox
from safetynet.land.inbox import InboxFile
from safetynet.publish import ledger
from safetynet.publish.ledger import Ledger
from safetynet.read.as_of import date_in_name, without_dates
from safetynet.refusal import Refused
from safetynet.workshop import workshop

_COPY_BYTES = 1 << 20
_LONGEST_NAME = 300
_SIX_DIGITS = re.compile(r"(?<!\d)(\d{6})(?!\d)")


def land_bytes(home: Home, stream: IO[bytes], limit: int | None = None) -> str:
    """Copy a stream into landing under the hash of what was read; returns the hash."""
    digest, size = hashlib.sha256(), 0
    with workshop(home.folder("tmp")) as folder:
        draft = folder / "bytes"
        with draft.open("wb") as target:
            while block := stream.read(_COPY_BYTES):
                size += len(block)
                if limit is not None and size > limit:
                    raise Refused("zip_bomb")
                digest.update(block)
                target.write(block)
            target.flush()
            os.fsync(target.fileno())
        sha256 = digest.hexdigest()
        home.folder("landing", sha256[:2])
        draft.chmod(0o400)
        draft.replace(home.landed(sha256))
    return sha256


def path_key(home: Home, file: InboxFile, secret: str) -> str:
    """A hash of a file's path in the inbox, keyed by the home's secret, for names may hold what must not be kept."""
    relative = str(file.path.relative_to(home.inbox)).encode("utf-8", "surrogateescape")
    return hmac.new(secret.encode(), relative, hashlib.sha256).hexdigest()[:32]


def _member_key(name: str, secret: str) -> str:
    """The same for a member of each delivery of an archive: its name there, less dates, keyed like its path."""
    return hmac.new(
        secret.encode(), without_dates(name).encode("utf-8", "surrogateescape"), hashlib.sha256
    ).hexdigest()[:32]


def _newest(store: Ledger, feed: str | None) -> dict[tuple[str, str], list[dict[str, Any]]]:
    """(feed, path key) → what landed there last: one row, or one for each member of an archive."""
    table = ledger.landing
    is_of_feed = sa.true() if feed is None else table.c.feed == feed
    found: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for row in store.rows(sa.select(table).where(is_of_feed).order_by(table.c.received_at)):
        newest = found.setdefault((row["feed"], row["path_key"]), [])
        if newest and newest[0]["received_at"] < row["received_at"]:
            newest.clear()
        newest.append(row)
    return found


def _content(rows: list[dict[str, Any]]) -> set[tuple[str, str]]:
    return {(row["source_file"], row["sha256"]) for row in rows}


def _row(
    feed: str, key: str, file: InboxFile, names: list[str], sha256: str, before: list[dict[str, Any]], secret: str
) -> dict[str, Any]:
    """The ledger row of one landed file or archive member; `names` from the member outwards.

    What lay at the same path before it is part of its identity, for a content that comes back is delivered again.
    """
    stems = [PurePath(name).name for name in names]
    as_of = next((found for name in stems if (found := date_in_name(name))), None)
    codes = [code for name in stems for code in _SIX_DIGITS.findall(name)]
    after = f"\0{before[0]['received_at'].isoformat()}" if before else ""
    identity = f"{feed}\0{key}\0{'/'.join(names[:-1])}\0{sha256}{after}"
    return {
        "landing_id": hashlib.sha256(identity.encode("utf-8", "surrogateescape")).hexdigest()[:20],
        "feed": feed,
        "path_key": key,
        "fingerprint": file.fingerprint,
        "sha256": sha256,
        "source_file": masked("/".join(reversed(stems)))[:_LONGEST_NAME],
        "as_of_in_name": as_of,
        "codes_in_name": ",".join(codes)[:128],
        "is_part": len(names) > 1,
        "member_key": _member_key(names[0], secret) if len(names) > 1 else "",
        "received_at": now(),
        "refusal": None,
        "is_done": False,
    }


def waiting(home: Home, store: Ledger, feed: str | None = None) -> list[InboxFile]:
    """Files of the inbox that have not landed as they are now."""
    newest = _newest(store, feed)
    landed = {(*place, rows[0]["fingerprint"]) for place, rows in newest.items()}
    secret = home.key_secret()
    return [
        file
        for file in inbox.files(home.inbox)
        if feed in (None, file.feed) and (file.feed, path_key(home, file, secret), file.fingerprint) not in landed
    ]


def _land_file(
    home: Home, file: InboxFile, stream: IO[bytes], key: str, before: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    sha256, secret = land_bytes(home, stream), home.key_secret()
    whole = _row(file.feed, key, file, [file.path.name], sha256, before, secret)
    copy = home.landed(sha256)
    is_named_archive = file.size > 0 and file.path.suffix.lower() == ".zip"
    if not is_named_archive and not archive.is_archive(copy):
        return [whole]
    rows = []
    try:
        with archive.readable():
            for name, content in archive.members(copy):
                member = land_bytes(home, content, limit=archive.UNPACKED_LIMIT)
                rows.append(_row(file.feed, key, file, [name, file.path.name], member, before, secret))
    except Refused as refusal:
        return [{**whole, "refusal": {"code": refusal.code, "facts": refusal.facts}}]
    # One delivery arrives at one moment, so that none of its tables counts as a correction of another.
    return [{**row, "received_at": whole["received_at"]} for row in rows] or [whole]


def land(home: Home, store: Ledger, feed: str) -> list[str]:
    """Land what is new for a feed; returns the landing ids that still want to be read, oldest first.

    Files still being written, changed while they were copied, or not this account's to read are left for the next time.
    """
    if feed not in contracts():
        raise KeyError(feed)
    whole, _ = inbox.settled(waiting(home, store, feed))
    newest, secret = _newest(store, feed), home.key_secret()
    for file in whole:
        key = path_key(home, file, secret)
        before = newest.get((feed, key), [])
        try:
            stream = file.path.open("rb")
        except (FileNotFoundError, PermissionError):
            continue
        with stream:
            rows = _land_file(home, file, stream, key, before)
        if inbox.look(feed, file.path) != file:
            continue
        with store.transaction() as connection:
            if _content(rows) == _content(before):
                ids = [row["landing_id"] for row in before]
                connection.execute(
                    sa.update(ledger.landing)
                    .where(ledger.landing.c.landing_id.in_(ids))
                    .values(fingerprint=file.fingerprint)
                )
            else:
                store.put(connection, ledger.landing, rows)
    return unread(store, feed)


def unreadable(home: Home, store: Ledger, feed: str) -> list[str]:
    """Masked names of files that wait to be landed and that this account may not read."""
    found = []
    for file in waiting(home, store, feed):
        try:
            file.path.open("rb").close()
        except PermissionError:
            found.append(masked(file.path.name))
        except FileNotFoundError:
            continue
    return found


def unread(store: Ledger, feed: str) -> list[str]:
    """Landing ids of a feed whose outcome is not in the ledger yet, in the order of arrival."""
    table = ledger.landing
    statement = (
        sa.select(table.c.landing_id)
        .where(table.c.feed == feed, table.c.is_done.is_(False))
        .order_by(table.c.received_at, table.c.landing_id)
    )
    return [row["landing_id"] for row in store.rows(statement)]
