"""What was delivered, of which period: every batch, and files that could not be read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime

from safetynet.contract import IncidentKind, contracts
from safetynet.division import present
from safetynet.home import county_day
from safetynet.incidents import calendar, threads
from safetynet.publish import history
from safetynet.publish.ledger import Ledger


@dataclass(frozen=True)
class Delivered:
    """A file that came, the period that it is of, the date from which its rows count, and its batch, if it was read."""

    feed: str
    scope: str | None
    period: date
    as_of: date
    verdict: str
    batch_id: str | None = None


def delivered(store: Ledger, feed: str | None = None) -> list[Delivered]:
    """Every batch (of one feed, or all) but rejected ones, released ones as accepted; rejected files by their incident.

    Once that is over they hide nothing: where the file of another division ended it, whose data is still not there is
    late. What is of no period is left out: the files of a feed without a calendar.
    """
    came = [
        (
            row["feed"],
            row["scope"],
            row["as_of"] if row["as_of_source"] != "arrival" else None,
            row["as_of"],
            row["received_at"],
            row["verdict"],
            row["batch_id"],
        )
        for row in history.batches(store, feed=feed)
        if row["verdict"] != "rejected"
    ]
    came += [
        (
            row["feed"],
            row["scope"],
            row["last_as_of"],
            county_day(row["last_seen_at"]),
            row["last_seen_at"],
            "rejected",
            0,
        )
        for row in threads.current(store)
        if row["kind"] == IncidentKind.REJECTED and feed in (None, row["feed"])
    ]
    return [
        Delivered(name, scope, period, as_of, verdict, batch_id)
        for name, scope, stated_on, as_of, at, verdict, batch_id in came
        if name in contracts()
        and (period := calendar.period_received(contracts()[name], _believable(stated_on, at), at))
    ]


def _believable(stated_on: date | None, received_at: datetime) -> date | None:
    """A date that a file states, None where it lies in the future of its arrival."""
    return stated_on if stated_on and stated_on <= county_day(received_at) else None


def under_present_codes(files: Iterable[Delivered], successors: Mapping[str, str]) -> list[Delivered]:
    """What was delivered under former codes, as of the divisions that took their place (former → present code)."""
    return [replace(file, scope=present(file.scope, successors)) for file in files]
