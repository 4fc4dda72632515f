"""Columns are found by their headers, never by position; what is missing, new or double is told."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass, replace
from decimal import Decimal

from safetynet.contract import Contract, Kind
from safetynet.read.added import REASON_HEADER
from safetynet.refusal import Refused

_BLANKS = re.compile("[\\s\u00a0\u3000\u200b-\u200f\u2060\ufeff]+")
_FULL_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {ord("㎡"): "m2"}
_WRAPPED = re.compile(r'^="(.*)"$', re.DOTALL)
_UNIT = re.compile(r"\((?:单位:)?(万?元)\)$")
_LONG_DIGITS = re.compile(r"\d{5,}")
_NEAR = 0.6


def normal(header: str) -> str:
    """A header without blanks, without Excel's ="…" around it, with half-width brackets, letters and digits."""
    return _WRAPPED.sub(r"\1", _BLANKS.sub("", header)).translate(_FULL_WIDTH).lower()


@dataclass(frozen=True)
class Header:
    """Where the columns of a contract stand in one sheet."""

    row: int
    """1-based number of the header row."""
    columns: dict[str, int]
    """Contract column → index of the cell (0-based)."""
    multipliers: dict[str, Decimal]
    """Money columns whose header names a unit other than yuan."""
    texts: dict[str, str]
    """Contract column → its header, letter for letter as it stands in the sheet."""
    width: int
    new: tuple[str, ...]
    """Headers that the contract does not know."""
    missing_optional: tuple[str, ...]
    added: frozenset[int] = frozenset()
    """Cells (0-based) of the column that safetynet wrote beside the table when it gave the file back."""

    def narrowed(self, kept: list[int]) -> Header:
        """The same header over a sheet of which only the cells `kept` are read."""
        place = {index: position for position, index in enumerate(kept)}
        columns = {name: place[index] for name, index in self.columns.items()}
        return replace(self, columns=columns, width=len(kept), added=frozenset())


@dataclass(frozen=True)
class _Candidate:
    row: int
    found: dict[str, list[int]]
    texts: list[str]
    new: tuple[str, ...]

    @property
    def score(self) -> int:
        return len(self.found)


def _unit(column_kind: Kind, text: str) -> tuple[str, Decimal]:
    unit = _UNIT.search(text) if column_kind is Kind.MONEY else None
    if not unit:
        return text, Decimal(1)
    return text[: unit.start()], Decimal(10_000 if unit.group(1) == "万元" else 1)


def _candidate(contract: Contract, row: int, texts: list[str]) -> _Candidate:
    spelled = {normal(header): name for name, column in contract.columns.items() for header in column.headers}
    ignored = {normal(header) for header in (*contract.ignored, REASON_HEADER)}
    found: dict[str, list[int]] = {}
    new: list[str] = []
    for index, text in enumerate(texts):
        name = spelled.get(text)
        if name is None:
            bare, _ = _unit(Kind.MONEY, text)
            name = spelled.get(bare)
            if name is not None and contract.columns[name].kind is not Kind.MONEY:
                name = None
        if name is not None:
            found.setdefault(name, []).append(index)
        elif text and text not in ignored:
            new.append(text)
    return _Candidate(row, found, texts, tuple(new))


def _merged_down(head: list[list[str]], row: int) -> list[str]:
    """Texts of a row; a blank cell takes the text above it, as cells merged downwards show it."""
    above = head[row - 1] if row else []
    texts = [normal(text) for text in head[row]]
    for index, text in enumerate(above):
        if index >= len(texts):
            texts.append("")
        if not texts[index]:
            texts[index] = normal(text)
    return texts


def best_match(contract: Contract, head: list[list[str]]) -> _Candidate | None:
    """The row among the first ones that holds most of the contract's headers, None where no row holds two."""
    best: _Candidate | None = None
    for row in range(min(contract.header.within_first_rows, len(head))):
        for texts in ([normal(text) for text in head[row]], _merged_down(head, row)):
            candidate = _candidate(contract, row + 1, texts)
            if candidate.score >= 2 and (best is None or candidate.score > best.score):
                best = candidate
    return best


def recognised(contract: Contract, head: list[list[str]]) -> float:
    """Share of the contract's required columns that a sheet's best header row holds, 0 to 1."""
    best = best_match(contract, head)
    if best is None:
        return 0.0
    return sum(name in best.found for name in contract.required) / len(contract.required)


def _near_misses(contract: Contract, missing: list[str], new: tuple[str, ...]) -> list[str]:
    """`found → expected` for new headers that resemble a missing one; long digits are never told."""
    told = []
    for name in missing:
        spellings = [normal(header) for header in contract.columns[name].headers]
        for text in new:
            is_tellable = len(text) <= 40 and not _LONG_DIGITS.search(text) and text.isprintable()
            if is_tellable and difflib.get_close_matches(text, spellings, n=1, cutoff=_NEAR):
                told.append(f"{text} → {contract.first_header(name)}")
                break
    return told


def _standing(head: list[list[str]], row: int, index: int) -> str:
    for texts in (head[row - 1], head[row - 2] if row > 1 else []):
        if index < len(texts) and texts[index]:
            return texts[index]
    return ""


def find(contract: Contract, head: list[list[str]]) -> Header:
    """Find the header row and every column in it.

    Raises Refused: no_header, missing_columns (with near misses), double_columns.
    """
    best = best_match(contract, head)
    if best is None:
        raise Refused("no_header", columns=[contract.first_header(name) for name in contract.required])
    missing = [name for name in contract.columns if name not in best.found]
    missing_required = [name for name in missing if contract.columns[name].required]
    if missing_required:
        raise Refused(
            "missing_columns",
            row=best.row,
            columns=[contract.first_header(name) for name in missing_required],
            near=_near_misses(contract, missing_required, best.new),
        )
    double = [name for name, indexes in best.found.items() if len(indexes) > 1]
    if double:
        raise Refused("double_columns", row=best.row, columns=[contract.first_header(name) for name in double])
    columns = {name: indexes[0] for name, indexes in best.found.items()}
    multipliers = {
        name: unit
        for name, index in columns.items()
        if (unit := _unit(contract.columns[name].kind, best.texts[index])[1]) != 1
    }
    return Header(
        row=best.row,
        columns=columns,
        multipliers=multipliers,
        texts={name: _standing(head, best.row, index) for name, index in columns.items()},
        width=len(best.texts),
        new=best.new,
        missing_optional=tuple(missing),
        added=frozenset(index for index, text in enumerate(best.texts) if text == normal(REASON_HEADER)),
    )
