"""`make run`: take in what is new through the DAGs, build the warehouse, and say what came of it."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from datetime import date, datetime

from rich.console import Console
from rich.markup import escape
from rich.status import Status

from safetynet import reference, reference_table, retention
from safetynet.contract import contract, contracts
from safetynet.deliver import outbox
from safetynet.deliver.summary import show
from safetynet.home import Home
from safetynet.land import inbox, landing
from safetynet.orchestrate.metadata import finish_migration, start_cleaning, start_migration
from safetynet.orchestrate.settings import environment
from safetynet.publish.ledger import Ledger
from safetynet.warehouse import build


def _write_demonstration(home: Home, console: Console) -> None:
    """A demonstration county for a home that is new and has nothing of its own to read."""
    is_new = not home.operations.exists() and not os.environ.get("SAFETYNET_OPERATIONS")
    if not (is_new and home.has_own_inbox and home.has_own_reference) or inbox.files(home.inbox):
        return
    from safetynet.demo import generate

    console.print("A new home: writing a demonstration county into its inbox · 正在生成演示县数据")
    generate(home.folder("inbox"), home.folder("reference"), None)


def _through_the_dags(home: Home, store: Ledger, feeds: list[str], status: Status) -> list[str]:
    """Run the DAGs in a process of their own, showing what it says; returns what failed, by name."""
    failed = []
    reading, writing = os.pipe()
    log = retention.begin_anew(home.folder("airflow", "logs") / "run.log")
    with log.open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "safetynet.orchestrate.once", *feeds],
            env=os.environ | environment(home) | {"SAFETYNET_PROGRESS": str(writing)},
            stdout=output,
            stderr=subprocess.STDOUT,
            pass_fds=[writing],
        )
        os.close(writing)
        try:
            with os.fdopen(reading) as progress:
                for line in progress:
                    what, _, name = line.strip().partition(" ")
                    if what == "failed":
                        failed.append(name)
                        continue
                    if what == "ingest":
                        text = f"{feeds.index(name) + 1}/{len(feeds)} {name} · {contract(name).title.zh}"
                    else:
                        text = "building the warehouse · 正在构建数据仓库"
                    status.update(text)
                    if not status.console.is_terminal:
                        status.console.print(text)
            if process.wait() != 0:
                failed.append(f"Airflow, see {log}")
        finally:
            if process.poll() is None:
                process.terminate()
                process.wait()
    left = [
        f"{feed}: {len(files)} files, tried again next time" for feed in feeds if (files := landing.unread(store, feed))
    ]
    return failed + left


def run(home: Home) -> int:
    """Take in what is new and build; returns 0, 1 when something failed here, 2 when the settings are wrong."""
    console = Console() if sys.stdout.isatty() else Console(width=120)
    started = time.monotonic()
    try:
        as_of, known_at = build.asked(os.environ.get("SAFETYNET_AS_OF"), os.environ.get("SAFETYNET_KNOWN_AT"))
    except build.Unanswerable as unanswerable:
        console.print(f"[red]{unanswerable}[/red]")
        return 2
    with home.alone("run"):
        migration = start_migration(home)
        try:
            _write_demonstration(home, console)
        finally:
            finish_migration(home, migration)
        store = Ledger(home)
        try:
            reference.keep(home, store)
        except reference_table.UnusableReference as unusable:
            console.print(f"[red]{escape(str(unusable))}[/red]")
            return 2
        waiting, unfinished = inbox.settled(landing.waiting(home, store))
        feeds = [
            feed for feed in contracts() if any(file.feed == feed for file in waiting) or landing.unread(store, feed)
        ]
        failed: list[str] = []
        has_news = bool(feeds) or _is_stale(home, store, as_of, known_at)
        if has_news:
            with console.status("starting Airflow · 正在启动 Airflow") as status:
                failed = _through_the_dags(home, store, feeds, status)
            _tidy(home)
        else:
            outbox.send(home, store)
        wanted = _target(home, store, as_of, known_at)
        show(home, store, console, has_news=has_news, unfinished=unfinished, failed=failed, wanted=wanted)
        console.print(f"{time.monotonic() - started:.0f} s")
    return 1 if failed else 0


def _tidy(home: Home) -> None:
    """Remove what is kept for a time only and is past it."""
    retention.prune(home)
    if cleaning := start_cleaning(home):
        cleaning.wait()


def _target(home: Home, store: Ledger, as_of: date | None, known_at: datetime | None) -> build.Target | None:
    try:
        return build.target(home, store, as_of, known_at)
    except build.NothingToBuild:
        return None


def _is_stale(home: Home, store: Ledger, as_of: date | None, known_at: datetime | None) -> bool:
    wanted = _target(home, store, as_of, known_at)
    return wanted is not None and not build.is_up_to_date(store, wanted)
