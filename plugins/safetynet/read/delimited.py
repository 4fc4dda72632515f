"""Text files with a declared delimiter, streamed: decoded, split and counted without guessing a dialect.

A record is what a spreadsheet shows as one row: a quoted line break does not end it, and a blank line is one.
Records with too few or too many cells come last, marked ragged, with their row numbers.
"""

from __future__ import annotations

import codecs
import csv
import io
import os
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from safetynet.read import gb18030
from safetynet.read.footer import DAY, NOTE, TOTAL
from safetynet.read.sheet import HEAD_ROWS, Cell, row_schema
from safetynet.refusal import Refused

_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_READ_BYTES = 1 << 20
_UNDECODED_BYTES = 4 << 20
_LARGEST_RECORD = 16 << 20
_HEAD_BYTES = 1 << 20
_LINE_END, _QUOTE = b'\n"'
_END_OF_FILE = b"\x1a"
"""What programs of the DOS kind write behind a text."""
_AFTER = "\x1a"
"""A cell as no table has it, of the record that is put behind a block."""
_MOST_RAGGED = 200_000
_NO_DATA = re.compile(f"{TOTAL}|{NOTE}|{DAY}")

csv.field_size_limit(_LARGEST_RECORD)


def byte_order_mark(path: Path) -> tuple[str | None, int]:
    """The encoding that a file's first bytes declare and how many bytes say so; (None, 0) for most files."""
    with path.open("rb") as stream:
        start = stream.read(4)
    for mark, encoding in _BYTE_ORDER_MARKS:
        if start.startswith(mark):
            return encoding, len(mark)
    return None, 0


def _count(text: bytes | bytearray, character: int) -> int:
    return int(np.count_nonzero(np.frombuffer(text, dtype=np.uint8) == character))


class _CheckedUtf8:
    """An incremental decoder to UTF-8 of what should be UTF-8: checked, and decoded only where it is not."""

    def __init__(self) -> None:
        self._tail = b""

    def __call__(self, delivered: bytes, is_last: bool) -> bytes:
        given = self._tail + delivered
        end = max(len(given) - 4, 0)
        end = len(given) if is_last else end + codecs.utf_8_decode(given[end:], "replace", False)[1]
        given, self._tail = given[:end], given[end:]
        cell = pa.Array.from_buffers(
            pa.binary(), 1, [None, pa.py_buffer(np.array([0, end], dtype=np.int32)), pa.py_buffer(given)]
        )
        try:
            cell.cast(pa.string())
        except pa.ArrowInvalid:
            return given.decode("utf-8", errors="replace").encode("utf-8")
        return given


def _decoder(encoding: str) -> Callable[[bytes, bool], bytes]:
    """From the next bytes of a file, and whether they are its last, to UTF-8."""
    if encoding == "utf-8":
        return _CheckedUtf8()
    decode = codecs.getincrementaldecoder(encoding)(errors="replace").decode
    return lambda delivered, is_last: decode(delivered, is_last).encode("utf-8")


class _Utf8(io.RawIOBase):
    """A file's text as valid UTF-8; what cannot be decoded becomes U+FFFD. Counts line ends and quotes as it goes."""

    def __init__(self, stream: BinaryIO, encoding: str, quotes: int = 0) -> None:
        self._stream = stream
        self._decode = _decoder(encoding)
        self._left = bytearray()
        self._is_read = False
        self.line_ends = 0
        self.quotes = quotes
        self.last = b""

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        """The next whole records, about `_READ_BYTES` of them; where a record is longer, up to `size` bytes.

        A reader takes what one call gives for a block, and small blocks stay in the processor's cache.
        """
        end = 0
        while not (end or self._is_read or 0 <= size <= len(self._left)):
            delivered = self._stream.read(_READ_BYTES)
            self._is_read = not delivered
            self._left += self._decode(delivered, self._is_read)
            if self._is_read and self._left.endswith(_END_OF_FILE):
                del self._left[-1:]
            end = self._end_of_records()
        given = bytes(self._left[: end or len(self._left)])
        if 0 <= size < len(given):
            given = given[:size]
        del self._left[: len(given)]
        self.line_ends += _count(given, _LINE_END)
        self.quotes += _count(given, _QUOTE)
        self.last = given[-1:] or self.last
        return given

    def _end_of_records(self) -> int:
        """Where the last line ends that no quoted cell goes on beyond, 0 where there is none."""
        end = self._left.rfind(b"\n") + 1
        is_quoted = (self.quotes + _count(self._left[:end], _QUOTE)) % 2
        return 0 if is_quoted else end

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """The same for readers that bring their own buffer."""
        given = self.read(len(buffer))
        buffer[: len(given)] = given
        return len(given)

    @property
    def lines(self) -> int:
        """Lines read so far, a last one without an end included."""
        return self.line_ends + (self.last not in (b"\n", b""))


