"""Sentences for people, from messages.yml, in Chinese and in English."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

from safetynet.refusal import Fact

_CATALOGUE = Path(__file__).parent / "messages.yml"


@dataclass(frozen=True)
class Sentence:
    """One thing said in both languages."""

    zh: str
    en: str

    def __str__(self) -> str:
        return f"{self.zh} {self.en}"


def together(sentences: Sequence[Sentence]) -> Sentence | None:
    """Several sentences as one, language by language; None where nothing is said."""
    if not sentences:
        return None
    return Sentence(" ".join(each.zh for each in sentences), " ".join(each.en for each in sentences))


@cache
def catalogue() -> dict[str, dict[str, str]]:
    """Code → language → template."""
    loaded: dict[str, dict[str, str]] = yaml.safe_load(_CATALOGUE.read_text(encoding="utf-8"))
    return loaded


def say(code: str, facts: Mapping[str, Fact] | None = None) -> Sentence:
    """Fill a template; a field nobody gave is an error, so that no message goes out half empty."""
    template = catalogue()[code]
    given = {key: "、".join(value) if isinstance(value, list) else value for key, value in (facts or {}).items()}
    english = {key: ", ".join(value) if isinstance(value, list) else value for key, value in (facts or {}).items()}
    return Sentence(template["zh"].format(**given).strip(), template["en"].format(**english).strip())


def say_reason(code: str) -> Sentence:
    """A row's reason in words; a suite's own reason reads as its name."""
    return say(code) if code in catalogue() else Sentence(code.replace("_", " "), code.replace("_", " "))
