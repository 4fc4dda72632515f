"""Great Expectations validates a batch: results and Data Docs with counts, never with values.

Imported in tasks only: the library takes seconds to load.
"""

from __future__ import annotations

import gc
import logging
import os
import warnings
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, cast

import sqlalchemy as sa
from jinja2.bccache import Bucket, BytecodeCache

os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")
with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import duckdb_engine
    import great_expectations as gx
    import great_expectations.expectations as gxe
    from great_expectations.core.run_identifier import RunIdentifier
    from great_expectations.data_context.types.base import DataContextConfig, InMemoryStoreBackendDefaults
    from great_expectations.expectations.expectation_configuration import parse_result_format
    from great_expectations.expectations.registry import get_metric_kwargs
    from great_expectations.render import LegacyDiagnosticRendererType
    from great_expectations.render.renderer import ExpectationSuitePageRenderer, ValidationResultsPageRenderer
    from great_expectations.render.renderer.renderer import renderer
    from great_expectations.render.view import view
    from great_expectations.validator.metric_configuration import MetricConfiguration
    from great_expectations.validator.validator import ValidationDependencies

from safetynet.check import data_docs
from safetynet.check.rules import (
    CellRule,
    RowRule,
    Severity,
    cell_rules,
    declared_expectations,
    is_query,
    marked_rules,
)
from safetynet.check.verdict import VolumeBounds
from safetynet.contract import Contract

logging.getLogger("great_expectations").setLevel(logging.ERROR)
gc.freeze()  # what was imported stays; to look through it for garbage takes 0.25 s

_RESULT_FORMAT = {"result_format": "BASIC", "partial_unexpected_count": 0, "exclude_unexpected_values": True}


def _own_cursor(wrapper: Any) -> Any:
    """A cursor of its own for every query; the engine shares one, and queries then read each other's results."""
    connection = wrapper._ConnectionWrapper__c
    return duckdb_engine.CursorWrapper(connection.cursor(), wrapper)


duckdb_engine.ConnectionWrapper.cursor = _own_cursor


def _columns(_: Any, connection: Any, table_name: str, *__: Any, **___: Any) -> list[dict[str, Any]]:
    """Names of a view's columns; the engine looks for views among PostgreSQL's tables, and then reads a row instead."""
    described = connection.exec_driver_sql(f"DESCRIBE {table_name}")
    return [{"name": name, "type": sa.types.NullType()} for name, *_ in described]


def _no_primary_key(*_: Any, **__: Any) -> dict[str, Any]:
    return {"constrained_columns": [], "name": None}


duckdb_engine.Dialect.get_columns = _columns
duckdb_engine.Dialect.get_pk_constraint = _no_primary_key


class ExpectNoRowToBeMarked(gxe.ExpectColumnValuesToBeNull):  # type: ignore[misc]  # untyped here
    """A column that marks rows marks none: they are counted, all columns in one query, and none of them is fetched."""

    def get_validation_dependencies(
        self, execution_engine: Any = None, runtime_configuration: Any = None, **_: Any
    ) -> ValidationDependencies:
        """How many rows there are and how many are marked; the base class asks for the values too, and reads its
        configuration anew for each of its options."""
        options = self._get_runtime_kwargs(runtime_configuration)
        metrics = {}
        for name in ("table.row_count", f"{self.map_metric}.unexpected_count"):
            keys = get_metric_kwargs(name)
            domain, value = (
                {key: options.get(key) for key in keys[f"metric_{kind}_keys"]} for kind in ("domain", "value")
            )
            metrics[name] = MetricConfiguration(name, domain, value)
        return ValidationDependencies(metrics, parse_result_format(options["result_format"]))

    @classmethod
    @renderer(renderer_type=LegacyDiagnosticRendererType.OBSERVED_VALUE)  # type: ignore[untyped-decorator]
    def _diagnostic_observed_value_renderer(cls, result: Any = None, **_: Any) -> str:
        """How many rows are marked; the base class says which share of them is null."""
        return f"{result.result['unexpected_count']:,} / {result.result['element_count']:,}"


