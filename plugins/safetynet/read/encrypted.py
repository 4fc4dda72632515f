"""Workbooks that Office encrypted, xlsx or xls: known as such, and opened by a password."""

from __future__ import annotations

import io
from pathlib import Path

import msoffcrypto
from msoffcrypto.format.ooxml import OOXMLFile

EXCELS_OWN = "VelvetSweatshop"
"""What Excel itself encrypts a workbook with whose structure is protected, and opens it with unasked.

Source: The Microsoft Excel File Format (OpenOffice.org), 4.18.3.
"""

OLE = bytes.fromhex("d0cf11e0a1b11ae1")
"""How an xls begins, and any workbook that is encrypted."""


def is_encrypted(path: Path) -> bool:
    """Whether a file is a workbook that wants a password; a damaged one does not."""
    with path.open("rb") as stream:
        if stream.read(len(OLE)) != OLE:
            return False
        try:
            return bool(msoffcrypto.OfficeFile(stream).is_encrypted())
        except Exception:  # of a damaged file its parsers raise whatever they meet
            return False


def decrypt(path: Path, password: str, plain: Path) -> bool:
    """Write what an encrypted workbook holds to `plain`, and tell whether the password opens it."""
    decrypted = io.BytesIO()
    with path.open("rb") as stream:
        try:
            book = msoffcrypto.OfficeFile(stream)
            verified = {"verify_password": True} if isinstance(book, OOXMLFile) else {}
            book.load_key(password=password, **verified)
            book.decrypt(decrypted)
        except Exception:  # as above, and of a wrong password
            return False
    plain.write_bytes(decrypted.getbuffer())
    return True
