"""Names of divisions, and what became of those that are no more, out of the reference table that was landed last."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from functools import lru_cache
from typing import NamedTuple

import polars as pl

from safetynet import reference
from safetynet.division import present
from safetynet.home import Home, county_day, now
from safetynet.publish.ledger import Ledger


class Division(NamedTuple):
    """A division's newest name, its last day (None while it is there), and the one that has taken its place."""

    name: str | None
    ended: date | None
    successor: str | None = None


_UNKNOWN = Division(None, None)


def known(home: Home, store: Ledger) -> Mapping[str, Division]:
    """Every division by its code, also those that are no more; none where no table was landed."""
    sha256 = reference.version(store, reference.DIVISIONS)
    return _known(home, store, sha256, county_day(now())) if sha256 and home.landed(sha256).is_file() else {}


@lru_cache(maxsize=4)
def _known(home: Home, store: Ledger, sha256: str, today: date) -> Mapping[str, Division]:
    table = reference.divisions(home, store)
    successors = reference.present_codes(table, today)
    newest = table.sort("valid_to", nulls_last=True, maintain_order=True).unique(
        "division_code", keep="last", maintain_order=True
    )
    told = newest.select("division_code", "name", pl.col("valid_to"))
    return {code: Division(name, ended, successors.get(code)) for code, name, ended in told.iter_rows()}


def successors(divisions: Mapping[str, Division]) -> dict[str, str]:
    """Former → present code."""
    return {code: each.successor for code, each in divisions.items() if each.successor}


def codes(successors: Mapping[str, str], scope: str | None) -> list[str | None]:
    """The present code of a division, and all that it, or what became part of it, had before."""
    now_is = present(scope, successors)
    return [now_is, *sorted(code for code, successor in successors.items() if successor == now_is)]


def names(divisions: Mapping[str, Division], codes: Iterable[str | None]) -> dict[str, str]:
    """Code → name, as far as they are known."""
    return {code: name for code in codes if code and (name := divisions.get(code, _UNKNOWN).name)}
