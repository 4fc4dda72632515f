"""Cells of an xlsx that hold a formula's error, or a formula that no program has calculated.

Calamine reads them as blank, as if nothing had been answered.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from itertools import chain
from pathlib import Path, PurePosixPath
from xml.etree import ElementTree

_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_ERROR_CELL = re.compile(rb'<c\s([^>]*\bt="e"[^>]*)>(.{0,8000}?)</c>', re.DOTALL)
_PLACE = re.compile(rb'\br="([A-Z]+)(\d+)"')
_VALUE = re.compile(rb"<v>(#[^<]{1,12})</v>")
_UNCALCULATED = re.compile(rb"<f\b[^>]*(?:/>|>[^<]*</f>)\s*(<v\s*/>|<v\s*></v>)?\s*</c>")
_UNTOLD = "#ERROR!"
_READ_BYTES = 4 << 20
_OVERLAP = 64 << 10

Errors = dict[int, dict[int, str]]
"""Row (1-based) → column (0-based) → the error as a spreadsheet shows it."""


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


def _errors(text: bytes) -> Iterator[tuple[bytes, str]]:
    """Attributes of each cell that holds an error, and the error."""
    if b't="e"' in text:
        for attributes, content in _ERROR_CELL.findall(text):
            value = _VALUE.search(content)
            yield attributes, value.group(1).decode("ascii", errors="replace") if value else _UNTOLD


def _uncalculated(text: bytes) -> Iterator[tuple[bytes, str]]:
    """Attributes of each cell whose formula has no value; an empty text is a value."""
    for formula in _UNCALCULATED.finditer(text):
        start = text.rfind(b"<c ", 0, formula.start())
        attributes = text[start : text.find(b">", start)] if start >= 0 else b""
        if not (formula.group(1) and b't="str"' in attributes):
            yield attributes, _UNTOLD


def _scan(archive: zipfile.ZipFile, part: str) -> Errors:
    found: Errors = {}
    tail = b""
    with archive.open(part) as stream:
        while block := stream.read(_READ_BYTES):
            text = tail + block
            for attributes, told in chain(_uncalculated(text), _errors(text)):
                place = _PLACE.search(attributes)
                if place:
                    found.setdefault(int(place.group(2)), {})[_column(place.group(1))] = told
            tail = text[-_OVERLAP:]
    return found


def error_cells(path: Path) -> dict[str, Errors]:
    """The error cells of every sheet that has any; nothing for an xls or a package that is put together otherwise."""
    if not zipfile.is_zipfile(path):
        return {}
    try:
        with zipfile.ZipFile(path) as archive:
            return {name: errors for name, part in _parts(archive).items() if (errors := _scan(archive, part))}
    except (KeyError, ElementTree.ParseError):
        return {}
