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
        ("release", {"BATCH": "2572d1", "REASON": REASON}, ["release", "2572d1", REASON, ""]),
        ("release", {"BATCH": "2572d1", "REASON": REASON, "BY": "李"}, ["release", "2572d1", REASON, "李"]),
        ("diff", {"THEN": "2025-05-01", "KEYS": "-1"}, ["diff", "--then", "2025-05-01", "--keys", "-1"]),
        ("returned", {"BATCH": "2572d1"}, ["returned", "2572d1"]),
        ("acknowledge", {"ID": "a1", "BY": "李", "NOTE": REASON}, ["acknowledge", "a1", "李", REASON]),
        ("month", {"MONTH": "2025-03"}, ["month", "2025-03"]),
        ("freeze", {"MONTH": "2025-03"}, ["freeze", "2025-03", "", ""]),
        ("freeze", {"MONTH": "2025-03", "BY": "李", "REASON": REASON}, ["freeze", "2025-03", "李", REASON]),
        ("retake", {"BATCH": "2572d1"}, ["retake", "2572d1", ""]),
        ("explain", {"HOUSEHOLD": "9901 '21'"}, ["explain", "9901 '21'"]),
        ("demo", {"MONTHS": "12"}, ["--months", "12"]),
        ("demo", {}, ["--months", "1"]),
        ("answers", {}, ["--answer"]),
    ],
)
def test_arguments_arrive_as_they_were_typed(target: str, given: dict[str, str], told: list[str]) -> None:
    variables = [f"{name}={text}" for name, text in given.items()]
    printing = [rf"{program}=printf '%s\0'" for program in ("SAFETYNET", "DEMO")]
    command = ["make", "-s", target, "READY=", *printing, *variables]
    answer = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=True)
    assert answer.stdout.split("\0")[:-1] == told
