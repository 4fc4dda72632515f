"""The one statement that cleans a sheet: text cells in, typed columns with issues and repairs out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

from safetynet.contract import Column, Contract, Kind
from safetynet.read.footer import NOTE, TOTAL
from safetynet.read.header import Header

MACROS = (Path(__file__).parent / "kinds.sql").read_text(encoding="utf-8")


def literal(text: str) -> str:
    """A text of a contract as an SQL literal."""
    return "'" + text.replace("'", "''") + "'"


@dataclass(frozen=True)
class _Cell:
    """What the macros of a kind need to know besides the raw text."""

    column: Column
    multiplier: Decimal
    as_of: str

    @property
    def spellings(self) -> str:
        forms = {spelling: value for value, others in self.column.values.items() for spelling in (value, *others)}
        return "MAP {" + ", ".join(f"{literal(key)}: {literal(value)}" for key, value in forms.items()) + "}"


Arguments = dict[Kind, Callable[[_Cell], list[str]]]

_READ_ARGUMENTS: Arguments = {
    Kind.MONEY: lambda cell: [str(cell.multiplier)],
    Kind.CATEGORY: lambda cell: [cell.spellings],
}
_VALUE_ARGUMENTS: Arguments = {
    Kind.ID_NUMBER: lambda cell: [cell.as_of],
    Kind.DATE: lambda cell: [cell.as_of],
    Kind.MONTH: lambda cell: [cell.as_of],
    Kind.MONEY: lambda cell: [str(cell.column.may_be_negative).lower()],
}
_ISSUE_ARGUMENTS: Arguments = {
    Kind.ID_NUMBER: lambda cell: [cell.as_of],
    Kind.DATE: lambda cell: [cell.as_of],
    Kind.MONTH: lambda cell: [cell.as_of],
}


def _call(step: str, cell: _Cell, *operands: str, further: Arguments | None = None) -> str:
    declare = further.get(cell.column.kind) if further else None
    return f"{cell.column.kind}_{step}({', '.join([*operands, *(declare(cell) if declare else [])])})"


def _is_repeated_header(contract: Contract, header: Header, cells: dict[str, str]) -> str:
    return " AND ".join(f"{cells[name]} = {literal(header.texts[name])}" for name in contract.required)


def clean_statement(contract: Contract, header: Header, as_of: date) -> str:
    """SELECT over relation `sheet` (read.sheet.row_schema over all of the header's cells).

    Yields row_number, is_ragged, is_note_like, row_hash (of the text and shape), and for each column of the contract
    its value, `<column>_issue` and `<column>_repair`; for id numbers `<column>_damaged` too.
    """
    on = f"DATE '{as_of.isoformat()}'"
    all_cells = [f"c{index}" for index in range(header.width)]
    cells = {name: f"c{index}" for name, index in header.columns.items()}
    known = [cells[name] for name in contract.columns if name in cells]
    characters, reads, values, outcomes = [], [], [], []
    for name, column in contract.columns.items():
        raw = cells.get(name, "''")
        cell = _Cell(column, header.multipliers.get(name, Decimal(1)), on)
        characters.append(f"{_call('characters', cell, raw)} AS {name}_c")
        reads.append(f"{_call('read', cell, f'{name}_c', further=_READ_ARGUMENTS)} AS {name}_r")
        values.append(f"{_call('value', cell, f'{name}_r', further=_VALUE_ARGUMENTS)} AS {name}")
        issue = _call("issue", cell, raw, f"{name}_c", f"{name}_r", name, further=_ISSUE_ARGUMENTS)
        outcomes += [
            f"CAST({name} AS {column.sql_type}) AS {name}",
            f"{issue} AS {name}_issue",
            f"{_call('repair', cell, raw, f'{name}_c', name)} AS {name}_repair",
        ]
        if column.kind is Kind.ID_NUMBER:
            outcomes.append(
                f"CASE WHEN {name} IS NULL AND NOT is_blank({raw}) THEN left({raw}, 64) END AS {name}_damaged"
            )
    first_filled = "CASE " + " ".join(f"WHEN NOT is_blank({cell}) THEN {cell}" for cell in all_cells) + " END"
    repeated = _is_repeated_header(contract, header, cells)
    return f"""
WITH with_first AS (SELECT *, {first_filled} AS first_filled FROM sheet),
with_characters AS (
    SELECT
        row_number, is_ragged, {", ".join(known)},
        first_filled IS NULL
            OR (contains(first_filled, '计') AND regexp_matches(first_filled, {literal(TOTAL)}))
            OR ({repeated}) AS is_no_data,
        regexp_matches(first_filled, {literal(NOTE)}) AS is_note_like,
        hash(is_ragged, {", ".join(known)}) AS row_hash,
        {", ".join(characters)}
    FROM with_first
),
with_reads AS (SELECT *, {", ".join(reads)} FROM with_characters),
with_values AS (SELECT *, {", ".join(values)} FROM with_reads)
SELECT row_number, is_ragged, is_no_data, is_note_like, row_hash, {", ".join(outcomes)}
FROM with_values
"""
