"""`make diff`: the steps by which the answer for a date changed, as a person reads them; keys and counts alone."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime

from rich import box
from rich.console import Console
from rich.table import Table

from safetynet.home import COUNTY_TIME, Home
from safetynet.publish.ledger import Ledger
from safetynet.warehouse import build
from safetynet.warehouse.difference import COMPARED, HOW, Step, steps

_ZH = {"persons": "人员", "households": "家庭", "signals": "预警", "guarantees": "保障"}


def _counts(step: Step) -> Table:
    counts = Counter((each.kind, each.how) for each in step.differences)
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("", no_wrap=True)
    for how, zh in zip(HOW, ("新增", "消失", "变化"), strict=True):
        table.add_column(f"{how} {zh}", justify="right", no_wrap=True)
    for kind in COMPARED:
        table.add_row(f"{kind} {_ZH[kind]}", *(f"{counts[kind, how]:,}" for how in HOW))
    return table


def _show(step: Step, console: Console, keys: int) -> None:
    console.print(f"[bold]{step.at.astimezone(COUNTY_TIME):%Y-%m-%d %H:%M}[/bold]  " + "; ".join(step.causes))
    if not step.differences:
        console.print("  changed nothing · 没有变化\n")
        return
    console.print(_counts(step))
    for kind in COMPARED:
        for how in HOW:
            found = [each for each in step.differences if (each.kind, each.how) == (kind, how)]
            shown = found if keys < 0 else found[:keys]
            for each in shown:
                told = f"  ({', '.join(each.columns)})" if each.columns else ""
                console.print(f"  {kind} {how}  {each.key}{told}", soft_wrap=True, highlight=False)
            if shown and len(found) > len(shown):
                console.print(f"  … {len(found) - len(shown):,} more {kind} {how} · 其余未列出")
    console.print()


def show(
    home: Home, store: Ledger, console: Console, as_of: date, known_at: datetime, then: datetime | None, keys: int
) -> int:
    """Print what changed about a date, so many keys of each sort (negative: all); returns 1 where a build failed."""
    try:
        found = steps(home, store, as_of, known_at, then, lambda name: console.print(f"building {name} · 正在构建"))
    except (build.NothingToBuild, build.BuildFailed) as failure:
        console.print(f"[red]{failure}[/red]")
        return 1
    written = f"{known_at.astimezone(COUNTY_TIME):%Y-%m-%d %H:%M}"
    if not found:
        console.print(f"Nothing that tells of {as_of} came after {written}. · 此后没有影响该日期的数据。")
    for step in found:
        _show(step, console, keys)
    return 0
