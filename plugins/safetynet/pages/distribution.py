"""A watched column of a batch against its own history, as it was judged when the batch came."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cached_property

import sqlalchemy as sa

from safetynet import reference
from safetynet.check.profile import Measure
from safetynet.contract import contracts
from safetynet.home import Home
from safetynet.incidents import before
from safetynet.incidents import distribution as distributions
from safetynet.incidents.distribution import Compared
from safetynet.pages import charts
from safetynet.publish import ledger
from safetynet.publish.ledger import Ledger
from safetynet.refusal import Fact

WIDTH, HEIGHT = 420, 96


@dataclass(frozen=True)
class Distribution:
    """The measure of a batch's column that is furthest from its history."""

    as_of: date
    compared: Compared
    facts: dict[str, Fact]

    @property
    def history(self) -> list[tuple[date, str]]:
        """(as-of date, value as people read it) of the batches before, the oldest first, and of this one at the end."""
        past = sorted(self.compared.past.items())
        return [(day, self.compared.shown(value)) for day, value in (*past, (self.as_of, self.compared.measure.value))]

    @cached_property
    def drawing(self) -> charts.Against:
        """Where they are drawn, each a point."""
        values = [value for _, value in sorted(self.compared.past.items())]
        low, high = self.compared.limits
        usual = low, self.compared.usual.middle, high
        by_factor = self.compared.is_amount
        return charts.against([*values, self.compared.measure.value], usual, WIDTH, HEIGHT, by_factor)


def of_batch(home: Home, store: Ledger, batch_id: str | None, column: str) -> Distribution | None:
    """A column of a batch beside its history; None where either is not known, or too short to tell."""
    table, delivery, profile = ledger.batch, ledger.delivery, ledger.profile
    found = store.rows(
        sa.select(table, delivery.c.part_key)
        .join(delivery, sa.and_(delivery.c.batch_id == table.c.batch_id, delivery.c.verdict != "duplicate"))
        .where(table.c.batch_id == batch_id)
    )
    if not found or found[0]["feed"] not in contracts():
        return None
    (batch,) = found[:1]
    feed, as_of = contracts()[batch["feed"]], batch["as_of"]
    scopes = before.codes(reference.divisions(home, store), batch["scope"], as_of)
    earlier = before.batches(store, feed.feed, scopes, batch["part_key"], batch["received_at"])
    usual = distributions.history(store, feed, before.in_one_piece(earlier, as_of))
    measures = [
        Measure(column, row["measure"], row["rows_measured"], row["value"])
        for row in store.rows(
            sa.select(profile)
            .where(profile.c.batch_id == batch_id, profile.c.column_name == column)
            .order_by(profile.c.measure)
        )
    ]
    compared = distributions.furthest(distributions.compared(feed, usual, as_of, measures)).get(column)
    return Distribution(as_of, compared, compared.facts(feed)) if compared else None
