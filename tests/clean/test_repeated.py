"""Columns whose cells repeat come out as if each cell had been cleaned for itself."""

from __future__ import annotations

import pytest

from clerk import row
from county import County
from safetynet.clean import repeated
from safetynet.publish import ledger

FEED = "health_chronic_disease"
FORMS = [("高血压", "2025-06-01"), (" 高血压 ", "2025/6/1"), ("感冒", "2025.13.1"), ("糖尿病", ""), ("糖尿病", "45000")]


def _given(rows: int) -> list[dict[str, str]]:
    return [
        row(FEED, number, disease=FORMS[number % 5][0], last_follow_up_on=FORMS[number % 5][1])
        for number in range(1, rows)
    ]


@pytest.mark.parametrize("kept", [100_000, 1])
def test_a_cell_is_the_same_whether_its_column_repeats_or_not(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch, kept: int
) -> None:
    told = []
    for few in (8, 10**9):
        monkeypatch.setattr(repeated, "_FEW", few)
        monkeypatch.setattr(repeated, "_TEXTS_KEPT", kept)
        monkeypatch.setattr(repeated, "_ROWS_AT_ONCE", 50)
        monkeypatch.setattr("safetynet.ingest.validate", lambda *_, **__: [])
        own = County(tmp_path_factory.mktemp("county"))
        own.deliver(FEED, _given(400))
        (outcome,) = own.take_in()
        rows = [{name: value for name, value in line.items() if name != "batch_id"} for line in own.lake(outcome)]
        repairs = own.ledger(ledger.repair)
        told.append((rows, sorted((each["column_name"], each["repair"], each["cells"]) for each in repairs)))
    assert told[0] == told[1]
    assert len(told[0][0]) == 399
