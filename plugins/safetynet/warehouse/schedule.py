"""In which order dbt runs what can be run."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import networkx
from dbt.graph import selector
from dbt.graph.queue import GraphQueue


class _LongestWayFirst(GraphQueue):  # type: ignore[misc]  # dbt is untyped here
    """Gives out the node that the most others wait for, one after another, and no node before a thread is free.

    dbt gives out all that can be run at once, level by level from the sources, and then waits with one thread for a
    long way that was begun late.
    """

    def __init__(self, threads: int, *graph: Any) -> None:
        self._threads = threads
        super().__init__(*graph)

    def _get_scores(self, graph: networkx.DiGraph) -> dict[str, int]:
        """Minus the nodes on the longest way from a node to the end: the lowest score goes first."""
        scores: dict[str, int] = {}
        for node in reversed(list(networkx.topological_sort(graph))):
            scores[node] = min((scores[after] for after in graph.successors(node)), default=0) - 1
        return scores

    def get(self, block: bool = True, timeout: float | None = None) -> Any:
        with self.lock:
            self.some_task_done.wait_for(lambda: len(self.in_progress) < self._threads, timeout)
        return super().get(block, timeout)


@contextmanager
def longest_way_first(threads: int) -> Iterator[None]:
    """Let whatever dbt runs meanwhile on so many threads begin with the longest way."""
    usual = selector.GraphQueue
    selector.GraphQueue = partial(_LongestWayFirst, threads)
    try:
        yield
    finally:
        selector.GraphQueue = usual
