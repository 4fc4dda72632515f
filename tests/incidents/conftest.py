"""A county whose clock the tests set."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import pytest

from safetynet.home import COUNTY_TIME

Clock = Callable[[str], datetime]


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """clock("2025-07-03"): files land at noon of that day from now on; returns the moment."""

    def set_to(day: str) -> datetime:
        moment = datetime.fromisoformat(day).replace(hour=12, tzinfo=COUNTY_TIME)
        ticks = iter(range(10**6))

        def now() -> datetime:
            return moment.replace(microsecond=next(ticks))

        monkeypatch.setattr("safetynet.land.landing.now", now)
        return moment

    return set_to
