"""A reference table as somebody saved it: read, or refused in a sentence that names row and column."""

from __future__ import annotations

from pathlib import Path

import polars as pl

DIVISIONS = "divisions.csv"
POLICY_PARAMETERS = "policy_parameter.csv"


class UnusableReference(RuntimeError):
    """A reference table is missing or not of its form; the message says in both languages what to correct."""


def read(path: Path) -> pl.DataFrame:
    """Every cell as text without blanks around it; UTF-8, or GB 18030 as Excel saves a csv."""
    content = path.read_bytes()
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("gb18030", errors="replace")
    table = pl.read_csv(text.encode(), infer_schema=False).fill_null("").select(pl.all().str.strip_chars())
    return table.rename({name: name.strip() for name in table.columns})


def day(column: str) -> pl.Expr:
    """A column of dates (2025-06-30, or 2025/6/30 as Excel saves them); null where nothing or something else stands."""
    return pl.col(column).str.replace_all("/", "-").str.to_date("%Y-%m-%d", strict=False)


def _is_blank_or_day(column: str) -> pl.Expr:
    return (pl.col(column) == "") | day(column).is_not_null()


def _is_code(column: str, digits: str) -> pl.Expr:
    return pl.col(column).str.contains(rf"^\d{{{digits}}}$")


_FORMS = {
    DIVISIONS: {
        "division_code": _is_code("division_code", "2,12"),
        "name": pl.lit(True),
        "level": pl.col("level").str.contains("^[1-5]$"),
        "parent_code": (pl.col("parent_code") == "") | _is_code("parent_code", "2,12"),
    },
    POLICY_PARAMETERS: {
        "parameter_id": pl.col("parameter_id") != "",
        "division_code": _is_code("division_code", "0,12"),
        "population": pl.col("population").is_in(["all", "low_income", "other"]),
        "valid_from": _is_blank_or_day("valid_from"),
        "valid_to": _is_blank_or_day("valid_to"),
        "value": pl.col("value").cast(pl.Float64, strict=False).is_finite().fill_null(False),
        "unit": pl.lit(True),
    },
}
_OPTIONAL = {
    DIVISIONS: {
        "valid_from": _is_blank_or_day("valid_from"),
        "valid_to": _is_blank_or_day("valid_to"),
        "successor_code": (pl.col("successor_code") == "") | _is_code("successor_code", "2,12"),
    },
    POLICY_PARAMETERS: {},
}


_KEYS = {
    DIVISIONS: ("division_code", "valid_from"),
    POLICY_PARAMETERS: ("parameter_id", "division_code", "population", "valid_from"),
}
"""Columns of which two rows with the same cells would say two things about one, and nobody could tell which holds."""


def _as_one(column: str) -> pl.Expr:
    """A cell of a key in one form, however it is written."""
    return {"division_code": pl.col(column).str.pad_end(12, "0"), "valid_from": day(column)}.get(column, pl.col(column))


def _refuse_repeated(name: str, table: pl.DataFrame) -> None:
    """Raise UnusableReference where a row has the key of one above it."""
    key = [column for column in _KEYS[name] if column in table.columns]
    rows = table.select(_as_one(column).alias(column) for column in key).with_row_index("row", offset=2)
    repeated = rows.with_columns(pl.col("row").min().over(key).alias("first")).filter(pl.col("row") > pl.col("first"))
    if repeated.height:
        row, first = repeated.select("row", "first").row(0)
        columns = ", ".join(key)
        raise UnusableReference(
            f"{name}, row {row}: {columns} are those of row {first} ({repeated.height} such rows); only one can hold. "
            f"· {name} 第 {row} 行：{columns} 与第 {first} 行相同（共 {repeated.height} 行），只能保留一行。"
        )


def refuse_unusable(name: str, path: Path) -> None:
    """Raise UnusableReference where a table lacks a column, holds a cell not of its form, or says a thing twice."""
    try:
        table = read(path)
    except pl.exceptions.PolarsError:
        raise UnusableReference(f"{name} is no table of comma-separated values. · {name} 不是逗号分隔的表。") from None
    missing = [column for column in _FORMS[name] if column not in table.columns]
    if missing:
        columns = ", ".join(missing)
        raise UnusableReference(f"{name} lacks the columns {columns}. · {name} 缺少列：{columns}。")
    optional = {column: form for column, form in _OPTIONAL[name].items() if column in table.columns}
    for column, is_of_its_form in {**_FORMS[name], **optional}.items():
        rows = table.with_row_index("row", offset=2).filter(~is_of_its_form)["row"].to_list()
        if rows:
            raise UnusableReference(
                f"{name}, row {rows[0]}: {column} is not of its form ({len(rows)} such rows). "
                f"· {name} 第 {rows[0]} 行：{column} 格式不对（共 {len(rows)} 行）。"
            )
    _refuse_repeated(name, table)
