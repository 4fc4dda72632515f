"""The password of an owner's returned files: Office encryption under it, and the way back.

It is what the environment variable of `Owner.returned_password` holds, else made once and kept in the home's secrets/.
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from msoffcrypto.format.ooxml import OOXMLFile

from safetynet.contract import Owner
from safetynet.home import Home
from safetynet.read import encrypted

_SIGNS = "abcdefghjkmnpqrstuvwxyz23456789"
"""Letters and digits that nobody takes for one another when they are read aloud."""


def _made() -> str:
    return "-".join("".join(secrets.choice(_SIGNS) for _ in range(4)) for _ in range(5))


def _file(owner: Owner) -> str:
    return owner.returned_password.lower().removeprefix("safetynet_")


def place(home: Home, owner: Owner) -> str:
    """Where an owner's password is to be found: the variable that holds it, or the file."""
    if os.environ.get(owner.returned_password):
        return f"${owner.returned_password}"
    return str(home.root / "secrets" / _file(owner))


def password(home: Home, owner: Owner) -> str:
    """The owner's password, made where there is none."""
    return os.environ.get(owner.returned_password) or home.secret(_file(owner), _made)


def lock(plain: Path, locked: Path, key: str) -> None:
    """Write a workbook again so that only the password opens it (ECMA-376, AES-256)."""
    with plain.open("rb") as source, locked.open("w+b") as target:
        OOXMLFile(source).encrypt(key, target)


def opened(home: Home, owner: Owner, path: Path, folder: Path) -> Path:
    """A workbook that the owner's password or Excel's own opens, decrypted into `folder`; any other file as it is."""
    if not encrypted.is_encrypted(path):
        return path
    has_password = os.environ.get(owner.returned_password) or (home.root / "secrets" / _file(owner)).is_file()
    keys = [encrypted.EXCELS_OWN, *([password(home, owner)] if has_password else [])]
    plain = folder / "opened"
    return plain if any(encrypted.decrypt(path, key, plain) for key in keys) else path
