"""Messages to the owners of feeds: written with the verdict they tell of, sent afterwards, kept until they are.

Channels are Apprise addresses in the environment variable that the contract names; where none is set, a message
becomes a file in the home's alerts/ folder.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import sqlalchemy as sa

from safetynet.contract import Contract, Owner, contract
from safetynet.home import Home, now
from safetynet.messages import Sentence, say, say_reason
from safetynet.publish import ledger
from safetynet.publish.ledger import Ledger
from safetynet.refusal import Fact

BUILD_CHANNELS = "SAFETYNET_ALERT_OPERATIONS"

_log = logging.getLogger(__name__)


def _row(
    message_id: str, feed: str | None, channels: str, kind: str, title: Sentence, body: Sentence
) -> dict[str, Any]:
    return {
        "message_id": message_id,
        "feed": feed,
        "channels": channels,
        "kind": kind,
        "title": f"{title.zh} / {title.en}",
        "body": f"{body.zh}\n\n{body.en}\n",
        "written_at": now(),
        "sent_at": None,
        "sent_to": None,
    }


def _owner_facts(owner: Owner) -> dict[str, Fact]:
    return {
        "department_zh": owner.department.zh,
        "department_en": owner.department.en,
        "contact": owner.contact,
    }


@dataclass(frozen=True)
class Quarantined:
    """Rows of a batch that were held back for one reason, and the first of their row numbers."""

    column: str | None
    reason: str
    rows: int
    first: tuple[int, ...]


def quarantined(marks: Path) -> list[Quarantined]:
    """Why rows of a batch were quarantined, by its marks, the commonest reason first."""
    with duckdb.connect() as connection:
        rows = connection.execute(
            "SELECT told.column_name, told.reason, count(*), list(row_number ORDER BY row_number)[:8] FROM "
            "(SELECT row_number, unnest(reasons) AS told FROM read_parquet(?) WHERE disposition = 'quarantined') "
            "GROUP BY ALL ORDER BY 3 DESC, 1, 2",
            [str(marks)],
        ).fetchall()
    return [Quarantined(column, reason, count, tuple(first)) for column, reason, count, first in rows]


def _lines(feed: Contract, reasons: Sequence[Quarantined]) -> list[Sentence]:
    """One line for each reason: column, what is wrong, how many rows, which."""
    lines = []
    for each in reasons:
        header = f"“{feed.first_header(each.column)}” " if each.column else ""
        told = say_reason(each.reason)
        numbers = ", ".join(map(str, each.first)) + (" …" if each.rows > len(each.first) else "")
        lines.append(
            Sentence(
                f"  {header}{told.zh}：{each.rows} 行（第 {numbers} 行）",
                f"  {header}{told.en}: {each.rows} rows (row {numbers})",
            )
        )
    return lines


def about_file(
    feed: Contract,
    delivery_id: str,
    verdict: str,
    why: Sentence,
    reasons: Sequence[Quarantined],
    facts: Mapping[str, Fact],
) -> dict[str, Any]:
    """The message that a file was rejected or held, and which of a held batch's rows cannot be used."""
    told: dict[str, Fact] = {**facts, **_owner_facts(feed.owner), "feed": feed.feed}
    todo = say(f"todo_{verdict}", told)
    title = say(f"alert_title_{verdict}", {"title_zh": feed.title.zh, "title_en": feed.title.en})
    lines = [why, *_lines(feed, reasons)]
    reason_zh, reason_en = "\n".join(line.zh for line in lines), "\n".join(line.en for line in lines)
    body = Sentence(
        say("alert_body_file", {**told, "reason": reason_zh, "todo": todo.zh}).zh,
        say("alert_body_file", {**told, "reason": reason_en, "todo": todo.en}).en,
    )
    return _row(f"{verdict}:{delivery_id}", feed.feed, feed.owner.channels, verdict, title, body)


