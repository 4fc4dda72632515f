"""The one statement that cleans a sheet: text cells in, typed columns with issues and repairs out."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

from safetynet.contract import Column, Contract, Kind
from safetynet.read.footer import DAY, NOTE, TOTAL
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
    def accepted(self) -> str:
        return "[" + ", ".join(map(literal, self.column.values)) + "]"

    @property
    def spellings(self) -> str:
        others = {other: value for value, spelled in self.column.values.items() for other in (value, *spelled)}
        return "MAP {" + ", ".join(f"{literal(key)}: {literal(value)}" for key, value in others.items()) + "}"


Arguments = dict[Kind, Callable[[_Cell], list[str]]]

_PLAIN_ARGUMENTS: Arguments = {
    Kind.CATEGORY: lambda cell: [cell.accepted],
}
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


@dataclass(frozen=True)
class _Column:
    """The macro calls that clean one column, each a step on what the ones before it left.

    From the text `raw`: `<name>_p` (is plain), `<name>_c` (characters), `<name>_r` (read), `<name>` and its outcomes.
    """

    name: str
    cell: _Cell
    raw: str

    def _call(self, step: str, *operands: str, further: Arguments | None = None) -> str:
        kind = self.cell.column.kind
        declare = further.get(kind) if further else None
        return f"{kind}_{step}({', '.join([*operands, *(declare(self.cell) if declare else [])])})"

    @property
    def steps(self) -> list[str]:
        """The column's part of each layer, in their order."""
        name, plain, characters, read = self.name, f"{self.name}_p", f"{self.name}_c", f"{self.name}_r"
        return [
            f"{self._call('is_plain', self.raw, further=_PLAIN_ARGUMENTS)} AS {plain}",
            f"{self._call('characters', plain, self.raw)} AS {characters}",
            f"{self._call('read', plain, characters, further=_READ_ARGUMENTS)} AS {read}",
            f"{self._call('value', plain, characters, read, further=_VALUE_ARGUMENTS)} AS {name}",
        ]

    @property
    def value(self) -> str:
        return f"CAST({self.name} AS {self.cell.column.sql_type})"

    @property
    def issue(self) -> str:
        operands = (self.raw, f"{self.name}_c", f"{self.name}_r", self.name)
        return self._call("issue", *operands, further=_ISSUE_ARGUMENTS)

    @property
    def repair(self) -> str:
        return self._call("repair", f"{self.name}_p", self.raw, f"{self.name}_c", self.name)


def _column(contract: Contract, header: Header, as_of: date, name: str, raw: str) -> _Column:
    multiplier = header.multipliers.get(name, Decimal(1))
    return _Column(name, _Cell(contract.columns[name], multiplier, f"DATE '{as_of.isoformat()}'"), raw)


def _layered(source: str, columns: Sequence[_Column]) -> str:
    """FROM clause of relation `source` with all that the columns' steps leave."""
    layers = zip(*(column.steps for column in columns), strict=True)
    for layer in layers:
        source = f"(SELECT *, {', '.join(layer)} FROM {source})"
    return source


def text_statement(contract: Contract, header: Header, as_of: date, name: str) -> str:
    """SELECT over relation `texts` (text: cells of one column): value, issue and repair of each, in the same order."""
    column = _column(contract, header, as_of, name, "text")
    outcomes = f"{column.value} AS value, {column.issue} AS issue, {column.repair} AS repair"
    return f"SELECT {outcomes} FROM {_layered('texts', [column])}"


def _is_repeated_header(contract: Contract, header: Header, cells: dict[str, str]) -> str:
    return " AND ".join(f"{cells[name]} = {literal(header.texts[name])}" for name in contract.required) or "false"


def _is_unanswered(contract: Contract, cells: dict[str, str]) -> str:
    return " AND ".join(f"is_blank({cells[name]})" for name in contract.answers if name in cells) or "false"


def clean_statement(contract: Contract, header: Header, as_of: date, cleaned: Collection[str] = ()) -> str:
    """SELECT over relation `sheet` (read.sheet.row_schema over all of the header's cells).

    Columns in `cleaned` come with the sheet: `<column>`, `<column>_issue`, `<column>_repair`. Yields row_number,
    is_ragged, is_no_data, is_note_like, row_hash (of the text and shape), the value of each column of the contract, for
    id numbers `<column>_damaged` too, and two maps by column, `issue` and `repair`, NULL where nothing is to be told.
    """
    cells = {name: f"c{index}" for name, index in header.columns.items()}
    known = [cells[name] for name in contract.columns if name in cells]
    columns = {
        name: _column(contract, header, as_of, name, cells.get(name, "''"))
        for name in contract.columns
        if name not in cleaned
    }
    values = [f"{columns[name].value} AS {name}" if name in columns else name for name in contract.columns]
    may_have_issue = [f"({column.raw} <> '' AND {name} IS NULL)" for name, column in columns.items()]
    may_have_repair = [f"NOT {name}_p AND {name} IS NOT NULL" for name in columns]
    issues = {name: columns[name].issue if name in columns else f"{name}_issue" for name in contract.columns}
    repairs = {name: columns[name].repair if name in columns else f"{name}_repair" for name in contract.columns}
    damaged = [
        f"CASE WHEN {name} IS NULL AND {cells[name]} <> '' AND NOT is_blank({cells[name]}) "
        f"THEN left({cells[name]}, 64) END AS {name}_damaged"
        if name in cells
        else f"CAST(NULL AS VARCHAR) AS {name}_damaged"
        for name in contract.id_columns
    ]
    filled = [f"WHEN NOT is_blank(c{index}) THEN c{index}" for index in range(header.width)]
    alone = f"concat({', '.join(f'c{index}' for index in range(header.width))}) = first_filled"
    with_first = f"(SELECT *, CASE {' '.join(filled)} END AS first_filled FROM sheet)"
    return f"""
        SELECT
            row_number, is_ragged,
            CASE
                WHEN first_filled IS NULL THEN true
                WHEN contains(first_filled, '计') AND regexp_matches(first_filled, {literal(TOTAL)}) THEN true
                WHEN {_is_unanswered(contract, cells)} THEN true
                ELSE {_is_repeated_header(contract, header, cells)}
            END AS is_no_data,
            CASE
                WHEN first_filled IS NULL THEN false
                WHEN ends_with(first_filled, '日') AND regexp_matches(first_filled, {literal(DAY)}) THEN {alone}
                WHEN first_filled BETWEEN '!' AND '~' THEN false
                ELSE regexp_matches(first_filled, {literal(NOTE)})
            END AS is_note_like,
            hash(is_ragged, {", ".join(known)}) AS row_hash,
            {", ".join([*values, *damaged])},
            {_map(issues, [*may_have_issue, *(f"{name}_issue IS NOT NULL" for name in cleaned)])} AS issue,
            {_map(repairs, [*may_have_repair, *(f"{name}_repair IS NOT NULL" for name in cleaned)])} AS repair
        FROM {_layered(with_first, list(columns.values()))}
    """


def _map(told: dict[str, str], conditions: list[str]) -> str:
    """SQL of a map from column to what is told of it, NULL where nothing is: where none of the conditions holds."""
    entries = ", ".join(f"{{'column_name': {literal(name)}, 'told': {what}}}" for name, what in told.items())
    return f"""
        CASE WHEN {" OR ".join(conditions)} THEN list_transform(
            [list_filter([{entries}], lambda entry: entry.told IS NOT NULL)],
            lambda entries: CASE WHEN len(entries) > 0 THEN map_from_entries(entries) END
        )[1] END
    """
