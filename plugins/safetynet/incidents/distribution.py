"""What the values of a batch's watched columns look like, against what they looked like in the same place before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from math import sqrt
from typing import Any

import sqlalchemy as sa

from safetynet.check.profile import BLANK, MEDIAN, Measure
from safetynet.contract import Contract, IncidentKind
from safetynet.incidents.failures import Failure
from safetynet.incidents.usual import Range, by_factor, left
from safetynet.messages import say
from safetynet.publish import ledger
from safetynet.publish.ledger import Ledger
from safetynet.refusal import Fact

_LEAST_DEVIATION = 0.05
"""Share of a median below which no deviation is taken, for amounts that hardly ever differ."""
_LEAST_POINTS = 0.02
"""The same for a share, of the whole."""
_SAME_MONTH_POINTS = 0.1
"""Shares no further apart are as near as months of one season are."""

History = Mapping[tuple[str, str], Mapping[date, float]]
"""(column, measure) → as-of date → value."""


def history(store: Ledger, feed: Contract, earlier: Mapping[date, dict[str, Any]]) -> History:
    """The measures of earlier batches (by as-of date) that have enough rows to tell."""
    if not feed.distribution or not earlier:
        return {}
    table, dates = ledger.profile, {row["batch_id"]: day for day, row in earlier.items()}
    found: dict[tuple[str, str], dict[date, float]] = {}
    for row in store.rows(
        sa.select(table).where(table.c.batch_id.in_(dates), table.c.rows_measured >= feed.bounds.distribution_from_rows)
    ):
        found.setdefault((row["column_name"], row["measure"]), {})[dates[row["batch_id"]]] = row["value"]
    return found


def unusual(feed: Contract, usual: History, as_of: date, measures: Sequence[Measure]) -> list[Failure]:
    """A failure for each column of which a measure is far from its history; the furthest one is told.

    Nothing is said of a batch with few rows, while the history is short, and of amounts whose usual median is 0.
    """
    furthest: dict[str, tuple[Measure, Range]] = {}
    for measure in measures:
        past = usual.get((measure.column, measure.name), {})
        if measure.rows < feed.bounds.distribution_from_rows or len(past) < feed.bounds.usual_from_batches:
            continue
        usually = _left(feed, past, as_of, measure)
        known = furthest.get(measure.column)
        if usually and (known is None or usually.excess(measure.value) > known[1].excess(known[0].value)):
            furthest[measure.column] = measure, usually
    return [
        Failure(
            IncidentKind.DISTRIBUTION,
            column,
            say("distribution_unusual", _facts(feed, measure, usually, len(usual[column, measure.name]))),
        )
        for column, (measure, usually) in furthest.items()
    ]


def _left(feed: Contract, past: Mapping[date, float], as_of: date, measure: Measure) -> Range | None:
    """The range that a measure has left, None where it lies in it."""
    deviations = feed.bounds.usual_deviations
    if measure.name == MEDIAN:
        return left(past, as_of, measure.value, deviations, lambda middle: _LEAST_DEVIATION * abs(middle), by_factor)
    return left(
        past,
        as_of,
        measure.value,
        deviations,
        lambda share: max(_LEAST_POINTS, sqrt(share * (1 - share) / measure.rows)),
        lambda one, other: abs(one - other) <= _SAME_MONTH_POINTS,
    )


def _facts(feed: Contract, measure: Measure, usually: Range, batches: int) -> dict[str, Fact]:
    code = "median" if measure.name == MEDIAN else "blank" if measure.name == BLANK else "code"
    named = say(f"measure_{code}", {"code": measure.code})
    told = _amount if measure.name == MEDIAN else _share
    return {
        "column": feed.first_header(measure.column),
        "measure_zh": named.zh,
        "measure_en": named.en,
        "now": told(measure.value),
        "batches": batches,
        "usual": told(usually.middle),
        "low": told(usually.low),
        "high": told(usually.high if measure.name == MEDIAN else min(usually.high, 1.0)),
    }


def _amount(value: float) -> str:
    return f"{value:.2f}".removesuffix(".00")


def _share(value: float) -> str:
    return f"{value:.0%}"