def _about_quarantine(
    owner: Owner, run: str, batches: Sequence[tuple[str, str, int, list[Quarantined]]]
) -> dict[str, Any]:
    """The message to an owner about quarantined rows: (feed, source file, rows, reasons) each."""
    told = []
    for feed, file, rows, reasons in batches:
        title = contract(feed).title
        told += [Sentence(f"{title.zh}：{file}，{rows} 行", f"{title.en}: {file}, {rows} rows")]
        told += _lines(contract(feed), reasons)
    facts: dict[str, Fact] = {**_owner_facts(owner), "rows": sum(rows for _, _, rows, _ in batches)}
    told += [say("alert_owner", facts), say("todo_quarantine")]
    body = Sentence("\n".join(line.zh for line in told), "\n".join(line.en for line in told))
    title_line = say("alert_title_quarantine", facts)
    return _row(f"quarantine:{run}", None, owner.channels, "quarantine", title_line, body)


def write_quarantine(home: Home, store: Ledger) -> None:
    """Write one message per owner about every batch whose quarantine nobody was told of yet."""
    table = ledger.batch
    untold = store.rows(
        sa.select(table.c.batch_id, table.c.feed, table.c.source_file, table.c.rows_quarantined)
        .where(table.c.is_told.is_(False), table.c.verdict == "accepted_with_quarantine")
        .order_by(table.c.batch_id)
    )
    owners: dict[str, list[dict[str, Any]]] = {}
    for row in untold:
        owners.setdefault(contract(row["feed"]).owner.channels, []).append(row)
    for channels, rows in owners.items():
        told = []
        for row in rows:
            reasons = quarantined(home.batch_marks(row["feed"], row["batch_id"]))
            told.append((row["feed"], row["source_file"], row["rows_quarantined"], reasons))
        ids = [row["batch_id"] for row in rows]
        message = _about_quarantine(contract(rows[0]["feed"]).owner, f"{channels}:{ids[0]}", told)
        with store.transaction() as connection:
            store.put(connection, ledger.message, [message])
            connection.execute(sa.update(table).where(table.c.batch_id.in_(ids)).values(is_told=True))


def about_build(build_id: str, failed: Sequence[str]) -> dict[str, Any]:
    """The message that a build of the warehouse failed, naming its models and tests."""
    todo = say("todo_build")
    names = "\n".join(f"  {name}" for name in failed[:50])
    body = Sentence(f"{names}\n{todo.zh}", f"{names}\n{todo.en}")
    return _row(f"build:{build_id}", None, BUILD_CHANNELS, "build", say("alert_title_build"), body)


def _send(home: Home, row: dict[str, Any]) -> str:
    """Deliver one message; returns what took it, `channel` or `file`. Raises ConnectionError when a channel fails."""
    addresses = os.environ.get(row["channels"], "").split()
    if not addresses:
        path = home.folder("alerts") / f"{row['written_at']:%Y%m%dT%H%M%S%f}-{row['kind']}.txt"
        draft = path.with_suffix(".part")
        draft.write_text(f"{row['title']}\n\n{row['body']}", encoding="utf-8")
        draft.replace(path)
        return "file"
    import apprise

    logging.getLogger("apprise").setLevel(logging.CRITICAL)
    channel = apprise.Apprise()
    added = [channel.add(address) for address in addresses]
    if not all(added):
        raise ConnectionError(f"{row['channels']} holds an address that is no channel")
    if not channel.notify(title=row["title"], body=f"{row['body']}\n#{row['message_id'][-12:]}"):
        raise ConnectionError(f"a channel of {row['channels']} did not take the message")
    return "channel"


def send(home: Home, store: Ledger) -> int:
    """Send every message that waits; returns how many still wait because their channel failed."""
    table = ledger.message
    waiting = store.rows(sa.select(table).where(table.c.sent_at.is_(None)).order_by(table.c.written_at))
    failed = 0
    for row in waiting:
        try:
            sent_to = _send(home, row)
        except ConnectionError as error:
            failed += 1
            _log.error("%s", error)
            continue
        with store.transaction() as connection:
            connection.execute(
                sa.update(table).where(table.c.message_id == row["message_id"]).values(sent_at=now(), sent_to=sent_to)
            )
    return failed
