"""The tree of divisions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import duckdb

from safetynet.division import LENGTHS, prefix
from safetynet.pages.small_counts import Cell
from safetynet.pages.warehouse import rows

REST = ""
"""Stands for what is counted in a division and in none of those in it."""

_DIVISION = "SELECT division_code, name, level FROM marts.dim_division"


@dataclass(frozen=True)
class Place:
    """A division, those that it lies in (the widest first, itself last), and those that lie directly in it."""

    path: list[dict[str, Any]]
    children: list[dict[str, Any]]

    @property
    def code(self) -> str | None:
        """Its code; None for everything there is."""
        return self.path[-1]["division_code"] if self.path else None

    @property
    def codes(self) -> list[str]:
        """The codes of its path."""
        return [each["division_code"] for each in self.path]


def place(connection: duckdb.DuckDBPyConnection, code: str | None) -> Place | None:
    """A division as a place; without a code the smallest one that holds all others. None for an unknown code."""
    if code is not None:
        own = prefix(code)
        above = [own[:length].ljust(12, "0") for length in LENGTHS if length <= len(own)]
        path = rows(connection, f"{_DIVISION} WHERE list_contains(?, division_code) ORDER BY level", [above])
        if not path or path[-1]["division_code"] != code:
            return None
        return Place(path, children(connection, code))
    path, below = [], children(connection, None)
    while len(below) == 1:
        path.append(below[0])
        below = children(connection, below[0]["division_code"])
    return Place(path, below)


def children(connection: duckdb.DuckDBPyConnection, code: str | None) -> list[dict[str, Any]]:
    """The divisions that lie directly in one; None: in none."""
    return rows(connection, f"{_DIVISION} WHERE parent_code IS NOT DISTINCT FROM ? ORDER BY division_code", [code])


def add_rest(level: dict[str, Cell], total: Cell | None) -> None:
    """What is counted in a division and in none of those in it is a cell too, where the total is known."""
    if total is not None:
        sums = [sum(parts) for parts in zip(*level.values(), strict=True)] or [0] * len(total)
        level[REST] = tuple(max(whole - part, 0) for whole, part in zip(total, sums, strict=True))
