"""What is true of a drop, as Parquet beside it, for tests to measure a reader against."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import polars as pl

from safetynet.contract import contracts
from safetynet.demo import irregular, signals
from safetynet.demo.county import successors
from safetynet.demo.life import World
from safetynet.demo.mess import Delivered
from safetynet.demo.table import Table


@dataclass(frozen=True)
class Record:
    """One file's rows: `rows` as of `mess.Delivered` and `_row_number`, `_as_of`; turn is its delivery's place."""

    feed: str
    file_name: str
    turn: int
    as_of: date
    rows: pl.DataFrame


def record(table: Table, file_name: str, turn: int, as_of: date, numbers: pl.Series, delivered: Delivered) -> Record:
    """What is known of the rows of one file: their numbers in a spreadsheet, and its delivery's place (turn)."""
    rows = delivered.rows.with_columns(_row_number=numbers, _as_of=pl.lit(as_of))
    return Record(table.feed, file_name, turn, as_of, rows)


class Chronicle:
    """What was true from when to when, gathered from moment to moment of a year."""

    def __init__(self) -> None:
        self._residences: list[pl.DataFrame] = []
        self._states: list[pl.DataFrame] = []
        self._deliveries: list[tuple[str, str, date, date, str]] = []

    def note(self, world: World) -> None:
        """Note where everybody lives at a moment, and which households are monitored."""
        homes = world.people.households
        self._residences.append(
            world.people.persons.join(
                homes.select("household", "household_code", "village", "is_registered", "since"),
                on="household",
                maintain_order="left",
                suffix="_here",
            ).select(
                "person_id",
                pl.when("is_registered").then("household_code").alias("household_code"),
                division_code="village",
                valid_from=pl.max_horizontal("since", "since_here"),
            )
        )
        self._states.append(
            homes.filter("is_registered").select(
                "household_code", "household_type", "is_risk_eliminated", valid_from="state_since"
            )
        )

    def deliver(self, written: Record, sent: irregular.Delivery) -> None:
        """Note a file that was sent."""
        self._deliveries.append((written.feed, written.file_name, written.as_of, sent.arrives_on, sent.kind))

    def write(self, folder: Path, world: World) -> None:
        """Write what was true over the year; periods are [valid_from, valid_to), null: still so.

        residence: person_id, household_code (null outside the registry), division_code (of the time), valid_from,
        valid_to. monitoring: household_code, household_type, is_risk_eliminated, valid_from, valid_to.
        event: event, happened_on, person_id, household_code, detail. departed: person_id, departed_on.
        delivery: feed, file_name, as_of, arrives_on, kind.
        """
        departed = world.departed.select("person_id", "departed_on")
        lived = _periods(self._residences, "person_id").join(
            departed, on="person_id", how="left", maintain_order="left"
        )
        lived.with_columns(valid_to=pl.coalesce("valid_to", "departed_on")).drop("departed_on").write_parquet(
            folder / "residence.parquet"
        )
        _periods(self._states, "household_code").write_parquet(folder / "monitoring.parquet")
        departed.write_parquet(folder / "departed.parquet")
        world.events.join(world.homes_ever, on="household", how="left", maintain_order="left").select(
            "event", "happened_on", "person_id", "household_code", "detail"
        ).sort("happened_on", maintain_order=True).write_parquet(folder / "event.parquet")
        schema = ["feed", "file_name", "as_of", "arrives_on", "kind"]
        pl.DataFrame(self._deliveries, schema=schema, orient="row").write_parquet(folder / "delivery.parquet")


def _periods(moments: list[pl.DataFrame], subject: str) -> pl.DataFrame:
    """What was noted moment by moment, as periods: rows of a subject that say the same one after the other are one."""
    said = [name for name in moments[0].columns if name not in (subject, "valid_from")]
    rows = pl.concat([noted.with_columns(_turn=pl.lit(turn)) for turn, noted in enumerate(moments)]).sort(
        subject, "_turn", maintain_order=True
    )
    is_new = pl.struct(said) != pl.struct(said).shift(1).over(subject)
    return (
        rows.filter(is_new.fill_null(value=True))
        .with_columns(valid_to=pl.col("valid_from").shift(-1).over(subject))
        .drop("_turn")
    )


