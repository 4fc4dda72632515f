"""What becomes of a row: feeds.md, line by line."""

from __future__ import annotations

import pytest

from clerk import OTHER_VILLAGE, Row, an_id, csv_file, row, rows, table, titled, xlsx_file
from county import County
from safetynet.publish import ledger

FEED = "health_chronic_disease"
BAD_ID = an_id(1)[:17] + "A"

pytestmark = pytest.mark.usefixtures("unexamined")


def test_what_is_wrong_with_a_row_decides_what_becomes_of_it(county: County) -> None:
    cases: list[tuple[Row, str, set[tuple[str | None, str]]]] = [
        (row(FEED, 2), "accepted", set()),
        (row(FEED, 3, id_number=BAD_ID), "accepted", {("id_number", "no_id_number")}),
        (
            row(FEED, 4, id_number=BAD_ID, division_code=""),
            "quarantined",
            {("id_number", "no_identity"), ("id_number", "no_id_number")},
        ),
        (row(FEED, 5, id_number=""), "accepted", set()),
        (
            row(FEED, 6, id_number="", person_name=" "),
            "quarantined",
            {("id_number", "no_identity"), ("person_name", "blank")},
        ),
        (row(FEED, 7, person_name=""), "accepted", set()),
        (row(FEED, 8, person_name="", division_code=""), "accepted", set()),
        (row(FEED, 9, disease=""), "quarantined", {("disease", "blank")}),
        (row(FEED, 10, disease="感冒"), "quarantined", {("disease", "not_a_listed_value")}),
        (
            row(FEED, 11, disease="感冒", contract_status="", control_status="好"),
            "quarantined",
            {
                ("disease", "not_a_listed_value"),
                ("contract_status", "blank"),
                ("control_status", "not_a_listed_value"),
            },
        ),
        (row(FEED, 12, last_follow_up_on="2025-02-30"), "accepted", {("last_follow_up_on", "no_date")}),
        (row(FEED, 13, last_follow_up_on="2025-07-01"), "accepted", {("last_follow_up_on", "after_as_of")}),
        (row(FEED, 14, follow_ups_this_year="三"), "accepted", {("follow_ups_this_year", "no_count")}),
        (row(FEED, 15, division_code="991234"), "accepted", {("division_code", "unknown_division")}),
        (
            row(FEED, 16, division_code="991234", id_number=""),
            "quarantined",
            {("division_code", "unknown_division"), ("id_number", "no_identity")},
        ),
        (row(FEED, 17), "quarantined", {("id_number", "contradicting_key")}),
        (row(FEED, 17, control_status="未达标"), "quarantined", {("id_number", "contradicting_key")}),
        (row(FEED, 18), "accepted", set()),
        (row(FEED, 18), "duplicate", set()),
        (row(FEED, 18, person_name=" 萧壹捌"), "accepted", set()),
        (row(FEED, 19, id_number=""), "accepted", {("person_name", "same_fallback_key")}),
        (row(FEED, 19, id_number="", control_status=""), "accepted", {("person_name", "same_fallback_key")}),
        (row(FEED, 19, id_number="", disease="糖尿病"), "accepted", set()),
        (row(FEED, 19, id_number="", division_code=OTHER_VILLAGE), "accepted", set()),
        (row(FEED, 20), "accepted", {("id_number", "id_number_under_two_names")}),
        (
            row(FEED, 20, person_name="萧改", disease="糖尿病"),
            "accepted",
            {("id_number", "id_number_under_two_names")},
        ),
        (row(FEED, 21, disease=""), "quarantined", {("disease", "blank")}),
        (row(FEED, 21, disease=""), "duplicate", set()),
    ]
    county.deliver(FEED, [given for given, _, _ in cases])
    (outcome,) = county.take_in()
    found = county.lake(outcome)
    assert [each["row_number"] for each in found] == list(range(2, 2 + len(cases)))
    for line, (_, disposition, told) in zip(found, cases, strict=True):
        assert (line["row_number"], line["disposition"]) == (line["row_number"], disposition)
        assert (line["row_number"], set(line["reasons"] + line["findings"])) == (line["row_number"], told)
    assert [line["id_number"] for line in found[1:3]] == [None, None]
    assert [line["id_number_damaged"] for line in found[:3]] == [None, BAD_ID, BAD_ID]
    assert found[5]["person_name"] is None
    assert found[10]["last_follow_up_on"] is None
    assert outcome.counts.duplicate == 2


def test_a_damaged_number_is_no_blank_one_for_duplicates(county: County) -> None:
    county.deliver(FEED, [row(FEED, 1, id_number=BAD_ID), row(FEED, 1, id_number=BAD_ID[:-1] + "B")])
    (outcome,) = county.take_in()
    assert [line["disposition"] for line in county.lake(outcome)] == ["accepted", "accepted"]


def test_the_same_row_with_one_cell_too_many_does_not_displace_the_whole_one(county: County) -> None:
    header, line = table(FEED, [row(FEED, 1)])
    county.put(FEED, "a_20250630.csv", csv_file([header, [*line, "多"], line]))
    (outcome,) = county.take_in()
    assert [each["disposition"] for each in county.lake(outcome)] == ["quarantined", "accepted"]


def test_a_running_number_does_not_tell_rows_apart(county: County) -> None:
    header, line = table(FEED, [row(FEED, 1)])
    county.put(FEED, "a_20250630.csv", csv_file([["序号", *header], ["1", *line], ["2", *line]]))
    (outcome,) = county.take_in()
    assert [each["disposition"] for each in county.lake(outcome)] == ["accepted", "duplicate"]


