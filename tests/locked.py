"""Workbooks with a password, as Excel writes them."""

from __future__ import annotations

import io
from hashlib import md5
from struct import pack, pack_into, unpack_from

import msoffcrypto
import olefile
from msoffcrypto.format.ooxml import OOXMLFile
from msoffcrypto.method.rc4 import DocumentRC4
from xlwt.CompoundDoc import XlsDoc

_BOUND_SHEET, _FILE_PASS = 0x85, 0x2F
_SALT, _VERIFIER = bytes(range(16)), bytes(range(16, 32))


def locked_xlsx(plain: bytes, password: str) -> bytes:
    """An xlsx again, encrypted under a password."""
    stream = io.BytesIO()
    OOXMLFile(io.BytesIO(plain)).encrypt(password, stream)
    return stream.getvalue()


def locked_xls(plain: bytes, password: str) -> bytes:
    """An xls of xlwt again, encrypted under a password (RC4, MS-XLS 2.2.10).

    RC4 is its own inverse: a plain workbook that says it is encrypted is encrypted by decrypting it.
    """
    records = bytearray(olefile.OleFileIO(io.BytesIO(plain)).openstream("Workbook").read())
    proof = DocumentRC4.decrypt(password, _SALT, io.BytesIO(_VERIFIER + md5(_VERIFIER).digest())).read()
    file_pass = pack("<HHHHH", _FILE_PASS, 54, 1, 1, 1) + _SALT + proof
    start = 4 + unpack_from("<H", records, 2)[0]
    position = end = 0
    while position + 4 <= len(records):
        kind, size = unpack_from("<HH", records, position)
        if kind == _BOUND_SHEET:
            (place,) = unpack_from("<I", records, position + 4)
            pack_into("<I", records, position + 4, place + len(file_pass))
        position += 4 + size
        end = position if kind else end
    filler = (2 - end) % 4
    records[end:] = pack("<HH", 0, filler) + bytes(filler)
    records[start:start] = file_pass

    said, locked = io.BytesIO(), io.BytesIO()
    XlsDoc().save(said, bytes(records))
    book = msoffcrypto.OfficeFile(said)
    book.load_key(password=password)
    book.decrypt(locked)
    file = bytearray(locked.getvalue())
    first_record = file.index(records[:start])
    file[first_record + start : first_record + start + len(file_pass)] = file_pass
    return bytes(file)
