"""Why a file cannot be used: a code and facts that may be told, never a value of the file."""

from __future__ import annotations

Fact = str | int | float | list[str]


class Refused(Exception):
    """A file, sheet or archive member that is not taken in; `code` names the sentence in messages.yml."""

    def __init__(self, code: str, **facts: Fact) -> None:
        super().__init__(code)
        self.code = code
        self.facts = facts
