"""One channel of an owner: where it is, and what it answers to a message handed to it through Apprise.

Its addresses are secrets: they stand in the environment variable that a contract names, else in the password of the
Airflow connection of the same name in lower case. Logs and errors name the channel and never an address.

Apprise tells neither header nor body of an answer, so they are listened to: a channel may ask for a rest, and robots
refuse a message with status 200.
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
    """How the answers of a group chat's robot tell an error: where its code stands, and those of too many messages."""

    field: str
    too_many: frozenset[int]
    rest: timedelta


_ROBOTS = {
    "dingtalk": _Robot("errcode", frozenset({130101, 410100}), timedelta(minutes=10)),
    "wecombot": _Robot("errcode", frozenset({45009}), timedelta(minutes=1)),
    "feishu": _Robot("code", frozenset({11232}), timedelta(minutes=1)),
    "lark": _Robot("code", frozenset({11232}), timedelta(minutes=1)),
}
"""Apprise's scheme → robot
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


def notify(channels: str, where: Sequence[str], title: str, body: str) -> Answer:
    """Hand a message to every address of a channel."""
    import apprise

    # Both would log addresses, and with them their secrets.
    for logger in ("apprise", "urllib3.connectionpool"):
        logging.getLogger(logger).setLevel(logging.CRITICAL)
    services = [apprise.Apprise.instantiate(address) for address in where]
    if not all(services):
        _log.error("%s holds an address that is no channel", channels)
        return Answer(is_taken=False)
    answers = [_ask(service, title, body) for service in services]
    is_taken = all(answer.is_taken for answer in answers)
    if not is_taken:
        _log.error("a channel of %s did not take the message", channels)
    return Answer(is_taken, max((answer.rest for answer in answers if answer.rest), default=None))


def _ask(service: Any, title: str, body: str) -> Answer:
    import apprise

    channel = apprise.Apprise()
    channel.add(service)
    with _listening() as heard:
        is_taken = bool(channel.notify(title=title, body=body))
    robot = _ROBOTS.get(str(service.secure_protocol))
    codes = {_code(response, robot) for response in heard} if robot else {0}
    rests = [rest for response in heard if (rest := _rest(response))]
    if robot and codes & robot.too_many:
        rests.append(robot.rest)
    return Answer(is_taken and codes <= {0}, min(max(rests), _LONGEST_REST) if rests else None)


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


def _code(response: requests.Response, robot: _Robot) -> int:
    """The code of a robot's answer; 0, that all is well, where it states none."""
    try:
        told = response.json()
        return int(told.get(robot.field) or 0)
    except (ValueError, TypeError, AttributeError):
        return 0


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
