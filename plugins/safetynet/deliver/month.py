"""`make month`: who is in and who is missing from a month, and what was frozen of it."""

from __future__ import annotations

import sys

from rich.console import Console
from rich.markup import escape

from safetynet.home import Home, county_day
from safetynet.official import kept, month
from safetynet.publish.ledger import Ledger


def show(home: Home, store: Ledger, wanted: str) -> int:
    """Print a line for each revision and for each who is missing; returns 0, or 2 for what is no month."""
    console = Console(soft_wrap=True, highlight=False)
    try:
        first = month.month_of(wanted)
    except month.NotFrozen as refused:
        print(refused, file=sys.stderr)
        return 2
    for row in kept.revisions(store, first):
        state = f"{county_day(row['frozen_at'])}" if row["frozen_at"] else "begun, not done · 未完成"
        why = f"  {row['by']}: {row['reason']}" if row["reason"] else ""
        lacking = f"  without · 缺 {len(row['missing'])}" if row["missing"] else ""
        console.print(f"[bold]{first:%Y-%m}.r{row['revision']}[/bold]  {state}{lacking}{escape(why)}")
    everybody = month.awaited_now(home, store, first)[first]
    missing = month.missing(everybody)
    received = len(everybody) - len(missing)
    console.print(f"{received} in, {len(missing)} missing · 已收到 {received} 项，尚缺 {len(missing)} 项")
    for each in missing:
        told = each.told()
        console.print(f"  {told.zh}\n  {told.en}")
    return 0
