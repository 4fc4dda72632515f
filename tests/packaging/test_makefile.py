"""What a user types behind make reaches the program letter for letter."""

from __future__ import annotations

import subprocess

import pytest

from safetynet.home import CHECKOUT

REASON = 'it\'s "true", only one; `works` was tested'


@pytest.mark.parametrize(
    ("target", "given", "told"),
    [
        ("sql", {"Q": "select 'a',\n    \"b\""}, ["sql", "--query", "select 'a',\n    \"b\""]),
        ("sql", {}, ["sql"]),
        ("release", {"BATCH": "2572d1", "REASON": REASON}, ["release", "2572d1", REASON]),
        ("acknowledge", {"ID": "a1", "BY": "李", "NOTE": REASON}, ["acknowledge", "a1", "李", REASON]),
        ("retake", {"BATCH": "2572d1"}, ["retake", "2572d1"]),
    ],
)
def test_arguments_arrive_as_they_were_typed(target: str, given: dict[str, str], told: list[str]) -> None:
    variables = [f"{name}={text}" for name, text in given.items()]
    command = ["make", "-s", target, "READY=", r"SAFETYNET=printf '%s\0'", *variables]
    answer = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=True)
    assert answer.stdout.split("\0")[:-1] == told
