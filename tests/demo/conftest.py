"""One demonstration county for all of these tests, and a plain way to read its files back."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import pytest
from python_calamine import CalamineWorkbook

from safetynet.demo import generate

HOUSEHOLDS = 1500
ENCODINGS = {"health_settlement": "utf-8-sig"}


@dataclass(frozen=True)
class Drop:
    """A county on disk; `truth` holds the Parquet files of `safetynet.demo.truth`."""

    inbox: Path
    reference: Path
    truth_folder: Path

    def truth(self, name: str) -> pl.DataFrame:
        """One of the truth's tables."""
        return pl.read_parquet(self.truth_folder / f"{name}.parquet")

    def file(self, feed: str) -> Path:
        """The only, or the oldest, file of a feed."""
        return next(path for path in self.files() if path.parent.name == feed)

    def files(self) -> list[Path]:
        """Every delivered file."""
        return sorted(path for path in self.inbox.rglob("*") if path.is_file())

    @staticmethod
    def cells(path: Path) -> list[list[object]]:
        """All rows of a file as a spreadsheet shows them, the first row first."""
        if path.suffix == ".csv":
            text = path.read_bytes().decode(ENCODINGS.get(path.parent.name, "gb18030"))
            return [list(row) for row in csv.reader(io.StringIO(text, newline=""))]
        book = CalamineWorkbook.from_path(path)
        return [list(row) for row in book.get_sheet_by_index(0).to_python(skip_empty_area=False)]

    @staticmethod
    def header_row(rows: list[list[object]]) -> int:
        """The position of the header: the first row with a filled cell in every column."""
        return next(at for at, row in enumerate(rows) if all(cell not in ("", None) for cell in row))


Write = Callable[..., Drop]


def _write(folder: Path, households: int = HOUSEHOLDS, seed: int = 1, mess: float = 0.03) -> Drop:
    drop = Drop(folder / "inbox", folder / "reference", folder / "truth")
    generate(drop.inbox, drop.reference, drop.truth_folder, households=households, seed=seed, mess=mess)
    return drop


@pytest.fixture
def write() -> Write:
    """Writes a county and its truth: write(folder, households, seed, mess)."""
    return _write


@pytest.fixture(scope="session")
def drop(tmp_path_factory: pytest.TempPathFactory) -> Drop:
    """A county with the usual mess."""
    return _write(tmp_path_factory.mktemp("county"))


@pytest.fixture(scope="session")
def messy(tmp_path_factory: pytest.TempPathFactory) -> Drop:
    """A county with much more mess than usual."""
    return _write(tmp_path_factory.mktemp("messy"), mess=0.3)


@pytest.fixture(scope="session")
def tidy(tmp_path_factory: pytest.TempPathFactory) -> Drop:
    """A county without any mess."""
    return _write(tmp_path_factory.mktemp("tidy"), mess=0.0)
