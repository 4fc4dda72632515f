"""Months and what happens in them.

Every event leaves a row: event, happened_on, person_id (null where it is a household's), household, detail.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl

EVENT = {
    "event": pl.String,
    "happened_on": pl.Date,
    "person_id": pl.Int64,
    "household": pl.Int64,
    "detail": pl.String,
}


@dataclass(frozen=True)
class Month:
    """The days from the day after one delivery to the day of the next."""

    first: date
    last: date


def happened(event: str, rows: pl.DataFrame) -> pl.DataFrame:
    """Rows of events from a frame with happened_on and, where it has them, the other columns of EVENT."""
    return rows.select(
        pl.lit(event).alias("event"),
        *[
            (pl.col(name) if name in rows.columns else pl.lit(None)).cast(kind).alias(name)
            for name, kind in EVENT.items()
            if name != "event"
        ],
    )


def befallen(rng: np.random.Generator, frame: pl.DataFrame, rate: pl.Expr, month: Month) -> pl.DataFrame:
    """The rows that a monthly rate befalls, with the day (happened_on); where any can be, at least one is."""
    likely = frame.select(rate.fill_null(0.0).cast(pl.Float64).alias("rate")).to_series().to_numpy()
    score = np.divide(rng.random(len(frame)), likely, out=np.full(len(frame), np.inf), where=likely > 0)
    if len(score) and np.isfinite(score).any():
        score[np.argmin(score)] = 0.0
    rows = frame.filter(pl.Series(score < 1.0, dtype=pl.Boolean))
    days = rng.integers(0, (month.last - month.first).days + 1, len(rows))
    return rows.with_columns(happened_on=pl.lit(month.first) + pl.duration(days=pl.lit(pl.Series(days))))
