"""The county itself: its divisions and the policy that holds there."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path

import polars as pl

from safetynet.demo import chance, names

PROVINCE = "990000000000"
PREFECTURE = "990100000000"
COUNTY = "990121000000"
COUNTY_NAME = "松岭县"
CITY = "990181000000"
CITY_NAME = "松岭市"
NEIGHBOUR = "990122000000"
NEIGHBOUR_VILLAGE = "990122100200"

POLICY = (
    ("monitoring_line", "", "all", "2021-01-01", None, 6000.0, "yuan"),
    ("monitoring_line", "99", "all", "2024-01-01", "2024-12-31", 7500.0, "yuan"),
    ("monitoring_line", "99", "all", "2025-01-01", None, 8000.0, "yuan"),
    ("medical_out_of_pocket", "", "low_income", "2021-01-01", None, 10000.0, "yuan"),
    ("medical_out_of_pocket", "", "other", "2021-01-01", None, 20000.0, "yuan"),
    ("medical_out_of_pocket", "9901", "low_income", "2025-01-01", None, 9000.0, "yuan"),
    ("medical_out_of_pocket", "9901", "other", "2025-01-01", None, 21000.0, "yuan"),
)


@dataclass(frozen=True)
class County:
    """Its villages by code (code, name, town_code, town_name, `urban` Boolean) and all divisions that ever were."""

    villages: pl.DataFrame
    divisions: pl.DataFrame
    code: str = COUNTY[:6]
    name: str = COUNTY_NAME


@dataclass(frozen=True)
class CodeChange:
    """What divisions are called from a day on: old, new (codes), name (null where it stays)."""

    on: date
    codes: pl.DataFrame


def county(seed: int, households: int) -> County:
    """A county of as many towns and villages as its households need (some 60 households to a village)."""
    rng = chance.stream(seed, "county")
    villages = max(4, round(households**0.75 / 7))
    per_town = min(30, max(2, round(villages**0.5)))
    towns = -(-villages // per_town)
    first = rng.permutation(len(names.TOWN_SYLLABLES))
    rows: list[tuple[str, str, str, str, bool]] = []
    for town in range(towns):
        syllables = names.TOWN_SYLLABLES
        town_name = (
            f"{syllables[first[town % len(first)]]}"
            f"{names.TOWN_ENDINGS[(town // len(first) + town) % len(names.TOWN_ENDINGS)]}镇"
        )
        town_code = f"990121{100 + town:03d}000"
        families = rng.permutation(len(names.VILLAGE_FAMILIES))
        for village in range(min(per_town, villages - town * per_town)):
            urban = village == 0
            ending = "社区" if urban else "村"
            code = f"990121{100 + town:03d}{(1 if urban else 200) + village:03d}"
            rows.append((code, f"{names.VILLAGE_FAMILIES[families[village]]}家{ending}", town_code, town_name, urban))
    frame = pl.DataFrame(rows, schema=["code", "name", "town_code", "town_name", "urban"], orient="row").sort("code")
    return County(frame, _divisions(frame))


def _divisions(villages: pl.DataFrame) -> pl.DataFrame:
    schema = ["division_code", "name", "level", "parent_code"]
    above = [
        (PROVINCE, "云岭省", 1, None),
        (PREFECTURE, "青溪市", 2, PROVINCE),
        (COUNTY, COUNTY_NAME, 3, PREFECTURE),
        (NEIGHBOUR, "柏川县", 3, PREFECTURE),
        ("990122100000", "石桥镇", 4, NEIGHBOUR),
        (NEIGHBOUR_VILLAGE, "马家村", 5, "990122100000"),
    ]
    towns = villages.select(
        division_code="town_code", name="town_name", level=pl.lit(4), parent_code=pl.lit(COUNTY)
    ).unique(maintain_order=True)
    below = villages.select(division_code="code", name="name", level=pl.lit(5), parent_code="town_code")
    frame = pl.concat(
        [
            pl.DataFrame(above, schema=schema, orient="row"),
            towns.cast({"level": pl.Int64}),
            below.cast({"level": pl.Int64}),
        ]
    )
    return frame.sort("division_code")


def villages_merge(land: County, on: date) -> CodeChange:
    """In two towns at most, the last village becomes a part of the one before it."""
    merged = (
        land.villages.filter(~pl.col("urban"))
        .group_by("town_code", maintain_order=True)
        .agg(old=pl.col("code").last(), new=pl.col("code").slice(-2, 1).first())
        .filter(pl.col("old") != pl.col("new"))
        .head(2)
    )
    return CodeChange(on, merged.select("old", "new", name=pl.lit(None, dtype=pl.String)))


def county_becomes_city(land: County, on: date) -> CodeChange:
    """The county and everything in it begins with the city's six digits."""
    held = land.divisions.filter(pl.col("valid_to").is_null())
    old = held.filter(pl.col("division_code").str.starts_with(COUNTY[:6]))
    return CodeChange(
        on,
        old.select(
            old="division_code",
            new=pl.concat_str(pl.lit(CITY[:6]), pl.col("division_code").str.slice(6)),
            name=pl.when(pl.col("division_code") == COUNTY).then(pl.lit(CITY_NAME)).otherwise("name"),
        ),
    )


