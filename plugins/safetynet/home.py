"""Where things lie: one home for all state, an inbox, a reference folder, and the clock of the county."""

from __future__ import annotations

import fcntl
import os
import re
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from pathlib import Path
from zoneinfo import ZoneInfo

CHECKOUT = Path(__file__).resolve().parents[2]
COUNTY_TIME = ZoneInfo("Asia/Shanghai")

_PERSONAL_DIGITS = re.compile(r"\d{9,}[Xx]?|\d{6}[ _-]\d{8}[ _-]\d{3}[\dXx]|1\d{2}[ _-]\d{4}[ _-]\d{4}")


def now() -> datetime:
    """The present moment, with its time zone, to the microsecond."""
    return datetime.now(UTC)


def moment(text: str) -> datetime:
    """A moment as people write it, in UTC where it names no zone; a day alone is the end of it in the county.

    Raises ValueError.
    """
    with suppress(ValueError):
        return end_of_day(date.fromisoformat(text))
    written = datetime.fromisoformat(text)
    return written if written.tzinfo else written.replace(tzinfo=UTC)


def end_of_day(day: date) -> datetime:
    """The last moment of a day where the county is."""
    return datetime.combine(day, time.max, COUNTY_TIME)


def county_day(instant: datetime) -> date:
    """The calendar day of a moment where the county is."""
    return instant.astimezone(COUNTY_TIME).date()


def masked(name: str) -> str:
    """A file name as it may be told: runs of nine and more digits become stars, control characters go."""
    printable = "".join(character if character.isprintable() else "�" for character in name)
    return _PERSONAL_DIGITS.sub(lambda run: "*" * len(run.group()), printable)


@dataclass(frozen=True)
class Home:
    """The folders of one installation; made when first asked for, private to the account that runs it."""

    root: Path
    inbox: Path
    reference: Path

    @classmethod
    def from_environment(cls) -> Home:
        """The home that SAFETYNET_HOME, SAFETYNET_INBOX and SAFETYNET_REFERENCE name."""
        root = Path(os.environ.get("SAFETYNET_HOME") or CHECKOUT / "home").expanduser().resolve()
        inbox = os.environ.get("SAFETYNET_INBOX")
        reference = os.environ.get("SAFETYNET_REFERENCE")
        return cls(
            root=root,
            inbox=Path(inbox).expanduser().resolve() if inbox else root / "inbox",
            reference=Path(reference).expanduser().resolve() if reference else root / "reference",
        )

    @property
    def has_own_inbox(self) -> bool:
        """Whether the inbox is the home's own, and not somebody's that was pointed at."""
        return self.inbox == self.root / "inbox"

    @property
    def has_own_reference(self) -> bool:
        """Whether the reference folder is the home's own."""
        return self.reference == self.root / "reference"

    def folder(self, *parts: str) -> Path:
        """A folder of the home, made with mode 0700 where it is missing."""
        path = self.root.joinpath(*parts)
        if not path.is_dir():
            self.root.mkdir(parents=True, exist_ok=True)
            current = self.root
            for part in parts:
                current = current / part
                current.mkdir(mode=0o700, exist_ok=True)
        return path

    @contextmanager
    def alone(self, what: str) -> Iterator[None]:
        """Only one process of this home at a time does what is named; another waits."""
        with (self.folder() / f".{what}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    @property
    def operations(self) -> Path:
        """The ledger, where it is the embedded SQLite file."""
        return self.root / "operations.sqlite"

    def landed(self, sha256: str) -> Path:
        """Where the bytes of this hash lie."""
        return self.root / "landing" / sha256[:2] / sha256

    def batch_rows(self, feed: str, batch_id: str) -> Path:
        """The Parquet file of a batch's rows."""
        return self.root / "lake" / feed / f"{batch_id}.parquet"

    def batch_marks(self, feed: str, batch_id: str) -> Path:
        """The Parquet file that says of some of a batch's rows why they are quarantined, or what was found."""
        return self.root / "marks" / feed / f"{batch_id}.parquet"

    @property
    def current(self) -> Path:
        """The warehouse that analysts open."""
        return self.root / "warehouse" / "current.duckdb"

    @property
    def restricted(self) -> Path:
        """The file that holds private data (mode 0600)."""
        return self.root / "warehouse" / "restricted.duckdb"

    @property
    def working(self) -> Path:
        """What a build worked with, where it was asked to keep it (mode 0600)."""
        return self.root / "warehouse" / "working.duckdb"

    def official(self, month: date, revision: int) -> Path:
        """The Parquet file of a month's frozen indicators."""
        return self.root / "official" / f"{month:%Y-%m}.r{revision}.parquet"

    def key_secret(self) -> str:
        """The secret behind every key: SAFETYNET_KEY_SECRET, else made once into secrets/person_key (0600)."""
        return os.environ.get("SAFETYNET_KEY_SECRET") or self.secret("person_key", lambda: secrets.token_hex(32))

    def secret(self, name: str, make: Callable[[], str]) -> str:
        """What secrets/<name> (0600) holds; made once."""
        path = self.folder("secrets") / name
        draft = path.with_name(f".{path.name}.{os.getpid()}")
        if not path.exists():
            descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "w") as stream:
                stream.write(make())
                stream.flush()
                os.fsync(stream.fileno())
            with suppress(FileExistsError):
                os.link(draft, path)
            draft.unlink()
        return path.read_text().strip()
