"""What the DAGs' tasks do; each returns counts and keys only, for they end up in XComs and logs."""

from __future__ import annotations

import hashlib
import logging

import sqlalchemy as sa

from safetynet import retention
from safetynet.contract import IncidentKind
from safetynet.deliver import alerts, outbox
from safetynet.home import Home, county_day, now
from safetynet.incidents import endangered, threads, watch
from safetynet.land import inbox, landing
from safetynet.official import kept, month
from safetynet.publish import history, ledger
from safetynet.publish.ledger import ACCEPTED, Ledger

_log = logging.getLogger(__name__)


def _open() -> tuple[Home, Ledger]:
    home = Home.from_environment()
    return home, Ledger(home)


def _look_at_disk(home: Home, store: Ledger) -> None:
    """What failed here may have failed for want of space; where even that cannot be written down, the log says it."""
    try:
        watch.look_at_disk(home, store)
    except (OSError, sa.exc.SQLAlchemyError) as error:
        _log.error("the state of the disk could not be written down: %s", type(error).__name__)


def feeds_with_new_files() -> dict[str, str]:
    """Feed → a mark of its set of new, whole files and of those that somebody wants read again.

    The mark changes when the set does, or what landed before it.
    """
    home, store = _open()
    whole, _ = inbox.settled(landing.waiting(home, store))
    table = ledger.landing
    landed = store.rows(sa.select(table.c.feed, sa.func.count().label("landed")).group_by(table.c.feed))
    before = {row["feed"]: row["landed"] for row in landed}
    secret = home.key_secret()
    marks: dict[str, list[str]] = {}
    again = sa.select(table).where(table.c.is_done.is_(False), table.c.retaken_at.is_not(None))
    for row in store.rows(again):
        marks.setdefault(row["feed"], []).append(f"{row['landing_id']}:{row['retaken_at']:%Y%m%dT%H%M%S%f}")
    for file in whole:
        marks.setdefault(file.feed, []).append(f"{landing.path_key(home, file, secret)}:{file.fingerprint}")
    return {
        feed: hashlib.sha256("\n".join([str(before.get(feed, 0)), *sorted(files)]).encode()).hexdigest()[:16]
        for feed, files in marks.items()
    }


def releases_to_build() -> str | None:
    """A mark of the batches that were released since the current warehouse was built; None where there are none."""
    _, store = _open()
    release, build = ledger.release, ledger.build
    built = sa.select(build.c.known_at).where(build.c.build_id == "current").scalar_subquery()
    since = store.rows(sa.select(release.c.batch_id).where(sa.or_(built.is_(None), release.c.released_at > built)))
    released = sorted(row["batch_id"] for row in since)
    return hashlib.sha256("\n".join(released).encode()).hexdigest()[:16] if released else None


def land_feed(feed: str) -> list[str]:
    """Land a feed's new files; returns the landing ids that wait to be taken in."""
    from safetynet import reference

    home, store = _open()
    reference.keep(home, store)
    return landing.land(home, store, feed)


def refuse_unreadable(feed: str) -> None:
    """Raise PermissionError where files of a feed wait that this account may not read."""
    home, store = _open()
    unreadable = landing.unreadable(home, store, feed)
    if unreadable:
        raise PermissionError(f"{len(unreadable)} files of {feed} cannot be read: {', '.join(unreadable)}")


def source_file(landing_id: str) -> str:
    """The masked name of a landed file."""
    _, store = _open()
    table = ledger.landing
    (row,) = store.rows(sa.select(table.c.source_file).where(table.c.landing_id == landing_id))
    return str(row["source_file"])


def take_in_file(landing_id: str) -> tuple[list[dict[str, str | int]], list[str]]:
    """Take in one landed file; returns what became of each sheet, and the sheets that were rejected or held."""
    home, store = _open()
    try:
        _take_in_turn(home, store, landing_id)
    except Exception:
        _look_at_disk(home, store)
        raise
    told: list[dict[str, str | int]] = []
    refused = []
    for row in history.outcomes(store, landing_id):
        told.append(
            {
                "batch_id": row["batch_id"] or "",
                "verdict": row["verdict"],
                "received": row["rows_received"],
                "accepted": row["rows_accepted"],
                "quarantined": row["rows_quarantined"],
                "duplicate": row["rows_duplicate"],
            }
        )
        _log.info("%s %s: %s, %s rows", row["feed"], row["source_file"], row["verdict"], row["rows_received"])
        if row["verdict"] in ("rejected", "held"):
            refused.append(f"{row['source_file']}: {row['verdict']}. {row['reason']}")
    return told, refused


def _take_in_turn(home: Home, store: Ledger, landing_id: str) -> None:
    """Take in a landed file after all that its feed received before it, for its verdict is measured by them.

    Several tasks of a feed run in any order, and one at a time. Where an older file fails here, its own task says so.
    """
    (feed,) = [row["feed"] for row in store.rows(sa.select(ledger.landing.c.feed).where(_is(landing_id)))]
    with home.alone(f"ingest-{feed}"):
        waiting = landing.unread(store, feed)
        if landing_id not in waiting:
            return
        for older in waiting[: waiting.index(landing_id)]:
            try:
                _take_in(home, store, older)
            except Exception as error:
                _log.warning("an older file of %s could not be taken in: %s", feed, type(error).__name__)
        _take_in(home, store, landing_id)


