"""Ends what a test started in a home where pytest is killed before the test could do so itself.

Services are sessions of their own, which nobody ends then. A process beside pytest waits for the end of its input;
where that ends without a word, it kills every process that was started for the home.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


@contextmanager
def tied(home: Path) -> Iterator[None]:
    """Whatever is started meanwhile with this SAFETYNET_HOME does not outlive this process."""
    command = [sys.executable, "-S", __file__, str(home)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True) as waiting:
        try:
            yield
        finally:
            waiting.communicate(b"over")


def _started_for(home: str) -> Iterator[int]:
    stated = f"SAFETYNET_HOME={home}".encode()
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if stated in (process / "environ").read_bytes().split(b"\0"):
                yield int(process.name)


if __name__ == "__main__":
    for number in _started_for(sys.argv[1]) if not sys.stdin.buffer.read() else ():
        with suppress(ProcessLookupError):
            os.kill(number, signal.SIGKILL)
