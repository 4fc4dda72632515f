"""What all tests share: nobody's environment, and a county of their own."""

from __future__ import annotations

import os
from collections.abc import Generator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.configuration import set_hypothesis_home_dir
from xdist.scheduler import LoadFileScheduling

from county import County

set_hypothesis_home_dir(Path(__file__).parents[1] / ".pytest_cache" / "hypothesis")
settings.register_profile(
    "house",
    database=None,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
settings.load_profile("house")


_SHARING = ("demo", "pages")
"""Folders whose files share what takes long to set up."""


_ALL_MUST_RUN = bool(os.environ.get("SAFETYNET_ALL_MUST_RUN"))
"""Whether a skip is a failure, as in .ci/run: who has no Chromium may go without it, a change that goes in may not."""


class _FilesTogether(LoadFileScheduling):  # type: ignore[misc]  # untyped
    """A file's tests run in one process, and so do those of a folder that shares its set-up."""

    def _split_scope(self, nodeid: str) -> str:
        file = Path(nodeid.partition("::")[0])
        return file.parent.name if file.parent.name in _SHARING else str(file)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> _FilesTogether:
    """Who runs what where `make test` runs several processes."""
    return _FilesTogether(config, log)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Fails what was skipped where all must run, but for what needs a program that not every machine can have."""
    report = yield
    if _ALL_MUST_RUN and report.skipped and not item.get_closest_marker("elsewhere"):
        report.outcome = "failed"
        report.longrepr = f"skipped where all tests must run: {report.longrepr}"
    return report


@pytest.fixture(autouse=True)
def _own_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in list(os.environ):
        if variable.startswith("SAFETYNET_"):
            monkeypatch.delenv(variable)


@pytest.fixture
def county(tmp_path: Path) -> County:
    """An empty county."""
    return County(tmp_path)


@pytest.fixture
def unexamined(monkeypatch: pytest.MonkeyPatch) -> None:
    """Spares a test Great Expectations' own pass, where only the pipeline's marks matter."""
    monkeypatch.setattr("safetynet.ingest.validate", lambda *_, **__: [])
