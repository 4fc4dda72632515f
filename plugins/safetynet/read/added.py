"""What safetynet adds to a workbook that it gives back, and passes over when that workbook is delivered again."""

from __future__ import annotations

NOTE_SHEET = "退回说明 Returned"
"""The sheet that says what is wrong and what to do."""

REASON_HEADER = "退回原因 Why returned"
"""Header of the column beside the table that says of each row what is wrong with it."""

ORIGIN = r"\[([0-9a-f]{20}):(\d{1,9})\]\s*$"
"""How a text of that column ends: batch and row of which it speaks, so that the row is known wherever it is moved."""


def origin(batch_id: str, row: int) -> str:
    """The end of what is said of a row."""
    return f" [{batch_id}:{row}]"
