"""What waits is sent at least once, to whoever can take it, and not more often or at another hour than people bear."""

from __future__ import annotations

import json
import logging
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from clerk import row
from county import County
from deliver.servers import Channel, Mailbox, serving
from safetynet import tasks
from safetynet.deliver import alerts, outbox
from safetynet.home import COUNTY_TIME
from safetynet.incidents import threads
from safetynet.orchestrate.settings import environment
from safetynet.publish import ledger

pytestmark = pytest.mark.usefixtures("unexamined")

NOON = datetime(2025, 7, 2, 12, tzinfo=COUNTY_TIME)
NIGHT = datetime(2025, 7, 2, 23, tzinfo=COUNTY_TIME)
REGISTRY, CHRONIC = "registry_member", "health_chronic_disease"
OWNER, OPERATIONS = "SAFETYNET_ALERT_REGISTRY", "SAFETYNET_ALERT_OPERATIONS"


@pytest.fixture
def channel() -> Iterator[Channel]:
    opened = Channel()
    with serving(opened):
        yield opened


@pytest.fixture
def operations() -> Iterator[Channel]:
    opened = Channel()
    with serving(opened):
        yield opened


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    opened = Mailbox("right")
    with serving(opened):
        yield opened


def break_files(county: County, count: int = 1) -> None:
    """So many files that cannot be read, of so many places that their failures are different incidents."""
    for number in range(count):
        kind = (b"broken", b"PK\x03\x04")[number % 2]
        code = ("990121", "990122", "990100", "990000")[number // 2 % 4]
        county.put(REGISTRY, f"坏{number}_{code}_20250630.xlsx", kind + str(number).encode())
    county.take_in()


def send(county: County, at: datetime = NOON) -> int:
    return outbox.send(county.home, county.store, at)


def sent(county: County) -> list[tuple[str, str | None]]:
    """(kind, by what it was taken) of every message."""
    return sorted((each["kind"], each["sent_to"]) for each in county.ledger(ledger.message))


def files(county: County) -> list[str]:
    return sorted(path.stem.rpartition("-")[2] for path in county.home.folder("alerts").iterdir())


def test_a_message_carries_its_id_and_is_noted_in_its_incident(
    county: County, channel: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(OWNER, channel.address)
    break_files(county)
    assert send(county) == 0
    (told,) = channel.messages
    (message,) = county.ledger(ledger.message)
    assert told["message"].rstrip().endswith(f"#{message['message_id']}")
    (incident,) = threads.current(county.store)
    assert incident["last_notified_at"] == NOON
    assert [each["event"] for each in county.ledger(ledger.incident_event)] == ["opened", "notified"]


def refuse(channel: Channel, how: int | float) -> None:
    channel.status, channel.delay = (how, 0.0) if isinstance(how, int) else (200, how)


@pytest.mark.parametrize("how", [429, 500, 403, 6.0])
def test_a_channel_that_does_not_answer_is_asked_twice_and_then_operations(
    county: County, channel: Channel, operations: Channel, monkeypatch: pytest.MonkeyPatch, how: int | float
) -> None:
    monkeypatch.setenv(OWNER, channel.address)
    monkeypatch.setenv(OPERATIONS, operations.address)
    refuse(channel, how)
    break_files(county)
    assert send(county) == 1
    assert operations.messages == []
    assert send(county, NOON + timedelta(seconds=20)) == 0
    assert channel.asked == 2
    assert sent(county) == [("channel", "channel"), ("rejected", "operations")]
    assert len(operations.messages) == 2
    silent = [each["what"] for each in threads.current(county.store) if each["kind"] == "channel"]
    assert silent == [OWNER]
    assert channel.address not in str(county.ledger(ledger.message))
    refuse(channel, 200)
    break_files(county, 2)
    assert send(county, NOON + timedelta(hours=1)) == 0
    assert "channel" not in {each["kind"] for each in threads.current(county.store)}


SECONDS = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("status", "retry_after", "rest"),
    [
        (429, "90", 90 * SECONDS),
        (503, "90", 90 * SECONDS),
        (429, "999999999999", 3600 * SECONDS),
        (429, "Wed, 21 Oct 2099 07:28:00 GMT", 3600 * SECONDS),
        (429, "Wed, 21 Oct 2015 07:28:00 GMT", timedelta()),
        (429, "soon", timedelta()),
        (429, "-1", timedelta()),
        (500, "90", timedelta()),
    ],
)
def test_a_channel_is_left_alone_for_as_long_as_it_asks(
    county: County, channel: Channel, monkeypatch: pytest.MonkeyPatch, status: int, retry_after: str, rest: timedelta
) -> None:
    monkeypatch.setenv(OWNER, channel.address)
    monkeypatch.setenv("SAFETYNET_ALERT_HEALTH", channel.address)
    channel.status, channel.retry_after = status, retry_after
    break_files(county)
    assert (send(county), channel.asked) == (1, 1)
    refuse(channel, 200)
    with county.store.transaction() as connection:
        other = alerts.about_channel_test("SAFETYNET_ALERT_HEALTH", "2025-07")
        county.store.put(connection, ledger.message, [other])
    if rest:
        assert (send(county, NOON + rest - SECONDS), channel.asked) == (2, 1)
        assert files(county) == []
    assert (send(county, NOON + rest), channel.asked) == (0, 3)


def test_a_channel_that_still_takes_nothing_after_its_rest_is_gone_round(
    county: County, channel: Channel, operations: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(OWNER, channel.address)
    monkeypatch.setenv(OPERATIONS, operations.address)
    channel.status, channel.retry_after = 429, "60"
    break_files(county)
    assert (send(county), send(county, NOON + 61 * SECONDS)) == (1, 0)
    assert sent(county) == [("channel", "channel"), ("rejected", "operations")]


def test_what_is_critical_goes_round_a_channel_that_rests(
    county: County, channel: Channel, operations: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SAFETYNET_ALERT_HEALTH", channel.address)
    monkeypatch.setenv(OPERATIONS, operations.address)
    channel.status, channel.retry_after = 429, "600"
    county.deliver(CHRONIC, [], "名单_990121_20250630.csv")
    county.take_in()
    operations.status = 500
    assert [send(county), send(county), len(files(county))] == [1, 1, 0]
    operations.status = 200
    assert send(county, NOON + 20 * SECONDS) == 0
    assert (channel.asked, sent(county)) == (1, [("held", "operations")])
    assert [each["kind"] for each in threads.current(county.store)] == ["no_rows"]


@pytest.mark.parametrize(
    ("robot", "address", "answer", "rest"),
    [
        ("dingtalk.NotifyDingTalk", "dingtalk://abcd1234", {"errcode": 130101}, 600 * SECONDS),
        ("dingtalk.NotifyDingTalk", "dingtalk://abcd1234", {"errcode": 410100}, 600 * SECONDS),
        ("wecombot.NotifyWeComBot", "wecombot://abcd1234", {"errcode": 45009}, 60 * SECONDS),
        ("feishu.NotifyFeishu", "feishu://abcd1234", {"code": 11232}, 60 * SECONDS),
        ("dingtalk.NotifyDingTalk", "dingtalk://abcd1234", {"errcode": 310000}, timedelta()),
        ("dingtalk.NotifyDingTalk", "dingtalk://abcd1234", {"status": 1111, "wait": 5, "punish": "deny"}, timedelta()),
        ("feishu.NotifyFeishu", "feishu://abcd1234", {"code": 19024, "msg": "Key Words Not Found"}, timedelta()),
    ],
)
def test_a_robot_that_refuses_with_status_200_has_not_taken_the_message(
    county: County,
    channel: Channel,
    monkeypatch: pytest.MonkeyPatch,
    robot: str,
    address: str,
    answer: dict[str, int | str],
    rest: timedelta,
) -> None:
    monkeypatch.setattr(f"apprise.plugins.{robot}.notify_url", channel.url)
    monkeypatch.setenv(OWNER, address)
    channel.answer = answer
    break_files(county)
    assert (send(county), channel.asked) == (1, 1)
    channel.answer = {"errcode": 0, "code": 0}
    if rest:
        assert (send(county, NOON + rest - SECONDS), channel.asked) == (1, 1)
    assert (send(county, NOON + rest), channel.asked) == (0, 2)
    assert sent(county) == [("rejected", "channel")]


def test_a_robot_that_answers_429_is_left_alone_for_as_long_as_it_blocks(
    county: County, channel: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("apprise.plugins.feishu.NotifyFeishu.notify_url", channel.url)
    monkeypatch.setenv(OWNER, "feishu://abcd1234")
    channel.status = 429
    break_files(county)
    assert (send(county), send(county, NOON + 59 * SECONDS), channel.asked) == (1, 1, 1)
    channel.status, channel.answer = 200, {"StatusCode": 0, "StatusMessage": "success"}
    assert (send(county, NOON + 60 * SECONDS), sent(county)) == (0, [("rejected", "channel")])


@pytest.mark.parametrize(
    ("robot", "address", "longest"),
    [
        ("wecombot.NotifyWeComBot", "wecombot://abcd1234", 2_048),
        ("dingtalk.NotifyDingTalk", "dingtalk://abcd1234", 20_000),
        ("feishu.NotifyFeishu", "feishu://abcd1234", 20_000),
    ],
)
def test_a_robot_gets_a_long_message_in_parts_that_it_takes(
    county: County, channel: Channel, monkeypatch: pytest.MonkeyPatch, robot: str, address: str, longest: int
) -> None:
    """A part is a text of so many bytes (WeCom), or a request of so many (DingTalk, Feishu); here without a pace."""
    monkeypatch.setattr("apprise.plugins.base.NotifyBase.request_rate_per_sec", 0.0)
    monkeypatch.setattr(f"apprise.plugins.{robot}.notify_url", channel.url)
    monkeypatch.setenv(OWNER, address)
    channel.answer = {"errcode": 0, "code": 0}
    lines = [f"第{number}行 " + "长" * (number % 90) for number in range(400)]
    long = {**alerts.about_channel_test(OWNER, "2025-07"), "body": "\n".join(lines) + "末" * 4_000}
    with county.store.transaction() as connection:
        county.store.put(connection, ledger.message, [long])
    assert (send(county), channel.asked) == (0, len(channel.messages))
    texts = [each["text"]["content"] if "text" in each else each["content"]["text"] for each in channel.messages]
    sizes = texts if longest < 20_000 else map(json.dumps, channel.messages)
    assert max(len(each.encode()) for each in sizes) <= longest
    assert all(text.endswith(f"\n#{long['message_id']}") for text in texts) and len(texts) > 1
    assert [f"({number}/{len(texts)})" in text for number, text in enumerate(texts, start=1)] == [True] * len(texts)
    told = [text.partition(")\r\n")[2].rpartition("\n#")[0] for text in texts]
    assert "".join(told) == long["body"]


def test_without_anybody_who_answers_a_message_becomes_a_file(
    county: County, channel: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(OWNER, channel.address)
    monkeypatch.setenv(OPERATIONS, "json://127.0.0.1:1/")
    channel.status = 500
    break_files(county)
    assert send(county) == 1
    assert send(county) == 1, "the operations channel has its second chance"
    assert send(county) == 0
    assert {each["kind"] for each in threads.current(county.store)} == {"rejected", "channel"}
    assert set(files(county)) == {"rejected", "channel"}


def test_mail_goes_through_a_real_server(county: County, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(OWNER, mailbox.address("right"))
    break_files(county)
    assert send(county) == 0
    (mail,) = mailbox.messages
    assert "文件未被接收" in mail["subject"] and mail["to"] == "registry@county.example"
    (message,) = county.ledger(ledger.message)
    assert mail.get_content_type() == "text/plain"
    assert mail.get_content().splitlines()[: message["body"].count("\n")] == message["body"].splitlines()


@pytest.mark.parametrize(("password", "scheme"), [("wrong", "mailto"), ("right", "mailtos")], ids=["login", "tls"])
def test_a_refused_login_and_a_broken_tls_fall_back(
    county: County,
    mailbox: Mailbox,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    password: str,
    scheme: str,
) -> None:
    monkeypatch.setenv(OWNER, mailbox.address(password, scheme))
    break_files(county)
    assert (send(county), send(county)) == (1, 0)
    assert mailbox.messages == []
    assert files(county) == ["channel", "rejected"]
    assert OWNER in caplog.text and password not in caplog.text


def test_a_burst_is_one_digest_and_its_texts_are_files(
    county: County, channel: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(OWNER, channel.address)
    monkeypatch.setattr(outbox, "_BURST", 4)
    break_files(county, 6)
    waiting = len(county.ledger(ledger.message))
    assert waiting > 4
    assert send(county) == 0
    (digest,) = channel.messages
    assert f"{waiting} 条消息" in digest["title"]
    assert digest["message"].count("文件未被接收") == waiting
    assert files(county) == ["rejected"] * waiting
    assert all(each["last_notified_at"] for each in threads.current(county.store))
    assert (send(county), len(channel.messages)) == (0, 1)


def test_what_was_sent_a_moment_ago_counts_into_a_burst(
    county: County, channel: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(OWNER, channel.address)
    monkeypatch.setattr(outbox, "_BURST", 2)
    break_files(county, 1)
    assert send(county) == 0
    break_files(county, 4)
    assert send(county, NOON + timedelta(seconds=30)) == 0
    assert len(channel.messages) == 2
    assert "条消息" in channel.titles[1]


def test_quiet_hours_are_for_what_is_not_critical(
    county: County, channel: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable in (OWNER, "SAFETYNET_ALERT_HEALTH"):
        monkeypatch.setenv(variable, channel.address)
    break_files(county)
    county.deliver(CHRONIC, [], "名单_990121_20250630.csv")
    county.take_in()
    assert send(county, NIGHT) == 0
    assert len(channel.messages) == 1 and "一批数据暂缓使用" in channel.titles[0]
    assert send(county, NIGHT + timedelta(hours=8)) == 0
    assert len(channel.messages) == 1
    assert send(county, NIGHT + timedelta(hours=9)) == 0
    assert len(channel.messages) == 2


SECRET = "s3cret-token"


def holding(secret: str, root: Path) -> list[Path]:
    return [path for path in root.rglob("*") if path.is_file() and secret.encode() in path.read_bytes()]


def test_a_secret_address_is_told_nowhere(
    county: County,
    channel: Channel,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    caplog.set_level(logging.DEBUG)
    monkeypatch.setenv("SAFETYNET_HOME", str(county.home.root))
    monkeypatch.setattr(outbox, "now", lambda: NOON)
    break_files(county)
    channel.status = 500
    for addresses in (
        f"{channel.address}/{SECRET}",
        f"json://{SECRET}:{SECRET}@127.0.0.1:1/{SECRET} mailto://{SECRET}:{SECRET}@127.0.0.1:1?mode=insecure",
        f"nosuch://{SECRET}",
    ):
        monkeypatch.setenv(OWNER, addresses)
        with county.store.transaction() as connection:
            connection.execute(sa.update(ledger.message).values(attempts=0))
        with pytest.raises(ConnectionError) as raised:
            tasks.send_messages()
        assert SECRET not in str(raised.value)
    assert channel.asked == 1
    assert caplog.text.count(OWNER) == 3
    assert SECRET not in caplog.text + "".join(capfd.readouterr())
    assert holding(SECRET, county.home.root) == []


SEND = """
import logging, sys
from datetime import datetime
from pathlib import Path
logging.basicConfig(level=logging.DEBUG)
from safetynet.deliver import outbox
from safetynet.home import Home
from safetynet.publish.ledger import Ledger
home = Home(*map(Path, sys.argv[1:4]))
print(outbox.send(home, Ledger(home), datetime.fromisoformat(sys.argv[4])), "left")
"""


def test_a_channel_is_found_in_an_airflow_connection(county: County, channel: Channel) -> None:
    break_files(county)
    channel.status = 500
    kept = {"conn_type": "generic", "password": f"{channel.address}/{SECRET}"}
    given = (county.home.root, county.home.inbox, county.home.reference, NOON.isoformat())
    answer = subprocess.run(
        [sys.executable, "-c", SEND, *map(str, given)],
        env=os.environ | environment(county.home) | {f"AIRFLOW_CONN_{OWNER}": json.dumps(kept)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert (answer.stdout.splitlines()[-1], channel.asked) == ("1 left", 1)
    assert OWNER in answer.stdout + answer.stderr
    assert SECRET not in answer.stdout + answer.stderr
    assert holding(SECRET, county.home.root) == []


def test_what_nobody_acknowledges_goes_to_operations_once(
    county: County, channel: Channel, operations: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(OWNER, channel.address)
    monkeypatch.setenv(OPERATIONS, operations.address)
    break_files(county)
    county.deliver(CHRONIC, [row(CHRONIC, n, disease="感冒") for n in range(30)], "名单_990121_20250630.csv")
    county.take_in()
    assert send(county) == 0
    (rejected,) = [each for each in threads.current(county.store) if each["feed"] == REGISTRY]
    threads.acknowledge(county.store, rejected["incident_id"], "李主任", "")
    assert send(county, NOON + timedelta(hours=71)) == 0
    assert operations.messages == []
    for days in (3, 4, 9):
        assert send(county, NOON + timedelta(days=days)) == 0
    (told,) = operations.messages
    assert "无人处理：慢病签约随访信息" in told["title"]


def test_two_that_send_at_once_send_once(county: County, channel: Channel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(OWNER, channel.address)
    break_files(county, 2)
    channel.delay = 0.3
    with ThreadPoolExecutor() as pool:
        assert list(pool.map(send, [county] * 3)) == [0, 0, 0]
    assert len(channel.messages) == 2


def test_killed_after_the_channel_took_it_a_message_comes_again_under_its_id(
    county: County, channel: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(OWNER, channel.address)
    break_files(county)

    class Killed(BaseException):
        pass

    def die(*_: Any) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(threads, "notified", die)
        with pytest.raises(Killed):
            send(county)
    assert sent(county) == [("rejected", None)]
    assert send(county) == 0
    ids = [re.findall(r"#(\S+)$", message["message"].strip()) for message in channel.messages]
    assert len(ids) == 2 and ids[0] == ids[1]
