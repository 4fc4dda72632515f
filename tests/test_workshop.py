"""A private folder stays as long as its work, however many others come and sweep."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from safetynet.workshop import workshop


def _work(parent: Path) -> None:
    for _ in range(100):
        with workshop(parent) as folder:
            (folder / "draft").write_text("work")
            assert (folder / "draft").read_text() == "work"


def test_nobody_sweeps_the_folder_of_another_who_is_just_beginning(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        for done in [pool.submit(_work, tmp_path) for _ in range(8)]:
            done.result()
    assert not list(tmp_path.iterdir())
