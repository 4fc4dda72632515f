"""What the XML of an xlsx says of its cells that their texts do not tell.

Errors and formulas that no program has calculated are read as blank, as if nothing had been answered; a number beyond
fifteen digits looks whole, though its last digits are lost; a day that somebody typed as a text with a time looks like
a real one.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path, PurePosixPath
from xml.etree import ElementTree

from safetynet.read import number

_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_CODED_CELL = re.compile(rb'<c\s([^>]*\bt="[eb]"[^>/]*)>(.{0,8000}?)</c>', re.DOTALL)
_ERROR, _DATE = b't="e"', b't="d"'
_IS_CODED = re.compile(rb't="[ebd]"')
"""Cells of any of these types are rare, and looking for each costs as much as for all."""
_VALUE = re.compile(rb"<v>(#[^<]{1,12}|[01])</v>")
_UNCALCULATED = re.compile(rb"<f\b[^>]*(?:/>|>[^<]*</f>)\s*(<v\s*/>|<v\s*></v>)?\s*</c>")
_NUMBER = re.compile(
    rb"<v[^>]*>\s*(-0+\.?0*|[-+]?(?:\d{16,}|\d{7,}\.\d+|\d*\.\d{10,}|\d*\.?\d+(?=[eE]))(?:[eE][-+]?\d+)?)\s*</v>"
)
"""A number of more digits than nine decimals behind a point tell exactly, or with an exponent; a zero with a sign."""
_MIDNIGHT = b" 00:00:00</"
_TYPED_MIDNIGHT = re.compile(rb">(\d{4}-\d\d-\d\d 00:00:00)</[tv]>")
_DAY_BEFORE = len(b">2025-06-30")
_TEXT = re.compile(rb'\bt=["\'](?!n["\'])')
_PLACE = re.compile(rb'\br="([A-Z]+)(\d+)"')
_MERGED = re.compile(rb'<mergeCell\s[^>]*\bref="([A-Z]+)(\d+):([A-Z]+)(\d+)"')
_BOOLEANS = {"0": "FALSE", "1": "TRUE"}
_UNTOLD = "#ERROR!"
_STRINGS = "xl/sharedStrings.xml"
_READ_BYTES = 4 << 20
_OVERLAP = 64 << 10

Merged = tuple[int, int, int]
"""Cells merged over several rows of one column: the column (0-based), the first row and the last (1-based)."""

Cells = dict[int, dict[int, str]]
"""Texts of cells by column (0-based) and row (1-based)."""


@dataclass
class Told:
    """Of one sheet: texts, numbers (of cells that are not shown as a day), and what is merged downwards.

    `is_all` says whether no other cell reads otherwise than it looks.
    """

    texts: Cells = field(default_factory=dict)
    numbers: Cells = field(default_factory=dict)
    merged: set[Merged] = field(default_factory=set)
    is_all: bool = True


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


def _numbers(text: bytes) -> Iterator[tuple[bytes, str]]:
    """Attributes of each cell that holds an unusual number, and its text."""
    for value in _NUMBER.finditer(text):
        attributes = _attributes(text, value.start())
        if not _TEXT.search(attributes):
            yield attributes, number.text(float(value.group(1)))


def _merged(text: bytes) -> Iterator[Merged]:
    """What is merged over several rows of one column."""
    if b"<mergeCell " in text:
        for left, top, right, bottom in _MERGED.findall(text):
            if left == right and top != bottom:
                yield _column(left), int(top), int(bottom)


def _typed_midnights(text: bytes) -> Iterator[tuple[bytes, str]]:
    """Attributes of each cell whose text is what a day is read as, and the text."""
    position = -1
    while (position := text.find(_MIDNIGHT, position + 1)) >= 0:
        midnight = _TYPED_MIDNIGHT.match(text, max(position - _DAY_BEFORE, 0))
        if midnight:
            yield _attributes(text, midnight.start()), midnight.group(1).decode("ascii")


def _put(into: Cells, cells: Iterable[tuple[bytes, str]]) -> bool:
    """Put cells where they stand; whether all of them say where."""
    are_put = True
    for attributes, text in cells:
        place = _PLACE.search(attributes)
        if place:
            into.setdefault(_column(place.group(1)), {})[int(place.group(2))] = text
        are_put &= place is not None
    return are_put


def _scan(archive: zipfile.ZipFile, part: str) -> Told:
    """What one sheet tells, as far as its XML is written as this reads it."""
    told, tail, is_sheet = Told(), b"", False
    with archive.open(part) as stream:
        while block := stream.read(_READ_BYTES):
            text = tail + block
            is_coded = _IS_CODED.search(text) is not None
            coded = _coded(text) if is_coded else ()
            are_put = [
                _put(told.texts, chain(_uncalculated(text), coded, _typed_midnights(text))),
                _put(told.numbers, _numbers(text)),
            ]
            told.is_all &= all(are_put) and not (is_coded and _DATE in text)
            told.merged |= set(_merged(text))
            is_sheet = is_sheet or b"<sheetData" in text
            tail = text[-_OVERLAP:]
    told.is_all &= is_sheet
    return told


def told(path: Path) -> dict[str, Told]:
    """What each sheet tells, by its name; nothing of an xls or a package that is put together otherwise."""
    if not zipfile.is_zipfile(path):
        return {}
    try:
        with zipfile.ZipFile(path) as archive:
            sheets = {name: _scan(archive, part) for name, part in _parts(archive).items()}
            if _STRINGS in archive.namelist() and next(_typed_midnights(archive.read(_STRINGS)), None):
                for sheet in sheets.values():
                    sheet.is_all = False
    except (KeyError, ElementTree.ParseError):
        return {}
    return sheets
