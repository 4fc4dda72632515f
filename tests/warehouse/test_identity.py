"""Who is who: the number decides where the name agrees, else name, village and household or birth date."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest

from warehouse.small_warehouse import VILLAGE, Drop, an_id

MAY, JUNE = "2025-05-31", "2025-06-30"
CHILD = an_id(7, born="20150301")
PUPIL = an_id(8, born="20150401")


def member(name: str | None, number: str | None, household: str = "H1", **more: Any) -> dict[str, Any]:
    row = {"person_name": name, "id_number": number, "household_code": household, "division_code": VILLAGE}
    return row | {"relation_to_head": "其他", "household_type": "一般农户", "per_capita_net_income": 9000} | more


def pupil(name: str, number: str | None, **more: Any) -> dict[str, Any]:
    row = {"person_name": name, "id_number": number, "division_code": VILLAGE, "school_term": "2024-2025-2"}
    return row | {"enrollment_status": "在读"} | more


def ill(name: str | None, number: str | None, village: str | None = VILLAGE) -> dict[str, Any]:
    return {"person_name": name, "id_number": number, "division_code": village, "illness": "肺癌"}


def aid(name: str | None, number: str | None, **more: Any) -> dict[str, Any]:
    row = {"person_name": name, "id_number": number, "division_code": VILLAGE, "certificate_number": "J1"}
    return row | {"month": "2025-06", "payment_status": "在享"} | more


@pytest.fixture(scope="module")
def built(module_drop: Drop) -> duckdb.DuckDBPyConnection:
    drop = module_drop
    drop.batch(
        "registry_member",
        MAY,
        [
            member("萧龙", an_id(1), relation_to_head="户主", phone="13900000001"),
            member("萧小月", CHILD),
            member("石磊", an_id(9), "H9", relation_to_head="户主"),
        ],
    )
    drop.batch(
        "registry_member",
        JUNE,
        [
            member("萧龙", an_id(1), relation_to_head="户主", phone="13900000002"),  # 4
            member("萧小月", an_id(1)),  # 5: the child with the parent's number
            member("袁文", None),  # 6: nobody with a number bears that name
            member("石磊", an_id(9), "H9", relation_to_head="户主"),  # 7
            member("石磊", None, "H9"),  # 8: a namesake in one household
            member("江梅", an_id(3), "H3", relation_to_head="户主"),  # 9: in two households
            member("江梅", an_id(3), "H4"),  # 10
            member("阿依古丽·买买提", an_id(4), "H5", relation_to_head="户主"),  # 11
            member(None, an_id(5), "H6", relation_to_head="户主"),  # 12: a name left blank
            member("贺春", PUPIL, "H7", relation_to_head="户主"),  # 13
            member("程", an_id(6), "H8", relation_to_head="户主"),  # 14
            member("毛山", an_id(7), "H30", relation_to_head="户主"),  # 15
            member("毛小雨", an_id(7), "H30"),  # 16: under the number of the head
        ],
    )
    drop.batch(
        "education_enrollment",
        JUNE,
        [
            pupil("贺春", None, birth_date=date(2015, 4, 1)),  # 4: name, village and birth date are the pupil's
            pupil("贺春", None, birth_date=date(2014, 4, 1)),  # 5: another birth date
            pupil("萧小月", CHILD),  # 6
            pupil("秦一", None, division_code="990121000000", _reasons=[("stage", "not accepted")]),  # 7
        ],
    )
    drop.batch(
        "health_major_illness",
        JUNE,
        [
            ill("阿依古丽·买买题", an_id(4)),  # 4: one character apart
            ill("买买提", an_id(4)),  # 5: another name
            ill(None, an_id(5)),  # 6
            ill("陈", an_id(6)),  # 7: one character apart, in a name of one
            ill("萧龙", None),  # 8: name and village are not enough
            ill("萧龙", an_id(1), None),  # 9
            ill("白云", an_id(20)),  # 10
            ill("白云", an_id(20)),  # 11
            ill("黑土", an_id(20)),  # 12: outside the registry the most frequent name is the number's
        ],
    )
    drop.batch(
        "civil_assistance",
        JUNE,
        [
            aid("萧龙", an_id(1)),  # 4
            aid("江梅", None, _reasons=[("month", "not accepted")]),  # 5: held back, told by name and village
            aid("萧小月", None),  # 6: unlinked, for name and village are not enough among so few
            aid("石磊", an_id(9), certificate_number="J9", _reasons=[("monthly_amount", "negative")]),  # 7: by number
        ],
        source_file="990121199801011234 13912345678 990121 20250630.csv",
    )
    return drop.build(JUNE)


def person(built: duckdb.DuckDBPyConnection, feed: str, row: int, day: str = JUNE) -> tuple[str, str]:
    """Key and match method of a row."""
    found = built.execute(
        "select person_key, match_method from working.identity.person_record"
        " where feed = ? and row_number = ? and as_of = ?",
        [feed, row, day],
    ).fetchall()
    assert len(found) == 1
    return found[0]


def key_of(built: duckdb.DuckDBPyConnection, number: str) -> str:
    query = "select person_key from restricted.restricted.person_identity where id_number = ?"
    found = built.execute(query, [number]).fetchall()
    assert len(found) == 1
    return str(found[0][0])


def findings(built: duckdb.DuckDBPyConnection, feed: str) -> set[tuple[int, str]]:
    query = "select row_number, finding from quality.finding join quality.batch using (batch_id) where batch.feed = ?"
    return set(built.execute(query, [feed]).fetchall())


@pytest.mark.parametrize(
    ("feed", "row", "number"),
    [
        ("registry_member", 4, an_id(1)),
        ("registry_member", 12, an_id(5)),
        ("health_major_illness", 4, an_id(4)),
        ("health_major_illness", 6, an_id(5)),
        ("health_major_illness", 9, an_id(1)),
        ("health_major_illness", 10, an_id(20)),
        ("education_enrollment", 6, CHILD),
    ],
)
def test_a_number_decides_where_the_name_agrees(
    built: duckdb.DuckDBPyConnection, feed: str, row: int, number: str
) -> None:
    assert person(built, feed, row) == (key_of(built, number), "id_number")


@pytest.mark.parametrize(
    ("feed", "row"), [("health_major_illness", 5), ("health_major_illness", 7), ("health_major_illness", 12)]
)
def test_a_row_of_another_name_is_of_its_own_and_told(built: duckdb.DuckDBPyConnection, feed: str, row: int) -> None:
    key, method = person(built, feed, row)
    assert method == "none"
    assert key not in {key_of(built, an_id(number)) for number in (4, 6, 20)}
    assert (row, "name_disagrees_with_id_number") in findings(built, feed)


def test_a_child_with_the_parents_number_is_found_by_name_village_and_household(
    built: duckdb.DuckDBPyConnection,
) -> None:
    assert person(built, "registry_member", 5) == (key_of(built, CHILD), "linked")
    assert (5, "name_disagrees_with_id_number") in findings(built, "registry_member")
    name = "select person_name from restricted.restricted.person_identity where id_number = ?"
    assert built.execute(name, [an_id(1)]).fetchone() == ("萧龙",)


def test_a_pupil_without_a_number_is_found_by_name_village_and_birth_date(built: duckdb.DuckDBPyConnection) -> None:
    assert person(built, "education_enrollment", 4) == (key_of(built, PUPIL), "linked")
    assert person(built, "education_enrollment", 5)[1] == "none"


@pytest.mark.parametrize(("feed", "row"), [("registry_member", 6), ("registry_member", 8), ("health_major_illness", 8)])
def test_what_is_not_exact_and_unique_is_a_person_of_its_own(
    built: duckdb.DuckDBPyConnection, feed: str, row: int
) -> None:
    key, method = person(built, feed, row)
    assert method == "none"
    query = "select count(*) from working.identity.person_record where person_key = ?"
    assert built.execute(query, [key]).fetchone() == (1,)


def test_a_person_in_two_households_is_one_person_and_told(built: duckdb.DuckDBPyConnection) -> None:
    key = key_of(built, an_id(3))
    assert person(built, "registry_member", 9)[0] == person(built, "registry_member", 10)[0] == key
    query = "select count(distinct household_key) from marts.bridge_source_record where person_key = ?"
    assert built.execute(query, [key]).fetchone() == (2,)
    told = findings(built, "registry_member")
    assert {(9, "person_in_two_households"), (10, "person_in_two_households")} <= told
    assert built.execute("select count(*) from marts.dim_person where person_key = ?", [key]).fetchone() == (1,)


def test_no_key_holds_two_numbers(built: duckdb.DuckDBPyConnection) -> None:
    query = """
        select person_key from working.identity.resolved_mention
        join working.identity.person using (person_id)
        where is_by_number group by person_key having count(distinct resolved_mention.id_number) > 1
    """
    assert built.execute(query).fetchall() == []


def test_doubtful_rows_silence_whom_they_may_mean(built: duckdb.DuckDBPyConnection) -> None:
    query = "select row_number, person_key from working.identity.absence_silence where feed = 'civil_assistance'"
    assert set(built.execute(query).fetchall()) == {
        (5, key_of(built, an_id(3))),
        (6, key_of(built, CHILD)),
        (7, key_of(built, an_id(9))),
    }


def test_dimensions_tell_no_private_value(built: duckdb.DuckDBPyConnection) -> None:
    query = """
        select id_number_masked, person_name_masked, birth_year, age, sex, is_in_registry, first_seen_on, last_seen_on
        from marts.dim_person where person_key = ?
    """
    assert built.execute(query, [key_of(built, an_id(1))]).fetchone() == (
        "990121************",
        "萧*",
        1980,
        45,
        "男",
        True,
        date(2025, 5, 31),
        date(2025, 6, 30),
    )
    phone = "select phone from restricted.restricted.person_identity where id_number = ?"
    assert built.execute(phone, [an_id(1)]).fetchone() == ("13900000002",)
    files = built.execute("select distinct source_file from quality.delivery where feed = 'civil_assistance'")
    assert files.fetchall() == [("* * 990121 20250630.csv",)]


def test_private_values_stay_out_of_current_and_of_what_dbt_wrote(
    built: duckdb.DuckDBPyConnection, module_drop: Drop
) -> None:
    current = module_drop.built("current")
    written = [path for path in (module_drop.folder / "logs").rglob("*") if path.is_file()]
    written += [path for path in module_drop.target.rglob("*") if path.is_file()]
    secret = (module_drop.folder / "home" / "secrets" / "person_key").read_text(encoding="ascii")
    assert len(written) > 100
    for path in [current, *written]:
        content = path.read_bytes()
        for value in (an_id(1), an_id(3), "13900000002", "阿依古丽", secret):
            assert value.encode() not in content, path.name


def test_the_secret_is_private_and_keys_are_opaque(built: duckdb.DuckDBPyConnection, module_drop: Drop) -> None:
    path = module_drop.folder / "home" / "secrets" / "person_key"
    assert path.stat().st_mode & 0o777 == 0o600
    assert re.fullmatch("p_[0-9a-f]{24}", key_of(built, an_id(1)))


def test_keys_are_stable_from_build_to_build_and_differ_by_secret(
    tmp_path: Path, dbt_target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drop = Drop(tmp_path, dbt_target)
    drop.batch("registry_member", MAY, [member("萧龙", an_id(1)), member("袁文", None), member("袁文", None, "H2")])
    query = "select row_number, person_key, household_key from working.identity.person_record order by all"
    first = drop.build(JUNE, select="+person_record").execute(query).fetchall()
    drop.batch("registry_member", JUNE, [member("袁文", None), member("萧龙", an_id(1))])
    later = drop.build(JUNE, select="+person_record").execute(query).fetchall()
    assert set(first) < set(later)
    assert len({key for _, key, _ in later}) == 3
    monkeypatch.setenv("SAFETYNET_KEY_SECRET", "another")
    other = drop.build(JUNE, select="+person_record").execute(query).fetchall()
    assert not {key for _, key, _ in later} & {key for _, key, _ in other}


def test_a_child_under_its_parents_number_stays_in_the_household(built: duckdb.DuckDBPyConnection) -> None:
    parent, child = person(built, "registry_member", 15), person(built, "registry_member", 16)
    assert parent == (key_of(built, an_id(7)), "id_number")
    assert child[0] != parent[0]
    assert (16, "name_disagrees_with_id_number") in findings(built, "registry_member")
    query = (
        "select count(*) from marts.dim_person join marts.dim_household using (household_key) where household_code = ?"
    )
    assert built.execute(query, ["H30"]).fetchone() == (2,)