@dataclass
class _Records:
    """The records read so far: how many, in how many lines, and row numbers (1-based) and text of the ragged ones.

    `before` are the records before the text that is being split.
    """

    delimiter: str
    before: int = 0
    regular: int = 0
    lines: int = 0
    quotes: int = 0
    numbers: list[int] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    refusal: Refused | None = None

    def __call__(self, row: pyarrow.csv.InvalidRow) -> str:
        self.numbers.append(self.before + row.number)
        self.texts.append(row.text)
        if row.text.count('"') % 2:
            self.refusal = Refused("unclosed_quote", row=self.numbers[-1])
        elif len(self.numbers) > _MOST_RAGGED:
            self.refusal = Refused("ragged_file", rows=len(self.numbers))
        return "skip"

    @property
    def count(self) -> int:
        return self.regular + len(self.numbers)

    def forget_ragged(self, kept: int) -> None:
        """Of the ragged records keep the first ones alone, `kept` of them."""
        del self.numbers[kept:], self.texts[kept:]
        self.refusal = None

    def numbered(self, cells: list[pa.Array]) -> pa.RecordBatch:
        """The next regular records, of each column its cells, with their row numbers."""
        passed = np.asarray(self.numbers, dtype=np.int64) - 1 - np.arange(len(self.numbers))
        index = np.arange(self.regular, self.regular + len(cells[0]))
        numbers = (index + 1 + np.searchsorted(passed, index, side="right")).astype(np.int32)
        self.regular += len(numbers)
        is_ragged = pa.array(np.zeros(len(numbers), dtype=bool))
        return pa.RecordBatch.from_arrays([pa.array(numbers), is_ragged, *cells], schema=row_schema(len(cells)))

    def cells(self, position: int) -> list[str]:
        return next(csv.reader([self.texts[position]], delimiter=self.delimiter), [""])

    def ragged(self, below: int, columns: list[int]) -> pa.RecordBatch:
        """The ragged records under row `below`, missing cells blank."""
        rows = [(number, self.cells(position)) for position, number in enumerate(self.numbers) if number > below]
        cells = [[row[index] if index < len(row) else "" for _, row in rows] for index in columns]
        return pa.RecordBatch.from_arrays(
            [
                pa.array([number for number, _ in rows], pa.int32()),
                pa.array([True] * len(rows), pa.bool_()),
                *(pa.array(column, pa.string()) for column in cells),
            ],
            schema=row_schema(len(columns)),
        )


@dataclass(frozen=True)
class _Splitter:
    """Splits text of one delimiter into records of `width` cells, of which it gives those in `columns`."""

    delimiter: str
    width: int
    columns: list[int]

    def stream(
        self, source: pa.NativeFile, cell: pa.DataType, ragged: Callable[[pyarrow.csv.InvalidRow], str] | None
    ) -> pyarrow.csv.CSVStreamingReader:
        """Raises pa.ArrowInvalid for text that cannot be split and, where `ragged` takes none, for a ragged record."""
        names = [f"c{index}" for index in range(self.width)]
        return pyarrow.csv.open_csv(
            source,
            read_options=pyarrow.csv.ReadOptions(column_names=names, use_threads=False, block_size=_LARGEST_RECORD),
            parse_options=pyarrow.csv.ParseOptions(
                delimiter=self.delimiter,
                newlines_in_values=True,
                ignore_empty_lines=False,
                invalid_row_handler=ragged,
            ),
            convert_options=pyarrow.csv.ConvertOptions(
                column_types=dict.fromkeys(names, cell),
                include_columns=[names[index] for index in self.columns],
                strings_can_be_null=False,
                check_utf8=False,
            ),
        )

    def block(
        self, lines: bytes, cell: pa.DataType, ragged: Callable[[pyarrow.csv.InvalidRow], str] | None = None
    ) -> list[pa.Array] | None:
        """Of some lines the cells by column; None where they cannot be split, or a quoted cell goes on beyond them."""
        after = self.delimiter.join([_AFTER] * self.width) + "\n"
        try:
            split = self.stream(pa.BufferReader(lines + after.encode()), cell, ragged).read_all()
        except pa.ArrowInvalid:
            return None
        cells = [column.combine_chunks() for column in split.columns]
        is_closed = len(split) and all(column[-1] == pa.scalar(_AFTER, cell) for column in cells)
        return [column[:-1] for column in cells] if is_closed else None


def _whole_lines(file: BinaryIO) -> Iterator[bytes]:
    """Blocks of a file's lines but for its end; the file stands where they end."""
    while True:
        block = file.read(_UNDECODED_BYTES)
        end = block.rfind(b"\n", 0, -2) + 1
        if len(block) < _UNDECODED_BYTES or not end:
            file.seek(-len(block), os.SEEK_CUR)
            return
        file.seek(end - len(block), os.SEEK_CUR)
        yield block[:end]


def _under(below: int, rows: pa.RecordBatch) -> pa.RecordBatch:
    """The rows under row `below`."""
    numbers = rows.column("row_number")
    return rows if not len(numbers) or numbers[0].as_py() > below else rows.filter(pc.greater(numbers, below))


