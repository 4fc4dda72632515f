"""`python -m safetynet`: what the Makefile's commands do."""

from __future__ import annotations

import argparse
import errno
import os
import sys
from collections.abc import Callable

from safetynet.contract import contract
from safetynet.home import Home
from safetynet.incidents import threads
from safetynet.publish.form import NewerLedger
from safetynet.publish.history import NotHeld, NotKnown, release, retake
from safetynet.publish.ledger import Ledger

_UNUSABLE = (errno.EACCES, errno.EROFS, errno.ENOTDIR, errno.ENOSPC)
"""What the system says of a home that cannot be written."""


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="safetynet")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("run", help="take in what is new and build the warehouse")
    commands.add_parser("up", help="start Airflow with its UI on 127.0.0.1")
    commands.add_parser("down", help="stop what up started")
    commands.add_parser("docs", help="dbt docs and Data Docs as static pages")
    sql = commands.add_parser("sql", help="a read-only prompt on the current warehouse")
    sql.add_argument("--query", help="one query instead of a prompt")
    diff = commands.add_parser("diff", help="what came later and changed the answer for SAFETYNET_AS_OF")
    diff.add_argument("--as-of", default=os.environ.get("SAFETYNET_AS_OF"), help="the date (YYYY-MM-DD)")
    diff.add_argument("--known-at", default=os.environ.get("SAFETYNET_KNOWN_AT"), help="the moment to begin with")
    diff.add_argument("--then", help="the moment to end with, else now")
    diff.add_argument("--keys", type=int, default=10, help="how many keys of each sort are listed, -1 for all")
    commands.add_parser("worklists", help="a workbook for each township, to take along to the door")
    held = commands.add_parser("release", help="release a held batch")
    held.add_argument("batch")
    held.add_argument("reason")
    held.add_argument("by", nargs="?", default="")
    back = commands.add_parser("returned", help="the file as it goes back to its department, what is wrong marked")
    back.add_argument("batch")
    commands.add_parser("incidents", help="what failed and is not over")
    taken = commands.add_parser("acknowledge", help="say that somebody is at work on an incident")
    closed = commands.add_parser("resolve", help="close an incident by hand")
    for each, text in ((taken, "note"), (closed, "reason")):
        each.add_argument("incident")
        each.add_argument("by")
        each.add_argument(text)
    commands.add_parser("watchdog", help="look for what is late, send what waits")
    waits = commands.add_parser("month", help="who is missing from a month, and what was frozen of it")
    frozen = commands.add_parser("freeze", help="keep a month's official indicators for good")
    for each in (waits, frozen):
        each.add_argument("month", help="YYYY-MM")
    frozen.add_argument("by", help="who releases it where somebody is missing, or asks for a revision; else empty")
    frozen.add_argument("reason", help="why; else empty")
    again = commands.add_parser("retake", help="read a landed file again")
    again.add_argument("batch")
    again.add_argument("by", nargs="?", default="")
    commands.add_parser("working", help="build again and keep what the build works with")
    story = commands.add_parser("explain", help="a household's whole story, for authorised readers")
    story.add_argument("household", help="the registry's code of the household")
    return parser


def _release(home: Home, batch: str, reason: str, by: str) -> int:
    try:
        release(Ledger(home), batch, reason, by)
    except NotHeld as refused:
        print(refused, file=sys.stderr)
        return 2
    print("Released; make run builds with it. · 已放行，运行 make run 即可使用。")
    return 0


def _retake(home: Home, batch: str, by: str) -> int:
    try:
        retake(Ledger(home), batch, by)
    except NotKnown as unknown:
        print(unknown, file=sys.stderr)
        return 2
    print("The next make run reads it again from landing. · 下次运行 make run 时会重新读取。")
    return 0


def _diff(home: Home, arguments: argparse.Namespace) -> int:
    from rich.console import Console

    from safetynet.deliver.difference import show
    from safetynet.warehouse import build

    try:
        as_of, known_at = build.asked(arguments.as_of, arguments.known_at)
        _, then = build.asked(None, arguments.then)
    except build.Unanswerable as unanswerable:
        print(unanswerable, file=sys.stderr)
        return 2
    if as_of is None or known_at is None or (then and then < known_at):
        print("State SAFETYNET_AS_OF, SAFETYNET_KNOWN_AT and no THEN before it. · 请给出日期和时刻。", file=sys.stderr)
        return 2
    return show(home, Ledger(home), Console(), as_of, known_at, then, arguments.keys)


