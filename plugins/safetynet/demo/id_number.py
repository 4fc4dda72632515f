"""Identity numbers after GB 11643: six digits of area, eight of birth, three of sequence, one to check."""

from __future__ import annotations

import numpy as np
import polars as pl

from safetynet.demo import chance
from safetynet.demo.chance import Bools, Ints

CHECKS = "10X98765432"
WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
AREAS = (990121, 990122, 990123, 990181, 990103)
_AREA_SHARES = (0.93, 0.03, 0.015, 0.015, 0.01)


def check_character(seventeen: str) -> str:
    """The eighteenth character that belongs to seventeen digits."""
    return CHECKS[sum(int(digit) * weight for digit, weight in zip(seventeen, WEIGHTS, strict=True)) % 11]


def is_valid(text: str) -> bool:
    """Whether a text of 18 characters passes the checksum."""
    body = text[:17]
    return len(text) == 18 and body.isascii() and body.isdigit() and check_character(body) == text[17]


def id_numbers(rng: np.random.Generator, birth: pl.Series, male: Bools) -> pl.Series:
    """Draw a distinct valid number for each birth date (pl.Date) and sex (the 17th digit is odd for men)."""
    area = np.array(AREAS, dtype=np.int64)[chance.index(rng, _AREA_SHARES, len(male))]
    day = birth.dt.strftime("%Y%m%d").cast(pl.Int64).to_numpy().astype(np.int64)
    group = (area * 10**8 + day) * 2 + male
    turn = _turn(group)
    step = (turn * 7 + (day * 31 + area) % 499) % 499
    sequence = np.where(male, 2 * step + 1, 2 * step + 2)
    body = (area * 10**8 + day) * 1000 + sequence
    rest = body.copy()
    total = np.zeros(len(body), dtype=np.int64)
    for weight in reversed(WEIGHTS):
        total += (rest % 10) * weight
        rest //= 10
    check = pl.Series(list(CHECKS)).gather(pl.Series(total % 11))
    return pl.select(pl.concat_str(pl.lit(pl.Series(body).cast(pl.String)), pl.lit(check))).to_series()


def _turn(group: Ints) -> Ints:
    """How many equal numbers stand before each one."""
    order = np.argsort(group, kind="stable")
    ordered = group[order]
    is_first = np.concatenate([[True], ordered[1:] != ordered[:-1]])
    start = np.maximum.accumulate(np.where(is_first, np.arange(len(group)), 0))
    turn = np.empty(len(group), dtype=np.int64)
    turn[order] = np.arange(len(group)) - start
    return turn
