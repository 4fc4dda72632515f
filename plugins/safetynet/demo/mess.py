"""Turns a true table into what arrives: cells spelled in many ways or lost, rows repeated or contradicted.

Whatever is done is written down beside the row, so that what a reader should make of it is known.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl

from safetynet.demo import cells, chance
from safetynet.demo.cells import Form, Way
from safetynet.demo.chance import Bools, Bytes
from safetynet.demo.disagree import disagree
from safetynet.demo.table import Column, Table

DUPLICATES = 0.15
CONTRADICTIONS = 0.015
RESPELLED = 0.03
SLIPS = 0.1


@dataclass(frozen=True)
class Delivered:
    """Rows in the order of the file; the three frames run side by side.

    texts: a cell's text by column name (null: blank). forms: the `Form` of a workbook's cells (UInt8).
    rows: what a reader that keeps the rules makes of them, the values by column name (null where lost), and
    `_person`, `_household`, `_disposition` (accepted, quarantined, duplicate), `_reasons` (columns),
    `_damages` ('column:way'), `_is_whole` (the id number can be used; null without such a column) and
    `_agrees` (the number is the row's own person's).
    """

    texts: pl.DataFrame
    forms: pl.DataFrame
    rows: pl.DataFrame


def deliver(table: Table, rng: np.random.Generator, rate: float, as_of: date, is_workbook: bool) -> Delivered:
    """Mess up a table at `rate` a cell."""
    texts: dict[str, pl.Series] = {}
    forms: dict[str, pl.Series] = {}
    frame, damages = disagree(table, rng, rate)
    values = {column.name: frame[column.name] for column in table.columns}
    reasons: list[tuple[int, str]] = []
    for column in table.columns:
        text = _text(frame[column.name], column)
        form = np.full(len(frame), _usual_form(column, is_workbook), dtype=np.uint8)
        lost = np.zeros(len(frame), dtype=np.bool_)
        if rate > 0:
            # A settlement may be negative: that is a refund.
            ways = [
                way
                for way in cells.ways(column.name, column.kind, column.required, is_workbook)
                if not (way.name == "negative" and table.feed == "health_settlement")
            ]
            text, lost, found = _mess_column(text, form if is_workbook else None, ways, rng, rate, as_of)
            damages += [(row, f"{column.name}:{way}") for row, way in found]
        if column.name == table.name_column and rate > 0:
            text, slipped = _slip_names(text, frame["_person"], table.feed, rng, rate)
            values[column.name] = pl.select(
                pl.when(pl.Series(slipped)).then(text).otherwise(values[column.name])
            ).to_series()
            damages += [(int(row), f"{column.name}:name_slip") for row in np.flatnonzero(slipped)]
        values[column.name] = pl.select(pl.when(~pl.Series(lost)).then(values[column.name])).to_series()
        if column.required and column.kind != "person_name":
            reasons += [(int(row), column.name) for row in np.flatnonzero(values[column.name].is_null().to_numpy())]
        texts[column.name], forms[column.name] = text, pl.Series(form)
    rows = pl.DataFrame({**values, "_person": frame["_person"], "_household": frame["_household"]})
    rows = _judge(table, rows, damages, reasons)
    return _repeat(table, Delivered(pl.DataFrame(texts), pl.DataFrame(forms), rows), rng, rate)


def _text(values: pl.Series, column: Column) -> pl.Series:
    """The clean spelling of a typed column."""
    if column.kind == "date":
        return values.dt.strftime("%Y-%m-%d")
    if column.kind == "yes_no":
        return values.replace_strict([True, False], ["是", "否"], default=None, return_dtype=pl.String)
    if column.kind == "percent":
        return (values * 100).round(0).cast(pl.Int64).cast(pl.String) + "%"
    if column.kind == "number":
        return values.cast(pl.Int64).cast(pl.String)
    if column.kind == "money":
        fen = values.abs() // (10_000 if "万元" in column.header else 1)
        sign = pl.when(values < 0).then(pl.lit("-")).otherwise(pl.lit(""))
        yuan, rest = (fen // 100).cast(pl.String), (fen % 100).cast(pl.String).str.zfill(2)
        return pl.select(pl.concat_str(sign, pl.lit(yuan), pl.lit("."), pl.lit(rest))).to_series()
    return values.cast(pl.String)


def _usual_form(column: Column, is_workbook: bool) -> Form:
    is_number = column.kind in ("count", "number") or "万元" in column.header
    return Form.NUMBER if is_workbook and is_number else Form.TEXT


def _mess_column(
    text: pl.Series,
    form: Bytes | None,
    ways: list[Way],
    rng: np.random.Generator,
    rate: float,
    as_of: date,
) -> tuple[pl.Series, Bools, list[tuple[int, str]]]:
    """Give the text as delivered, where its value is lost, and (row, way) of touched cells.

    form (None: not in a workbook) is changed where a way makes another kind of cell.
    """
    lost = np.zeros(len(text), dtype=np.bool_)
    total = sum(way.share for way in ways)
    filled = text.is_not_null().to_numpy()
    hits = np.flatnonzero((rng.random(len(text)) < rate * total) & filled)
    if not len(hits):
        return text, lost, []
    picks = chance.index(rng, [way.share for way in ways], len(hits))
    numbers = rng.integers(0, 2**31, len(hits))
    found: list[tuple[int, str]] = []
    changed: list[str | None] = []
    clean = text.gather(pl.Series(hits)).to_list()
    for row, pick, number, cell in zip(hits.tolist(), picks.tolist(), numbers.tolist(), clean, strict=True):
        way = ways[pick]
        spelled = way.spell(cell, number, as_of)
        changed.append(spelled)
        if spelled == cell and (way.form is None or form is None):
            continue
        found.append((row, way.name))
        lost[row] = way.loses
        if form is not None:
            form[row] = way.form if way.form is not None else Form.TEXT
    return text.scatter(pl.Series(hits), pl.Series(changed, dtype=pl.String)), lost, found


def _slip_names(
    text: pl.Series, person: pl.Series, feed: str, rng: np.random.Generator, rate: float
) -> tuple[pl.Series, Bools]:
    """Slips in names that are otherwise clean; a person's name slips in one feed at most."""
    turn = chance.place(feed) % 10
    plain = (text.str.len_chars() >= 2) & text.str.contains(r"^\p{Han}+$") & (person % 10 == turn)
    slipped = plain.fill_null(value=False).to_numpy() & (rng.random(len(text)) < rate * SLIPS)
    where = np.flatnonzero(slipped)
    numbers = rng.integers(0, 2**31, len(where)).tolist()
    clean = text.gather(pl.Series(where)).to_list()
    new = [cells.name_slip(name, number, date.min) for name, number in zip(clean, numbers, strict=True)]
    return text.scatter(pl.Series(where), pl.Series(new, dtype=pl.String)), slipped


