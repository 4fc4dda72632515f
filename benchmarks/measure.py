"""One measurement: a function run in a process of its own, with its seconds and its peak of memory."""

from __future__ import annotations

import multiprocessing
import os
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass
class Measured:
    """Rows of a piece of work, seconds of its parts on the clock and of the processor, its peak of memory in bytes.

    `within` are processor seconds that a part counts and that are told apart as well.
    """

    rows: int = 0
    seconds: dict[str, float] = field(default_factory=dict)
    processor: dict[str, float] = field(default_factory=dict)
    within: dict[str, tuple[str, float]] = field(default_factory=dict)
    peak: int = 0
    process: int = field(default_factory=os.getpid)

    @contextmanager
    def part(self, name: str) -> Iterator[None]:
        """Time one part; the peak is that of the process up to the end of it."""
        started, used = time.perf_counter(), time.process_time()
        yield
        self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - started
        self.processor[name] = self.processor.get(name, 0.0) + time.process_time() - used
        self.peak = peak_of_memory()


def peak_of_memory() -> int:
    """The most memory that this process has held at once; getrusage would count its parent's too."""
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:", 1)[1].split()[0]) * 1024


def alone(work: Callable[..., Measured], *arguments: Any) -> Measured:
    """Run `work` in a new process and give what it measured."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        return pool.submit(work, *arguments).result()
