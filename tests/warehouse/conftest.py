"""Drops to build small warehouses from; see small_warehouse.py."""

from __future__ import annotations

from pathlib import Path

import pytest

from warehouse.small_warehouse import Drop


@pytest.fixture(scope="session")
def dbt_target(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where dbt keeps what it parsed, shared by the builds of a run."""
    return tmp_path_factory.mktemp("dbt_target")


@pytest.fixture
def drop(tmp_path: Path, dbt_target: Path) -> Drop:
    """An empty drop."""
    return Drop(tmp_path, dbt_target)


@pytest.fixture(scope="module")
def module_drop(tmp_path_factory: pytest.TempPathFactory, dbt_target: Path) -> Drop:
    """An empty drop that the tests of a module fill and build once."""
    return Drop(tmp_path_factory.mktemp("drop"), dbt_target)