def _judge(
    table: Table, rows: pl.DataFrame, damages: list[tuple[int, str]], reasons: list[tuple[int, str]]
) -> pl.DataFrame:
    """Add what becomes of each row."""
    whole = pl.lit(None, dtype=pl.Boolean)
    if table.id_column is not None and table.name_column is not None:
        whole = pl.col(table.id_column).is_not_null()
        nobody = ~whole & (pl.col(table.name_column).is_null() | pl.col("division_code").is_null())
        without = rows.select(nobody).to_series().to_numpy()
        reasons = reasons + [(int(row), table.id_column) for row in np.flatnonzero(without)]
    stranger = [row for row, damage in damages if damage.endswith(":parents_number")]
    return (
        rows.with_row_index("_row")
        .with_columns(pl.col("_row").cast(pl.Int64))
        .join(_lists(reasons, "_reasons"), on="_row", how="left", maintain_order="left")
        .join(_lists(damages, "_damages"), on="_row", how="left", maintain_order="left")
        .with_columns(
            _disposition=pl.when(pl.col("_reasons").is_null())
            .then(pl.lit("accepted"))
            .otherwise(pl.lit("quarantined")),
            _is_whole=whole,
            _agrees=whole & ~pl.col("_row").is_in(pl.Series(stranger, dtype=pl.Int64).implode()),
        )
        .drop("_row")
    )


