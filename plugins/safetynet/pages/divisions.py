"""Names of divisions and the last day of those that are no more, out of the reference table that was landed last."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from functools import lru_cache
from typing import NamedTuple

import polars as pl

from safetynet import reference
from safetynet.home import Home
from safetynet.publish.ledger import Ledger


class Division(NamedTuple):
    """A division's newest name, and its last day; None while it is there."""

    name: str | None
    ended: date | None


_UNKNOWN = Division(None, None)


def known(home: Home, store: Ledger) -> Mapping[str, Division]:
    """Every division by its code, also those that are no more; none where no table was landed."""
    sha256 = reference.version(store, reference.DIVISIONS)
    return _known(home, store, sha256) if sha256 and home.landed(sha256).is_file() else {}


@lru_cache(maxsize=4)
def _known(home: Home, store: Ledger, sha256: str) -> Mapping[str, Division]:
    newest = (
        reference.divisions(home, store)
        .sort("valid_to", nulls_last=True, maintain_order=True)
        .unique("division_code", keep="last", maintain_order=True)
    )
    told = newest.select("division_code", "name", pl.col("valid_to"))
    return {code: Division(name, ended) for code, name, ended in told.iter_rows()}


def names(divisions: Mapping[str, Division], codes: Iterable[str | None]) -> dict[str, str]:
    """Code → name, as far as they are known."""
    return {code: name for code in codes if code and (name := divisions.get(code, _UNKNOWN).name)}
