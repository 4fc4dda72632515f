"""What the values of a batch's watched columns look like, against what they looked like in the same place before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from math import sqrt
from statistics import median
from typing import Any

import sqlalchemy as sa

from safetynet.check.profile import BLANK, MEDIAN, QUARTILES, Measure
from safetynet.contract import Contract, IncidentKind
from safetynet.incidents.failures import Failure
from safetynet.incidents.usual import LEAST_DEVIATION, Range, around, is_near, same_month
from safetynet.messages import say
from safetynet.publish import ledger
from safetynet.publish.ledger import Ledger
from safetynet.refusal import Fact

_LEAST_POINTS = 0.02
"""Part of the whole below which no deviation of a share is taken."""
_OF_QUARTILES = 0.93
"""Of normal values the median of n has a standard error of so many times their quartiles' distance, divided by √n:
1.2533 standard deviations (https://en.wikipedia.org/wiki/Median#Efficiency), of 1.349 between the quartiles."""
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

    Nothing is said of a batch with few rows, while the history is short, and of amounts that are usually 0 all of them.
    """
    bounds = feed.bounds
    furthest: dict[str, tuple[Measure, Range]] = {}
    for measure in measures:
        batches = len(usual.get((measure.column, measure.name), {}))
        if (
            measure.name == QUARTILES
            or measure.rows < bounds.distribution_from_rows
            or batches < bounds.usual_from_batches
        ):
            continue
        usually = _left(feed, usual, as_of, measure)
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


def _left(feed: Contract, usual: History, as_of: date, measure: Measure) -> Range | None:
    """The range that a measure has left, None where it lies in it; no narrower than chance makes it in so many rows."""
    past = usual[measure.column, measure.name]
    middle, deviations = median(past.values()), feed.bounds.usual_deviations
    if measure.name == MEDIAN:
        chance = _OF_QUARTILES * median(usual[measure.column, QUARTILES].values()) / sqrt(measure.rows)
        usually = around(past.values(), deviations, max(LEAST_DEVIATION * abs(middle), chance), by_factor=True)
        is_season = any(is_near(each, measure.value) for each in same_month(past, as_of))
    else:
        chance = sqrt(middle * (1 - middle) / measure.rows)
        usually = around(past.values(), deviations, max(_LEAST_POINTS, chance))
        is_season = any(abs(each - measure.value) <= _SAME_MONTH_POINTS for each in same_month(past, as_of))
    return usually if usually.excess(measure.value) > 1 and not is_season else None


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
        "low": told(max(usually.low, 0.0)),
        "high": told(usually.high if measure.name == MEDIAN else min(usually.high, 1.0)),
    }


def _amount(value: float) -> str:
    return f"{value:.2f}".removesuffix(".00")


def _share(value: float) -> str:
    return f"{value:.0%}"
