"""The watchdog: speaks up when nothing arrives, when the disk runs full, and asks every channel once a month."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from safetynet import reference
from safetynet.contract import IncidentKind, contracts
from safetynet.deliver import alerts, channel
from safetynet.home import Home, county_day, now
from safetynet.incidents import endangered, threads
from safetynet.incidents.cover import share_within
from safetynet.incidents.delivered import delivered, under_present_codes
from safetynet.incidents.late import Late, late
from safetynet.publish import ledger
from safetynet.publish.ledger import Ledger

_GIB = 2**30
_LEAST_FREE_GIB = 2.0


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
    files, share = under_present_codes(delivered(store), successors), share_within(home, successors)
    found = late(files, reference.ended(divisions), county_day(at), share)
    with store.transaction() as connection:
        threads.late_no_more(connection, [_place(each, successors) for each in found], at)
    for each in found:
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


def _place(each: Late, successors: Mapping[str, str]) -> threads.Place:
    return threads.Place(each.feed.feed, each.scope, as_of=each.period, successors=successors)


def _open(connection: sa.Connection, each: Late, successors: Mapping[str, str], at: datetime) -> dict[str, Any] | None:
    """The incident of what is late, where that is news; a further period that is missing is an event of it."""
    place = _place(each, successors)
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
