"""A county: a home, a reference folder of province 99, and an inbox that a clerk fills.

def test_something(county: County) -> None:
    county.deliver("registry_member", [row("registry_member", 1)])
    (outcome,) = county.take_in()
    assert outcome.verdict == "accepted"
    assert county.lake(outcome)[0]["person_name"] == "萧零壹"
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import sqlalchemy as sa

from clerk import DIVISIONS, FEEDS, file_of
from safetynet import reference
from safetynet.contract import contracts
from safetynet.home import Home
from safetynet.land.landing import land
from safetynet.publish import ledger
from safetynet.publish.lake import marked
from safetynet.publish.ledger import Ledger

if TYPE_CHECKING:
    from safetynet.ingest import Outcome

AS_OF = "20250630"
_LONG_AGO = 1_750_000_000


class County:
    """One home, its ledger and its inbox."""

    def __init__(self, root: Path) -> None:
        self.home = Home(root=root / "home", inbox=root / "inbox", reference=root / "reference")
        self.home.reference.mkdir(parents=True, exist_ok=True)
        (self.home.reference / "divisions.csv").write_text(DIVISIONS, encoding="utf-8")
        self.store = Ledger(self.home)
        self._delivered: list[tuple[Path, str]] = []

    def rename(self, successors: Mapping[str, str], on: str) -> None:
        """End divisions on a day; each has a successor, of its name and level where that is a new code."""
        header, *lines = DIVISIONS.splitlines()
        known = {line.split(",")[0]: line.split(",") for line in lines}
        ended = [[*known[old][:5], on, new] for old, new in successors.items()]
        begun = {new: [new, *known[old][1:4], "", "", ""] for old, new in successors.items() if new not in known}
        kept = [[*cells, ""] for code, cells in known.items() if code not in successors]
        table = [f"{header},successor_code", *(",".join(cells) for cells in [*kept, *ended, *begun.values()]), ""]
        (self.home.reference / "divisions.csv").write_text("\n".join(table), encoding="utf-8")

    def put(self, feed: str, name: str | bytes, content: bytes) -> Path:
        """Put bytes into a feed's inbox, as if they had lain there for a while; later ones are younger."""
        folder = self.home.inbox / feed
        path = folder / (os.fsdecode(name) if isinstance(name, bytes) else name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        moment = _LONG_AGO + len(self._delivered)
        os.utime(path, (moment, moment))
        self._delivered.append((path, hashlib.sha256(content).hexdigest()))
        return path

    def deliver(
        self,
        feed: str,
        given: Sequence[Mapping[str, Any]],
        name: str | None = None,
        headers: Mapping[str, str | None] | None = None,
    ) -> Path:
        """Write rows into a file of the feed's own format and put it into the inbox."""
        suffix = "csv" if contracts()[feed].csv else "xlsx"
        return self.put(feed, name or f"{feed}_{AS_OF}.{suffix}", file_of(feed, given, headers))

    def land(self) -> list[str]:
        """Land whatever is new; returns the landing ids that want to be read."""
        reference.keep(self.home, self.store)
        return [landing_id for feed in FEEDS for landing_id in land(self.home, self.store, feed)]

    def take_in(self) -> list[Outcome]:
        """Land and take in whatever is new, and see that every row and every file is accounted for."""
        from safetynet.ingest import take_in

        landing_ids = self.land()
        outcomes = [outcome for each in landing_ids for outcome in take_in(self.home, self.store, each)]
        self.check(outcomes)
        return outcomes

    def check(self, outcomes: Sequence[Outcome]) -> None:
        """Counts add up, lake and ledger agree, and what was delivered lies in landing byte for byte."""
        for outcome in outcomes:
            counts = outcome.counts
            assert counts.received == counts.accepted + counts.quarantined + counts.duplicate
        for batch in self.ledger(ledger.batch):
            lake = self.sql(
                "SELECT disposition, count(*) FROM batch GROUP BY disposition", batch["feed"], batch["batch_id"]
            )
            told = {"accepted": batch["rows_accepted"], "quarantined": batch["rows_quarantined"]}
            told["duplicate"] = batch["rows_duplicate"]
            assert dict(lake) == {disposition: count for disposition, count in told.items() if count}
            assert batch["rows_received"] == sum(told.values())
        assert not list(self.home.folder("tmp").iterdir())
        for path, sha256 in self._delivered:
            assert path.is_file(), "the inbox is nobody's to change"
            landed = self.home.landed(sha256)
            if landed.is_file():
                assert hashlib.sha256(landed.read_bytes()).hexdigest() == sha256

    def landed(self, path: Path) -> bool:
        """Whether a delivered file lies in landing byte for byte."""
        content = path.read_bytes()
        copy = self.home.landed(hashlib.sha256(content).hexdigest())
        return copy.is_file() and copy.read_bytes() == content

    def ledger(self, table: sa.Table) -> list[dict[str, Any]]:
        """All rows of one of the ledger's tables."""
        return self.store.rows(sa.select(table))

    def sql(self, query: str, feed: str, batch_id: str) -> list[tuple[Any, ...]]:
        """A query over relation `batch`, the marked rows of a batch."""
        with duckdb.connect() as connection:
            connection.execute(f"CREATE VIEW batch AS {self._marked(feed, batch_id)}")
            return connection.execute(query).fetchall()

    def _marked(self, feed: str, batch_id: str) -> str:
        files = (self.home.batch_rows(feed, batch_id), self.home.batch_marks(feed, batch_id))
        return marked(*(f"'{file}'" for file in files))

    def lake(self, outcome: Outcome) -> list[dict[str, Any]]:
        """The rows of a batch in the order of their row numbers; reasons and findings as (column, text) pairs."""
        assert outcome.batch_id is not None
        rows = self._marked(outcome.feed, outcome.batch_id)
        with duckdb.connect() as connection:
            found = connection.execute(f"FROM ({rows}) ORDER BY row_number").fetchall()
            names = [column[0] for column in connection.description or []]
        read = [dict(zip(names, values, strict=True)) for values in found]
        for each in read:
            for told in ("reasons", "findings"):
                each[told] = [tuple(entry.values()) for entry in each.get(told) or []]
        return read

    def told(self, outcome: Outcome) -> dict[int, list[tuple[str | None, str]]]:
        """Row number → reasons and findings, for rows about which anything is told."""
        return {
            each["row_number"]: each["reasons"] + each["findings"]
            for each in self.lake(outcome)
            if each["reasons"] or each["findings"]
        }