def _take_in(home: Home, store: Ledger, landing_id: str) -> None:
    from safetynet.ingest import take_in
    from safetynet.lineage import deliveries, journal

    journal.append(home, deliveries.of_outcomes(take_in(home, store, landing_id)))


def _is(landing_id: str) -> sa.ColumnElement[bool]:
    return ledger.landing.c.landing_id == landing_id


def has_new_rows(landing_ids: list[str]) -> bool:
    """Whether any of these landed files became a batch that lends rows to the warehouse."""
    _, store = _open()
    table = ledger.delivery
    statement = sa.select(table.c.delivery_id).where(table.c.landing_id.in_(landing_ids), table.c.verdict.in_(ACCEPTED))
    return bool(store.rows(statement))


def send_messages() -> None:
    """Send what waits; raises ConnectionError while a channel fails, and the message stays."""
    home, store = _open()
    failed = outbox.send(home, store)
    if failed:
        raise ConnectionError(f"{failed} messages wait for their channel")


def send_run_messages() -> None:
    """Write one message per owner about what was quarantined, and send everything that waits."""
    home, store = _open()
    alerts.write_quarantine(home, store)
    send_messages()


def tell_lineage() -> None:
    """Write the lineage of the last build, and send what waits to the OpenLineage server, if one is set."""
    from safetynet.lineage import journal

    home, _ = _open()
    journal.tell(home)


def build_warehouse(as_of: str, known_at: str) -> list[str]:
    """Build and publish; returns the names of failing models and tests, none when it was published."""
    from safetynet.warehouse import build

    home, store = _open()
    wanted = build.target(home, store, *build.asked(as_of, known_at))
    try:
        build.build(home, store, wanted, tell=lambda name: _log.info("built %s", name))
    except build.BuildFailed as failure:
        _tell_failed_build(store, failure.failed)
        return failure.failed
    except Exception:
        _look_at_disk(home, store)
        raise
    if wanted.is_current:
        with store.transaction() as connection:
            threads.clear(connection, IncidentKind.BUILD_FAILED, now())
        endangered.keep(home)
    return []


def _tell_failed_build(store: Ledger, failed: list[str]) -> None:
    with store.transaction() as connection:
        names = ", ".join(sorted(failed))
        step, incident = threads.fail(connection, threads.Place(), IncidentKind.BUILD_FAILED, names, now())
        if step != "repeated":
            store.put(connection, ledger.message, [alerts.about_build(incident, failed)])


def watch_deliveries() -> None:
    """Open an incident for what is late and for a disk that runs full, write the month's channel tests, send it all.

    Before that, what is kept for a time only and is past it goes.
    """
    home, store = _open()
    _log.info("%s old files were removed", retention.prune(home))
    watch.look(home, store, now())
    send_messages()


def months_in(feed: str) -> list[str]:
    """Months that are over and not frozen, for which every division that is awaited of a feed is in."""
    home, store = _open()
    waiting = month.awaited_now(home, store, *month.open_months(store, county_day(now())), feed=feed)
    return [f"{each:%Y-%m}" for each, of_feed in waiting.items() if of_feed and not month.missing(of_feed)]


def months_due() -> list[str]:
    """Months that are over and not frozen, and wait for nobody or for somebody whose time is up.

    Of the latter operations are told, once for each month.
    """
    home, store = _open()
    found, today = [], county_day(now())
    for each, everybody in month.awaited_now(home, store, *month.open_months(store, today)).items():
        missing = [one.told() for one in month.missing(everybody)]
        last = month.deadline(everybody)
        if last is None or (missing and today <= last):
            continue
        found.append(f"{each:%Y-%m}")
        if missing:
            with store.transaction() as connection:
                store.put(connection, ledger.message, [alerts.about_month(each, missing, threads.OPERATIONS)])
    return found


def month_waits_for(wanted: str) -> list[str] | None:
    """Who is missing from a month, a line each; None where it is frozen. Raises NotFrozen for one not over."""
    home, store = _open()
    first = month.month_of(wanted)
    month.refuse_running(first, county_day(now()))
    if kept.is_frozen(store, first):
        return None
    return month.lacking(month.awaited_now(home, store, first)[first])


def freeze_month(wanted: str, by: str, reason: str) -> str:
    """Freeze a month that is not; returns it with its revision. Raises NotFrozen, BuildFailed, NothingToBuild."""
    from safetynet.official.freeze import freeze
    from safetynet.warehouse.build import BuildFailed

    home, store = _open()
    try:
        first = month.month_of(wanted)
        row = freeze(home, store, first, by, reason, revise=False, tell=lambda name: _log.info("built %s", name))
    except BuildFailed as failure:
        _tell_failed_build(store, failure.failed)
        raise
    return f"{wanted}.r{row['revision']}"
