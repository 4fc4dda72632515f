"""One channel of an owner: where it is, and what it answers to a message handed to it through Apprise.

Its addresses are secrets: they stand in the environment variable that a contract names, else in the password of the
Airflow connection of the same name in lower case. Logs and errors name the channel and never an address.

Apprise tells neither header nor body of an answer, so they are listened to: a channel may ask for a rest, and robots
refuse a message with status 200. They also refuse one that is too long, which therefore goes in parts.
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any, NamedTuple

import requests

from safetynet.home import now

_LONGEST_REST = timedelta(hours=1)
"""A channel that asks for a longer rest is asked again after this."""

_TASK = "airflow.sdk.execution_time.task_runner"
"""The module that is loaded wherever a task of Airflow runs."""

_log = logging.getLogger(__name__)


class Answer(NamedTuple):
    """Whether every address of a channel took a message, and how long one of them wants to be left alone."""

    is_taken: bool
    rest: timedelta | None = None


class _Robot(NamedTuple):
    """A group chat's robot: where the code of its answer may stand, 0 that all is well; the codes of too many messages,
    and how long it blocks then; bytes of UTF-8 that one message may have."""

    fields: tuple[str, ...]
    too_many: frozenset[int]
    rest: timedelta
    longest: int


_FEISHU = _Robot(("code", "StatusCode"), frozenset({11232}), timedelta(minutes=1), 9_000)
_ROBOTS = {
    "dingtalk": _Robot(("errcode",), frozenset({130101, 410100}), timedelta(minutes=10), 9_000),
    "wecombot": _Robot(("errcode",), frozenset({45009}), timedelta(minutes=1), 2_048),
    "feishu": _FEISHU,
    "lark": _FEISHU,
}
"""Apprise's scheme → robot. DingTalk and Feishu take requests of 20 kB, in which Apprise writes the three bytes of a
Chinese character as six
(https://open.dingtalk.com/document/orgapp/custom-robots-send-group-messages,
https://developer.work.weixin.qq.com/document/path/90313,
https://open.feishu.cn/document/client-docs/bot-v3/add-custom-bot)."""


def addresses(channels: str) -> tuple[str, ...]:
    """The Apprise addresses of a channel, none where it is not set up."""
    return tuple((os.environ.get(channels) or _of_connection(channels)).split())


def _of_connection(channels: str) -> str:
    """The password of a channel's Airflow connection, empty where there is none.

    Tasks know all of Airflow's connections, other processes only those of the environment (AIRFLOW_CONN_…), without
    starting Airflow where there is none.
    """
    if _TASK not in sys.modules and f"AIRFLOW_CONN_{channels}" not in os.environ:
        return ""
    from airflow.sdk import Connection
    from airflow.sdk.exceptions import AirflowNotFoundException

    try:
        return Connection.get(channels.lower()).password or ""
    except AirflowNotFoundException:
        return ""


def notify(channels: str, where: Sequence[str], title: str, body: str, mark: str) -> Answer:
    """Hand a message to every address of a channel; `mark` is its last line, and that of each of its parts."""
    import apprise

    # Both would log addresses, and with them their secrets.
    for logger in ("apprise", "urllib3.connectionpool"):
        logging.getLogger(logger).setLevel(logging.CRITICAL)
    services = [apprise.Apprise.instantiate(address) for address in where]
    if not all(services):
        _log.error("%s holds an address that is no channel", channels)
        return Answer(is_taken=False)
    answers = [_ask(service, title, body, mark) for service in services]
    is_taken = all(answer.is_taken for answer in answers)
    if not is_taken:
        _log.error("a channel of %s did not take the message", channels)
    return Answer(is_taken, max((answer.rest for answer in answers if answer.rest), default=None))


def _ask(service: Any, title: str, body: str, mark: str) -> Answer:
    """Send a message to one address, part by part until one is not taken, at Apprise's pace, which robots bear."""
    robot = _ROBOTS.get(str(service.secure_protocol))
    room = robot.longest - len(f"{title} (99/99)\r\n\n{mark}".encode()) if robot else sys.maxsize
    parts = _parts(body, room)
    answer = Answer(is_taken=False)
    for number, part in enumerate(parts, start=1):
        head = f"{title} ({number}/{len(parts)})" if len(parts) > 1 else title
        answer = _send(service, robot, head, f"{part}\n{mark}")
        if not answer.is_taken:
            break
    return answer


def _parts(text: str, room: int) -> list[str]:
    """A text in parts of at most so many bytes of UTF-8, broken between its lines where they are short enough."""
    parts, step = [""], max(room // 4, 1)
    for line in text.splitlines(keepends=True):
        for piece in (line[at : at + step] for at in range(0, len(line), step)):
            if len((parts[-1] + piece).encode()) > room:
                parts.append("")
            parts[-1] += piece
    return parts


def _send(service: Any, robot: _Robot | None, title: str, body: str) -> Answer:
    import apprise

    channel = apprise.Apprise()
    channel.add(service)
    with _listening() as heard:
        is_taken = bool(channel.notify(body, title, body_format=apprise.NotifyFormat.TEXT))
    rests = [rest for response in heard if (rest := _rest(response))]
    if robot:
        codes = {_code(response, robot) for response in heard}
        is_taken = is_taken and codes <= {0}
        if codes & robot.too_many or any(each.status_code == HTTPStatus.TOO_MANY_REQUESTS for each in heard):
            rests.append(robot.rest)
    return Answer(is_taken, min(max(rests), _LONGEST_REST) if rests else None)


@contextmanager
def _listening() -> Iterator[list[requests.Response]]:
    """Every answer that comes over HTTP meanwhile."""
    heard: list[requests.Response] = []
    send = requests.Session.send

    def listen(session: requests.Session, request: requests.PreparedRequest, **options: Any) -> requests.Response:
        response = send(session, request, **options)
        heard.append(response)
        return response

    requests.Session.send = listen  # type: ignore[method-assign,assignment]
    try:
        yield heard
    finally:
        requests.Session.send = send  # type: ignore[method-assign]


def _code(response: requests.Response, robot: _Robot) -> int | None:
    """The code of a robot's answer; None where it states none, as a gateway before it does that refuses."""
    try:
        told = response.json()
        return int(next(told[field] for field in robot.fields if field in told))
    except (ValueError, TypeError, StopIteration):
        return None


def _rest(response: requests.Response) -> timedelta | None:
    """The rest that an answer asks for: seconds or a date (https://www.rfc-editor.org/rfc/rfc9110#name-retry-after)."""
    asked = response.headers.get("Retry-After", "").strip()
    if response.status_code not in (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE) or not asked:
        return None
    if asked.isdecimal():
        return timedelta(seconds=int(asked[:9]))
    try:
        until = parsedate_to_datetime(asked)
    except ValueError:
        return None
    rest = (until if until.tzinfo else until.replace(tzinfo=UTC)) - now()
    return rest if rest > timedelta(0) else None
