"""What dbt tells of a build, in a file: what happened, without values of rows."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Any

from dbt_common.events import event_manager_client
from dbt_common.events.base_types import BaseEvent, EventLevel
from dbt_common.events.event_manager import EventManager

from safetynet.home import masked

_LOG_BYTES = 10 * 1024 * 1024
_LOGS_BEFORE = 5
_ERROR = re.compile(r"\b(?!(?:Binder|Catalog|Parser|Compilation|IO) Error)[A-Z][\w ]*? Error: .*", re.DOTALL)
"""What the database says of an error, but for the errors that speak of code and files alone."""
_QUOTED = re.compile(r"'.*'|\".*\"", re.DOTALL)


def without_values(told: str) -> str:
    """What dbt tells, without what the database quotes of a row."""
    return _ERROR.sub(lambda error: "\n".join(map(masked, _QUOTED.sub("…", error.group()).splitlines())), told)


class _WhatHappened(EventManager):  # type: ignore[misc]  # dbt is untyped here
    """Passes on what happened: of the nine in ten events that are there for debugging, no message is made."""

    def fire_event(self, e: BaseEvent, level: EventLevel | None = None, *further: Any, **named: Any) -> None:
        if (level or e.level_tag()) is not EventLevel.DEBUG:
            super().fire_event(e, level, *further, **named)


@contextmanager
def kept(path: Path) -> Iterator[Callable[[Any], None]]:
    """What writes dbt's events into a file, to be given to dbt among those who hear them.

    dbt's own log makes a line of each of a build's 3,000 events, however few of them it is to hold.
    """
    handler = RotatingFileHandler(path, maxBytes=_LOG_BYTES, backupCount=_LOGS_BEFORE, encoding="utf-8")

    def write(event: Any) -> None:
        told = event.info
        line = f"{told.ts.ToJsonString()} [{told.level}] {without_values(told.msg)}"
        handler.handle(logging.makeLogRecord({"msg": line}))

    usual = event_manager_client.get_event_manager()
    event_manager_client.ctx_set_event_manager(_WhatHappened())
    try:
        yield write
    finally:
        event_manager_client.ctx_set_event_manager(usual)
        handler.close()
