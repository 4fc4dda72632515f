"""People and signals out of a warehouse that has indicators and a history, and out of one that has neither."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import duckdb
import pytest

from clerk import DIVISIONS
from safetynet.home import Home
from safetynet.pages import warehouse
from safetynet.pages.people import view
from safetynet.pages.warehouse import NoWarehouse

AS_OF = date(2025, 6, 30)
COUNTY, TOWN, OTHER_TOWN, EAST, WEST = "990121000000", "990121100000", "990121101000", "990121100201", "990121100202"


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A home whose warehouse has divisions and two rules, and nothing that holds."""
    home = Home(tmp_path, tmp_path / "inbox", tmp_path / "reference")
    home.current.parent.mkdir(parents=True)
    (tmp_path / "divisions.csv").write_text(DIVISIONS, encoding="utf-8")
    with duckdb.connect(str(home.current)) as connection:
        connection.execute("CREATE SCHEMA marts")
        connection.execute(
            "CREATE TABLE marts.dim_division AS SELECT division_code, name, level, parent_code "
            f"FROM read_csv('{tmp_path / 'divisions.csv'}', all_varchar = true)"
        )
        connection.execute(
            "CREATE TABLE marts.rule AS SELECT * FROM (VALUES ('HOU_UNSAFE', '危房', 'Unsafe', 'high'), "
            "('WAT_UNSAFE', '饮水', 'Water', 'medium')) AS t(rule_id, title_zh, title_en, severity)"
        )
        connection.execute(
            "CREATE TABLE marts.risk_signal "
            "(rule_id VARCHAR, division_code VARCHAR, first_detected_on DATE, status VARCHAR)"
        )
    return home


def signals(home: Home, rule: str, division: str, since: str, status: str, count: int) -> None:
    """Signals that hold."""
    with duckdb.connect(str(home.current)) as connection:
        connection.execute(
            "INSERT INTO marts.risk_signal SELECT ?, ?, CAST(? AS DATE), ? FROM range(?)",
            [rule, division, since, status, count],
        )


def history(home: Home, *rows: tuple[str, str | None, str, str | None, int]) -> None:
    """signal_history: (opened on, ended on, status, finding, how many)."""
    with duckdb.connect(str(home.current)) as connection:
        connection.execute(
            "CREATE TABLE marts.signal_history (rule_id VARCHAR, division_code VARCHAR, opened_on DATE, ended_on DATE, "
            "status VARCHAR, finding VARCHAR)"
        )
        for opened, ended, status, finding, count in rows:
            connection.execute(
                "INSERT INTO marts.signal_history "
                "SELECT 'HOU_UNSAFE', ?, CAST(? AS DATE), CAST(? AS DATE), ?, ? FROM range(?)",
                [EAST, opened, ended, status, finding, count],
            )


def indicators(home: Home, *rows: tuple[str, str, int, int | None]) -> None:
    """division_indicator: (division, indicator, numerator, denominator)."""
    with duckdb.connect(str(home.current)) as connection:
        connection.execute(
            "CREATE TABLE marts.indicator AS SELECT * FROM (VALUES "
            "('monitored_persons', '监测人数', 'Monitored', false, 'type', '', ''), "
            "('guarantee_rate', '保障率', 'Guarantees', true, 'domain', '', ''), "
            "('delivery_rate', '报送率', 'Deliveries', true, 'department', '', '')) "
            "AS t(indicator, title_zh, title_en, is_rate, category_is, meaning_zh, meaning_en)"
        )
        connection.execute(
            "CREATE TABLE marts.division_indicator (division_code VARCHAR, indicator VARCHAR, category VARCHAR, "
            "numerator BIGINT, denominator BIGINT)"
        )
        connection.executemany("INSERT INTO marts.division_indicator VALUES (?, ?, NULL, ?, ?)", list(rows))


def test_without_a_warehouse_there_is_nothing_to_see(tmp_path: Path) -> None:
    with pytest.raises(NoWarehouse):
        view(Home(tmp_path, tmp_path, tmp_path), None, AS_OF)


def test_the_first_place_is_the_smallest_that_holds_all_others(home: Home) -> None:
    seen = view(home, None, AS_OF)
    assert seen is not None
    assert [each["name"] for each in seen.place.path] == ["云岭省", "青溪市"]
    assert [each["name"] for each in seen.place.children] == ["松岭县", "柏岭县"]
    assert (seen.has_indicators, seen.has_history) == (False, False)


def test_without_indicators_open_signals_are_told_by_division_and_small_ones_are_not(home: Home) -> None:
    signals(home, "HOU_UNSAFE", EAST, "2025-06-01", "open", 8)
    signals(home, "HOU_UNSAFE", WEST, "2025-06-01", "open", 3)
    signals(home, "WAT_UNSAFE", "990121101201", "2025-06-01", "open", 20)
    signals(home, "WAT_UNSAFE", TOWN, "2025-06-01", "dismissed", 7)
    county, town = view(home, COUNTY, AS_OF), view(home, TOWN, AS_OF)
    assert county is not None and town is not None
    (indicator,) = county.indicators
    assert {code: indicator.value(code) for code in (COUNTY, TOWN, OTHER_TOWN)} == {
        COUNTY: 31,
        TOWN: 11,
        OTHER_TOWN: 20,
    }
    (indicator,) = town.indicators
    assert {code: indicator.value(code) for code in (TOWN, EAST, WEST)} == {TOWN: 11, EAST: None, WEST: None}


