"""Scores broken rows against known persons with Splink, on the connection of the build."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from safetynet.identify.comparisons import BLOCKING, COMPARISONS, MACRO, words
from safetynet.identify.model import model

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection, DuckDBPyRelation
    from splink import Linker

COLUMNS = {
    "own_id": "BIGINT",
    "is_registered": "BOOLEAN",
    "person_id": "BIGINT",
    "match_weight": "DOUBLE",
    "comparison_zh": "VARCHAR",
    "comparison_en": "VARCHAR",
}


FREQUENCIES = sorted({level.frequency for levels in COMPARISONS.values() for level in levels if level.frequency})
_FREQUENCY = """
    CREATE TEMP TABLE frequency_of_{column} AS
    WITH told AS (SELECT {column} FROM broken UNION ALL SELECT {column} FROM known WHERE unique_id > 0)
    SELECT {column}, count(*)::DOUBLE / sum(count(*)) OVER () AS tf_{column}
    FROM told WHERE {column} IS NOT NULL GROUP BY {column}
"""
"""As Splink counts them, but nobody twice who stands on both sides."""

_FOUND = " UNION ".join(
    f"SELECT l.unique_id AS l, r.unique_id AS r FROM broken AS l JOIN known AS r ON {rule}" for rule in BLOCKING
)
_PAIR = f"""
    CREATE TEMP TABLE pair AS
    SELECT '0' AS match_key, 'broken-__-' || l AS join_key_l, 'known-__-' || r AS join_key_r FROM ({_FOUND})
"""
"""The pairs that are looked at, under Splink's names; its own query asks all earlier rules once more for each rule."""


class ScoringFailed(RuntimeError):
    """Splink or the database failed; what they said holds values of rows, and is not told."""


def score(connection: DuckDBPyConnection, broken: DuckDBPyRelation, known: DuckDBPyRelation) -> DuckDBPyRelation:
    """One row per person of its own × other person who may be meant, in the columns of COLUMNS.

    Others are the known ones and, for who is not in the registry either, those told of by broken rows outside it.
    Leaves nothing in the database. Raises ScoringFailed.
    """
    unlinked = broken.filter("NOT is_linked")
    persons = _count(known.aggregate("count(DISTINCT person_id)"))
    if persons == 0 or _count(unlinked.aggregate("count(*)")) == 0:
        nothing = ", ".join(f"NULL::{kind} AS {name}" for name, kind in COLUMNS.items())
        return connection.sql(f"SELECT {nothing} WHERE false")
    try:
        # A connection of its own: dbt hands over a wrapper that Splink does not take.
        others = known.union(_strangers(unlinked, known.columns))
        with connection.cursor() as own, linker(own, unlinked, others, model().for_persons(persons)) as made:
            found = made.inference.predict(threshold_match_probability=model().negligible, warning_mode="never")
            best = own.sql(_best(found.physical_name)).to_arrow_table()
        # A relation: to write a table of Arrow's, dbt imports pandas first.
        return connection.from_arrow(best)
    except Exception as error:  # whatever it is, it may quote a row
        raise ScoringFailed(f"records could not be linked: {type(error).__name__}") from None


@contextlib.contextmanager
def linker(
    connection: DuckDBPyConnection, broken: DuckDBPyRelation, known: DuckDBPyRelation, settings: dict[str, Any]
) -> Iterator[Linker]:
    """A Splink linker of two relations of the same columns, whose tables are dropped at the end."""
    from splink import DuckDBAPI, Linker

    database = DuckDBAPI(connection=connection)
    columns = ", ".join(known.columns)
    names = {"broken": broken, "known": known}
    connection.execute(MACRO)
    try:
        for name, rows in names.items():
            connection.execute(f"CREATE TEMP VIEW {name} AS SELECT {columns} FROM ({rows.sql_query()})")
        tables = [database.register(name, dataset_display_name=name) for name in names]
        made = Linker(tables, settings, log_level=None, validate_settings=False)
        for column in FREQUENCIES:
            connection.execute(_FREQUENCY.format(column=column))
            frequency = database.register(f"frequency_of_{column}")
            made.table_management.register_term_frequency_lookup(frequency, column)
        connection.execute(_PAIR)
        made.table_management.register_blocked_pairs_for_predict(database.register("pair"))
        yield made
    finally:
        database.delete_tables_created_by_splink_from_db()
        for name in ("pair", *(f"frequency_of_{column}" for column in FREQUENCIES)):
            connection.execute(f"DROP TABLE IF EXISTS {name}")
        for name in names:
            connection.execute(f"DROP VIEW IF EXISTS {name}")


def _strangers(unlinked: DuckDBPyRelation, columns: list[str]) -> DuckDBPyRelation:
    """Persons of their own outside the registry; unique_id below zero, where no known person's is."""
    told = ("-unique_id AS unique_id" if name == "unique_id" else name for name in columns)
    return unlinked.filter("NOT is_registered").project(", ".join(told))


def _count(counted: DuckDBPyRelation) -> int:
    ((count,),) = counted.fetchall()
    return int(count)


def _best(predictions: str) -> str:
    """SQL: of the ways in which a person is told, the one that fits best."""
    told = {
        language: f"concat_ws('{separator}', {', '.join(words(name, language) for name in COMPARISONS)})"
        for language, separator in (("zh", "；"), ("en", "; "))
    }
    return f"""
        SELECT
            person_id_l AS own_id, is_registered_l AS is_registered, person_id_r AS person_id, match_weight,
            {told["zh"]} AS comparison_zh, {told["en"]} AS comparison_en
        FROM {predictions}
        QUALIFY row_number() OVER (
            PARTITION BY own_id, person_id ORDER BY match_weight DESC, is_registered, comparison_zh
        ) = 1
    """
