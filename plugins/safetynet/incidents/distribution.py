"""What the values of a batch's watched columns look like, against what they looked like in the same place before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
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


@dataclass(frozen=True)
class Compared:
    """A measure of a batch beside its own history, by as-of date, and the range that is usual by it."""

    measure: Measure
    past: Mapping[date, float]
    usual: Range
    is_season: bool
    """Whether the same month of another year was like it."""

    @property
    def excess(self) -> float:
        """How far it lies from what is usual; above 1 it is outside of that."""
        return self.usual.excess(self.measure.value)

    @property
    def is_amount(self) -> bool:
        """Whether it is in the column's own unit; else it is a share."""
        return self.measure.name == MEDIAN

    @property
    def limits(self) -> tuple[float, float]:
        """The usual range as far as such a measure can go."""
        return max(self.usual.low, 0.0), self.usual.high if self.is_amount else min(self.usual.high, 1.0)

    def facts(self, feed: Contract) -> dict[str, Fact]:
        """What a sentence tells of it."""
        low, high = self.limits
        code = self.measure.name if self.measure.name in (MEDIAN, BLANK) else "code"
        named = say(f"measure_{code}", {"code": self.measure.code})
        return {
            "column": feed.first_header(self.measure.column),
            "measure_zh": named.zh,
            "measure_en": named.en,
            "now": self.shown(self.measure.value),
            "batches": len(self.past),
            "usual": self.shown(self.usual.middle),
            "low": self.shown(low),
            "high": self.shown(high),
        }

    def shown(self, value: float) -> str:
        """A value of this measure as people read it: a share in per cent, or an amount."""
        return f"{value:.2f}".removesuffix(".00") if self.is_amount else f"{value:.0%}"


def unusual(feed: Contract, usual: History, as_of: date, measures: Sequence[Measure]) -> list[Failure]:
    """A failure for each column of which a measure is far from its history; the furthest one is told.

    Nothing is said of a batch with few rows, while the history is short, and of amounts that are usually 0 all of them.
    """
    outside = [each for each in compared(feed, usual, as_of, measures) if each.excess > 1 and not each.is_season]
    return [
        Failure(IncidentKind.DISTRIBUTION, column, say("distribution_unusual", each.facts(feed)))
        for column, each in furthest(outside).items()
    ]


def furthest(found: Sequence[Compared]) -> dict[str, Compared]:
    """Column → of its measures the one that is furthest off, the first of several."""
    columns = dict.fromkeys(each.measure.column for each in found)
    of_column = {name: [each for each in found if each.measure.column == name] for name in columns}
    return {name: max(each, key=lambda one: one.excess) for name, each in of_column.items()}


def compared(feed: Contract, usual: History, as_of: date, measures: Sequence[Measure]) -> list[Compared]:
    """Those measures of a batch that have enough rows and enough history to tell anything."""
    bounds = feed.bounds
    return [
        _compared(feed, usual, as_of, measure)
        for measure in measures
        if measure.name != QUARTILES
        and measure.rows >= bounds.distribution_from_rows
        and len(usual.get((measure.column, measure.name), {})) >= bounds.usual_from_batches
    ]


def _compared(feed: Contract, usual: History, as_of: date, measure: Measure) -> Compared:
    """A measure beside its range, which is no narrower than chance makes it in so many rows."""
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
    return Compared(measure, past, usually, is_season)
