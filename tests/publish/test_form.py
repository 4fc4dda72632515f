"""The ledger of an older version is brought to its form when it is opened; that of a newer one is refused."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from county import County
from safetynet.home import CHECKOUT
from safetynet.publish import ledger
from safetynet.publish.form import NewerLedger, bring_to_form
from safetynet.publish.ledger import Ledger

FIRST_FORM = (Path(__file__).parent / "first_form.sql").read_text(encoding="utf-8")


def form(*columns: sa.Column[object], others: tuple[str, ...] = ()) -> sa.MetaData:
    """Tables of some version: `kept` with these columns beside its key, and `others`."""
    metadata = sa.MetaData()
    sa.Table("kept", metadata, sa.Column("kept_id", sa.Integer, primary_key=True), *columns)
    for name in others:
        sa.Table(name, metadata, sa.Column("id", sa.Integer, primary_key=True))
    return metadata


NEWER = form(sa.Column("mark", sa.String(8), nullable=False, server_default="none"), sa.Column("moment", ledger.Moment))


@pytest.fixture
def engine(tmp_path: Path) -> sa.Engine:
    """A store that the older version made, with a row in it."""
    engine = sa.create_engine(f"sqlite:///{tmp_path / 'store.sqlite'}")
    bring_to_form(engine, form())
    with engine.begin() as connection:
        connection.execute(sa.text("INSERT INTO kept VALUES (1)"))
    return engine


def columns(engine: sa.Engine) -> list[str]:
    return [column["name"] for column in sa.inspect(engine).get_columns("kept")]


def test_what_is_missing_is_added_and_no_row_is_lost(engine: sa.Engine) -> None:
    for _ in range(2):
        bring_to_form(engine, NEWER)
    with engine.connect() as connection:
        assert connection.execute(sa.text("SELECT * FROM kept")).fetchall() == [(1, "none", None)]


def test_an_index_that_is_missing_is_added_once(engine: sa.Engine) -> None:
    indexed = form(sa.Column("mark", sa.String(8), index=True), sa.Column("moment", ledger.Moment))
    sa.Index("kept_by_moment", indexed.tables["kept"].c.moment, indexed.tables["kept"].c.mark)
    for _ in range(2):
        bring_to_form(engine, indexed)
    told = {index["name"]: index["column_names"] for index in sa.inspect(engine).get_indexes("kept")}
    assert told == {"ix_kept_mark": ["mark"], "kept_by_moment": ["moment", "mark"]}


def test_all_of_it_is_added_or_none(engine: sa.Engine) -> None:
    impossible = form(
        sa.Column("mark", sa.String(8)), sa.Column("lacking", sa.Integer, nullable=False), others=("beside",)
    )
    with pytest.raises(sa.exc.OperationalError):
        bring_to_form(engine, impossible)
    assert (columns(engine), sa.inspect(engine).has_table("beside")) == (["kept_id"], False)


def test_a_ledger_of_a_newer_version_is_refused_and_left_alone(engine: sa.Engine) -> None:
    bring_to_form(engine, NEWER)
    with pytest.raises(NewerLedger, match=r"newer version.*kept\.mark"):
        bring_to_form(engine, form(others=("beside",)))
    assert not sa.inspect(engine).has_table("beside")


def test_the_first_ledger_of_all_opens_with_what_is_in_it(county: County) -> None:
    county.store.engine.dispose()
    for path in county.home.root.glob("operations.sqlite*"):
        path.unlink()
    with sqlite3.connect(county.home.operations) as database:
        database.executescript(FIRST_FORM)
        database.execute("INSERT INTO reference VALUES ('divisions', 'a', '2025-07-01 00:00:00')")
    store = Ledger(county.home)
    assert [row["name"] for row in store.rows(sa.select(ledger.reference))] == ["divisions"]
    for table in ledger.metadata.sorted_tables:
        store.rows(sa.select(table))


OPEN = """
import sys, time
from safetynet.home import Home
from safetynet.publish.ledger import Ledger
print("ready", flush=True)
moment = float(sys.stdin.readline())
while time.time() < moment:
    pass
Ledger(Home.from_environment())
"""


def safetynet(root: Path, *arguments: str) -> Any:
    """A process of this project over a home."""
    settings = os.environ | {"SAFETYNET_HOME": str(root), "PYTHONPATH": str(CHECKOUT / "plugins")}
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.Popen([sys.executable, *arguments], env=settings, text=True, **pipes)


def test_several_open_a_new_ledger_at_once(tmp_path: Path) -> None:
    opening = [safetynet(tmp_path, "-c", OPEN) for _ in range(8)]
    assert [process.stdout.readline() for process in opening] == ["ready\n"] * 8
    moment = f"{time.time() + 0.5}\n"
    for process in opening:
        process.stdin.write(moment)
        process.stdin.flush()
    assert [process.communicate()[1] for process in opening] == [""] * 8


def test_a_command_says_in_a_sentence_that_the_ledger_is_newer(county: County) -> None:
    with sqlite3.connect(county.home.operations) as database:
        database.execute("ALTER TABLE batch ADD COLUMN of_tomorrow TEXT")
    process = safetynet(county.home.root, "-m", "safetynet", "release", "b", "seen")
    told = process.communicate()[1]
    assert (process.returncode, told.count("\n")) == (2, 1)
    assert "newer version" in told
    assert "batch.of_tomorrow" in told
