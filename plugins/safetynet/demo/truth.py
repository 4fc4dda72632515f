"""What is true of a drop, as Parquet beside it, for tests to measure a reader against."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

import polars as pl

from safetynet.demo import signals
from safetynet.demo.mess import Delivered
from safetynet.demo.people import People
from safetynet.demo.table import Table


@dataclass(frozen=True)
class Record:
    """One file's rows: `rows` as of `mess.Delivered` and `_row_number`, `_as_of`."""

    feed: str
    file_name: str
    rows: pl.DataFrame


def record(table: Table, file_name: str, as_of: date, numbers: pl.Series, delivered: Delivered) -> Record:
    """What is known of the rows of one file; numbers are its row numbers in a spreadsheet."""
    rows = delivered.rows.with_columns(_row_number=numbers, _as_of=pl.lit(as_of))
    return Record(table.feed, file_name, rows)


def write_truth(folder: Path, world: People, records: list[Record], as_of: date) -> None:
    """Write what is true.

    person: person_id, household_code and relation_to_head (null outside the registry), person_name,
    id_number, birth_date, sex, division_code, phone, is_registered.
    household: household_code, division_code, household_type, identified_on, is_risk_eliminated,
    per_capita_net_income (yuan), member_count.
    record: feed, file_name, row_number, as_of, person_id (primary), household_code (true), disposition,
    reason_columns, is_id_whole, is_id_own (null where the feed has no id number), damages ('column:way').
    signal: rule_id, household_code, person_id, observed_value, is_certain.
    undecided: rule_id, household_code, person_id that do not hold and that a reader may see otherwise.
    """
    folder.mkdir(parents=True, exist_ok=True)
    homes = world.households
    persons = world.persons.join(homes, on="household", maintain_order="left")
    persons.select(
        "person_id",
        pl.when("is_registered").then("household_code").alias("household_code"),
        pl.when("is_registered").then("relation").alias("relation_to_head"),
        "person_name",
        "id_number",
        pl.col("birth_on").alias("birth_date"),
        "sex",
        pl.col("village").alias("division_code"),
        "phone",
        "is_registered",
    ).write_parquet(folder / "person.parquet")
    homes.filter("is_registered").select(
        "household_code",
        pl.col("village").alias("division_code"),
        "household_type",
        "identified_on",
        "is_risk_eliminated",
        pl.col("net_income").alias("per_capita_net_income") / 100,
        "member_count",
    ).write_parquet(folder / "household.parquet")
    codes = homes.filter("is_registered").select("household_code", _household="household")
    pl.concat([_record_rows(one, codes) for one in records]).write_parquet(folder / "record.parquet")
    by_feed: dict[str, list[pl.DataFrame]] = {}
    for one in records:
        by_feed.setdefault(one.feed, []).append(one.rows)
    found = signals.find({feed: pl.concat(parts) for feed, parts in by_feed.items()}, world.persons, as_of)
    found.holds.write_parquet(folder / "signal.parquet")
    found.undecided.write_parquet(folder / "undecided.parquet")


def _record_rows(one: Record, codes: pl.DataFrame) -> pl.DataFrame:
    return one.rows.join(codes, on="_household", how="left", maintain_order="left", suffix="_true").select(
        pl.lit(one.feed).alias("feed"),
        pl.lit(one.file_name).alias("file_name"),
        pl.col("_row_number").alias("row_number"),
        pl.col("_as_of").alias("as_of"),
        pl.col("_person").alias("person_id"),
        pl.col("household_code_true" if "household_code" in one.rows.columns else "household_code").alias(
            "household_code"
        ),
        pl.col("_disposition").alias("disposition"),
        pl.col("_reasons").alias("reason_columns"),
        pl.col("_is_whole").alias("is_id_whole"),
        pl.col("_agrees").alias("is_id_own"),
        pl.col("_damages").alias("damages"),
    )
