"""Takes in homes in processes that do not live long: python mortal.py, then one JSON line per life on stdin.

A life is {"root": …, "at": "replace"|"commit"|"seconds"|"bytes", "count": …}; its fate is printed as one JSON line:
{"status": "killed"|"done"|"raised", "raised": name of the exception or null}.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import sys
import time
from pathlib import Path
from typing import Any

import sqlalchemy as sa

import safetynet.ingest
from clerk import FEEDS
from safetynet import reference
from safetynet.home import Home
from safetynet.land.landing import land
from safetynet.publish.ledger import Ledger


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _die_at(where: str, count: int) -> None:
    """Arrange the end: at the n-th rename (odd: before it, even: after it), or the n-th commit."""
    seen = 0

    def step() -> None:
        nonlocal seen
        seen += 1
        if seen == count:
            _die()

    if where == "replace":
        replace = Path.replace

        def watched(self: Path, target: Any) -> Path:
            step()
            result = replace(self, target)
            step()
            return result

        Path.replace = watched  # type: ignore[method-assign]
    elif where == "commit":
        sa.event.listen(sa.Engine, "commit", lambda _: step())
    elif where == "bytes":
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (count, count))


def _live(root: Path) -> None:
    safetynet.ingest.validate = lambda *_, **__: []
    home = Home(root=root / "home", inbox=root / "inbox", reference=root / "reference")
    store = Ledger(home)
    reference.keep(home, store)
    for landing_id in [each for feed in FEEDS for each in land(home, store, feed)]:
        safetynet.ingest.take_in(home, store, landing_id)


def _fate(life: dict[str, Any]) -> dict[str, Any]:
    told, tell = os.pipe()
    child = os.fork()
    if child == 0:
        name = b""
        try:
            _die_at(life["at"], life["count"])
            _live(Path(life["root"]))
        except BaseException as error:
            name = f"{type(error).__name__}: {error}".encode()
        os.write(tell, name or b"-")
        os._exit(0)
    os.close(tell)
    if life["at"] == "seconds":
        time.sleep(life["count"])
        os.kill(child, signal.SIGKILL)
    with os.fdopen(told, "rb") as stream:
        name = stream.read().decode()
    os.waitpid(child, 0)
    if not name:
        return {"status": "killed", "raised": None}
    return {"status": "done", "raised": None} if name == "-" else {"status": "raised", "raised": name}


if __name__ == "__main__":
    for line in sys.stdin:
        print(json.dumps(_fate(json.loads(line))), flush=True)
