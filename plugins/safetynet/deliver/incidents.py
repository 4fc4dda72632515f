"""`make incidents`: what failed and is not over, the oldest first."""

from __future__ import annotations

from rich.console import Console
from rich.markup import escape

from safetynet.contract import contracts
from safetynet.home import county_day
from safetynet.incidents import failures, threads
from safetynet.messages import say
from safetynet.publish.ledger import Ledger


def show(store: Ledger) -> None:
    """Print two lines for each incident; nothing of a file's values is in them."""
    console = Console(soft_wrap=True, highlight=False)
    rows = threads.current(store)
    if not rows:
        console.print("Nothing is open. · 没有未结异常。")
        return
    for row in rows:
        kind, feed = say(f"kind_{row['kind']}"), contracts().get(row["feed"] or "")
        place = " ".join(filter(None, (row["feed"], row["scope"]))) or "safetynet"
        owner = feed.owner.department.zh if feed else row["owner"]
        status = " ".join(filter(None, (row["status"], row["acknowledged_by"])))
        colour = "bold red" if row["severity"] == "critical" else "yellow"
        console.print(
            f"{row['incident_id']}  {county_day(row['opened_at'])}  [bold]{place}[/bold]  "
            f"[{colour}]{row['severity']}[/{colour}]  {escape(status)}  {owner}"
        )
        about = failures.named(feed, row["kind"], row["what"])
        zh, en = (f" ({told})" if told else "" for told in (about.zh, about.en))
        console.print(f"  {kind.zh}{escape(zh)} · {kind.en}{escape(en)} ×{row['batches']}")
    console.print("Next · 接下来  make acknowledge ID=… BY=… NOTE=…")
