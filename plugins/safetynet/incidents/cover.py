"""For whom else a division's file stands: for all that lie in it, and for one above it of whose rows most lie in it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import date
from functools import lru_cache
from pathlib import Path

import polars as pl

from safetynet.contract import Contract
from safetynet.division import above, prefix, present
from safetynet.home import Home
from safetynet.incidents.delivered import Delivered

Scope = str | None

ShareWithin = Callable[[str, Collection[str], Collection[str]], float]
"""(feed, ids of its batches, divisions) → share of their rows that lie in these divisions."""


def share_within(home: Home, successors: Mapping[str, str]) -> ShareWithin:
    """By the lake of a home, under the present codes of divisions; 0 where no row can be placed."""

    def share(feed: str, batch_ids: Collection[str], divisions: Collection[str]) -> float:
        prefixes = tuple(prefix(code) for code in divisions)
        total = inside = 0
        for batch_id in batch_ids:
            for code, rows in _places(home.batch_rows(feed, batch_id)):
                total += rows
                inside += rows if (present(code, successors) or "").startswith(prefixes) else 0
        return inside / total if total else 0.0

    return share


@lru_cache(maxsize=1024)
def _places(path: Path) -> Sequence[tuple[str, int]]:
    """Rows of a batch by division; none where it has none, or is no more."""
    if not path.is_file() or "division_code" not in pl.read_parquet_schema(path):
        return ()
    placed = pl.scan_parquet(path).filter(pl.col("division_code").is_not_null())
    return tuple(placed.group_by("division_code").len().collect().iter_rows())


class Cover:
    """Which divisions of a feed sent which periods, and what those in another one are of it, by its last used file."""

    def __init__(
        self, feed: Contract, files: Iterable[Delivered], used: Iterable[Delivered], share: ShareWithin
    ) -> None:
        self._feed, self._share = feed, share
        self._periods: dict[Scope, set[date]] = {}
        for file in files:
            self._periods.setdefault(file.scope, set()).add(file.period)
        self._inside: dict[str, list[str]] = {}
        for scope in self._periods:
            for code in above(scope) if scope else ():
                self._inside.setdefault(code, []).append(scope or "")
        self._last: dict[Scope, tuple[date, list[str]]] = {}
        for file in used:
            as_of, batch_ids = self._last.get(file.scope, (date.min, []))
            if file.as_of >= as_of and file.batch_id:
                same = batch_ids if file.as_of == as_of else []
                self._last[file.scope] = file.as_of, [*same, file.batch_id]

    def holds_most(self, scope: Scope, period: date) -> bool:
        """Whether divisions in another sent a period in which no fewer of its rows lie than its own file would need."""
        sent = [each for each in self._inside.get(scope or "", ()) if period in self._periods[each]]
        if not sent or scope not in self._last:
            return False
        return self._share(self._feed.feed, self._last[scope][1], sent) >= self._feed.bounds.volume_low

    def taken_over(self, scope: Scope, since: date) -> date | None:
        """The newest period after one that divisions in another sent for most of it; None where there is none."""
        periods = {period for each in self._inside.get(scope or "", ()) for period in self._periods[each]}
        later = sorted((period for period in periods if period > since), reverse=True)
        return next((period for period in later if self.holds_most(scope, period)), None)


def asked(newest: Mapping[Scope, date], cover: Cover) -> set[Scope]:
    """Of divisions that wait for a period, by the newest that each sent itself, those that are asked for it.

    Where those in another one went on with most of its rows they are asked in its place (a prefecture that handed over
    to its counties); else it is asked, for all in it that sent nothing newer themselves.
    """
    whole = {scope for scope, period in newest.items() if cover.taken_over(scope, period) is None}
    return {
        scope
        for scope in whole
        if not any(code in whole and newest[code] >= newest[scope] for code in (above(scope) if scope else ()))
    }
