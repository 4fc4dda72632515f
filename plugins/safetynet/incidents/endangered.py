"""What a feed's failure endangers: the marts and rules downstream of it in dbt's own graph, kept beside the build.

Who is who, in which areas policies are needed, and what official figures are compared with rest on every feed; what a
feed reaches only through these is left out, or every failure would endanger everything.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from safetynet.contract import Contract
from safetynet.home import Home
from safetynet.messages import Sentence, say

_MOST = 6
_OF_EVERY_FEED = {"identity", "policy_area", "official_indicator"}
"""Folders and models that every feed leads into."""


def _path(home: Home) -> Path:
    return home.root / "dbt" / "downstream.json"


def _downstream(manifest: dict[str, Any], start: str) -> list[dict[str, Any]]:
    nodes, children = manifest["nodes"], manifest["child_map"]
    reached: set[str] = set()
    waiting = [start]
    while waiting:
        for child in children.get(waiting.pop(), []):
            node = nodes.get(child)
            is_model = node is not None and node["resource_type"] == "model"
            if is_model and child not in reached and not _OF_EVERY_FEED & set(node["fqn"]):
                reached.add(child)
                waiting.append(child)
    return [nodes[name] for name in sorted(reached)]


def graph(manifest: dict[str, Any]) -> dict[str, dict[str, list[Any]]]:
    """Staging model → the marts and the rules (with their titles) downstream of it."""
    found = {}
    for name, node in manifest["nodes"].items():
        if node["resource_type"] == "model" and node["name"].startswith("stg_"):
            reached = _downstream(manifest, name)
            titles = [(each["config"]["meta"], each["name"]) for each in reached if "signals" in each["fqn"]]
            found[node["name"]] = {
                "marts": [each["name"] for each in reached if "marts" in each["fqn"]],
                "rules": [[meta["title_zh"], meta["title_en"]] for meta, _ in titles if "title_zh" in meta],
            }
    return found


def keep(home: Home) -> None:
    """Write the graph of the build that was just done, for messages to read; nothing where dbt left no manifest."""
    manifest = home.root / "dbt" / "target" / "manifest.json"
    with home.alone("build"):
        if manifest.is_file():
            draft = _path(home).with_suffix(".part")
            draft.write_text(json.dumps(graph(json.loads(manifest.read_bytes()))), encoding="utf-8")
            draft.replace(_path(home))


def told(home: Home, feed: Contract) -> Sentence | None:
    """What a failure of a feed endangers; None before the first build, when nothing is in use yet."""
    if not _path(home).is_file():
        return None
    reached = json.loads(_path(home).read_bytes()).get(feed.staged)
    if not reached:
        return None
    marts, rules = reached["marts"], reached["rules"]
    more = len(rules) > _MOST
    zh, en = ([pair[language] for pair in rules[:_MOST]] for language in (0, 1))
    facts = {"marts": marts, "rules_zh": "、".join(zh) + ("等" if more else ""), "rules_en": ", ".join(en)}
    if not rules:
        return say("endangers_marts", {"marts": marts})
    return say("endangers", {**facts, "more_en": " and others" if more else ""})
