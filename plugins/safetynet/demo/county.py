"""The county itself: its divisions and the policy that holds there."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import polars as pl

from safetynet.demo import chance, names

PROVINCE = "990000000000"
PREFECTURE = "990100000000"
COUNTY = "990121000000"
COUNTY_NAME = "松岭县"
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
    """Its villages by code (code, name, town_code, town_name, `urban` Boolean) and all divisions."""

    villages: pl.DataFrame
    divisions: pl.DataFrame


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


def write_reference(county: County, reference: Path) -> None:
    """Write divisions.csv and policy_parameter.csv as a county would lay them beside its feeds."""
    reference.mkdir(parents=True, exist_ok=True)
    county.divisions.write_csv(reference / "divisions.csv")
    schema = ["parameter_id", "division_code", "population", "valid_from", "valid_to", "value", "unit"]
    policy = pl.DataFrame(POLICY, schema=schema, orient="row")
    policy.write_csv(reference / "policy_parameter.csv")
