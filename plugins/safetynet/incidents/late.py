"""What is late on a day: a pure function of what was delivered and of the contracts' calendars."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
    only its newest period counts, whatever became of it; it may come with a division that lies in it or above it.
    Nobody waits for a division that is no more.
    """
    known = {(file.feed, file.scope) for file in files if file.verdict in ACCEPTED}
    newest: dict[str, dict[str | None, date]] = {}
    for file in files:
        if (file.feed, file.scope) in known:
            of_feed = newest.setdefault(file.feed, {})
            of_feed[file.scope] = max(file.period, of_feed.get(file.scope, file.period))
    found = []
    for feed in sorted(newest):
        for scope in sorted(newest[feed], key=str):
            came = max(period for other, period in newest[feed].items() if threads.related(scope, other))
            gap = calendar.missing(contracts()[feed], came, today)
            if gap and ended.get(scope or "", gap[1]) >= gap[1]:
                found.append(Late(contracts()[feed], scope, *gap))
    return found
