"""The pinned model: model.json, written by `train` and read by every build."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

PATH = Path(__file__).parent / "model.json"


@dataclass(frozen=True)
class Model:
    """Splink's trained settings and the thresholds that were found with them.

    link: probability from which a link is made. review: probability from which somebody looks. margin: match weight
    (bits) by which the best candidate must lead the second. known_share: share of broken rows that are of somebody
    known, which is the prior of any pair times the number of known persons.
    """

    link: float
    review: float
    margin: float
    known_share: float
    splink: dict[str, Any]

    def for_persons(self, count: int) -> dict[str, Any]:
        """Splink's settings among so many known persons: a random one of them is the one with that chance."""
        return self.splink | {"probability_two_random_records_match": self.known_share / max(count, 2)}


@cache
def model() -> Model:
    """The model of this release."""
    return Model(**json.loads(PATH.read_text(encoding="utf-8"))["model"])
