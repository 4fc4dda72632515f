"""What safetynet adds to a workbook that it gives back, and passes over when that workbook is delivered again."""

from __future__ import annotations

NOTE_SHEET = "退回说明 Returned"
"""The sheet that says what is wrong and what to do."""

REASON_HEADER = "退回原因 Why returned"
"""Header of the column beside the table that says of each row what is wrong with it."""
