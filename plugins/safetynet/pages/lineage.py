"""What lies downstream of a feed, read from the graph that dbt wrote at the last build."""

from __future__ import annotations

import json
from collections import deque
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from safetynet.contract import Contract
from safetynet.home import Home

LAYERS = (
    "staging",
    "identity",
    "core",
    "signals",
    "compound",
    "gaps",
    "indicators",
    "marts",
    "quality",
    "restricted",
    "exposures",
)
"""Folders of the dbt project in the order in which rows pass through them, and who reads the end."""


@dataclass(frozen=True)
class Layer:
    """Models of one folder that a feed reaches, by name."""

    name: str
    models: list[str]


@lru_cache(maxsize=1)
def _graph(path: Path, written_at: int) -> dict[str, Any]:
    """The manifest's children and, of each model and exposure, its folder and name."""
    manifest = json.loads(path.read_text(encoding="utf-8"))
    nodes = manifest["nodes"] | manifest["exposures"]
    return {
        "children": manifest["child_map"],
        "layer": {
            key: "exposures" if key.startswith("exposure.") else node["fqn"][1]
            for key, node in nodes.items()
            if key.startswith(("model.", "exposure."))
        },
    }


def downstream(home: Home, contract: Contract) -> list[Layer]:
    """Models and exposures that read the feed's rows, layer by layer; empty before the first build."""
    path = home.root / "dbt" / "target" / "manifest.json"
    if not path.is_file():
        return []
    graph = _graph(path, path.stat().st_mtime_ns)
    start = f"model.safetynet.{contract.staged}"
    seen, waiting = {start}, deque([start])
    while waiting:
        for child in graph["children"].get(waiting.popleft(), []):
            if child in graph["layer"] and child not in seen:
                seen.add(child)
                waiting.append(child)
    by_layer: dict[str, list[str]] = {}
    for key in sorted(seen & graph["layer"].keys()):
        by_layer.setdefault(graph["layer"][key], []).append(key.rsplit(".", 1)[1])
    return [Layer(name, by_layer[name]) for name in LAYERS if name in by_layer]
