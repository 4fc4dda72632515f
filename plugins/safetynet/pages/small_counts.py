"""Small counts are not told: fewer than five point to a family, and so does what a total gives away.

Cells that add up to a total are hidden where they are small, and as many more of them as it takes that nobody works the
small ones out from the total. Source: statistical disclosure control, primary and complementary suppression.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

FEWEST = 5

Cell = tuple[int, ...]
"""What is counted, in parts: one count, or those for whom something holds and those for whom it does not."""


def is_small(cell: Cell) -> bool:
    """Whether a part of a cell is told of so few that it points to them; nobody at all is told."""
    return any(0 < part < FEWEST for part in cell)


def hidden(cells: Mapping[str, Cell], is_total_told: bool) -> set[str]:
    """Which of the cells that add up to one total are hidden."""
    out = {code for code, cell in cells.items() if is_small(cell)}
    if is_total_told and not out:
        return out
    others = sorted((cell, code) for code, cell in cells.items() if code not in out and any(cell))
    while others and not _is_safe(cells, out, is_total_told):
        out.add(others.pop(0)[1])
    return out


def _is_safe(cells: Mapping[str, Cell], out: set[str], is_total_told: bool) -> bool:
    if not is_total_told:
        return bool(out)
    sums = [sum(parts) for parts in zip(*(cells[code] for code in out), strict=True)]
    return not out or (len(out) > 1 and not is_small(tuple(sums)))


def hidden_along(levels: Sequence[Mapping[str, Cell]], path: Sequence[str]) -> list[set[str]]:
    """What to hide on each level of a tree walked down: `path[n]` is the cell of `levels[n]` that the next divides."""
    found: list[set[str]] = []
    is_told = True
    for depth, cells in enumerate(levels):
        found.append(hidden(cells, is_told))
        is_told = depth < len(path) and path[depth] not in found[-1]
    return found
