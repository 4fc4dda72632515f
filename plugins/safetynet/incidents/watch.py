"""The watchdog: speaks up when nothing arrives, when the disk runs full, and asks every channel once a month."""

from __future__ import annotations

import os
import shutil
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import polars as pl
import sqlalchemy as sa

from safetynet import reference
from safetynet.contract import Contract, IncidentKind, contracts
from safetynet.deliver import alerts, channel
from safetynet.division import present
from safetynet.home import Home, county_day, now
from safetynet.incidents import calendar, endangered, threads
from safetynet.publish import ledger
from safetynet.publish.ledger import ACCEPTED, Ledger

_GIB = 2**30
_LEAST_FREE_GIB = 2.0


@dataclass(frozen=True)
class Late:
    """A period of a scope that should be there and is not."""

    feed: Contract
    scope: str | None
    period: date
    deadline: date


def late(received: Iterable[tuple[str, str | None, date]], ended: Mapping[str, date], today: date) -> list[Late]:
    """What is late on a day.

    `received` is (feed, scope, period) of everything that ever came, in whatever state; `ended` the last day of
    divisions that are no more. Only a scope that delivered before is waited for, and only its newest period counts; it
    may come with a division that lies in it or above it, and where both are late, who sent the newest is asked. Nobody
    waits for a division that is no more.
    """
    newest: dict[str, dict[str | None, date]] = {}
    for feed, scope, period in received:
        of_feed = newest.setdefault(feed, {})
        of_feed[scope] = max(period, of_feed.get(scope, period))
    found = []
    for feed in sorted(newest.keys() & contracts().keys()):
        gaps = {}
        for scope in newest[feed]:
            came = max(period for other, period in newest[feed].items() if threads.related(scope, other))
            gap = calendar.missing(contracts()[feed], came, today)
            if gap and ended.get(scope or "", gap[1]) >= gap[1]:
                gaps[scope] = gap
        asked = threads.foremost({scope: newest[feed][scope] for scope in gaps})
        found += [Late(contracts()[feed], scope, *gaps[scope]) for scope in sorted(asked, key=str)]
    return found


def ended(divisions: pl.DataFrame) -> dict[str, date]:
    """Division → its last day, for divisions that have one."""
    known = divisions.group_by("division_code").agg(
        pl.col("valid_to").max(), (pl.col("valid_to").is_null()).any().alias("holds")
    )
    return dict(known.filter(~pl.col("holds")).select("division_code", "valid_to").iter_rows())


def _received(store: Ledger, successors: Mapping[str, str]) -> list[tuple[str, str | None, date]]:
    """(feed, scope, period) of every batch of a scope that had one accepted, and of files with an open incident.

    A scope is the division that took the place of the one that delivered, where another did. What is not of such a
    scope (a county's first file, rejected, after the prefecture's) is of those in it and above it.
    """
    batches = store.rows(sa.select(ledger.batch))
    delivering = {(row["feed"], present(row["scope"], successors)) for row in batches if row["verdict"] in ACCEPTED}
    came = [
        (
            row["feed"],
            present(row["scope"], successors),
            row["as_of"] if row["as_of_source"] != "arrival" else None,
            row["received_at"],
        )
        for row in batches
    ]
    came += [
        (row["feed"], present(row["scope"], successors), row["last_as_of"], row["last_seen_at"])
        for row in threads.current(store)
        if row["kind"] == IncidentKind.REJECTED
    ]
    return [
        (feed, mine, period)
        for feed, scope, stated_on, at in came
        if feed in contracts()
        for mine in _delivering(delivering, feed, scope)
        if (period := calendar.period_received(contracts()[feed], believable(stated_on, at), at))
    ]


def _delivering(known: Collection[tuple[str, str | None]], feed: str, scope: str | None) -> list[str | None]:
    """The scope itself where it is known to deliver a feed, else those known that lie in it or above it.

    A file of which the scope could not be told is of the division in which all lie that deliver.
    """
    if (feed, scope) in known:
        return [scope]
    others = {other for one, other in known if one == feed}
    of_whole = scope or threads.whole(others)
    return [other for other in others if of_whole and threads.related(of_whole, other)]


def believable(stated_on: date | None, received_at: datetime) -> date | None:
    """A date that a file states, None where it lies in the future of its arrival."""
    return stated_on if stated_on and stated_on <= county_day(received_at) else None


def look(home: Home, store: Ledger, at: datetime) -> None:
    """Write down what is late or no longer so, what the disk has left, and the month's test of each channel."""
    _look_at_calendar(home, store, at)
    look_at_disk(home, store)
    _test_channels(store, county_day(at))


def _look_at_calendar(home: Home, store: Ledger, at: datetime) -> None:
    if reference.version(store, reference.DIVISIONS) is None:
        return
    owners: dict[str, list[Late]] = {}
    divisions = reference.divisions(home, store)
    successors = reference.present_codes(divisions, county_day(at))
    for each in late(_received(store, successors), ended(divisions), county_day(at)):
        owners.setdefault(each.feed.owner.channels, []).append(each)
    for mine in owners.values():
        feeds = {each.feed.feed: each.feed for each in mine}
        at_stake = {name: told for name, feed in feeds.items() if (told := endangered.told(home, feed))}
        with store.transaction() as connection:
            news = [(each, incident) for each in mine if (incident := _open(connection, each, successors, at))]
            if news:
                lines = [(each.feed, each.scope, each.period, each.deadline, incident) for each, incident in news]
                message = alerts.about_late(mine[0].feed.owner, lines, at_stake)
                store.put(connection, ledger.message, [message])


def _open(connection: sa.Connection, each: Late, successors: Mapping[str, str], at: datetime) -> dict[str, Any] | None:
    """The incident of what is late, where that is news; a further period that is missing is an event of it."""
    place = threads.Place(each.feed.feed, each.scope, as_of=each.period, successors=successors)
    known = threads.late_since(connection, place)
    if known == each.period:
        return None
    step, incident = threads.fail(connection, place, IncidentKind.LATE, "", at, note=each.period.isoformat())
    return incident if step != "repeated" else None


def look_at_disk(home: Home, store: Ledger) -> None:
    """Open or end the incident of a home's disk; SAFETYNET_DISK_FREE_GIB is what should be free."""
    least = float(os.environ.get("SAFETYNET_DISK_FREE_GIB") or _LEAST_FREE_GIB)
    free = shutil.disk_usage(home.folder()).free / _GIB
    with store.transaction() as connection:
        if free >= least:
            threads.clear(connection, IncidentKind.DISK, now())
            return
        step, incident = threads.fail(connection, threads.Place(), IncidentKind.DISK, "", now())
        if step != "repeated":
            facts: dict[str, float | int | str | list[str]] = {"free": f"{free:.1f}", "least": f"{least:g}"}
            store.put(connection, ledger.message, [alerts.about_installation(incident, "disk", facts)])


def _test_channels(store: Ledger, today: date) -> None:
    variables = {feed.owner.channels for feed in contracts().values()} | {threads.OPERATIONS}
    tests = [
        alerts.about_channel_test(variable, f"{today:%Y-%m}")
        for variable in sorted(variables)
        if channel.addresses(variable)
    ]
    with store.transaction() as connection:
        store.put(connection, ledger.message, tests)
