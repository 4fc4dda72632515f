"""The people: they could be, and nobody alive bears their numbers."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import polars as pl

from safetynet.demo.drop import AS_OF
from safetynet.demo.id_number import is_valid

if TYPE_CHECKING:
    from conftest import Drop


def test_numbers_are_valid_distinct_and_of_no_real_province(drop: Drop) -> None:
    persons = drop.truth("person")
    assert persons["id_number"].is_unique().all()
    assert persons["id_number"].str.starts_with("99").all()
    assert all(is_valid(number) for number in persons["id_number"])
    areas = persons.group_by(area=pl.col("id_number").str.slice(0, 6)).len().sort("len", descending=True)
    assert areas["area"][0] == "990121"
    assert len(areas) >= 4


def test_no_delivered_number_is_of_a_real_province(messy: Drop) -> None:
    for path in messy.files():
        for row in messy.cells(path):
            for cell in row:
                for number in re.findall(r"(?<![\w.])[0-9]{17}[0-9Xx](?!\w)", str(cell)):
                    assert number.startswith("99")


def test_number_tells_birth_and_sex(drop: Drop) -> None:
    persons = drop.truth("person")
    assert (persons["id_number"].str.slice(6, 8) == persons["birth_date"].dt.strftime("%Y%m%d")).all()
    odd = persons["id_number"].str.slice(16, 1).cast(pl.Int64) % 2 == 1
    assert (odd == (persons["sex"] == "男")).all()


def test_ages_are_plausible(drop: Drop) -> None:
    lived = (pl.lit(AS_OF) - pl.col("birth_date")).dt.total_days() / 365.25
    persons = drop.truth("person").filter("is_registered").with_columns(age=lived)
    ages = persons["age"].to_list()
    assert min(ages) >= 0
    assert max(ages) < 100
    assert 0.1 < sum(age < 18 for age in ages) / len(ages) < 0.4
    heads = persons.filter(pl.col("relation_to_head") == "户主").select("household_code", head="age")
    assert len(heads) == len(drop.truth("household")) == persons["household_code"].n_unique()
    assert min(heads["head"].to_list()) >= 18
    older = persons.join(heads, on="household_code").with_columns(older=pl.col("head") - pl.col("age"))
    children = older.filter(pl.col("relation_to_head").is_in(["之子", "之女"]))
    assert min(children["older"].to_list()) > 15
    parents = older.filter(pl.col("relation_to_head").is_in(["之父", "之母"]))
    assert max(parents["older"].to_list()) < -15


def test_household_counts(drop: Drop) -> None:
    counts = drop.truth("person").filter("is_registered").group_by("household_code").agg(rows=pl.len())
    homes = drop.truth("household").join(counts, on="household_code")
    assert (homes["rows"] == homes["member_count"]).all()


def test_names_have_the_shape_of_names(drop: Drop) -> None:
    names = drop.truth("person")["person_name"]
    surname = names.str.slice(0, 1).value_counts(sort=True)
    assert set(surname[0:3, 0]) <= set("王李张刘")
    assert names.str.contains("·").any()
    assert min(len(name) for name in names) == 2
    assert names.is_duplicated().any()
