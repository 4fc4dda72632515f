"""What stands in the warehouse when part of a delivery, or all of it, is delivered again."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache

import duckdb
import pytest

from clerk import an_id, file_of, row, zip_file
from county import County
from safetynet.clean.statement import literal
from safetynet.land import landing
from safetynet.warehouse import build

SERIES = {
    "one member corrected, the other unchanged": "health_chronic_disease",
    "the same, where only the day of arrival dates it": "water_household",
    "one member corrected so that it cannot be used": "health_major_illness",
    "one member corrected twice, the other useless from then on": "education_enrollment",
    "a whole archive again after a correction": "housing_safety",
    "one file again after a correction": "registry_member",
}
PLACES = ("990121100201", "990121101201")


@cache
def part(feed: str, *numbers: int) -> bytes:
    """A table that speaks for the whole county: its rows lie in two townships. Always the same bytes."""
    given = [row(feed, number, id_number=an_id(number), division_code=PLACES[number % 2]) for number in numbers]
    return file_of(feed, given)


def zipped(first: bytes, second: bytes) -> bytes:
    return zip_file({"甲": first, "乙": second})


def deliveries(what: str) -> list[tuple[str, bytes]]:
    """Name and content of each delivery of a series, one a day."""
    feed = SERIES[what]
    first, second, corrected = part(feed, 1, 2), part(feed, 3, 4), part(feed, 3, 6)
    name = f"{feed}_990121_20250630"
    match what:
        case "one member corrected, the other unchanged":
            return [(name, zipped(first, second)), (name, zipped(first, corrected))]
        case "the same, where only the day of arrival dates it":
            return [("松岭县", zipped(first, second)), ("松岭县", zipped(first, corrected))]
        case "one member corrected so that it cannot be used":
            return [(name, zipped(first, second)), (name, zipped(first, b""))]
        case "one member corrected twice, the other useless from then on":
            useless = file_of(feed, [row(feed, 3)], {"person_name": None})
            corrections = [part(feed, 1, 6), part(feed, 1, 8)]
            return [(name, zipped(first, second)), *((name, zipped(each, useless)) for each in corrections)]
        case "a whole archive again after a correction":
            return [(name, zipped(first, second)), (name, corrected), (f"{name} (2)", zipped(first, second))]
        case _:
            return [(name, first), (name, corrected), (f"{name} (2)", first)]


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> duckdb.DuckDBPyConnection:
    """All series delivered to one county, and what was built of it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("safetynet.ingest.validate", lambda *_, **__: [])
        county = County(tmp_path_factory.mktemp("again"))
        for day in range(3):
            patch.setattr(landing, "now", lambda day=day: datetime(2025, 7, 1 + day, 2, tzinfo=UTC))
            for what, feed in SERIES.items():
                for name, content in deliveries(what)[day : day + 1]:
                    county.put(feed, name, content)
            county.take_in()
        build.build(county.home, county.store, build.target(county.home, county.store))
        opened = duckdb.connect()
        for name, path in (("current", county.home.current), ("restricted", county.home.restricted)):
            opened.execute(f"ATTACH {literal(str(path))} AS {name} (READ_ONLY)")
        return opened


@pytest.mark.parametrize(
    ("what", "numbers"),
    zip(SERIES, [[1, 2, 3, 6], [1, 2, 3, 6], [1, 2, 3, 4], [1, 3, 4, 8], [3, 6], [3, 6]], strict=True),
)
def test_parts_of_one_delivery_stand_together(
    warehouse: duckdb.DuckDBPyConnection, what: str, numbers: list[int]
) -> None:
    query = """
        SELECT id_number
        FROM current.marts.bridge_source_record JOIN restricted.restricted.person_identity USING (person_key)
        WHERE feed = ? AND valid_to IS NULL ORDER BY 1
    """
    assert warehouse.execute(query, [SERIES[what]]).fetchall() == [(an_id(number),) for number in numbers]
