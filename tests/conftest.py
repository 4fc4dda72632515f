"""What all tests share: nobody's environment, and a county of their own."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.configuration import set_hypothesis_home_dir

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


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep the tests of a file, or of such a folder, in one process."""
    for item in items:
        folder = item.path.parent.name
        item.add_marker(pytest.mark.xdist_group(folder if folder in _SHARING else f"{folder}/{item.path.stem}"))


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
