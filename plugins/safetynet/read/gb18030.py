"""GB 18030, of which cells are decoded after they were split, and only those that are not ASCII."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

ENCODING = "gb18030"
FIRST_SHARED = 0x30
"""Bytes below this one are never a part of another character: a text may be split at them before it is decoded."""

_LINE_END = b"\n"
_LOOKED_AT = 1024
_FEW = 8
"""Cells repeat where the first `_LOOKED_AT` hold this many times fewer texts."""


def decoded(lines: bytes) -> bytes:
    """Whole lines as UTF-8; what cannot be decoded becomes U+FFFD."""
    after = _LINE_END * 3  # The decoder looks as far ahead before it gives up a byte.
    return (lines + after).decode(ENCODING, errors="replace").encode()[: -len(after)]


def texts(cells: pa.Array) -> pa.Array:
    """Cells as text; where they repeat, each is decoded once."""
    text = cells.view(pa.string())
    is_ascii = pc.string_is_ascii(text)
    others = cells.filter(pc.invert(is_ascii))
    if not len(others):
        return text
    if len(others[:_LOOKED_AT].unique()) * _FEW <= _LOOKED_AT:
        each = others.dictionary_encode()
        read = _texts(each.dictionary).take(each.indices)
    else:
        read = _texts(others)
    if len(read) == len(text):
        return read
    places = np.arange(len(text))
    places[~is_ascii.to_numpy(zero_copy_only=False)] = np.arange(len(text), len(text) + len(read))
    return pa.concat_arrays([text, read]).take(pa.array(places))


def _texts(cells: pa.Array) -> pa.Array:
    """The same, all decoded at once: as lines, which a cell with a line break of its own does not allow."""
    count = len(cells)
    of_all = pa.ListArray.from_arrays(pa.array([0, count], pa.int32()), cells)
    lines = pc.binary_join(of_all, _LINE_END)[0].as_py() + _LINE_END
    if lines.count(_LINE_END) != count:
        return pa.array([decoded(cell + _LINE_END)[:-1] for cell in cells.to_pylist()], pa.string())
    characters = np.frombuffer(decoded(lines), dtype=np.uint8)
    is_end = characters == ord(_LINE_END)
    ends = np.concatenate(([0], np.flatnonzero(is_end) - np.arange(count)), dtype=np.int32)
    return pa.StringArray.from_buffers(count, pa.py_buffer(ends), pa.py_buffer(characters[~is_end]))
