"""What the XML of an xlsx says of its cells that their texts do not tell.

Errors and formulas that no program has calculated are read as blank, as if nothing had been answered; a number beyond
fifteen digits looks whole, though its last digits are lost.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from xml.etree import ElementTree

_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_CODED_CELL = re.compile(rb'<c\s([^>]*\bt="[eb]"[^>]*)>(.{0,8000}?)</c>', re.DOTALL)
_ERROR, _BOOLEAN, _DATE = b't="e"', b't="b"', b't="d"'
_VALUE = re.compile(rb"<v>(#[^<]{1,12}|[01])</v>")
_UNCALCULATED = re.compile(rb"<f\b[^>]*(?:/>|>[^<]*</f>)\s*(<v\s*/>|<v\s*></v>)?\s*</c>")
_LONG_NUMBER = re.compile(rb"<v[^>]*>\s*([-+]?(?:\d{16,}(?:\.\d*)?|\d*\.?\d+(?=[eE]))(?:[eE][-+]?\d+)?)\s*</v>")
_TEXT = re.compile(rb'\bt=["\'](?!n["\'])')
_PLACE = re.compile(rb'\br="([A-Z]+)(\d+)"')
_MERGED = re.compile(rb'<mergeCell\s[^>]*\bref="([A-Z]+)(\d+):([A-Z]+)(\d+)"')
_BOOLEANS = {"0": "FALSE", "1": "TRUE"}
_UNTOLD = "#ERROR!"
_READ_BYTES = 4 << 20
_OVERLAP = 64 << 10

_EXACT_INTEGER = 10**15


def inexact(number: float) -> str:
    """The text of a number beyond fifteen digits: its last digits are lost, and E+ says so."""
    return f"{number:.14E}"


def is_inexact(number: float) -> bool:
    """Whether a spreadsheet has lost the last digits of a number."""
    return abs(number) >= _EXACT_INTEGER


Merged = tuple[int, int, int]
"""Cells merged over several rows of one column: the column (0-based), the first row and the last (1-based)."""


@dataclass
class Told:
    """Of one sheet: texts of cells by column (0-based) and row (1-based), and what is merged downwards."""

    cells: dict[int, dict[int, str]] = field(default_factory=dict)
    merged: set[Merged] = field(default_factory=set)


def _parts(archive: zipfile.ZipFile) -> dict[str, str]:
    """Sheet name → its part in the package."""
    book = ElementTree.fromstring(archive.read("xl/workbook.xml"))  # noqa: S314  (expat bounds entities)
    relations = ElementTree.fromstring(archive.read("xl/_rels/workbook.xml.rels"))  # noqa: S314
    targets = {each.get("Id"): each.get("Target", "") for each in relations}
    sheets = book.find(f"{_MAIN}sheets")
    return {
        each.get("name", ""): str(PurePosixPath("/xl") / targets.get(each.get(_RELATION), ""))[1:]
        for each in (sheets if sheets is not None else [])
    }


def _column(letters: bytes) -> int:
    index = 0
    for letter in letters:
        index = index * 26 + letter - 64
    return index - 1


def _coded(text: bytes) -> Iterator[tuple[bytes, str]]:
    """Attributes of each cell that holds an error or a truth value, and its text."""
    if _ERROR in text or _BOOLEAN in text:
        for attributes, content in _CODED_CELL.findall(text):
            value = _VALUE.search(content)
            if value:
                told = value.group(1).decode("ascii", errors="replace")
                yield attributes, _BOOLEANS.get(told, told)
            elif _ERROR in attributes:
                yield attributes, _UNTOLD


def _attributes(text: bytes, position: int) -> bytes:
    """Those of the cell in which a position of the text lies."""
    start = max(text.rfind(b"<c ", 0, position), text.rfind(b"<c>", 0, position))
    return text[start : text.find(b">", start)] if start >= 0 else b""


def _uncalculated(text: bytes) -> Iterator[tuple[bytes, str]]:
    """Attributes of each cell whose formula has no value; an empty text is a value."""
    for formula in _UNCALCULATED.finditer(text):
        attributes = _attributes(text, formula.start())
        if not (formula.group(1) and b't="str"' in attributes):
            yield attributes, _UNTOLD


def _long_numbers(text: bytes) -> Iterator[tuple[bytes, str]]:
    """Attributes of each cell that holds a number beyond fifteen digits, and its text."""
    for value in _LONG_NUMBER.finditer(text):
        attributes = _attributes(text, value.start())
        if not _TEXT.search(attributes) and is_inexact(number := float(value.group(1))):
            yield attributes, inexact(number)


def _merged(text: bytes) -> Iterator[Merged]:
    """What is merged over several rows of one column."""
    if b"<mergeCell " in text:
        for left, top, right, bottom in _MERGED.findall(text):
            if left == right and top != bottom:
                yield _column(left), int(top), int(bottom)


_KINDS: tuple[Callable[[bytes], Iterator[tuple[bytes, str]]], ...] = (_uncalculated, _coded, _long_numbers)


def _scan(archive: zipfile.ZipFile, part: str) -> Told | None:
    """What one sheet tells; None where its XML is written in another way than this reads."""
    told, tail, is_sheet = Told(), b"", False
    with archive.open(part) as stream:
        while block := stream.read(_READ_BYTES):
            text = tail + block
            is_sheet = is_sheet or b"<sheetData" in text
            if _DATE in text:
                return None
            for kind in _KINDS:
                for attributes, cell in kind(text):
                    place = _PLACE.search(attributes)
                    if place is None:
                        return None
                    told.cells.setdefault(_column(place.group(1)), {})[int(place.group(2))] = cell
            told.merged |= set(_merged(text))
            tail = text[-_OVERLAP:]
    return told if is_sheet else None


def told(path: Path) -> dict[str, Told]:
    """What each sheet tells, by its name; a sheet or package that is put together otherwise is left out."""
    if not zipfile.is_zipfile(path):
        return {}
    try:
        with zipfile.ZipFile(path) as archive:
            scanned = {name: _scan(archive, part) for name, part in _parts(archive).items()}
    except (KeyError, ElementTree.ParseError):
        return {}
    return {name: sheet for name, sheet in scanned.items() if sheet is not None}
