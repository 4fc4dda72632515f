"""What is written to the owners of feeds and to operations, with the verdict or incident it tells of.

A message lies in the ledger until deliver.outbox has sent it.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb
import sqlalchemy as sa

from safetynet.contract import Contract, Owner, contract, contracts
from safetynet.home import Home, county_day, now
from safetynet.messages import Sentence, say, say_reason
from safetynet.publish import ledger
from safetynet.publish.ledger import Ledger
from safetynet.refusal import Fact

_MOST_NAMES = 50


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
        "severity": "warning",
        "incidents": [],
    }


def _owner_facts(owner: Owner) -> dict[str, Fact]:
    return {
        "department_zh": owner.department.zh,
        "department_en": owner.department.en,
        "contact": owner.contact,
    }


@dataclass(frozen=True)
class Quarantined:
    """Rows of a batch that were quarantined for one reason, and the first of their row numbers."""

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


def _since(incidents: Sequence[Mapping[str, Any]]) -> Sentence:
    """Since when the oldest of some incidents stands, and how often it failed."""
    first = min(incidents, key=lambda incident: incident["opened_at"])
    facts: dict[str, Fact] = {"day": county_day(first["opened_at"]).isoformat(), "times": first["batches"]}
    return say("since_first" if first["batches"] == 1 else "since_again", facts)


def _numbers(incidents: Sequence[Mapping[str, Any]]) -> str:
    return ", ".join(incident["incident_id"] for incident in incidents)


def _page(path: str) -> Sentence | None:
    """Where a page of Airflow's UI is, which asks for a login first; None where no address of it is known."""
    base = os.environ.get("AIRFLOW__API__BASE_URL", "").rstrip("/")
    return say("page", {"address": f"{base}/{path}"}) if base else None


def _body(*lines: Sentence | None) -> Sentence:
    told = [line for line in lines if line is not None]
    return Sentence("\n".join(line.zh for line in told), "\n".join(line.en for line in told))


