"""The story of a household, as the command prints it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import date

import duckdb
import pytest

from safetynet.home import Home
from safetynet.warehouse.explain import explain
from warehouse.small_warehouse import VILLAGE, Drop, an_id

HEAD, CHILD, STRANGER = ("欧阳甲", an_id(1)), ("司马甲", an_id(2, "20150501")), ("诸葛外", an_id(3))
NUMBERED = ("公孙丙", an_id(4))
"""Head of a household that is numbered by his id number."""
Tell = Callable[[str], str]


@pytest.fixture(scope="module")
def home(module_drop: Drop) -> Home:
    """The home of a warehouse of three households, one of which has left the registry in May."""

    def member(who: tuple[str, str], code: str, relation: str = "户主") -> dict[str, object]:
        return {
            "person_name": who[0],
            "id_number": who[1],
            "division_code": VILLAGE,
            "household_code": code,
            "household_type": "一般农户",
            "relation_to_head": relation,
            "per_capita_net_income": 5000,
            "phone": "13800000000",
        }

    module_drop.policy = [("monitoring_line", "", "all", date(2021, 1, 1), None, 6000.0, "yuan", False)]
    family = [member(HEAD, "H1"), member(CHILD, "H1", "之子")]
    numbered = member(NUMBERED, NUMBERED[1])
    module_drop.batch("registry_member", "2025-04-30", [*family, member(STRANGER, "H2"), numbered])
    with module_drop.build("2025-04-30") as warehouse:
        ((signal,),) = warehouse.sql(
            "select signal_id from marts.risk_signal where household_code = 'H1' and rule_id = 'INC_BELOW_LINE'"
        ).fetchall()
    module_drop.batch("registry_member", "2025-05-31", [*family, numbered])
    illness = {"person_name": CHILD[0], "id_number": CHILD[1], "division_code": VILLAGE, "illness": "儿童白血病"}
    illness |= {"treatment_status": "未救治", "hospital_name": "松岭县人民医院"}
    module_drop.batch("health_major_illness", "2025-05-31", [illness])
    answer = {"signal_id": signal, "household_code": "H1", "verified_on": date(2025, 5, 10), "finding": "属实"}
    other = {"signal_id": "s_1", "household_code": NUMBERED[1], "verified_on": date(2025, 5, 11), "finding": "属实"}
    module_drop.batch(
        "verification_result",
        "2025-05-31",
        [answer | {"verified_by": "赵干部", "note": "房屋漏雨"}, other | {"verified_by": "钱干部"}],
    )
    module_drop.build("2025-05-31").close()
    root = module_drop.folder / "home"
    home = Home(root, root / "inbox", root / "reference")
    home.current.parent.mkdir(parents=True)
    shutil.copy(module_drop.built("current"), home.current)
    shutil.copy(module_drop.built("restricted"), home.restricted)
    for kind in ("lake", "marks"):
        shutil.copytree(module_drop.folder / "inputs" / kind, root / kind)
    return home


@pytest.fixture
def tell(home: Home, capsys: pytest.CaptureFixture[str]) -> Tell:
    """Tells the story of a household code."""

    def told(code: str) -> str:
        assert explain(home, code) == 0
        return capsys.readouterr().out

    return told


def test_members_stand_with_what_a_visitor_needs(tell: Tell) -> None:
    story = tell("H1")
    assert f"欧阳甲 · 户主 · 1980-01-01 · {HEAD[1]} · 13800000000" in story
    assert f"司马甲 · 之子 · 2015-05-01 · {CHILD[1]}" in story
    assert STRANGER[0] not in story and STRANGER[1] not in story


def test_signals_explain_themselves_in_both_languages_with_their_rows(tell: Tell) -> None:
    story = tell("H1")
    assert "家庭人均纯收入 5,000.00 元，低于监测线 6,000.00 元。" in story
    assert "Net income of 5,000.00 yuan a head is below the line of 6,000.00 yuan." in story
    assert "registry_member_2025-05-31.csv 第 4 行 row 4" in story
    assert "2025-05-10 入户核查：属实 checked at the door on 2025-05-10: 属实" in story
    assert "待核查 open · 大病未救治 · Major illness untreated · 司马甲" in story


def test_guarantees_say_what_is_unknown(tell: Tell) -> None:
    story = tell("H1")
    assert "收入 income: 未保障 not secured" in story
    assert "医疗 medical care: 未保障 not secured" in story
    assert "饮水 water: 未知（没有该部门的数据） unknown (no data of the department)" in story


def test_departments_and_the_door_are_heard_with_file_and_row(tell: Tell) -> None:
    story = tell("H1")
    assert "2025-05-31 · 司马甲 · health_major_illness_2025-05-31.csv 第 4 行 row 4" in story
    assert "病种名称 illness: 儿童白血病" in story
    assert "核查人 verified_by: 赵干部" in story and "备注 note: 房屋漏雨" in story


def test_a_household_numbered_by_its_head_is_asked_for_by_what_stands_for_its_code(home: Home, tell: Tell) -> None:
    with duckdb.connect(str(home.current), read_only=True) as current:
        query = "select household_code from marts.dim_household where household_code not in ('H1', 'H2')"
        ((code,),) = current.execute(query).fetchall()
    assert code.startswith("c_")
    story = tell(code)
    assert NUMBERED[0] in story and "核查人 verified_by: 钱干部" in story
    assert "赵干部" not in story


def test_who_has_left_the_registry_is_still_told_of(tell: Tell) -> None:
    story = tell("H2")
    assert "自 2025-05-31 起名册中已没有这户" in story and "Not in the register since 2025-05-31" in story
    assert STRANGER[0] in story
    assert "已消除 resolved · 人均纯收入低于监测线" in story


def test_an_unknown_code_is_told_and_fails(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    assert explain(home, "H3") == 1
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err == "没有这个户编号的家庭。 No household has this code.\n"


def test_without_a_warehouse_it_says_what_to_do(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    empty = Home(home.root / "empty", home.inbox, home.reference)
    assert explain(empty, "H1") == 1
    assert "make run" in capsys.readouterr().err
