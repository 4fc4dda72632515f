"""What is late on a day: a pure function of what was delivered and of the contracts' calendars."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from safetynet.contract import Contract, contracts
from safetynet.incidents import calendar, threads
from safetynet.incidents.delivered import Delivered
from safetynet.publish.ledger import ACCEPTED


@dataclass(frozen=True)
class Late:
    """A period of a scope that should be there and is not."""

    feed: Contract
    scope: str | None
    period: date
    deadline: date


def late(files: Sequence[Delivered], ended: Mapping[str, date], today: date) -> list[Late]:
    """What is late on a day, by feed and scope.

    `ended` is the last day of divisions that are no more. Only a scope that had a file used before is waited for, and
    only its newest period counts, whatever became of it; it may come with a division that lies in it or above it, and
    where both are late, who sent the newest is asked. Nobody waits for a division that is no more.
    """
    known = {(file.feed, file.scope) for file in files if file.verdict in ACCEPTED}
    newest: dict[str, dict[str | None, date]] = {}
    for file in files:
        of_feed = newest.setdefault(file.feed, {})
        for scope in _delivering(known, file.feed, file.scope):
            of_feed[scope] = max(file.period, of_feed.get(scope, file.period))
    found = []
    for feed in sorted(newest):
        gaps = {}
        for scope in newest[feed]:
            came = max(period for other, period in newest[feed].items() if threads.related(scope, other))
            gap = calendar.missing(contracts()[feed], came, today)
            if gap and ended.get(scope or "", gap[1]) >= gap[1]:
                gaps[scope] = gap
        asked = threads.foremost({scope: newest[feed][scope] for scope in gaps})
        found += [Late(contracts()[feed], scope, *gaps[scope]) for scope in sorted(asked, key=str)]
    return found


def _delivering(known: Collection[tuple[str, str | None]], feed: str, scope: str | None) -> list[str | None]:
    """The scope itself where it is known to deliver a feed, else those known that lie in it or above it.

    So a county's first file that is rejected, after its prefecture's, is the prefecture's. A file of which the scope
    could not be told is of the division in which all lie that deliver.
    """
    if (feed, scope) in known:
        return [scope]
    others = {other for one, other in known if one == feed}
    of_whole = scope or threads.whole(others)
    return [other for other in others if of_whole and threads.related(of_whole, other)]
