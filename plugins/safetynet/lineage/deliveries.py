"""Events of a file that was taken in: landed file → the feed's lake, column by column as the contract states it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from safetynet.contract import Contract, contract
from safetynet.home import now
from safetynet.lineage.events import Event, dataset, facets, namespace, parent_of_task, run_events, run_id, schema
from safetynet.publish.lake import row_columns

if TYPE_CHECKING:
    from safetynet.publish.outcome import Outcome

_LAID_DOWN = ("accepted", "accepted_with_quarantine", "held")


def lake(feed: str) -> str:
    """The dataset that is a feed's part of the lake."""
    return f"lake.{feed}"


def of_outcomes(outcomes: Sequence[Outcome]) -> list[Event]:
    """What became of the sheets of one landed file; rejected ones fail and write nothing that anybody reads."""
    return [event for outcome in outcomes for event in _of_outcome(outcome)]


def _of_outcome(outcome: Outcome) -> list[Event]:
    feed = contract(outcome.feed)
    file = f"landing/{feed.feed}/{outcome.source_file}"
    ended = now()
    return run_events(
        f"{feed.feed}.take_in",
        run_id("take_in", outcome.delivery_id),
        "FAIL" if outcome.verdict == "rejected" else "COMPLETE",
        (ended, ended),
        [dataset(file)],
        [_lake(feed, file, outcome.counts.received)] if outcome.verdict in _LAID_DOWN else [],
        run_facets=parent_of_task(),
        integration="AIRFLOW",
        kind="TASK",
    )


def _lake(feed: Contract, file: str, rows: int) -> dict[str, object]:
    origin = {
        name: {"inputFields": [{"namespace": namespace(), "name": file, "field": feed.first_header(name)}]}
        for name in feed.columns
    }
    return dataset(
        lake(feed.feed),
        facets=facets(schema=schema(row_columns(feed).items()), columnLineage={"fields": origin}),
        outputFacets=facets(outputStatistics={"rowCount": rows}),
    )
