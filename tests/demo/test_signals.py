"""The signals of the truth: all rules fire, for a few, and are found again in another way."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import duckdb
import polars as pl
import pytest

from safetynet.demo.signals import RULES, policy

if TYPE_CHECKING:
    from conftest import Drop


def test_every_rule_fires_for_some_and_not_for_most(drop: Drop) -> None:
    found = (
        drop.truth("signal")
        .group_by("rule_id")
        .agg(homes=pl.col("household_code").n_unique(), persons=pl.col("person_id").n_unique())
    )
    assert set(found["rule_id"]) == set(RULES)
    assert max(found["homes"].to_list()) < 0.15 * len(drop.truth("household"))
    assert max(found["persons"].to_list()) < 0.05 * len(drop.truth("person"))


def test_each_signal_stands_once(drop: Drop) -> None:
    key = ["rule_id", "household_code", "person_id"]
    both = pl.concat([drop.truth("signal").select(key), drop.truth("undecided").select(key)])
    assert both.is_unique().all()


def test_most_signals_are_certain(drop: Drop) -> None:
    signals = drop.truth("signal")
    assert len(signals.filter("is_certain")) > 0.9 * len(signals)


@pytest.mark.parametrize(
    ("parameter", "on", "population", "value"),
    [
        ("monitoring_line", date(2025, 6, 30), "all", 8000.0),
        ("monitoring_line", date(2024, 12, 31), "all", 7500.0),
        ("monitoring_line", date(2023, 6, 30), "all", 6000.0),
        ("medical_out_of_pocket", date(2025, 1, 1), "low_income", 9000.0),
        ("medical_out_of_pocket", date(2025, 1, 1), "other", 21000.0),
        ("medical_out_of_pocket", date(2024, 1, 1), "other", 20000.0),
        ("school_age_max", date(2025, 6, 30), "all", 14.0),
    ],
)
def test_policy_of_a_day(parameter: str, on: date, population: str, value: float) -> None:
    assert policy(parameter, on, population) == value


def test_several_domains_are_those_of_the_other_signals(tidy: Drop) -> None:
    signal = tidy.truth("signal").filter(pl.col("household_code").is_not_null())
    others = signal.filter(~pl.col("rule_id").is_in(COMPOUND)).with_columns(pl.col("rule_id").str.head(3))
    several = others.group_by("household_code").agg(pl.col("rule_id").n_unique()).filter(pl.col("rule_id") >= 3)
    standing = signal.filter(pl.col("rule_id") == "MULTI_DOMAIN")
    assert set(standing["household_code"]) == set(several["household_code"])
    assert len(standing) > 0
    assert set(FOUND_AGAIN) | COMPOUND == set(RULES)


# Every rule once more, as SQL over the text of tidy files: the id numbers or households that it holds for.
FOUND_AGAIN = {
    "INC_BELOW_LINE": "SELECT h FROM poor",
    "EDU_NOT_ENROLLED": """
        SELECT id FROM member WHERE id NOT IN (SELECT 身份证件号 FROM education_enrollment)
        AND id[7:14] BETWEEN '20090901' AND '20180831'""",
    "EDU_DROPPED_OUT": """
        SELECT id FROM (
            SELECT 身份证件号 AS id, 状态日期 AS left_on FROM education_enrollment WHERE 学生状态 = '辍学'
            UNION ALL SELECT 身份证号, 辍学日期 FROM education_dropout
        )
        LEFT JOIN (SELECT 身份证号 AS id, 劝返日期 AS back_on FROM education_dropout
            WHERE 劝返状态 = '已劝返')
        USING (id) GROUP BY id HAVING NOT coalesce(max(back_on) > max(left_on), false)""",
    "MED_UNINSURED": "SELECT 证件号码 FROM registry_member WHERE 是否参加城乡居民基本医疗保险 = '否'",
    "MED_UNTREATED": "SELECT 身份证号 FROM health_major_illness WHERE 救治状态 = '未救治'",
    "MED_CHRONIC_NOT_CONTRACTED": "SELECT 身份证号 FROM health_chronic_disease WHERE 签约状态 <> '已签约'",
    "MED_CHRONIC_FOLLOW_UP_OVERDUE": """
        SELECT 身份证号 FROM health_chronic_disease WHERE 签约状态 = '已签约'
        AND DATE '2025-06-30' - try_cast(最近随访日期 AS DATE) > 90""",
    "MED_HIGH_OUT_OF_POCKET": """
        WITH low AS (
            SELECT h FROM member JOIN civil_assistance ON 身份证号 = id
            WHERE 发放月份 = '2025-06' AND 状态 = '在享' AND regexp_matches(救助类型, '低保|特困')
            UNION SELECT 户编号 FROM registry_member
            WHERE regexp_matches(户类型, '不稳定|边缘|突发') AND 风险是否已消除 = '否'
        )
        SELECT 参保人身份证号 FROM health_settlement LEFT JOIN member ON id = 参保人身份证号
        WHERE 结算日期 BETWEEN '2024-07-01' AND '2025-06-30' GROUP BY ALL
        HAVING sum(CAST(个人自付 AS DECIMAL(18, 2)))
            >= CASE WHEN any_value(h) IN (FROM low) THEN 9000 ELSE 21000 END""",
    "HOU_UNSAFE": """
        SELECT h FROM housing_safety JOIN member ON id = 户主身份证号
        WHERE 是否唯一住房 = '是' AND 是否实际居住 = '是' AND 鉴定等级 IN ('C', 'D')
        AND 改造状态 <> '已竣工'""",
    "WAT_UNSAFE": """
        SELECT h FROM water_household JOIN member ON id = 户主身份证号
        JOIN water_project ON 工程编号 = 供水工程编号 AND 监测月份 = '2025-06'
        WHERE 水质检测结果 = '不合格' OR CAST("人均日供水量(升)" AS DOUBLE) < 35
        OR CAST(trim(供水保证率, '%') AS DOUBLE) < 90 OR CAST("取水往返时间(分钟)" AS DOUBLE) > 20""",
    "CIV_AID_STOPPED": """
        SELECT h FROM member JOIN civil_assistance ON 身份证号 = id
        WHERE 发放月份 = '2025-06' AND h IN (FROM poor)
        GROUP BY h HAVING bool_or(状态 = '停发') AND NOT bool_or(状态 = '在享')""",
    "CIV_NOT_COVERED": """
        SELECT h FROM poor WHERE h NOT IN (SELECT h FROM member JOIN civil_assistance ON 身份证号 = id)""",
    "EXP_RIGID_SPENDING": """
        SELECT h FROM health_settlement JOIN member ON id = 参保人身份证号
        JOIN (SELECT DISTINCT 户编号 AS h, CAST("人均纯收入(元)" AS DOUBLE) * CAST(家庭人口数 AS INTEGER) AS income
            FROM registry_member WHERE 户编号 <> '') USING (h)
        WHERE 结算日期 BETWEEN '2024-07-01' AND '2025-06-30' GROUP BY h, income
        HAVING sum(CAST(个人自付 AS DECIMAL(18, 2))) > income / 2""",
}
COMPOUND = {"MULTI_DOMAIN"}


@pytest.fixture(scope="module")
def delivered(tidy: Drop) -> duckdb.DuckDBPyConnection:
    """The tidy county's files as tables of text, one for each feed, and views member (h, id) and poor (h)."""
    connection = duckdb.connect()
    feeds: dict[str, list[pl.DataFrame]] = {}
    for path in tidy.files():
        rows = [[str(cell) for cell in row] for row in tidy.cells(path)]
        head = tidy.header_row([list(row) for row in rows])
        data = [row for row in rows[head + 1 :] if row != rows[head] and not row[0].startswith(("合计", "填表人"))]
        feeds.setdefault(path.parent.name, []).append(pl.DataFrame(data, schema=rows[head], orient="row"))
    for feed, parts in feeds.items():
        connection.register(feed, pl.concat(parts).to_arrow())
    connection.execute("CREATE VIEW member AS SELECT 户编号 AS h, 证件号码 AS id FROM registry_member WHERE h <> ''")
    connection.execute(
        """CREATE VIEW poor AS SELECT DISTINCT 户编号 AS h FROM registry_member
        WHERE try_cast("人均纯收入(元)" AS DOUBLE) < 8000"""
    )
    return connection


@pytest.mark.parametrize("rule", FOUND_AGAIN)
def test_rule_holds_where_sql_over_the_files_finds_it(
    rule: str, tidy: Drop, delivered: duckdb.DuckDBPyConnection
) -> None:
    found = {row[0] for row in delivered.execute(FOUND_AGAIN[rule]).fetchall()}
    persons = tidy.truth("person").select("person_id", "id_number")
    holds = tidy.truth("signal").filter(pl.col("rule_id") == rule).join(persons, on="person_id", how="left")
    column = "household_code" if rule.startswith(("INC", "HOU", "WAT", "CIV", "EXP")) else "id_number"
    assert found == set(holds[column])
    assert found