def test_a_refund_has_a_key_of_its_own(county: County) -> None:
    feed = "health_settlement"
    amounts = {name: f"-{row(feed, 1)[name]}" for name in row(feed, 1) if name.endswith(("paid", "cost", "pocket"))}
    county.deliver(feed, [row(feed, 1), row(feed, 1, **amounts), row(feed, 2), row(feed, 2, total_cost="300")])
    (outcome,) = county.take_in()
    assert [each["disposition"] for each in county.lake(outcome)] == ["accepted"] * 2 + ["quarantined"] * 2
    assert county.lake(outcome)[1]["total_cost"] < 0


def test_two_names_under_one_number_are_two_people(county: County) -> None:
    feed = "registry_member"
    head = row(feed, 1)
    child = row(feed, 1, person_name="陈小雨", relation_to_head="之女")
    county.deliver(feed, [head, child, row(feed, 2), row(feed, 2, per_capita_net_income="9999")])
    (outcome,) = county.take_in()
    assert [each["disposition"] for each in county.lake(outcome)] == ["accepted"] * 2 + ["quarantined"] * 2
    under_two_names = ("id_number", "id_number_under_two_names")
    assert [under_two_names in told for told in county.told(outcome).values()] == [True, True, False, False]


def test_a_required_division_and_a_required_identifier(county: County) -> None:
    feed = "water_household"
    given = [
        row(feed, 1, division_code=""),
        row(feed, 2, division_code="东村"),
        row(feed, 3, project_code="9.9E+17"),
    ]
    county.deliver(feed, [*given, row(feed, 4)])
    (outcome,) = county.take_in()
    assert county.told(outcome) == {
        2: [("division_code", "blank")],
        3: [("division_code", "no_division_code")],
        4: [("project_code", "scientific_notation")],
    }


def test_only_data_rows_count(county: County) -> None:
    feed = "registry_member"
    header, *data = table(feed, rows(feed, 4))
    blank = [""] * len(header)

    def line(*cells: str) -> list[str]:
        return [*cells, *blank[len(cells) :]]

    cells = [
        header,
        data[0],
        line("小计", "1"),
        blank,
        header,
        data[1],
        line("", "", "合 计：2人"),
        data[2],
        line("本页合计", "", "", "3"),
        data[3],
        line("伟溪镇小计", "4"),
        line("总计（户）", "4"),
        line("合计4人"),
        blank,
        line("填表人：李干部", "", "审核人：王干部"),
        line("", "注：本表截至2025年6月30日。"),
        line("单位（盖章）：松岭县"),
        line("", "松岭县农业农村局（盖章）"),
        line("", "", "2025 年 6 月 30 日"),
    ]
    county.put(feed, "a_20250630.xlsx", xlsx_file({"Sheet1": titled(feed, cells, "标题", "导出时间：2025-06-30")}))
    (outcome,) = county.take_in()
    assert [each["row_number"] for each in county.lake(outcome)] == [4, 8, 10, 12]
    assert (outcome.verdict, outcome.counts.received) == ("accepted", 4)


def test_a_child_may_be_younger_than_what_its_household_was_identified_for(county: County) -> None:
    told = {"identified_on": "1970-01-01", "household_code": "A1", "member_count": "2"}
    feed = "registry_member"
    county.deliver(feed, [row(feed, 1, **told), row(feed, 2, **told, relation_to_head="之子")])
    (outcome,) = county.take_in()
    assert county.told(outcome) == {2: [("identified_on", "before_birth")]}


def test_a_note_between_data_is_a_row(county: County) -> None:
    header, *data = table(FEED, rows(FEED, 2))
    note = ["注：以下为新增", *[""] * (len(header) - 1)]
    county.put(FEED, "a_20250630.csv", csv_file([header, data[0], note, data[1], note]))
    (outcome,) = county.take_in()
    assert [(each["row_number"], each["disposition"]) for each in county.lake(outcome)] == [
        (2, "accepted"),
        (3, "quarantined"),
        (4, "accepted"),
    ]


def test_people_whose_names_look_like_totals_stay(county: County) -> None:
    county.deliver(
        FEED,
        [row(FEED, number, person_name=name) for number, name in enumerate(["合计明", "注国", "总", "单位"], 1)],
    )
    (outcome,) = county.take_in()
    assert outcome.counts.accepted == 4


def test_repairs_are_counted_by_column_and_kind(county: County) -> None:
    given = [
        row(FEED, 1, id_number=f" {an_id(1)}", contracted_on="2025/1/9"),
        row(FEED, 2, id_number=f"'{an_id(2)}", contracted_on="2025年1月9日", person_name="萧 零贰"),
        row(FEED, 3, id_number=BAD_ID, disease="高血压病"),
        row(FEED, 4, disease="感冒", contracted_on="20250109"),
    ]
    county.deliver(FEED, given)
    county.take_in()
    counted = {(each["column_name"], each["repair"]): each["cells"] for each in county.ledger(ledger.repair)}
    assert counted == {
        ("id_number", "outer_blanks"): 1,
        ("id_number", "apostrophe"): 1,
        ("contracted_on", "date_form"): 3,
        ("person_name", "inner_blanks"): 1,
        ("disease", "spelling"): 1,
    }


def test_units_of_a_header_reach_the_lake(county: County) -> None:
    feed = "housing_safety"
    county.deliver(feed, [row(feed, 1, subsidy="1.9")], headers={"subsidy": "补助资金（万元）"})
    (outcome,) = county.take_in()
    assert county.lake(outcome)[0]["subsidy"] == 19_000
