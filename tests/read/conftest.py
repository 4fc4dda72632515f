"""A delivered file as its readers see it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from safetynet.contract import contract
from safetynet.read import document, header
from safetynet.read.header import Header


@dataclass(frozen=True)
class Read:
    """One sheet: its header, and (row number, is ragged, cells by column) of every row under it."""

    name: str | None
    encoding: str | None
    header: Header
    rows: list[tuple[int, bool, dict[str, str]]]
    others: list[str]
    merged_cells: int

    def filled(self, column: str) -> dict[int, str]:
        """Row number → text of the cells of a column that hold anything."""
        return {number: cells[column] for number, _, cells in self.rows if cells[column].strip()}

    @property
    def ragged(self) -> list[int]:
        """Row numbers of ragged rows that hold anything."""
        return [number for number, is_ragged, cells in self.rows if is_ragged and any(cells.values())]


ReadFile = Callable[[str, bytes], list[Read]]


@pytest.fixture
def read(tmp_path: Path) -> ReadFile:
    """read(feed, bytes) → its data sheets; raises Refused."""

    def file_read(feed: str, content: bytes) -> list[Read]:
        path = tmp_path / "landed"
        path.write_bytes(content)
        found = []
        sheets, others = document.data_sheets(path, contract(feed))
        for sheet in sheets:
            head = header.find(contract(feed), sheet.head())
            indexes = list(head.columns.values())
            rows = []
            for batch in sheet.rows(head.row, indexes):
                for line in batch.to_pylist():
                    cells = {name: line[f"c{position}"] for position, name in enumerate(head.columns)}
                    rows.append((line["row_number"], line["is_ragged"], cells))
            rows.sort(key=lambda row: row[0])
            found.append(Read(sheet.name, sheet.encoding, head, rows, others, sheet.merged_cells))
        return found

    return file_read