def write_truth(folder: Path, world: World, records: list[Record], as_of: date) -> None:
    """Write what is true.

    person: person_id, household_code and relation_to_head (null outside the registry, and of the departed),
    person_name, id_number, birth_date, sex, division_code, phone, is_registered.
    household: household_code, division_code, household_type, identified_on, is_risk_eliminated,
    per_capita_net_income (yuan), member_count.
    record: feed, file_name, row_number, as_of, person_id (primary), household_code (true), disposition,
    reason_columns, is_id_whole, is_id_own (null where the feed has no id number), damages ('column:way').
    signal: rule_id, household_code, person_id, observed_value, is_certain.
    undecided: rule_id, household_code, person_id that do not hold and that a reader may see otherwise.
    """
    folder.mkdir(parents=True, exist_ok=True)
    homes = world.people.households
    departed = world.departed.drop("departed_on").with_columns(household=pl.lit(None, dtype=pl.Int64))
    persons = pl.concat([world.people.persons, departed]).sort("person_id")
    persons = persons.join(homes, on="household", how="left", maintain_order="left", suffix="_of_household")
    persons = persons.with_columns(pl.col("is_registered").fill_null(value=False))
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
    codes = world.homes_ever.select("household_code", _household="household")
    pl.concat([_record_rows(one, codes) for one in records]).write_parquet(folder / "record.parquet")
    holds, undecided = _signals(records, persons, successors(world.land))
    holds.write_parquet(folder / "signal.parquet")
    undecided.write_parquet(folder / "undecided.parquet")


def _signals(records: list[Record], persons: pl.DataFrame, codes: dict[str, str]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """What holds on the last day and what is undecided; judged for every day on which data were drawn up.

    codes: division codes that are no more, and which stand for them.
    """
    said = [
        replace(one, rows=one.rows.with_columns(pl.col("division_code").replace(codes)))
        if "division_code" in one.rows.columns
        else one
        for one in records
    ]
    registered_from = min(one.as_of for one in said if one.feed == "registry_member")
    found: dict[date, signals.Found] = {}
    for day in sorted({one.as_of for one in said if one.as_of >= registered_from}):
        known = [one for one in said if one.as_of <= day]
        found[day] = signals.find(_in_force(known), persons, day, _registers(known))
    last = found[max(found)]
    if len(found) == 1:
        return last.holds, last.undecided
    returned = signals.after_removal(found, _registers(said))
    return pl.concat([last.holds, returned.holds]), pl.concat([last.undecided, returned.undecided])


def _in_force(records: list[Record]) -> dict[str, pl.DataFrame]:
    """The rows that count on a day: of a snapshot its newest delivery for each place, of what is added to all."""
    rows: dict[str, pl.DataFrame] = {}
    for (feed, _), parts in _deliveries(records).items():
        told = pl.concat([one.rows for one in parts])
        if feed in rows and contracts()[feed].delivery == "increment":
            told = pl.concat([rows[feed], told])
        elif feed in rows:
            place = _place(told["division_code"])
            told = pl.concat([rows[feed].filter(~pl.col("division_code").str.starts_with(place)), told])
        rows[feed] = told
    return rows


def _deliveries(records: list[Record]) -> dict[tuple[str, int], list[Record]]:
    """The files of each delivery of each feed, in the order in which they were drawn up."""
    deliveries: dict[tuple[str, int], list[Record]] = {}
    for one in sorted(records, key=lambda each: (each.as_of, each.turn)):
        deliveries.setdefault((one.feed, one.turn), []).append(one)
    return deliveries


def _place(codes: pl.Series) -> str:
    """The smallest division that holds them all, without its zeros."""
    low, high = str(codes.min()), str(codes.max())
    return next(low[:end] for end in (12, 9, 6, 4, 2, 0) if low[:end] == high[:end])


def _registers(records: list[Record]) -> list[pl.DataFrame]:
    """The rows of the registry of each as-of date, as they were delivered last, in the order of the dates."""
    newest: dict[date, list[Record]] = {}
    for one in sorted((each for each in records if each.feed == "registry_member"), key=lambda each: each.turn):
        said = newest.setdefault(one.as_of, [])
        if said and said[-1].turn != one.turn:
            said.clear()
        said.append(one)
    return [pl.concat([one.rows for one in newest[day]]) for day in sorted(newest)]


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
