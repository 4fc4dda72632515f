"""Reference tables as a county saves them: with Excel, and with slips that are told by row and column."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from county import County
from safetynet import reference
from safetynet.reference_table import UnusableReference

DIVISIONS = """division_code,name,level,parent_code,valid_from,valid_to,successor_code
99,云岭省,1,,,,
990121,松岭县,3,99,2020/1/1,,
"""
POLICY = """parameter_id,division_code,population,valid_from,valid_to,value,unit
monitoring_line,99,all,2025/1/1,2025-12-31,8000,yuan
"""
LINE = "monitoring_line,990000,all,2025-01-01,,9000,yuan\n"
OTHERS = """monitoring_line,99,all,2026-01-01,,9000,yuan
monitoring_line,99,other,2025-01-01,,9000,yuan
monitoring_line,990121,all,2025-01-01,,9000,yuan
"""
POLICY_KEY = "parameter_id, division_code, population, valid_from"


def test_a_table_that_excel_saved_is_read(county: County) -> None:
    (county.home.reference / reference.DIVISIONS).write_bytes(DIVISIONS.encode("gb18030"))
    (county.home.reference / reference.POLICY_PARAMETERS).write_bytes(POLICY.encode("utf-8-sig"))
    reference.keep(county.home, county.store)
    divisions = reference.divisions(county.home, county.store)
    assert divisions.select("division_code", "name", "valid_from").rows() == [
        ("990000000000", "云岭省", None),
        ("990121000000", "松岭县", date(2020, 1, 1)),
    ]
    (delivered,) = reference.policy_parameters(county.home, county.store).rows(named=True)[-1:]
    assert (delivered["valid_from"], delivered["valid_to"]) == (date(2025, 1, 1), date(2025, 12, 31))


@pytest.mark.parametrize(
    ("name", "right", "wrong", "told"),
    [
        ("policy_parameter.csv", "2025/1/1", "1.1.2025", "row 2: valid_from"),
        ("policy_parameter.csv", ",8000,", ",八千,", "row 2: value"),
        ("policy_parameter.csv", ",8000,", ",,", "row 2: value"),
        ("policy_parameter.csv", ",all,", ",poor,", "row 2: population"),
        ("policy_parameter.csv", ",value,", ",amount,", "lacks the columns value"),
        ("policy_parameter.csv", "yuan\n", f"yuan\n{LINE}", f"row 3: {POLICY_KEY} are those of row 2"),
        ("policy_parameter.csv", "yuan\n", f"yuan\n{OTHERS}{LINE}{LINE}", "row 6: .* of row 2 .2 such rows"),
        ("divisions.csv", "990121,松岭县", "99,云省,1,,2020-01-01,,\n99,岭省,1,,,,\n990121,松岭县", "row 4: .* row 2"),
        ("divisions.csv", ",3,99", ",三,99", "row 3: level"),
        ("divisions.csv", "990121", "9.9E+05", "row 3: division_code"),
        ("divisions.csv", "2020/1/1", "2020/13/1", "row 3: valid_from"),
    ],
)
def test_a_slip_is_told_and_what_was_there_before_stays(
    county: County, name: str, right: str, wrong: str, told: str
) -> None:
    text = {"divisions.csv": DIVISIONS, "policy_parameter.csv": POLICY}[name]
    path: Path = county.home.reference / name
    path.write_text(text)
    reference.keep(county.home, county.store)
    before = reference.version(county.store, name)
    path.write_text(text.replace(right, wrong))
    with pytest.raises(UnusableReference, match=told) as refused:
        reference.keep(county.home, county.store)
    assert name in str(refused.value) and any("一" <= sign <= "龥" for sign in str(refused.value))
    assert reference.version(county.store, name) == before


def test_lines_that_hold_at_another_time_or_for_others_stand_beside_each_other(county: County) -> None:
    (county.home.reference / reference.POLICY_PARAMETERS).write_text(POLICY + OTHERS)
    reference.keep(county.home, county.store)
    assert reference.version(county.store, reference.POLICY_PARAMETERS)
