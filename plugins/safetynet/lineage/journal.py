"""Where events go: a file of the home for each month, and from there to an OpenLineage server, if one is set.

What cannot be written or sent fails nothing: lineage tells of the work and is none of it.
"""

from __future__ import annotations

import fcntl
import http.client
import json
import logging
import os
import time
from collections.abc import Sequence
from urllib.parse import urlsplit

from safetynet.home import Home, now
from safetynet.lineage import builds
from safetynet.lineage.events import Event

_ENDPOINT = "api/v1/lineage"
_PATIENCE = 5.0
_LONGEST = 30.0
_NEVER_TAKEN = (400, 413, 422)
"""Answers to an event that sending it again would not change."""

_log = logging.getLogger(__name__)


def append(home: Home, events: Sequence[Event]) -> None:
    """Write events, one line of JSON each."""
    text = "".join(f"{json.dumps(event, ensure_ascii=False, separators=(',', ':'))}\n" for event in events)
    try:
        path = home.folder("lineage") / f"{now():%Y-%m}.ndjson"
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        with os.fdopen(descriptor, "wb", buffering=0) as stream:
            fcntl.flock(stream, fcntl.LOCK_EX)
            stream.write(text.encode())
    except OSError as error:
        _log.warning("no lineage was written: %s", type(error).__name__)


def tell(home: Home) -> None:
    """Write what dbt's last build was, unless that is told already, and send everything that waits."""
    try:
        with (home.folder("lineage") / ".told").open("a+") as told:
            fcntl.flock(told, fcntl.LOCK_EX)
            told.seek(0)
            state = json.loads(told.read() or "{}")
            before = json.dumps(state)
            invocation, events = builds.last_invocation(home.root / "dbt" / "target")
            if invocation and invocation != state.get("build"):
                append(home, events)
                state["build"] = invocation
            state["sent"] = _send(home, state.get("sent", {}))
            if json.dumps(state) != before:
                told.truncate(0)
                told.write(json.dumps(state))
    except (OSError, ValueError, LookupError, TypeError) as error:
        _log.warning("lineage was not told: %s", type(error).__name__)


def _send(home: Home, sent: dict[str, int]) -> dict[str, int]:
    """Send the lines behind the bytes of each file that are sent already; returns the bytes that are sent now."""
    address = urlsplit(os.environ.get("OPENLINEAGE_URL", ""))
    if not address.hostname:
        return sent
    path = f"{address.path.rstrip('/')}/{os.environ.get('OPENLINEAGE_ENDPOINT') or _ENDPOINT}"
    key = os.environ.get("OPENLINEAGE_API_KEY")
    headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {key}"} if key else {})
    kind = http.client.HTTPSConnection if address.scheme == "https" else http.client.HTTPConnection
    connection = kind(address.hostname, address.port, timeout=_PATIENCE)
    deadline = time.monotonic() + _LONGEST
    try:
        for file in sorted((home.root / "lineage").glob("*.ndjson")):
            with file.open("rb") as stream:
                stream.seek(sent.get(file.name, 0))
                while (line := stream.readline()).endswith(b"\n") and time.monotonic() < deadline:
                    connection.request("POST", path, line, headers)
                    answer = connection.getresponse()
                    answer.read()
                    if answer.status >= 300 and answer.status not in _NEVER_TAKEN:
                        raise ConnectionError
                    sent[file.name] = stream.tell()
    except (OSError, http.client.HTTPException) as error:
        _log.warning("the OpenLineage server did not take every event: %s", type(error).__name__)
    finally:
        connection.close()
    return sent