class DelimitedText:
    """One text file under one declared encoding and delimiter."""

    name = None
    merged_cells = 0

    def __init__(self, path: Path, encoding: str, skip: int, delimiter: str) -> None:
        self.encoding = encoding
        self._path = path
        self._skip = skip
        self._delimiter = delimiter

    def _open(self) -> BinaryIO:
        file = self._path.open("rb")
        file.seek(self._skip)
        return file

    def _utf8(self) -> _Utf8:
        return _Utf8(self._open(), self.encoding)

    def head(self) -> list[list[str]]:
        text = self._utf8().read(_HEAD_BYTES).decode("utf-8", errors="replace")
        rows: list[list[str]] = []
        try:
            for row in csv.reader(io.StringIO(text, newline=""), delimiter=self._delimiter):
                rows.append(row or [""])
                if len(rows) == HEAD_ROWS:
                    break
        except csv.Error:
            pass
        return rows

    def rows(self, below: int, columns: list[int]) -> Iterator[pa.RecordBatch]:
        split = _Splitter(self._delimiter, len(self.head()[below - 1]), columns)
        records = _Records(self._delimiter)
        file = self._open()
        for cells in self._undecoded(file, split, records):
            if records.refusal:
                raise records.refusal
            yield _under(below, records.numbered(cells))
        stream = _Utf8(file, self.encoding, records.quotes)
        records.before = records.count
        try:
            for batch in split.stream(pa.PythonFile(stream, mode="r"), pa.string(), records):
                if records.refusal:
                    raise records.refusal
                yield _under(below, records.numbered(batch.columns))
        except pa.ArrowInvalid as error:
            raise Refused("record_too_long" if "straddl" in str(error) else "unreadable_text") from error
        if records.refusal:
            raise records.refusal
        if records.lines + stream.lines > records.count or stream.quotes % 2:
            self._refuse_malformed_quotes()
        if records.numbers:
            yield records.ragged(below, columns)
        self._refuse_truncated(records, split.width, stream.last)

    def _undecoded(self, file: BinaryIO, split: _Splitter, records: _Records) -> Iterator[list[pa.Array]]:
        """Cells of regular records of a file in GB 18030, split before they are decoded.

        Decoded first is a block with ragged records, whose text the splitter tells in UTF-8 alone. Ends before a block
        that ends within a quoted cell, and before the last block; the file stands there.
        """
        if self.encoding != gb18030.ENCODING or ord(self._delimiter) >= gb18030.FIRST_SHARED:
            return
        for block in _whole_lines(file):
            signs = np.frombuffer(block, dtype=np.uint8)
            quotes = np.flatnonzero(signs == _QUOTE)
            # Without a quote between them two bytes might be a character that nobody wrote.
            is_parting = bool(
                np.any((signs[quotes - 1] >= gb18030.FIRST_SHARED) & (signs[quotes + 1] >= gb18030.FIRST_SHARED))
            )
            cells = None if is_parting else split.block(block, pa.binary())
            if cells is not None:
                cells = [gb18030.texts(column) for column in cells]
            else:
                kept = len(records.numbers)
                records.before = records.count
                cells = split.block(gb18030.decoded(block), pa.string(), records)
                if cells is None:
                    records.forget_ragged(kept)
                    file.seek(-len(block), os.SEEK_CUR)
                    return
            records.lines += _count(block, _LINE_END)
            records.quotes += len(quotes)
            yield cells

    def filled_rows(self, below: int) -> list[int]:
        numbers = []
        with suppress(csv.Error):
            for number, cells in enumerate(self._records(), start=1):
                if number > below and any(cell.strip() for cell in cells):
                    numbers.append(number)
        return numbers

    def cells(self, below: int) -> Iterator[list[Cell]]:
        try:
            for record in self._records():
                yield list(record)
        except csv.Error as error:
            raise Refused("unreadable_text") from error

    def _records(self) -> Iterator[list[str]]:
        return csv.reader(self._text(), delimiter=self._delimiter, strict=True)

    def _text(self) -> io.TextIOWrapper:
        return io.TextIOWrapper(io.BufferedReader(self._utf8(), _READ_BYTES), encoding="utf-8", newline="")

    def _refuse_truncated(self, records: _Records, width: int, last: bytes) -> None:
        if not records.numbers or records.numbers[-1] != records.count or last in (b"\n", b"\r", b""):
            return
        cells = records.cells(-1)
        first = next((cell for cell in cells if cell.strip()), "")
        if len(cells) < width and not _NO_DATA.match(first):
            raise Refused("truncated_text", row=records.count)

    def _refuse_malformed_quotes(self) -> None:
        """Read once more, strictly: where cells hold line breaks or stray quotes, rows may have been swallowed."""
        row = 0
        try:
            for _ in csv.reader(self._text(), delimiter=self._delimiter, strict=True):
                row += 1
        except csv.Error as error:
            raise Refused("unclosed_quote", row=row + 1) from error