def _about(incidents: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """What the ledger keeps of a message about incidents beside its words."""
    is_critical = any(incident["severity"] == "critical" for incident in incidents)
    return {
        "severity": "critical" if is_critical else "warning",
        "incidents": [incident["incident_id"] for incident in incidents],
    }


def about_file(
    feed: Contract,
    delivery_id: str,
    kind: str,
    why: Sentence,
    reasons: Sequence[Quarantined],
    facts: Mapping[str, Fact],
    incidents: Sequence[Mapping[str, Any]],
    endangered: Sentence | None,
) -> dict[str, Any]:
    """The message that a file was rejected or held, or (kind incident) that it is used and yet something is wrong.

    `reasons` are those of a held batch's rows, `incidents` what the message opens, `endangered` what rests on the feed.
    """
    told: dict[str, Fact] = {**facts, **_owner_facts(feed.owner), "feed": feed.feed, "id": _numbers(incidents)}
    title = say(f"alert_title_{kind}", {"title_zh": feed.title.zh, "title_en": feed.title.en})
    reason = _body(why, *_lines(feed, reasons))
    body = _body(
        Sentence(
            say("alert_body_file", {**told, "reason": reason.zh}).zh,
            say("alert_body_file", {**told, "reason": reason.en}).en,
        ),
        _since(incidents),
        endangered,
        say("alert_owner", told),
        say(f"todo_{kind}", told),
        _page(f"plugin/safetynet-feeds/safetynet/file/{delivery_id}"),
        say("incident_number", told),
    )
    return _row(f"{kind}:{delivery_id}", feed.feed, feed.owner.channels, kind, title, body) | _about(incidents)


def about_late(
    owner: Owner,
    late: Sequence[tuple[Contract, str | None, date, date, Mapping[str, Any]]],
    endangered: Mapping[str, Sentence],
) -> dict[str, Any]:
    """The message to an owner that deliveries are late: (feed, scope, period, deadline, incident) each."""
    incidents = [incident for *_, incident in late]
    facts: dict[str, Fact] = {**_owner_facts(owner), "count": len(late), "id": _numbers(incidents)}
    lines = [
        say(
            "late_line",
            {
                "title_zh": feed.title.zh,
                "title_en": feed.title.en,
                "scope": f" {scope}" if scope else "",
                "period": period.isoformat()[:7],
                "deadline": deadline.isoformat(),
                "feed": feed.feed,
            },
        )
        for feed, scope, period, deadline, _ in late
    ]
    at_stake = [endangered[feed] for feed in dict.fromkeys(each[0].feed for each in late) if feed in endangered]
    body = _body(*lines, *at_stake, say("alert_owner", facts), say("todo_late"), say("incident_number", facts))
    message_id = f"late:{incidents[0]['incident_id']}:{incidents[0]['batches']}"
    return _row(message_id, None, owner.channels, "late", say("alert_title_late", facts), body) | _about(incidents)


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


def about_build(incident: Mapping[str, Any], failed: Sequence[str]) -> dict[str, Any]:
    """The message that a build of the warehouse failed, naming its models and tests."""
    names = "\n".join(f"  {name}" for name in failed[:_MOST_NAMES])
    more = len(failed) - _MOST_NAMES
    names += f"\n  … +{more}" if more > 0 else ""
    return _about_installation(incident, "build", Sentence(names, names), _page("dags/warehouse"))


def about_installation(incident: Mapping[str, Any], kind: str, facts: Mapping[str, Fact]) -> dict[str, Any]:
    """The message that a channel does not answer, or that the disk runs full."""
    return _about_installation(incident, kind, say(f"about_{kind}", facts), None)


def _about_installation(
    incident: Mapping[str, Any], kind: str, what: Sentence, page: Sentence | None
) -> dict[str, Any]:
    facts: dict[str, Fact] = {"id": incident["incident_id"]}
    body = _body(what, _since([incident]), say(f"todo_{kind}"), page, say("incident_number", facts))
    message_id = f"{kind}:{incident['incident_id']}:{incident['batches']}"
    return _row(message_id, None, incident["owner"], kind, say(f"alert_title_{kind}"), body) | _about([incident])


def about_unanswered(incident: Mapping[str, Any], opening: int, channels: str, told_at: datetime) -> dict[str, Any]:
    """The message to operations that nobody has acknowledged an incident since its owner was told.

    `opening` is the event with which it was opened or reopened last.
    """
    of_feed = contracts().get(incident["feed"] or "")
    title = of_feed.title if of_feed else say("the_installation")
    facts: dict[str, Fact] = {
        "title_zh": title.zh,
        "title_en": title.en,
        "kind_zh": say(f"kind_{incident['kind']}").zh,
        "kind_en": say(f"kind_{incident['kind']}").en,
        "day": county_day(told_at).isoformat(),
        "id": incident["incident_id"],
    }
    owner = say("alert_owner", _owner_facts(of_feed.owner)) if of_feed else None
    body = _body(say("about_escalation", facts), _since([incident]), owner, say("incident_number", facts))
    message_id = f"escalation:{incident['incident_id']}:{opening}"
    row = _row(message_id, incident["feed"], channels, "escalation", say("alert_title_escalation", facts), body)
    return row | _about([incident])


def about_several(waiting: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """One message in place of several to one channel: the title of each; where what they say in full can be read."""
    titles = [row["title"] for row in waiting]
    facts: dict[str, Fact] = {"count": len(waiting)}
    lines = [Sentence(f"  {title.partition(' / ')[0]}", f"  {title.partition(' / ')[2]}") for title in titles]
    body = _body(*lines, say("todo_digest"))
    joined = "\0".join(row["message_id"] for row in waiting)
    message_id = f"digest:{hashlib.sha256(joined.encode()).hexdigest()[:20]}"
    return _row(message_id, None, waiting[0]["channels"], "digest", say("alert_title_digest", facts), body) | {
        "severity": "critical" if any(row["severity"] == "critical" for row in waiting) else "warning",
        "incidents": sorted({each for row in waiting for each in row["incidents"] or []}),
    }


def about_month(month: date, missing: Sequence[Sentence], channels: str) -> dict[str, Any]:
    """The message to operations that everybody's time is up, and a month still waits for somebody."""
    facts: dict[str, Fact] = {"month": f"{month:%Y-%m}", "count": len(missing)}
    body = _body(
        *missing, say("todo_month", facts), _page(f"plugin/safetynet-month/safetynet/month?month={month:%Y-%m}")
    )
    return _row(f"month:{month:%Y-%m}", None, channels, "month", say("alert_title_month", facts), body)


def about_released_month(row: Mapping[str, Any], missing: Sequence[Sentence], channels: str) -> dict[str, Any]:
    """The message to operations that a month was frozen by hand, by whom, why, and without whom."""
    month = f"{row['month']:%Y-%m}"
    facts: dict[str, Fact] = {"month": month, "count": len(missing), "by": row["by"], "reason": row["reason"]}
    body = _body(*missing, say("about_released_month", facts))
    title = say("alert_title_released_month", facts)
    return _row(f"month:{month}:{row['revision']}", None, channels, "month", title, body)


def about_channel_test(channels: str, month: str) -> dict[str, Any]:
    """The monthly message that shows that a channel answers."""
    facts: dict[str, Fact] = {"channel": channels, "month": month}
    return _row(f"test:{channels}:{month}", None, channels, "test", say("alert_title_test"), say("about_test", facts))