def _lists(pairs: list[tuple[int, str]], name: str) -> pl.DataFrame:
    frame = pl.DataFrame(pairs, schema={"_row": pl.Int64, name: pl.String}, orient="row")
    return frame.group_by("_row", maintain_order=True).agg(pl.col(name))


def _repeat(table: Table, delivered: Delivered, rng: np.random.Generator, rate: float) -> Delivered:
    """Add rows that stand there twice: exactly, in another spelling, or with something else said."""
    rows = delivered.rows
    n = len(rows)
    if rate == 0 or n == 0:
        return delivered
    few = 1 if n >= 200 else 0
    duplicated = chance.some(rng, np.ones(n, dtype=np.bool_), rate * DUPLICATES, few)
    untouched = ((rows["_disposition"] == "accepted") & rows["_damages"].is_null()).to_numpy() & ~duplicated
    contradicted = chance.some(rng, untouched, rate * CONTRADICTIONS, few)
    respelled = chance.some(rng, untouched & ~contradicted & (table.id_column is not None), rate * RESPELLED, few)
    contradict = np.flatnonzero(contradicted)
    name, options = table.contradiction
    said = delivered.texts[name].gather(pl.Series(contradict))
    other = pl.select(
        pl.when(pl.lit(said) == options[0]).then(pl.lit(options[1])).otherwise(pl.lit(options[0]))
    ).to_series()
    marks = pl.lit(pl.Series(contradicted))
    key = pl.lit(pl.Series([list(table.key)])).first()
    rows = rows.with_columns(
        _disposition=pl.when(marks).then(pl.lit("quarantined")).otherwise("_disposition"),
        _reasons=pl.when(marks).then(key).otherwise("_reasons"),
        _damages=pl.when(marks).then(pl.lit(pl.Series([["row:contradiction"]])).first()).otherwise("_damages"),
    )
    at = [np.flatnonzero(mask) for mask in (duplicated, respelled, contradicted)]
    copies = [pl.Series(where) for where in at]
    duplicate = rows[copies[0]].with_columns(
        _disposition=pl.lit("duplicate"),
        _reasons=pl.lit(None, dtype=pl.List(pl.String)),
        _damages=pl.concat_list(
            pl.col("_damages").fill_null(pl.lit([], dtype=pl.List(pl.String))), pl.lit("row:duplicate")
        ),
    )
    respelled_rows = rows[copies[1]].with_columns(_damages=pl.lit(pl.Series([["row:other_spelling"]])).first())
    contradicting = rows[copies[2]].with_columns(pl.lit(other).alias(name))
    respelled_texts = delivered.texts[copies[1]]
    if table.id_column is not None:
        number = pl.col(table.id_column)
        respelled_texts = respelled_texts.with_columns(
            pl.concat_str(number.str.slice(0, 6), pl.lit(" "), number.str.slice(6)).alias(table.id_column)
        )
    texts = pl.concat(
        [
            delivered.texts,
            delivered.texts[copies[0]],
            respelled_texts,
            delivered.texts[copies[2]].with_columns(pl.lit(other).alias(name)),
        ]
    )
    forms = pl.concat([delivered.forms, *[delivered.forms[copy] for copy in copies]])
    rows = pl.concat([rows, duplicate, respelled_rows, contradicting])
    # A copy stands somewhere below its original.
    below = np.concatenate([where + 0.5 + rng.integers(0, 40, len(where)) for where in at])
    order = pl.Series(np.argsort(np.concatenate([np.arange(n), below]), kind="stable"))
    return Delivered(texts[order], forms[order], rows[order])