def dated(land: County) -> County:
    """The county with divisions that have valid_from, valid_to (dates) and successor_code, all of them open."""
    none = pl.lit(None, dtype=pl.Date)
    divisions = land.divisions.with_columns(
        valid_from=none, valid_to=none, successor_code=pl.lit(None, dtype=pl.String)
    )
    return replace(land, divisions=divisions)


def changed(land: County, change: CodeChange) -> County:
    """The county from the day of the change on; `land` is dated."""
    rename = dict(change.codes.select("old", "new").iter_rows())
    ended = land.divisions.join(
        change.codes.select(division_code="old", _successor="new"),
        on="division_code",
        how="left",
        maintain_order="left",
    ).with_columns(
        valid_to=pl.when(pl.col("_successor").is_not_null())
        .then(pl.lit(change.on - timedelta(days=1)))
        .otherwise("valid_to"),
        successor_code=pl.coalesce("_successor", "successor_code"),
    )
    renamed = change.codes.filter(~pl.col("new").is_in(land.divisions["division_code"].implode()))
    begun = renamed.join(
        land.divisions, left_on="old", right_on="division_code", suffix="_before", maintain_order="left"
    ).select(
        division_code="new",
        name=pl.coalesce("name", "name_before"),
        level="level",
        parent_code=pl.col("parent_code").replace(rename),
        valid_from=pl.lit(change.on),
        valid_to=pl.lit(None, dtype=pl.Date),
        successor_code=pl.lit(None, dtype=pl.String),
    )
    villages = land.villages.with_columns(pl.col("code", "town_code").replace(rename)).unique(
        "code", keep="first", maintain_order=True
    )
    code, name = (CITY[:6], CITY_NAME) if COUNTY in rename else (land.code, land.name)
    divisions = pl.concat([ended.drop("_successor"), begun]).sort("division_code")
    return County(villages, divisions, code, name)


def successors(land: County) -> dict[str, str]:
    """Codes that divisions no longer have, and those that stand in their place now."""
    if "successor_code" not in land.divisions.columns:
        return {}
    ended = land.divisions.filter(pl.col("successor_code").is_not_null())
    next_code = dict(ended.select("division_code", "successor_code").iter_rows())
    newest = dict(next_code)
    while any(code in next_code for code in newest.values()):
        newest = {old: next_code.get(code, code) for old, code in newest.items()}
    return newest


def write_reference(county: County, reference: Path) -> None:
    """Write divisions.csv and policy_parameter.csv as a county would lay them beside its feeds."""
    reference.mkdir(parents=True, exist_ok=True)
    county.divisions.write_csv(reference / "divisions.csv")
    schema = ["parameter_id", "division_code", "population", "valid_from", "valid_to", "value", "unit"]
    policy = pl.DataFrame(POLICY, schema=schema, orient="row")
    policy.write_csv(reference / "policy_parameter.csv")