def _returned(home: Home, batch: str) -> int:
    from safetynet.deliver import password, returned

    store = Ledger(home)
    try:
        path = returned.write(home, store, batch)
    except NotKnown as unknown:
        print(unknown, file=sys.stderr)
        return 2
    owner = contract(path.parent.parent.name).owner
    print(f"{path}\nPassword · 打开密码：{password.place(home, owner)}")
    return 0


def _incident(step: Callable[[Ledger, str, str, str], None], home: Home, incident: str, by: str, text: str) -> int:
    try:
        step(Ledger(home), incident, by, text)
    except threads.NoIncident as unknown:
        print(unknown, file=sys.stderr)
        return 2
    print("Written down. · 已记录。")
    return 0


def _working(home: Home) -> int:
    from safetynet.warehouse import build

    store = Ledger(home)
    try:
        build.build(home, store, build.target(home, store), keep_working=True)
    except build.NothingToBuild as nothing:
        print(nothing, file=sys.stderr)
        return 2
    except build.BuildFailed as failed:
        print(failed, file=sys.stderr)
        return 1
    print(f"{home.working}\nPersonal data: the next build removes it. · 含个人信息，下次构建时删除。")
    return 0


def _freeze(home: Home, arguments: argparse.Namespace) -> int:
    from safetynet.official.freeze import freeze
    from safetynet.official.month import NotFrozen, month_of
    from safetynet.warehouse.build import BuildFailed, NothingToBuild

    try:
        row = freeze(home, Ledger(home), month_of(arguments.month), arguments.by, arguments.reason)
    except (NotFrozen, NothingToBuild) as refused:
        print(refused, file=sys.stderr)
        return 2
    except BuildFailed as failed:
        print(failed, file=sys.stderr)
        return 1
    print(f"{home.official(row['month'], row['revision'])}")
    print("Frozen; make run builds with it. · 已固化，运行 make run 后可查询。")
    return 0


def main() -> int:
    """Run one command; returns its exit code."""
    arguments, home = _parser().parse_args(), Home.from_environment()
    try:
        return _command(home, arguments)
    except NewerLedger as newer:
        print(newer, file=sys.stderr)
        return 2
    except OSError as fault:
        if fault.errno not in _UNUSABLE:
            raise
        told = "The home cannot be used. · 主目录无法使用，请检查 SAFETYNET_HOME。"
        print(f"{home.root}: {os.strerror(fault.errno)}. {told}", file=sys.stderr)
        return 2


def _command(home: Home, arguments: argparse.Namespace) -> int:
    match arguments.command:
        case "run":
            from safetynet.orchestrate.run import run

            return run(home)
        case "up" | "down":
            from safetynet.orchestrate import services

            return services.up(home) if arguments.command == "up" else services.down(home)
        case "docs":
            from safetynet.warehouse.docs import write_docs

            return write_docs(home)
        case "sql":
            from safetynet.warehouse.prompt import prompt

            return prompt(home, arguments.query)
        case "explain":
            from safetynet.warehouse.explain import explain

            return explain(home, arguments.household)
        case "working":
            return _working(home)
        case "worklists":
            from safetynet.deliver.worklist import worklists

            return worklists(home)
        case "diff":
            return _diff(home, arguments)
        case "returned":
            return _returned(home, arguments.batch)
        case "incidents":
            from safetynet.deliver.incidents import show

            show(Ledger(home))
            return 0
        case "acknowledge":
            return _incident(threads.acknowledge, home, arguments.incident, arguments.by, arguments.note)
        case "resolve":
            return _incident(threads.resolve, home, arguments.incident, arguments.by, arguments.reason)
        case "watchdog":
            from safetynet.tasks import watch_deliveries

            watch_deliveries()
            return 0
        case "month":
            from safetynet.deliver.month import show as show_month

            return show_month(home, Ledger(home), arguments.month)
        case "freeze":
            return _freeze(home, arguments)
        case "retake":
            return _retake(home, arguments.batch, arguments.by)
        case _:
            return _release(home, arguments.batch, arguments.reason, arguments.by)


if __name__ == "__main__":
    sys.exit(main())
