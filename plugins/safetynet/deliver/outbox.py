"""Sends what waits in the ledger: at least once always, once where nothing is killed; what fails goes to the next.

The way of a message: its own channel, asked twice, and not while that wants a rest, when what is critical goes on at
once; the operations channel; a file in the home's alerts/ folder. Where no channel is set up, a message becomes a file
at once.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from safetynet.contract import IncidentKind
from safetynet.deliver import alerts, channel
from safetynet.home import COUNTY_TIME, Home, now
from safetynet.incidents import threads
from safetynet.publish import ledger
from safetynet.publish.ledger import Ledger

_BURST = 10
"""Messages to one channel in one minute above which they become one. A DingTalk robot takes 20 a minute and is then
silent for ten minutes, a WeCom robot 20 a minute
(https://open.dingtalk.com/document/orgapp/custom-robots-send-group-messages)."""
_ATTEMPTS = 2

Message = dict[str, Any]


def _write(home: Home, message: Message) -> None:
    mark = hashlib.sha256(message["message_id"].encode()).hexdigest()[:6]
    path = home.folder("alerts") / f"{message['written_at']:%Y%m%dT%H%M%S%f}-{mark}-{message['kind']}.txt"
    draft = path.with_suffix(".part")
    draft.write_text(f"{message['title']}\n\n{message['body']}", encoding="utf-8")
    draft.replace(path)


class _Outbox:
    def __init__(self, home: Home, store: Ledger, at: datetime) -> None:
        self._home, self._store, self._at = home, store, at
        self._addresses = functools.cache(channel.addresses)

    def waiting(self) -> list[Message]:
        """Messages that nobody took yet and that may go now, the oldest first."""
        table = ledger.message
        rows = self._store.rows(
            sa.select(table).where(table.c.sent_at.is_(None)).order_by(table.c.written_at, table.c.message_id)
        )
        hour = self._at.astimezone(COUNTY_TIME).hour
        return [
            row
            for row in rows
            if row["severity"] == "critical"
            or not self._addresses(row["channels"])
            or not threads.rules_of(row["feed"]).is_quiet(hour)
        ]

    def gather(self, waiting: Sequence[Message]) -> list[Message]:
        """The same messages, those of a burst to one channel as one."""
        groups: dict[tuple[str, ...], list[Message]] = {}
        for message in waiting:
            groups.setdefault(self._addresses(message["channels"]), []).append(message)
        kept: list[Message] = []
        for addresses, messages in groups.items():
            is_burst = addresses and len(messages) + self._sent_just_now(addresses) > _BURST
            kept += [self._digest(messages)] if is_burst and len(messages) > 1 else messages
        return kept

    def _sent_just_now(self, addresses: tuple[str, ...]) -> int:
        table = ledger.message
        a_minute_ago = self._at - timedelta(minutes=1)
        rows = self._store.rows(
            sa.select(table.c.channels).where(table.c.sent_at >= a_minute_ago, table.c.sent_to == "channel")
        )
        return sum(self._addresses(row["channels"]) == addresses for row in rows)

    def _digest(self, messages: Sequence[Message]) -> Message:
        """Put one message in the place of several, whose texts are kept as files."""
        digest = alerts.about_several(messages)
        for message in messages:
            _write(self._home, message)
        table = ledger.message
        with self._store.transaction() as connection:
            self._store.put(connection, table, [digest])
            for message in messages:
                connection.execute(
                    sa.update(table)
                    .where(table.c.message_id == message["message_id"])
                    .values(sent_at=self._at, sent_to="digest")
                )
        (kept,) = self._store.rows(sa.select(table).where(table.c.message_id == digest["message_id"]))
        return kept

    def send(self, message: Message) -> bool:
        """Send one message; False where its channel did not take it, or rests, and is asked the next time."""
        own = message["channels"]
        if not self._addresses(own):
            _write(self._home, message)
            self._sent(message, "file")
            return True
        if self._rests(own):
            return message["severity"] == "critical" and self._goes_round(message)
        if self._is_taken(own, message):
            self._sent(message, "channel")
            return True
        if message["attempts"] + 1 < _ATTEMPTS and not self._is_silent(own):
            table = ledger.message
            with self._store.transaction() as connection:
                connection.execute(
                    sa.update(table)
                    .where(table.c.message_id == message["message_id"])
                    .values(attempts=table.c.attempts + 1)
                )
            return False
        self._does_not_answer(own)
        if own != threads.OPERATIONS and self._rests(threads.OPERATIONS):
            return False
        if self._goes_round(message):
            return True
        _write(self._home, message)
        self._sent(message, "file")
        return True

    def _goes_round(self, message: Message) -> bool:
        """Send a message to operations in the place of its own channel; False where they do not take it."""
        to = threads.OPERATIONS
        if message["channels"] == to or not self._addresses(to) or self._rests(to) or not self._is_taken(to, message):
            return False
        self._sent(message, "operations")
        return True

    def _is_taken(self, channels: str, message: Message) -> bool:
        """Ask a channel to take a message, and keep how long it wants to be left alone."""
        mark = f"#{message['message_id']}"
        answer = channel.notify(channels, self._addresses(channels), message["title"], message["body"], mark)
        if answer.rest:
            table = ledger.channel_rest
            with self._store.transaction() as connection:
                connection.execute(sa.delete(table).where(table.c.channels == channels))
                connection.execute(sa.insert(table).values(channels=channels, until=self._at + answer.rest))
        return answer.is_taken

    def _rests(self, channels: str) -> bool:
        """Whether a channel, or one of the same addresses, wants to be left alone."""
        table = ledger.channel_rest
        resting = self._store.rows(sa.select(table.c.channels).where(table.c.until > self._at))
        where = self._addresses(channels)
        return bool(where) and any(self._addresses(row["channels"]) == where for row in resting)

    def _sent(self, message: Message, to: str) -> None:
        table = ledger.message
        with self._store.transaction() as connection:
            connection.execute(
                sa.update(table).where(table.c.message_id == message["message_id"]).values(sent_at=self._at, sent_to=to)
            )
            threads.notified(connection, message["incidents"] or [], self._at, message["message_id"])
            if to == "channel" or not self._addresses(message["channels"]):
                threads.clear(connection, IncidentKind.CHANNEL, self._at, message["channels"])

    def _is_silent(self, channels: str) -> bool:
        return any(
            row["kind"] == IncidentKind.CHANNEL and row["what"] == channels for row in threads.current(self._store)
        )

    def _does_not_answer(self, channels: str) -> None:
        with self._store.transaction() as connection:
            step, incident = threads.fail(connection, threads.Place(), IncidentKind.CHANNEL, channels, self._at)
            if step != "repeated":
                told = alerts.about_installation(incident, "channel", {"channel": channels})
                self._store.put(connection, ledger.message, [told])

    def escalate(self) -> None:
        """Write to operations about what an owner was told long ago and nobody acknowledged; once an opening."""
        for incident in threads.current(self._store):
            told_at, patience = incident["last_notified_at"], threads.rules_of(incident["feed"]).escalate_hours
            if incident["status"] != "open" or told_at is None or incident["owner"] == threads.OPERATIONS:
                continue
            if self._at - told_at >= timedelta(hours=patience):
                opening = threads.opening(self._store, incident["incident_id"])
                message = alerts.about_unanswered(incident, opening, threads.OPERATIONS, told_at)
                with self._store.transaction() as connection:
                    self._store.put(connection, ledger.message, [message])


def send(home: Home, store: Ledger, at: datetime | None = None) -> int:
    """Send what waits; returns how many wait because their channel did not take them, or rests, and is asked again."""
    # Two tasks that end together would both send what waits.
    with home.alone("outbox"):
        outbox = _Outbox(home, store, at or now())
        outbox.escalate()
        tried: set[str] = set()
        failed = 0
        while fresh := [message for message in outbox.waiting() if message["message_id"] not in tried]:
            for message in outbox.gather(fresh):
                tried.add(message["message_id"])
                failed += not outbox.send(message)
        return failed
