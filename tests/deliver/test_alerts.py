"""What owners are told: one message a rejected or held file, one an owner and run for quarantine, and none is lost."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import pytest

from clerk import file_of, row, rows
from county import County
from deliver.servers import Channel, serving
from safetynet.deliver import alerts, outbox
from safetynet.home import COUNTY_TIME
from safetynet.publish import ledger

pytestmark = pytest.mark.usefixtures("unexamined")

NOON = datetime(2025, 7, 2, 12, tzinfo=COUNTY_TIME)
REGISTRY, CHRONIC, ILLNESS = "registry_member", "health_chronic_disease", "health_major_illness"


@pytest.fixture
def channel() -> Iterator[Channel]:
    opened = Channel()
    with serving(opened):
        yield opened


def tell(county: County) -> int:
    """What a run does at its end; returns how many messages still wait."""
    alerts.write_quarantine(county.home, county.store)
    return outbox.send(county.home, county.store, NOON)


def bad_run(county: County) -> None:
    """A rejected file, a held one, and quarantined rows in two feeds of one owner."""
    county.put(REGISTRY, "坏_20250630.xlsx", b"broken")
    county.deliver(CHRONIC, rows(CHRONIC, 3), "早_20991231.csv")
    county.deliver(CHRONIC, [*rows(CHRONIC, 3), row(CHRONIC, 9, disease="感冒")], "慢_20250630.csv")
    spoiled = [row(ILLNESS, 8, total_cost="许多"), row(ILLNESS, 9, total_cost="", out_of_pocket="")]
    county.deliver(ILLNESS, [*rows(ILLNESS, 3), *spoiled], "大_20250630.xlsx")
    county.take_in()


def test_messages_become_files_where_no_channel_is_set(county: County) -> None:
    bad_run(county)
    assert tell(county) == 0
    texts = {
        path.name.rsplit("-", 1)[-1]: path.read_text(encoding="utf-8")
        for path in county.home.folder("alerts").iterdir()
    }
    assert sorted(texts) == ["held.txt", "quarantine.txt", "rejected.txt"]
    for text in texts.values():
        assert "@county.example" in text
    assert "坏_20250630.xlsx" in texts["rejected.txt"]
    assert "registry@county.example" in texts["rejected.txt"]
    assert "早_20991231.csv" in texts["held.txt"] and "make release BATCH=" in texts["held.txt"]
    assert "3 行" in texts["held.txt"] and "3 received" in texts["held.txt"]


def test_a_held_batch_names_its_rows_and_each_language_stands_alone(county: County) -> None:
    bad = [row(CHRONIC, number, disease="感冒") for number in range(50, 75)]
    county.deliver(CHRONIC, [*rows(CHRONIC, 3), *bad], "慢_20250630.csv")
    (outcome,) = county.take_in()
    assert outcome.verdict == "held"
    (message,) = county.ledger(ledger.message)
    chinese, english = message["body"].split("\n\n")
    assert "“慢病种类” 不在允许的取值中：25 行（第 5, 6, 7, 8, 9, 10, 11, 12 … 行）" in chinese
    assert "not one of the listed values: 25 rows (row 5, 6, 7, 8, 9, 10, 11, 12 …)" in english
    assert outcome.reason is not None
    assert outcome.reason.zh in chinese and outcome.reason.en not in chinese
    assert outcome.reason.en in english and outcome.reason.zh not in english


def test_quarantine_is_one_message_for_an_owner_and_run(county: County) -> None:
    bad_run(county)
    alerts.write_quarantine(county.home, county.store)
    (message,) = [each for each in county.ledger(ledger.message) if each["kind"] == "quarantine"]
    assert message["channels"] == "SAFETYNET_ALERT_HEALTH"
    assert "3 行" in message["title"] and "3 rows" in message["title"]
    for told in (
        "慢_20250630.csv",
        "大_20250630.xlsx",
        "慢病种类",
        "不在允许的取值中",
        "医疗总费用",
        "不是金额",
        "必填项为空",
    ):
        assert told in message["body"]
    for told in ("not one of the listed values", "no amount", "required cell is blank"):
        assert told in message["body"]
    assert "感冒" not in message["body"] and "许多" not in message["body"]

    alerts.write_quarantine(county.home, county.store)
    assert len([each for each in county.ledger(ledger.message) if each["kind"] == "quarantine"]) == 1
    county.deliver(CHRONIC, [*rows(CHRONIC, 4), row(CHRONIC, 9, disease="感冒")], "又_20250731.csv")
    county.take_in()
    alerts.write_quarantine(county.home, county.store)
    quarantined = [each["body"] for each in county.ledger(ledger.message) if each["kind"] == "quarantine"]
    assert len(quarantined) == 2
    assert sum("又_20250731.csv" in body for body in quarantined) == 1
    assert sum("慢_20250630.csv" in body for body in quarantined) == 1


def test_owners_are_told_apart(county: County) -> None:
    for feed in (CHRONIC, "water_project"):
        wrong = {"disease": "感冒"} if feed == CHRONIC else {"quality_result": "尚可"}
        county.deliver(feed, [*rows(feed, 3), row(feed, 9, **wrong)])
    county.take_in()
    alerts.write_quarantine(county.home, county.store)
    told = {each["channels"]: each["body"] for each in county.ledger(ledger.message)}
    assert set(told) == {"SAFETYNET_ALERT_HEALTH", "SAFETYNET_ALERT_WATER"}
    assert "慢病" not in told["SAFETYNET_ALERT_WATER"]


def test_messages_reach_a_channel_once(county: County, channel: Channel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SAFETYNET_ALERT_HEALTH", channel.address)
    bad_run(county)
    assert tell(county) == 0
    titles = sorted(message["title"] for message in channel.messages)
    assert len(titles) == 2
    assert any("一批数据暂缓使用" in title and "a batch is held" in title for title in titles)
    assert [path.name.rsplit("-", 1)[-1] for path in county.home.folder("alerts").iterdir()] == ["rejected.txt"]
    assert tell(county) == 0
    assert len(channel.messages) == 2
    sent = {each["kind"]: each["sent_to"] for each in county.ledger(ledger.message)}
    assert sent == {"rejected": "file", "held": "channel", "quarantine": "channel"}


def test_a_failing_channel_keeps_the_message_and_disturbs_no_other(
    county: County, channel: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SAFETYNET_ALERT_HEALTH", channel.address)
    channel.status = 500
    bad_run(county)
    assert tell(county) == 2
    assert channel.messages == []
    assert {each["kind"] for each in county.ledger(ledger.message) if each["sent_at"] is None} == {
        "held",
        "quarantine",
    }
    assert len(list(county.home.folder("alerts").iterdir())) == 1
    channel.status = 200
    assert tell(county) == 0
    assert len(channel.messages) == 2
    assert tell(county) == 0
    assert len(channel.messages) == 2


@pytest.mark.parametrize("address", ["json://127.0.0.1:1/x", "nonsense", "nosuch://127.0.0.1/x", "json://"])
def test_a_channel_that_is_not_there_keeps_the_message(
    county: County, address: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("SAFETYNET_ALERT_REGISTRY", address)
    county.put(REGISTRY, "坏.xlsx", b"broken")
    county.take_in()
    assert tell(county) == 1
    assert "SAFETYNET_ALERT_REGISTRY" in caplog.text
    assert address not in caplog.text
    monkeypatch.delenv("SAFETYNET_ALERT_REGISTRY")
    assert tell(county) == 0


def test_two_channels_of_an_owner(county: County, channel: Channel, monkeypatch: pytest.MonkeyPatch) -> None:
    other = Channel()
    monkeypatch.setenv("SAFETYNET_ALERT_REGISTRY", f"{channel.address} {other.address}")
    county.put(REGISTRY, "坏.xlsx", b"broken")
    county.take_in()
    with serving(other):
        assert tell(county) == 0
    assert (len(channel.messages), len(other.messages)) == (1, 1)


def test_accepted_and_duplicate_files_are_nobodys_news(county: County) -> None:
    content = file_of(CHRONIC, rows(CHRONIC, 2))
    county.put(CHRONIC, "a_20250630.csv", content)
    county.put(CHRONIC, "b_20250630.csv", content)
    county.take_in()
    assert tell(county) == 0
    assert county.ledger(ledger.message) == []
