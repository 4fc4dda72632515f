"""Large files in the real formats: a demonstration county, its rows repeated with other persons and keys."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import duckdb
import polars as pl

from safetynet.clean.statement import MACROS
from safetynet.contract import contract
from safetynet.demo.drop import generate

Encoding = Literal["utf-8", "gb18030"]
ENCODINGS: dict[str, Encoding] = {"health_settlement": "utf-8", "education_enrollment": "gb18030"}

_OWN_KEY = {"health_settlement": "settlement_id", "education_enrollment": "student_number"}
_FIRST_AREA = 100_001


def county(folder: Path, households: int) -> tuple[Path, Path]:
    """Write a demonstration county; gives its inbox and its reference folder."""
    inbox, reference = folder / "inbox", folder / "reference"
    generate(inbox, reference, None, households=households)
    return inbox, reference


def large_csv(inbox: Path, feed: str, rows: int, target: Path) -> None:
    """Write `rows` rows of a csv feed, in its encoding, out of a county's file of that feed.

    Copies of the county differ in the area of every whole id number (its check character follows) and in the key, so
    that the persons of two copies are not the same; the mess of the cells is repeated as it is.
    """
    source = max((inbox / feed).glob("*.csv"))
    encoding = ENCODINGS[feed]
    given = pl.read_csv(
        source.read_bytes().decode("gb18030" if encoding == "gb18030" else "utf-8-sig").encode(), infer_schema=False
    ).fill_null("")
    with target.open("wb") as out:
        for part in _copies(feed, given, rows):
            text = part.write_csv(include_header=out.tell() == 0, line_terminator="\r\n")
            out.write(text.encode(encoding))


def is_utf8(path: Path) -> bool:
    """Whether the first lines of a text file are UTF-8."""
    with path.open("rb") as stream:
        start = stream.read(1 << 16)
    try:
        start[: start.rfind(b"\n") + 1].decode()
    except UnicodeDecodeError:
        return False
    return True


def _check_character(body: str) -> str:
    return f"list_transform([CAST({body} AS BIGINT)], lambda body: id_check_character(body))[1]"


def _copies(feed: str, given: pl.DataFrame, rows: int) -> Iterator[pl.DataFrame]:
    declared = contract(feed)
    spellings = {header: name for name, column in declared.columns.items() for header in column.headers}
    names = {header: spellings.get(header) for header in given.columns}
    chosen = []
    for header, name in names.items():
        cell = f'"{header}"'
        if name in declared.id_columns:
            moved = f"getvariable('area') || {cell}[7:17]"
            is_whole = f"{_check_character(f'left({cell}, 17)')} = {cell}[18]"
            is_whole = f"CASE WHEN regexp_full_match({cell}, '\\d{{17}}[\\dX]') THEN {is_whole} END"
            cell = f"CASE WHEN {is_whole} THEN {moved} || {_check_character(moved)} ELSE {cell} END"
        elif name == _OWN_KEY[feed]:
            cell = f"CASE WHEN {cell} = '' THEN '' ELSE {cell} || getvariable('area') END"
        chosen.append(f'{cell} AS "{header}"')
    with duckdb.connect() as connection:
        connection.execute("CREATE TABLE division (division_code VARCHAR)")
        connection.execute(MACROS)
        connection.register("given", given.to_arrow())
        for copy in range(-(-rows // max(len(given), 1))):
            connection.execute(f"SET VARIABLE area = '{_FIRST_AREA + copy}'")
            part = pl.DataFrame(connection.sql(f"SELECT {', '.join(chosen)} FROM given").to_arrow_table())
            if len(part) != len(given):
                raise RuntimeError("rows were lost while a large file was made")
            yield part.head(rows - copy * len(given))
