"""A generated county through the whole pipeline, beside what is true of it, to train and to measure on."""

from __future__ import annotations

import os
from pathlib import Path

import duckdb

from safetynet import reference
from safetynet.contract import contracts
from safetynet.demo import generate
from safetynet.home import Home
from safetynet.ingest import take_in
from safetynet.land.landing import land
from safetynet.publish.ledger import Ledger
from safetynet.warehouse import build


def built(root: Path, households: int, seed: int, mess: float) -> duckdb.DuckDBPyConnection:
    """Generate a county into an empty folder, take it in, build it, and open it.

    `current` and `working` are attached. Temporary tables: true_person (safetynet.demo.truth); record, one row per
    row of a file with its batch_id; placed, one row per accepted row that names a person, with its key and its truth;
    self, one row per own_id of exact_link with the one person that it is (null where it is several).
    """
    home = Home(root / "home", root / "inbox", root / "reference")
    generate(home.inbox, home.reference, root / "truth", households=households, seed=seed, mess=mess)
    os.environ["SAFETYNET_HOME"] = str(home.root)
    store = Ledger(home)
    reference.keep(home, store)
    for feed in contracts():
        for landing_id in land(home, store, feed):
            take_in(home, store, landing_id)
    build.build(home, store, build.target(home, store), keep_working=True)
    return opened(root)


def opened(root: Path) -> duckdb.DuckDBPyConnection:
    """Open what `built` left in a folder."""
    connection = duckdb.connect()
    for name in ("current", "working"):
        connection.execute(f"ATTACH '{root}/home/warehouse/{name}.duckdb' AS {name} (READ_ONLY)")
    for statement in _TRUTH:
        connection.execute(statement.format(truth=root / "truth"))
    return connection


_TRUTH = (
    "CREATE TEMP TABLE true_person AS FROM '{truth}/person.parquet'",
    """
    CREATE TEMP TABLE record AS
    SELECT record.*, batch.batch_id
    FROM '{truth}/record.parquet' AS record JOIN current.quality.batch AS batch
        ON batch.feed = record.feed AND batch.source_file = record.file_name
    """,
    """
    CREATE TEMP TABLE placed AS
    SELECT bridge.person_key, bridge.match_method, bridge.match_probability, record.*
    FROM current.marts.bridge_source_record AS bridge JOIN record USING (batch_id, row_number)
    """,
    """
    CREATE TEMP TABLE self AS
    SELECT own_id, CASE WHEN min(person_id) = max(person_id) THEN min(person_id) END AS true_id
    FROM working.identity.exact_link
    JOIN (SELECT batch_id, row_number, person_id FROM record) USING (batch_id, row_number)
    GROUP BY own_id
    """,
)
