"""What OpenLineage's own schemas say of an event; they lie in spec/, so that nobody asks the network."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from jsonschema import Draft202012Validator, FormatChecker
from referencing import Registry, Resource

_FORMATS = FormatChecker(["uuid"])


@_FORMATS.checks("date-time", raises=ValueError)
def _is_moment(text: str) -> bool:
    return datetime.fromisoformat(text).tzinfo is not None


@_FORMATS.checks("uri")
def _is_uri(text: str) -> bool:
    return bool(urlsplit(text).scheme)


@cache
def _schemas() -> Registry[Any]:
    files = (Path(__file__).parent / "spec").glob("*.json")
    return Registry().with_resources(
        (schema["$id"], Resource.from_contents(schema)) for schema in (json.loads(file.read_text()) for file in files)
    )


@cache
def _validator(address: str) -> Draft202012Validator:
    return Draft202012Validator({"$ref": address}, registry=_schemas(), format_checker=_FORMATS)


def faults(event: dict[str, Any]) -> list[str]:
    """What is wrong with an event, or with a facet of it, by the schema that each names."""
    return sorted({f"{error.json_path}: {error.message}" for each in _parts(event) for error in _errors(each)})


def _errors(part: dict[str, Any]) -> Iterator[Any]:
    return _validator(part.get("_schemaURL") or part["schemaURL"]).iter_errors(part)


def _parts(told: Any) -> Iterator[dict[str, Any]]:
    """The event and everything in it that names a schema of its own."""
    if isinstance(told, dict):
        if "_schemaURL" in told or "schemaURL" in told:
            yield told
        told = list(told.values())
    if isinstance(told, list):
        for each in told:
            yield from _parts(each)