def test_indicators_are_counts_and_rates_of_a_division_and_of_those_in_it(home: Home) -> None:
    indicators(
        home,
        *((code, "monitored_persons", count, None) for code, count in ((COUNTY, 60), (TOWN, 40), (OTHER_TOWN, 20))),
        (COUNTY, "guarantee_rate", 150, 200),
        (TOWN, "guarantee_rate", 98, 100),
        (OTHER_TOWN, "guarantee_rate", 52, 100),
        *((code, "delivery_rate", 7, 8) for code in (COUNTY, TOWN, OTHER_TOWN)),
    )
    seen = view(home, COUNTY, AS_OF)
    assert seen is not None
    told = {
        indicator.name: {code: indicator.value(code) for code in (COUNTY, TOWN, OTHER_TOWN)}
        for indicator in seen.indicators
    }
    assert told == {
        "monitored_persons": {COUNTY: 60, TOWN: 40, OTHER_TOWN: 20},
        "guarantee_rate": {COUNTY: 0.75, TOWN: None, OTHER_TOWN: None},
        "delivery_rate": {COUNTY: 0.875, TOWN: 0.875, OTHER_TOWN: 0.875},
    }


def test_who_is_counted_in_a_division_and_in_none_of_it_is_a_cell_too(home: Home) -> None:
    indicators(
        home, *((code, "monitored_persons", n, None) for code, n in ((COUNTY, 52), (TOWN, 30), (OTHER_TOWN, 20)))
    )
    seen = view(home, COUNTY, AS_OF)
    assert seen is not None
    assert [seen.indicators[0].value(code) for code in (COUNTY, TOWN, OTHER_TOWN)] == [52, 30, None]


def test_signals_by_rule_at_the_end_of_each_month(home: Home) -> None:
    history(
        home,
        ("2025-01-10", None, "open", None, 10),
        ("2025-02-10", "2025-04-20", "resolved", "已解决", 6),
        ("2025-06-30", None, "verified", "属实", 7),
        ("2025-01-10", None, "dismissed", "不属实", 9),
    )
    seen = view(home, TOWN, AS_OF)
    assert seen is not None
    rule = next(each for each in seen.rules if each.rule_id == "HOU_UNSAFE")
    assert seen.month_ends[-2:] == [date(2025, 5, 31), AS_OF]
    assert rule.months == [0] * 6 + [10, 16, 16, 10, 10, 17]
    assert (rule.open, rule.verified, rule.dismissed) == (10, 13, 9)
    assert next(each for each in seen.rules if each.rule_id == "WAT_UNSAFE").months == [0] * 12


def test_the_funnel_from_signal_to_removal(home: Home) -> None:
    history(
        home,
        ("2025-01-10", None, "open", None, 20),
        ("2025-01-10", None, "dismissed", "不属实", 5),
        ("2025-01-10", None, "verified", "属实", 6),
        ("2025-02-10", "2025-04-20", "resolved", "已解决", 4),
    )
    seen = view(home, None, AS_OF)
    assert seen is not None
    assert seen.funnel == [("raised", 35), ("answered", 15), ("verified", 10), ("removed", None)]


def test_a_signal_outside_every_division_is_counted_for_all_of_them_together(home: Home) -> None:
    with duckdb.connect(str(home.current)) as connection:
        connection.execute(
            "INSERT INTO marts.risk_signal SELECT 'HOU_UNSAFE', NULL, DATE '2025-06-01', 'open' FROM range(9)"
        )
    seen = view(home, COUNTY, AS_OF)
    assert seen is not None and seen.funnel[0] == ("raised", 0)


def test_a_build_may_switch_the_file_while_pages_are_read(home: Home, tmp_path: Path) -> None:
    signals(home, "HOU_UNSAFE", EAST, "2025-06-01", "open", 8)
    with warehouse.warehouse(home):
        draft = tmp_path / "draft.duckdb"
        draft.write_bytes(home.current.read_bytes())
        with duckdb.connect(str(draft)) as connection:
            connection.execute("DELETE FROM marts.risk_signal")
        draft.replace(home.current)
    seen = view(home, COUNTY, AS_OF)
    assert seen is not None and seen.funnel[0] == ("raised", 0)


def test_the_counts_of_a_rule_give_nothing_away_to_who_walks_the_tree(home: Home) -> None:
    signals(home, "HOU_UNSAFE", EAST, "2025-06-01", "open", 3)
    signals(home, "HOU_UNSAFE", WEST, "2025-06-01", "open", 8)
    signals(home, "HOU_UNSAFE", "990121101201", "2025-06-01", "open", 40)
    told = {}
    for code in (TOWN, EAST, WEST, OTHER_TOWN):
        seen = view(home, code, AS_OF)
        assert seen is not None
        rule = next(each for each in seen.rules if each.rule_id == "HOU_UNSAFE")
        told[code] = (rule.open, rule.months[-1], seen.funnel[0][1])
    assert told == {
        TOWN: (11, 11, 11),
        EAST: (None, None, None),
        WEST: (None, None, None),
        OTHER_TOWN: (40, 40, 40),
    }
