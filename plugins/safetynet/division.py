"""Codes of divisions: twelve digits, in groups from the province down to the village."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping

LENGTHS = (2, 4, 6, 9, 12)
"""Digits that a code has down to each level."""


def prefix(code: str) -> str:
    """A division's code without its trailing zero groups: what the code of every division in it begins with."""
    return next((code[:length] for length in LENGTHS if not code[length:].strip("0")), code)


def above(code: str) -> tuple[str, ...]:
    """Codes of the divisions in which one lies, from the province down."""
    return tuple(code[:length].ljust(12, "0") for length in LENGTHS if length < len(prefix(code)))


def first_known(codes: Iterable[str], known: Container[str]) -> str | None:
    """The first of some codes, as files name them in six digits or more, that is one of the known divisions."""
    return next((code for each in codes if (code := each.ljust(12, "0")) in known), None)


def present(code: str | None, successors: Mapping[str, str]) -> str | None:
    """The division itself, or the one that took its place (`successors`: former → present code)."""
    return successors.get(code, code) if code else None
