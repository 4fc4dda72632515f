"""What is late on a day: a pure function of what was delivered and of the contracts' calendars."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby

from safetynet.contract import Contract, contracts
from safetynet.division import above
from safetynet.incidents import calendar, threads
from safetynet.incidents.cover import Cover, ShareWithin, asked
from safetynet.incidents.delivered import Delivered
from safetynet.publish.ledger import ACCEPTED


@dataclass(frozen=True)
class Late:
    """A period of a scope that should be there and is not."""

    feed: Contract
    scope: str | None
    period: date
    deadline: date


def late(files: Sequence[Delivered], ended: Mapping[str, date], today: date, share: ShareWithin) -> list[Late]:
    """What is late on a day, by feed and scope.

    `ended` is the last day of divisions that are no more. Only a scope that had a file used before is waited for, and
    only its newest period counts, whatever became of it. It may come with a division above it, or with those in it
    where most of its rows lie in these; where both are late, see `cover.asked`. Nobody waits for a division that is no
    more.
    """
    found = []
    for feed, came in groupby(sorted(files, key=_feed), key=_feed):
        of_feed = list(came)
        used = [file for file in of_feed if file.verdict in ACCEPTED]
        cover = Cover(contracts()[feed], [file for file in of_feed if file.verdict != "rejected"], used, share)
        own = _own({file.scope for file in used}, of_feed)
        sent = _newest((file.scope, file.period) for file in of_feed)
        gaps = {}
        for scope, newest in own.items():
            with_above = [sent[code] for code in (above(scope) if scope else ()) if code in sent]
            newest = max(newest, cover.taken_over(scope, newest) or newest, *with_above)
            gap = calendar.missing(contracts()[feed], newest, today)
            if gap and ended.get(scope or "", gap[1]) >= gap[1]:
                gaps[scope] = gap
        named = asked({scope: own[scope] for scope in gaps}, cover)
        found += [Late(contracts()[feed], scope, *gaps[scope]) for scope in sorted(named, key=str)]
    return found


def _feed(file: Delivered) -> str:
    return file.feed


def _newest(periods: Iterable[tuple[str | None, date]]) -> dict[str | None, date]:
    found: dict[str | None, date] = {}
    for scope, period in periods:
        found[scope] = max(period, found.get(scope, period))
    return found


def _own(known: Collection[str | None], files: Iterable[Delivered]) -> dict[str | None, date]:
    """The newest period that each of the scopes known to deliver sent itself.

    What could not be read, of a scope that never delivered, is of those known that lie in it or above it: a county's
    first file that is rejected, after its prefecture's, is the prefecture's. Where its scope could not be told, it is
    of the division in which all lie that deliver.
    """
    everybody = threads.whole(known)
    found = []
    for file in files:
        if file.scope in known:
            found.append((file.scope, file.period))
        elif file.verdict == "rejected" and (place := file.scope or everybody):
            found += [(scope, file.period) for scope in known if threads.related(place, scope)]
    return _newest(found)
