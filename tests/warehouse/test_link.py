"""Records without a usable number: linked on evidence, left to a person, or decided."""

from __future__ import annotations

import traceback
from datetime import date
from typing import Any

import duckdb
import pytest

from safetynet.demo import id_number
from safetynet.identify.score import ScoringFailed, score
from warehouse.small_warehouse import Drop, an_id

MAY, JUNE = "2025-05-31", "2025-06-30"


def born(number: int) -> str:
    return f"19{50 + number % 50}0{1 + number % 9}{10 + number % 19}"


def number(of: int) -> str:
    return an_id(of, born(of))


SURNAMES = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许"
GIVEN = "国建志德永文明忠正少世光天宇俊浩子泽博嘉"


def name(of: int) -> str:
    return SURNAMES[of % 20] + GIVEN[of // 20 % 20] + GIVEN[(of // 20 * 3 + of) % 20]


def village(of: int) -> str:
    return f"9901211002{of % 20:02d}"


def member(of: int, **more: Any) -> dict[str, Any]:
    row = {
        "person_name": name(of),
        "id_number": number(of),
        "household_code": f"H{of // 4}",
        "division_code": village(of),
    }
    row |= {
        "household_code": f"H{of // 4}",
        "relation_to_head": "其他",
        "household_type": "一般农户",
        "per_capita_net_income": 9000,
    }
    return row | more


def bill(of: int, damaged: str | None, **more: Any) -> dict[str, Any]:
    row = {"person_name": name(of), "id_number": None, "id_number_damaged": damaged, "division_code": village(of)}
    return row | {"settlement_id": f"S{of}", "visit_type": "住院", "total_cost": 10, "out_of_pocket": 10} | more


def swapped(of: int, at: int) -> str:
    """The number with the digits at a place and after it changed; they differ."""
    text = number(of)
    assert text[at] != text[at + 1]
    return text[:at] + text[at + 1] + text[at] + text[at + 2 :]


def swapped_text(text: str, at: int) -> str:
    return text[:at] + text[at + 1] + text[at] + text[at + 2 :]


DAMAGES = {
    1: swapped(1, 9),
    2: number(2)[:15] + "000",
    3: number(3)[:17],
    4: str(int(float(number(4)))) if number(4)[-1] != "X" else number(4)[:14],
    5: number(5)[:14] + ("1" if number(5)[14] != "1" else "2") + number(5)[15:],
}
"""Settlements of persons 1 to 5, each with a number that another slip has damaged."""


CUT = next(of for of in range(40, 198) if id_number.is_valid(number(of)[:15] + "000"))
"""Somebody of whose number a spreadsheet leaves one that is valid by chance."""


def fill(drop: Drop) -> None:
    """200 persons in the registry of May, and settlements in June whose numbers are damaged."""
    twin = {"person_name": "欧阳俊", "division_code": village(198)}
    twins = [member(198, **twin), member(199, **twin, household_code="H77")]
    drop.batch("registry_member", MAY, [member(of) for of in range(198)] + twins)
    drop.batch(
        "health_settlement",
        "2025-06-10",
        [bill(of, damaged) for of, damaged in DAMAGES.items()]
        + [
            bill(6, None),  # 9: name and village alone, and nobody else bears the name
            bill(198, None, person_name="欧阳俊"),  # 10: two of that name
            bill(7, number(7)[:15] + "000", person_name="司马光明"),  # 11: another name
            bill(8, number(8)[:15] + "000", person_name=name(8)[:2] + "雯"),  # 12: a slip in the name as well
            bill(9, number(9)[:15] + "000", division_code=village(10)),  # 13: in another village
            bill(CUT, None, id_number=number(CUT)[:15] + "000"),  # 14
        ],
    )


def unknown(**more: Any) -> dict[str, Any]:
    """A row about somebody without a number whom nobody else tells of."""
    return {"person_name": "慕容清", "id_number": None, "division_code": village(3)} | more


def fill_strangers(drop: Drop) -> None:
    """Rows about people whom no number and no registry tells of."""
    digits = number(190)[:6] + "20150301" + "9999"
    other = digits[:10] + "0911" + digits[14:]
    drop.batch(
        "health_chronic_disease",
        JUNE,
        [
            unknown(disease="高血压", id_number_damaged=digits),  # 4
            unknown(disease="糖尿病", id_number_damaged=swapped_text(digits, 8)),  # 5
            unknown(disease="高血压", id_number_damaged=other[:6] + "19500911" + "7777"),  # 6: somebody else
            unknown(disease="高血压", division_code=village(9)),  # 7: name alone
        ],
    )
    drop.batch("health_major_illness", JUNE, [unknown(illness="肺癌", id_number_damaged=digits)])


@pytest.fixture(scope="module")
def built(module_drop: Drop) -> duckdb.DuckDBPyConnection:
    fill(module_drop)
    fill_strangers(module_drop)
    return module_drop.build(JUNE)


def key_of(built: duckdb.DuckDBPyConnection, of: int) -> str:
    query = "select person_key from restricted.restricted.person_identity where id_number = ?"
    ((key,),) = built.execute(query, [number(of)]).fetchall()
    return str(key)


def settlement(built: duckdb.DuckDBPyConnection, row: int) -> tuple[str, str, float | None, str | None]:
    """Person key, match method and probability, and own key of a row."""
    query = """
        select person_key, match_method, match_probability, own_person_key
        from marts.bridge_source_record where feed = 'health_settlement' and row_number = ?
    """
    (found,) = built.execute(query, [row]).fetchall()
    return found


@pytest.mark.parametrize(("row", "of"), [*zip(range(4, 9), DAMAGES, strict=True), (9, 6), (12, 8), (13, 9), (14, CUT)])
def test_a_damaged_number_and_a_name_lead_to_the_person(built: duckdb.DuckDBPyConnection, row: int, of: int) -> None:
    key, method, probability, own = settlement(built, row)
    assert (key, method) == (key_of(built, of), "linked")
    assert probability is not None and probability >= 0.99
    assert own is not None and own != key


@pytest.mark.parametrize("row", [10, 11])
def test_what_may_be_another_is_a_person_of_its_own(built: duckdb.DuckDBPyConnection, row: int) -> None:
    key, method, probability, own = settlement(built, row)
    assert (method, probability, own) == ("none", None, None)
    assert key not in {key_of(built, of) for of in (7, 198, 199)}


def test_rows_of_somebody_unknown_are_one_person_where_the_evidence_is_strong(
    built: duckdb.DuckDBPyConnection,
) -> None:
    found = built.execute("""
        select feed, row_number, person_key, match_method from marts.bridge_source_record
        where feed in ('health_chronic_disease', 'health_major_illness')
    """).fetchall()
    keys = {(feed, row): key for feed, row, key, _ in found}
    one = {keys["health_chronic_disease", 4], keys["health_chronic_disease", 5], keys["health_major_illness", 4]}
    assert len(one) == 1
    assert len({keys["health_chronic_disease", row] for row in (4, 6, 7)}) == 3
    assert sorted(method for *_, method in found) == ["linked", "linked", "none", "none", "none"]


def test_a_near_second_goes_to_review_in_words_without_values(built: duckdb.DuckDBPyConnection) -> None:
    query = "select row_number, other_person_key, doubt, comparison_zh, comparison_en from quality.link_review"
    (review,) = built.execute(query).fetchall()
    assert review[0] == 10
    assert review[1] in {key_of(built, 198), key_of(built, 199)}
    assert review[2] == "another_is_near"
    assert "姓名相同" in review[3] and "same name" in review[4]
    assert not any(character.isdigit() or character in name(198) for character in review[3])


def test_the_database_keeps_nothing_of_the_scoring(built: duckdb.DuckDBPyConnection) -> None:
    query = "select table_name from information_schema.tables where table_name like '%splink%' or table_name = 'broken'"
    assert built.execute(query).fetchall() == []


def test_decisions_make_undo_and_merge(drop: Drop) -> None:
    fill(drop)
    care = [
        {"person_name": name(of), "id_number": number(of), "division_code": village(of), "disease": disease}
        for of, disease in ((30, "高血压"), (30, "糖尿病"), (31, "高血压"))
    ]
    cared = drop.batch("health_chronic_disease", JUNE, care)
    first = drop.build(JUNE)
    linked, own = settlement(first, 4)[0], settlement(first, 4)[3]
    doubtful = settlement(first, 10)[0]
    pairs = [
        (linked, own, "不是同一人"),
        (doubtful, key_of(first, 199), "同一人"),
        (key_of(first, 20), key_of(first, 21), "同一人"),
        (key_of(first, 20), key_of(first, 22), "同一人"),
        (key_of(first, 20), f"p_{0:024x}", "同一人"),
    ]
    kept_30, kept_31 = key_of(first, 30), key_of(first, 31)
    rows = [(kept_30, kept_30, "不是同一人", 4), (kept_31, kept_30, "同一人", 6), (kept_31, kept_30, "同一人", 99)]
    kept = key_of(first, 20), key_of(first, 21), key_of(first, 199)
    first.close()

    def decided(rows: list[tuple[str | None, str | None, str]], on: str) -> list[dict[str, Any]]:
        return [
            {"person_key": one, "other_person_key": other, "decision": told, "decided_on": on, "decided_by": "审核员"}
            for one, other, told in rows
        ]

    drop.batch("link_decision", JUNE, decided(pairs, "2025-06-20"))
    singly = decided([row[:3] for row in rows], "2025-06-20")
    singly = [row | {"source_row": f"{cared}/{of}"} for row, (*_, of) in zip(singly, rows, strict=True)]
    drop.batch("link_decision", JUNE, singly)
    again = [(key_of_22, key_of_20, "不是同一人") for key_of_20, key_of_22, _ in [pairs[3]]]
    drop.batch("link_decision", JUNE, decided(again, "2025-06-25"))
    then = drop.build(JUNE)
    assert settlement(then, 4)[:2] == (own, "none")
    assert settlement(then, 10)[:3] == (kept[2], "linked", 1.0)
    merged = then.execute(
        "select person_key, match_method, own_person_key from marts.bridge_source_record"
        " where feed = 'registry_member' and row_number in (24, 25, 26) order by row_number"
    ).fetchall()
    assert [row[0] for row in merged[:2]] == [merged[0][0]] * 2
    assert merged[2][0] != merged[0][0]
    assert {merged[0][0], merged[0][2] or merged[1][2]} == {kept[0], kept[1]}
    care_rows = then.execute(
        "select person_key, match_method from marts.bridge_source_record"
        " where feed = 'health_chronic_disease' order by row_number"
    ).fetchall()
    (apart, _), *others = care_rows
    assert apart not in {kept_30, kept_31} and care_rows[0][1] == "none"
    assert others == [(kept_30, "id_number"), (kept_30, "linked")]
    history = then.execute("select * from marts.person_key_history order by all").fetchall()
    day = date(2025, 6, 20)
    former = ({kept[0], kept[1]} - {merged[0][0]}).pop()
    assert set(history) == {
        (linked, own, "split", day, "decision"),
        (doubtful, kept[2], "merge", day, "decision"),
        (former, merged[0][0], "merge", day, "decision"),
        (kept_30, apart, "split", day, "decision"),
    }
    assert then.execute("select count(*) from quality.link_review").fetchall() == [(0,)]
    told = "select row_number, column_name from quality.finding where finding = 'no_such_person'"
    assert sorted(then.execute(told).fetchall()) == [(6, "person_key"), (8, "person_key")]


def test_a_failure_of_the_scoring_tells_no_value() -> None:
    with duckdb.connect() as connection:
        rows = connection.sql("select 1 as unique_id, 2 as person_id, '萧龙' as person_name, false as is_linked")
        with pytest.raises(ScoringFailed) as failed:
            score(connection, rows, rows)
        assert "萧" not in "".join(traceback.format_exception(failed.value))
        assert connection.execute("select count(*) from information_schema.tables").fetchall() == [(0,)]


def test_a_key_changes_only_by_a_merge_that_is_told(drop: Drop) -> None:
    drop.batch("registry_member", MAY, [member(of) for of in range(100)])
    drop.batch("health_settlement", MAY, [bill(150, swapped(150, 15)), bill(151, swapped(151, 15))])
    early = drop.build(MAY)
    alone = {row: settlement(early, row)[0] for row in (4, 5)}
    early.close()
    drop.batch("registry_member", JUNE, [member(of) for of in range(151)])
    late = drop.build(JUNE)
    assert settlement(late, 4)[:2] == (key_of(late, 150), "linked")
    assert settlement(late, 5)[:2] == (alone[5], "none")
    history = late.execute("select * from marts.person_key_history").fetchall()
    assert history == [(alone[4], key_of(late, 150), "merge", date(2025, 6, 30), "data")]


def test_who_is_linked_to_nobody_keeps_the_key_from_snapshot_to_snapshot(drop: Drop) -> None:
    """Two of one name in a household, told apart by sex; a pupil without an anchor, by what is left of the number."""
    members = [
        member(1, id_number=None, sex="男"),
        member(1, id_number=None, sex="女"),
        member(2, id_number=None, sex="男"),
    ]
    pupil = {"person_name": name(3), "division_code": village(3), "id_number_damaged": swapped(3, 9)}
    pupil |= {"school_term": "2024-2025-2", "enrollment_status": "在读"}
    for month in (MAY, JUNE):
        drop.batch("registry_member", month, members)
        drop.batch("education_enrollment", month, [pupil])
    drop.batch("registry_member", "2025-07-31", [*members, member(2, id_number=None, sex="女")])
    built = drop.build("2025-07-31")
    keys = built.execute("""
        select as_of, feed, row_number, person_key from working.identity.person_record order by all
    """).fetchall()
    by_month: dict[str, dict[tuple[str, int], str]] = {}
    for day, feed, row, key in keys:
        by_month.setdefault(day.isoformat(), {})[feed, row] = key
    assert by_month[MAY] == by_month[JUNE]
    assert len(set(by_month[MAY].values())) == 4
    july = by_month["2025-07-31"]
    assert {at: july[at] for at in july if at in by_month[MAY]}.items() <= by_month[MAY].items()
    assert july["registry_member", 7] not in by_month[MAY].values()
    history = built.execute("select person_key, kind, changed_on, cause from marts.person_key_history").fetchall()
    assert history == [(by_month[MAY]["registry_member", 6], "split", date(2025, 7, 31), "data")]
