"""Values that can be read and yet contradict another cell or row: kept, and worth a finding."""

from __future__ import annotations

import numpy as np
import polars as pl

from safetynet.demo import chance
from safetynet.demo.chance import Bools
from safetynet.demo.table import Table

SHARE = 0.012


def disagree(table: Table, rng: np.random.Generator, rate: float) -> tuple[pl.DataFrame, list[tuple[int, str]]]:
    """The table's frame with a few such values put in, and (row, 'column:way') of each."""
    frame = table.frame
    damages: list[tuple[int, str]] = []
    if rate == 0 or len(frame) == 0:
        return frame, damages
    few = 1 if len(frame) >= 200 else 0
    if table.feed == "registry_member":
        frame, moved = _in_two_households(frame, rng, max(few, round(rate * SHARE * len(frame) / 4)))
        damages += [(row, "household_code:in_two_households") for row in moved]
    touched = np.zeros(len(frame), dtype=np.bool_)

    def put(name: str, way: str, value: pl.Expr, where: pl.Expr | None = None, share: float = SHARE) -> None:
        nonlocal frame
        allowed = ~touched
        if where is not None:
            allowed &= frame.select(where.fill_null(value=False)).to_series().to_numpy()
        picked: Bools = chance.some(rng, allowed, rate * share, few)
        touched[picked] = True
        frame = frame.with_columns(pl.when(pl.Series(picked)).then(value).otherwise(pl.col(name)).alias(name))
        damages.extend((int(row), f"{name}:{way}") for row in np.flatnonzero(picked))

    match table.feed:
        case "registry_member":
            other = pl.when(pl.col("sex") == "男").then(pl.lit("女")).otherwise(pl.lit("男"))
            put("sex", "sex_disagrees", other)
            put("member_count", "head_count_disagrees", pl.col("member_count") + 1)
            put("relation_to_head", "two_heads", pl.lit("户主"), pl.col("relation_to_head") == "配偶")
            put("relation_to_head", "no_head", pl.lit("其他"), pl.col("relation_to_head") == "户主")
        case "education_enrollment":
            put("birth_date", "birth_date_disagrees", pl.col("birth_date") - pl.duration(days=31))
            put("id_number", "parents_number", pl.col("guardian_id_number"), _clearly_different(), 0.06)
        case "health_major_illness" | "health_settlement":
            put(
                "out_of_pocket",
                "amounts_disagree",
                pl.col("out_of_pocket") + 5_000,
                pl.col("out_of_pocket") > 0,
            )
        case _:
            pass
    return frame, damages


def _in_two_households(frame: pl.DataFrame, rng: np.random.Generator, count: int) -> tuple[pl.DataFrame, list[int]]:
    """Let a few grown daughters stand in another household too, as daughters-in-law; gives their new rows."""
    is_grown = (pl.col("relation_to_head") == "之女") & (pl.col("id_number").str.slice(6, 4) <= "2003")
    grown = np.flatnonzero(frame.select(is_grown).to_series().to_numpy())
    heads = np.flatnonzero((frame["relation_to_head"] == "户主").to_numpy())
    movers = np.sort(rng.permutation(grown)[:count])
    hosts = heads[rng.permutation(len(heads))[: len(movers)]]
    theirs = frame[pl.Series(hosts)].select(
        "division_code",
        "town_name",
        "village_name",
        "household_code",
        "household_type",
        "identified_on",
        "risk_eliminated",
        "main_risk",
        "member_count",
        "per_capita_net_income",
    )
    again = frame[pl.Series(movers)].with_columns(*theirs, relation_to_head=pl.lit("之儿媳"))
    home = frame["household_code"].gather(pl.Series(movers)) != theirs["household_code"]
    again, hosts = again.filter(home), hosts[home.to_numpy()]
    order = np.argsort(np.concatenate([np.arange(len(frame)), hosts + 0.5]), kind="stable")
    moved = np.flatnonzero(order >= len(frame)).tolist()
    return pl.concat([frame, again])[pl.Series(order)], moved


def _clearly_different() -> pl.Expr:
    """Whether the guardian's name is more than one character away from the pupil's."""
    pupil, guardian = pl.col("person_name"), pl.col("guardian_name")
    differing = pl.sum_horizontal(
        *[(pupil.str.slice(at, 1) != guardian.str.slice(at, 1)).cast(pl.Int64) for at in range(4)]
    )
    return (pupil.str.len_chars() == guardian.str.len_chars()) & (differing >= 2)
