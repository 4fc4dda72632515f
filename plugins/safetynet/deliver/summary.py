"""The table that closes a run: what arrived, who is in the warehouse, which signals stand, what to type next."""

from __future__ import annotations

from collections import Counter
from typing import Any

import duckdb
import sqlalchemy as sa
from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from safetynet.contract import contract, contracts
from safetynet.home import Home, masked
from safetynet.incidents import threads
from safetynet.land import inbox
from safetynet.land.inbox import InboxFile
from safetynet.publish import history, ledger
from safetynet.publish.ledger import Ledger
from safetynet.warehouse.build import Target

_LOUD = ("rejected", "held")


def _table(title: str, left: str, *right: str) -> Table:
    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column(left, no_wrap=True)
    for name in right:
        table.add_column(name, justify="right", no_wrap=True)
    return table


def _feeds(store: Ledger) -> Table:
    table = _table("Rows by feed · 各数据源行数", "feed", "received", "accepted", "quarant.", "duplic.", "repairs")
    table.add_column("verdict", overflow="fold")
    batches = history.batches(store)
    deliveries = history.deliveries(store)
    repairs = Counter[str]()
    for row in store.rows(sa.select(ledger.repair.c.feed, ledger.repair.c.cells)):
        repairs[row["feed"]] += row["cells"]
    for feed in contracts():
        own = [row for row in batches if row["feed"] == feed]
        verdicts = Counter(row["verdict"] for row in deliveries if row["feed"] == feed)
        if not verdicts:
            continue
        told = ", ".join(f"{count} {verdict.replace('_', ' ')}" for verdict, count in sorted(verdicts.items()))
        style = "bold red" if any(verdict in _LOUD for verdict in verdicts) else None
        sums = [
            sum(row[f"rows_{name}"] for row in own) for name in ("received", "accepted", "quarantined", "duplicate")
        ]
        table.add_row(feed, *(f"{value:,}" for value in sums), f"{repairs[feed]:,}", told, style=style)
    return table


def _troubles(store: Ledger, console: Console) -> None:
    latest: dict[str, dict[str, Any]] = {row["delivery_id"]: row for row in history.deliveries(store)}
    for row in latest.values():
        if row["verdict"] in _LOUD:
            told = f"batch {row['batch_id'][:12]}" if row["batch_id"] else f"delivery {row['delivery_id'][:12]}"
            name = escape(row["source_file"])
            console.print(f"[bold red]{row['verdict']}[/bold red] {row['feed']} {name} [dim]({told})[/dim]")
            console.print(f"  {escape(row['reason'] or '')}")


def _rows(connection: duckdb.DuckDBPyConnection, query: str) -> list[tuple[Any, ...]]:
    return connection.execute(query).fetchall()


def _warehouse(wanted: Target, console: Console) -> None:
    with duckdb.connect(str(wanted.current), read_only=True) as connection:
        ((persons, registered),) = _rows(
            connection, "SELECT count(*), count(*) FILTER (is_in_registry) FROM marts.dim_person"
        )
        ((households, monitored),) = _rows(
            connection, "SELECT count(*), count(*) FILTER (is_monitored) FROM marts.dim_household"
        )
        links = _rows(
            connection, "SELECT match_method, count(*) FROM marts.bridge_source_record GROUP BY ALL ORDER BY 2 DESC"
        )
        signals = _rows(
            connection,
            "SELECT rule_id, count(*), count(DISTINCT household_key) FROM marts.risk_signal "
            "WHERE status <> 'dismissed' GROUP BY ALL ORDER BY 1",
        )
    console.print(
        f"Warehouse as of {wanted.as_of} · 数据仓库："
        f"[bold]{persons:,}[/bold] persons ({registered:,} in the registry), "
        f"[bold]{households:,}[/bold] households ({monitored:,} monitored)"
    )
    console.print("Records linked · 记录关联：" + ", ".join(f"{count:,} {method}" for method, count in links))
    table = _table("Open signals · 预警", "rule", "signals", "households")
    for rule, count, concerned in signals:
        table.add_row(rule, f"{count:,}", f"{concerned:,}")
    console.print(table)


def _alerts(home: Home, store: Ledger, console: Console) -> None:
    table = ledger.message
    files = store.rows(sa.select(sa.func.count().label("n")).where(table.c.sent_to == "file"))[0]["n"]
    waiting = store.rows(sa.select(sa.func.count().label("n")).where(table.c.sent_at.is_(None)))[0]["n"]
    if files:
        console.print(f"Messages to owners · 给负责单位的消息  {home.root / 'alerts'} ({files})", soft_wrap=True)
    open_incidents = len(threads.current(store))
    if open_incidents:
        console.print(f"Incidents that are not over · 未结异常  {open_incidents}: make incidents")
    if waiting:
        console.print(f"[bold red]{waiting} messages wait for their channel · {waiting} 条消息未能发出[/bold red]")


def show(
    home: Home,
    store: Ledger,
    console: Console,
    *,
    has_news: bool,
    unfinished: list[InboxFile],
    failed: list[str],
    wanted: Target | None,
) -> None:
    """Print the summary of a home; nothing of a file's values is in it.

    `failed` names the models, tests and tasks that did not do their work in this run.
    """
    if not has_news:
        console.print("Nothing new in the inbox. · 收件箱里没有新文件。")
    for file in unfinished:
        name = escape(masked(file.path.name))
        title = contract(file.feed).title.zh
        console.print(
            f"[yellow]{title} {name}: still being written, left for the next run · 仍在写入，下次再读[/yellow]"
        )
    for folder in inbox.unknown_folders(home.inbox):
        name = escape(masked(folder))
        console.print(f"[yellow]inbox/{name} is no feed; its files are not read · 不是约定的文件夹，未读取[/yellow]")
    console.print(_feeds(store))
    _troubles(store, console)
    for failure in failed:
        console.print(f"[bold red]failed[/bold red] {escape(failure)}")
    if failed:
        console.print("[bold red]Not everything was done; what was published before stays.[/bold red]")
        console.print("[bold red]有步骤未完成；之前发布的结果仍然有效。[/bold red]")
    if wanted is None:
        console.print(
            "[bold red]No warehouse: no accepted file tells of that day. · 没有可用的数据，未生成数据仓库。[/bold red]"
        )
    elif not wanted.current.is_file():
        console.print("[bold red]No warehouse yet: it could not be built. · 数据仓库未能生成。[/bold red]")
    else:
        _warehouse(wanted, console)
        console.print(f"Warehouse file · 数据仓库文件  {wanted.current}", soft_wrap=True)
    console.print(f"Data Docs · 数据质量报告  {home.root / 'data_docs' / 'site' / 'index.html'}", soft_wrap=True)
    _alerts(home, store, console)
    console.print(
        "Next · 接下来  make sql Q='select rule_id, count(*) from marts.risk_signal group by 1'   |   make help"
    )
