"""The pinned model: model.json, written by `train` and read by every build."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

PATH = Path(__file__).parent / "model.json"


@dataclass(frozen=True)
class Model:
    """Splink's trained settings and the thresholds that were found with them.

    link: probability from which a link is made. review: probability from which somebody looks. known_share: the chance
    that a row without a usable number is of somebody known, for rows of the registry and for others. stranger_share:
    the chance that a row of somebody unknown is of the same person as another such row.
    """

    link: float
    review: float
    stranger_share: float
    known_share: dict[Literal["registered", "other"], float]
    splink: dict[str, Any]

    def for_persons(self, count: int) -> dict[str, Any]:
        """Splink's settings where one of so many known persons is meant, and each as likely as any other."""
        return self.splink | {"probability_two_random_records_match": 1 / max(count, 2)}

    @property
    def negligible(self) -> float:
        """The probability, of a pair by itself, under which a candidate changes no outcome."""
        return (1 - max(self.known_share.values())) * min(1 - self.link, self.review)

    @property
    def thresholds(self) -> dict[str, Any]:
        """What dbt's models decide by, as dbt's variable `linking`."""
        return {
            "link": self.link,
            "review": self.review,
            "known_share": self.known_share,
            "stranger_share": self.stranger_share,
        }


@cache
def model() -> Model:
    """The model of this release."""
    return Model(**json.loads(PATH.read_text(encoding="utf-8"))["model"])
