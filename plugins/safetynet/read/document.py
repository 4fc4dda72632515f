"""A delivered file as sheets, by what its first bytes say it is and what its contract declares."""

from __future__ import annotations

import codecs
from pathlib import Path

from safetynet.contract import Contract
from safetynet.read import delimited, header, workbook
from safetynet.read.added import NOTE_SHEET
from safetynet.read.encrypted import OLE
from safetynet.read.sheet import HEAD_ROWS, Sheet
from safetynet.refusal import Refused

_ZIP = b"PK\x03\x04"
_MARKUP = (b"<html", b"<!doctype", b"<table", b"<?xml", b"<meta")
_UTF32 = (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)
_NUL_SHARE = 0.01
_RECOGNISED = 0.5


def is_workbook(start: bytes) -> bool:
    """Whether a file's first bytes are those of an xlsx or xls."""
    return start.startswith((_ZIP, OLE))


def _texts(path: Path, contract: Contract) -> list[Sheet]:
    dialect = contract.csv
    start = path.open("rb").read(1 << 16)
    if start.removeprefix(codecs.BOM_UTF8).lstrip().lower().startswith(_MARKUP):
        raise Refused("html_not_workbook")
    if dialect is None:
        raise Refused("text_not_workbook")
    marked, skip = delimited.byte_order_mark(path)
    if start.startswith(_UTF32):
        raise Refused("unknown_encoding", encodings=list(dialect.encodings))
    if marked is None and start.count(b"\0") > len(start) * _NUL_SHARE:
        raise Refused("unknown_encoding", encodings=list(dialect.encodings))
    encodings = (marked,) if marked else dialect.encodings
    tried = [delimited.DelimitedText(path, encoding, skip, dialect.delimiter) for encoding in encodings]
    scores = [header.recognised(contract, sheet.head()) for sheet in tried]
    if max(scores) == 0 and not any(_is_text(start, encoding) for encoding in encodings):
        raise Refused("unknown_encoding", encodings=list(dialect.encodings))
    best = tried[scores.index(max(scores))]
    if _is_blank(best):
        raise Refused("empty_file")
    return [best]


def _is_blank(sheet: Sheet) -> bool:
    head = sheet.head()
    return len(head) < HEAD_ROWS and not any(cell.strip() for row in head for cell in row)


def _is_text(start: bytes, encoding: str) -> bool:
    decoded = start.decode(encoding, errors="replace")
    return decoded.count("\ufffd") <= max(2, len(decoded) // 200)


def data_sheets(path: Path, contract: Contract) -> tuple[list[Sheet], list[str]]:
    """The sheets that hold the feed's table, and the names of filled sheets that do not.

    Hidden sheets are nobody's delivery, nor is what a returned file says of itself. A file of one sheet is that sheet
    whatever its header, so that what is wrong with it can be told.
    Raises Refused for a file that is empty or cannot be opened.
    """
    with path.open("rb") as stream:
        start = stream.read(8)
    if not start:
        raise Refused("empty_file")
    if not is_workbook(start):
        return _texts(path, contract), []
    filled = [sheet for sheet in workbook.sheets(path) if sheet.name != NOTE_SHEET and not _is_blank(sheet)]
    visible: list[Sheet] = [sheet for sheet in filled if not sheet.is_hidden]
    if not visible:
        raise Refused("empty_file")
    if contract.sheet is not None:
        data = [sheet for sheet in visible if sheet.name == contract.sheet]
        if not data:
            raise Refused("missing_sheet", sheet=contract.sheet)
    else:
        scores = [header.recognised(contract, sheet.head()) for sheet in visible]
        enough = min(max(scores), _RECOGNISED)
        data = [sheet for sheet, score in zip(visible, scores, strict=True) if score >= enough]
        data = data if enough == _RECOGNISED else data[:1]
    return data, [sheet.name for sheet in filled if sheet not in data]
