"""Seeded draws, each part of the county from a stream of its own."""

from __future__ import annotations

import zlib
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import polars as pl

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
Bytes = npt.NDArray[np.uint8]


def place(name: str) -> int:
    """A number that stands for a name, the same in every run."""
    return zlib.crc32(name.encode())


def stream(seed: int, name: str) -> np.random.Generator:
    """A generator that depends on the seed and on the name of what is drawn, and on nothing else."""
    return np.random.Generator(np.random.PCG64([seed, place(name)]))


def shares(weights: Sequence[float] | Floats) -> Floats:
    """Weights scaled to a sum of one."""
    given: Floats = np.asarray(weights, dtype=np.float64)
    scaled: Floats = given / given.sum()
    return scaled


def index(rng: np.random.Generator, weights: Sequence[float] | Floats, size: int) -> Ints:
    """Positions 0..len(weights)-1 drawn by weight, in linear time."""
    edges = np.cumsum(shares(weights))
    return np.minimum(np.searchsorted(edges, rng.random(size), side="right"), len(edges) - 1).astype(np.int64)


def choose(rng: np.random.Generator, values: Sequence[str], weights: Sequence[float], size: int) -> pl.Series:
    """A text series of `size` values drawn by weight."""
    return pl.Series(list(values), dtype=pl.String).gather(pl.Series(index(rng, weights, size)))


def some(rng: np.random.Generator, mask: Bools, rate: float, at_least: int = 1) -> Bools:
    """Draw `rate` of the positions where mask holds, and no fewer than `at_least` if there are."""
    where = np.flatnonzero(mask)
    count = min(len(where), max(at_least, round(rate * len(where))))
    picked = np.zeros(len(mask), dtype=np.bool_)
    picked[rng.permutation(where)[:count]] = True
    return picked