class _Templates(BytecodeCache):
    """Compiled templates of Data Docs; every page of the engine compiles all of them anew."""

    def __init__(self) -> None:
        self._compiled: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if bucket.key in self._compiled:
            bucket.bytecode_from_string(self._compiled[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._compiled[bucket.key] = bucket.bytecode_to_string()


view.Environment = partial(view.Environment, bytecode_cache=_Templates())


@dataclass(frozen=True)
class Result:
    """What an expectation found in a batch."""

    expectation: str
    column: str | None
    severity: Severity
    success: bool
    rows_checked: int | None
    rows_failed: int

    @property
    def reason(self) -> str:
        """The code of what fails in a row."""
        return self.expectation.rpartition(":")[2]

    @property
    def name(self) -> str:
        """Reason and column, the same from batch to batch."""
        return f"{self.reason}:{self.column}" if self.column else self.reason


class ValidationError(RuntimeError):
    """An expectation could not be evaluated; its name is told, what it saw is not."""


def _described(notes: str, kwargs: dict[str, Any]) -> str:
    """What Data Docs says of an expectation: its notes and its limits; without this its pages leave the notes out."""
    limits = {name: limit for name, limit in kwargs.items() if name != "column"}
    told = ", ".join(f"{name.replace('_', ' ')} {limit}" for name, limit in limits.items())
    return f"{notes} ({told})" if told else notes


def _expectation(
    kind: str, severity: Severity, reason: str, told_column: str | None, notes: str, **kwargs: Any
) -> dict[str, Any]:
    return {
        "type": kind,
        "severity": severity,
        "description": _described(notes, kwargs),
        "kwargs": kwargs,
        "meta": {"reason": reason, "column": told_column},
    }


def _marked(contract: Contract) -> list[dict[str, Any]]:
    """The contract's rules and the suite's queries: each a column of the batch that marks the rows which fail."""

    def unmarked(rule: CellRule | RowRule, reason: str, mark: str) -> dict[str, Any]:
        kind = "expect_no_row_to_be_marked"
        return _expectation(kind, rule.severity, reason, rule.column, rule.notes, column=mark)

    return [unmarked(rule, "accepted", f"{rule.column}_issue") for rule in cell_rules(contract)] + [
        unmarked(rule, rule.reason, rule.mark) for rule in marked_rules(contract)
    ]


def _volume(bounds: VolumeBounds | None) -> list[dict[str, Any]]:
    if bounds is None:
        return []
    notes = "The row count stays within the contract's bounds of the scope's previous batch."
    return [
        _expectation(
            "expect_table_row_count_to_be_between",
            "critical",
            "volume",
            None,
            notes,
            min_value=bounds.low,
            max_value=bounds.high,
        )
    ]


def _noted(expectation: dict[str, Any]) -> dict[str, Any]:
    """A declared expectation with its notes where Data Docs shows them."""
    kwargs = {name: limit for name, limit in expectation["kwargs"].items() if name != "description"}
    return {**expectation, "kwargs": kwargs, "description": _described(expectation["meta"]["notes"], kwargs)}


def validate(
    contract: Contract, database: Path, docs: Path, batch_id: str, received_at: datetime, bounds: VolumeBounds | None
) -> list[Result]:
    """Validate relation `batch` of a DuckDB file against the feed's suite and add the result to Data Docs.

    `bounds` are what the scope's previous batch allows. Raises ValidationError.
    """
    config = DataContextConfig(store_backend_defaults=InMemoryStoreBackendDefaults(), analytics_enabled=False)
    config.data_docs_sites = {}
    context = gx.get_context(mode="ephemeral", project_config=config)
    context.variables.progress_bars = {"globally": False, "metric_calculations": False}
    declared = [_noted(each) for each in declared_expectations(contract) if not is_query(each)]
    expectations = _volume(bounds) + _marked(contract) + declared
    source = context.data_sources.add_sql(contract.feed, connection_string=f"duckdb:///{database}")
    asset = source.add_table_asset(batch_id, table_name="batch")
    definition = asset.add_batch_definition_whole_table("whole")
    declared_suite = gx.ExpectationSuite(name=contract.feed, expectations=expectations)
    # A validation definition would do the same and keep the result in a store that nobody reads.
    outcome = definition.get_batch().validate(declared_suite, result_format=_RESULT_FORMAT)
    outcome.meta["run_id"] = RunIdentifier(run_name=batch_id, run_time=received_at)
    results = [_result(each) for each in outcome.results]
    for expectation in declared_suite.expectations:
        if "column" in expectation.configuration.kwargs:
            expectation.column = _heading(contract, expectation.configuration)
    for each in outcome.results:
        if "column" in each.expectation_config.kwargs:
            each.expectation_config.kwargs["column"] = _heading(contract, each.expectation_config)
    for page, content in (
        (data_docs.suite_path(contract.feed), ExpectationSuitePageRenderer().render(declared_suite)),
        (data_docs.page_path(contract.feed, batch_id, received_at), ValidationResultsPageRenderer().render(outcome)),
    ):
        data_docs.write_page(
            docs / "site", page, view.DefaultJinjaPageView().render(content, show_how_to_buttons=False)
        )
    return results


def _heading(contract: Contract, configuration: Any) -> str:
    """Under which heading Data Docs shows an expectation: its column's, not that of the column which marks rows."""
    column = _column(configuration)
    return f"{contract.first_header(column)} {column}" if column else "整行 Whole row"


def _column(configuration: Any) -> str | None:
    meta = configuration.meta or {}
    column = meta["column"] if "column" in meta else configuration.kwargs.get("column")
    return column if column is None else str(column)


def _raised(info: Any) -> bool:
    entries = info.values() if info and "raised_exception" not in info else [info or {}]
    return any(isinstance(entry, dict) and entry.get("raised_exception") for entry in entries)


def _result(each: Any) -> Result:
    config = each.expectation_config
    meta = config.meta or {}
    column = _column(config)
    if _raised(each.exception_info):
        raise ValidationError(f"{config.type} on {column or 'the batch'} ({meta.get('reason')}) could not be evaluated")
    rows = each.result.get("element_count")
    failed = each.result.get("unexpected_count")
    if config.type == "expect_table_row_count_to_be_between":
        rows, failed = each.result["observed_value"], 0 if each.success else each.result["observed_value"]
    reason = meta.get("reason")
    return Result(
        expectation=config.type if reason is None else f"{config.type}:{reason}",
        column=column,
        severity=cast(Severity, config.severity.value),
        success=bool(each.success),
        rows_checked=None if rows is None else int(rows),
        rows_failed=int(failed or 0),
    )
