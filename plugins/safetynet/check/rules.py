"""The row rules of a batch, from its contract and its suite, and the one pass that applies them all.

A rule is a condition that fails a row of relation `{batch}` (see `keyed_view`). Rules of the contract (required,
accepted, identity, key) are derived; the rest stands in expectations/<department>/<feed>.yml, in Great Expectations'
own form, and is read from there.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

import yaml

from safetynet.clean.statement import literal
from safetynet.contract import Contract, Kind
from safetynet.home import CHECKOUT

EXPECTATIONS = CHECKOUT / "expectations"

Severity = Literal["critical", "warning", "info"]

_ROWS_QUERY = re.compile(r"^SELECT row_number FROM \{batch\} WHERE (?P<condition>.+)$", re.DOTALL)


@dataclass(frozen=True)
class RowRule:
    """A condition over the rows of `{batch}` that, where it holds, fails the row."""

    reason: str
    column: str | None
    severity: Severity
    condition: str
    notes: str

    @property
    def mark(self) -> str:
        """Column of `failed_statement` that is filled where the rule fails a row."""
        return f"{self.column}_{self.reason}" if self.column else self.reason


@dataclass(frozen=True)
class CellRule:
    """Cells of a column that the cleaner refused; the reason is the cleaner's."""

    column: str
    severity: Severity
    notes: str


def person_key_parts(contract: Contract) -> tuple[str, str] | None:
    """(whole person, fallback person) as SQL texts, None for a feed without persons."""
    if contract.person is None:
        return None
    person = contract.person
    return person.id_number, f"{person.name} || '|' || {person.division}"


def _key_part(contract: Contract, part: str, is_fallback: bool) -> str:
    whole_person, fallback_person = person_key_parts(contract) or ("NULL", "NULL")
    if part.startswith("sign("):
        return f"CAST(sign({part[5:-1]}) AS VARCHAR)"
    names = part.split("|")
    sql = [
        (fallback_person if is_fallback else whole_person) if name == "person" else f"CAST({name} AS VARCHAR)"
        for name in names
    ]
    return sql[0] if len(sql) == 1 else f"coalesce({', '.join(sql)})"


def key_hashes(contract: Contract) -> dict[str, str]:
    """SQL of `key_hash` (of the whole key) and `fallback_hash` (name + division for the person), NULL if not whole."""
    whole = [_key_part(contract, part, False) for part in contract.key]
    fallback = [_key_part(contract, part, True) for part in contract.key]
    is_whole = " AND ".join(f"{part} IS NOT NULL" for part in whole)
    has_fallback = " AND ".join(f"{part} IS NOT NULL" for part in fallback)
    other = f"CASE WHEN NOT ({is_whole}) AND {has_fallback} THEN hash({', '.join(fallback)}) END"
    return {
        "key_hash": f"CASE WHEN {is_whole} THEN hash({', '.join(whole)}) END",
        "fallback_hash": other if whole != fallback else "CAST(NULL AS UBIGINT)",
    }


def is_name_of_person(contract: Contract, column: str) -> bool:
    """Whether a column is the primary person's name, which may be blank beside a whole id number."""
    return contract.person is not None and column == contract.person.name


def _must_be_usable(contract: Contract, column: str) -> bool:
    """Whether a row is quarantined for a cell of this column; for a text it never is, only its column must be there."""
    return contract.columns[column].required and contract.columns[column].kind is not Kind.TEXT


def cell_rules(contract: Contract) -> list[CellRule]:
    """One rule for each column whose cells must be of its kind."""
    rules = []
    for name, column in contract.columns.items():
        is_warning = _must_be_usable(contract, name) and not is_name_of_person(contract, name)
        rules.append(
            CellRule(
                name,
                "warning" if is_warning else "info",
                f"A filled cell under “{column.headers[0]}” is of kind {column.kind}.",
            )
        )
    return rules


def derived_rules(contract: Contract) -> list[RowRule]:
    """The row rules that the contract states: required, identity, key, shape."""
    rules = [RowRule("ragged_row", None, "warning", "is_ragged", "Every row has as many cells as the header.")]
    person = contract.person
    for name in contract.required:
        condition = f"{name} IS NULL AND {name}_issue IS NULL"
        if person and name == person.name:
            condition += f" AND {person.id_number} IS NULL"
        severity: Severity = "warning" if _must_be_usable(contract, name) else "info"
        rules.append(RowRule("blank", name, severity, condition, f"“{contract.first_header(name)}” is filled."))
    if person:
        rules.append(
            RowRule(
                "no_identity",
                person.id_number,
                "warning",
                f"{person.id_number} IS NULL AND ({person.name} IS NULL OR {person.division} IS NULL)",
                "A row names its person: a whole id number, or a name with a division.",
            )
        )
        rules.append(
            RowRule(
                "id_number_under_two_names",
                person.id_number,
                "info",
                f"{person.id_number} IN (SELECT {person.id_number} FROM {{batch}} "
                f"WHERE {person.id_number} IS NOT NULL AND {person.name} IS NOT NULL "
                f"GROUP BY {person.id_number} HAVING min(hash({person.name})) <> max(hash({person.name})))",
                "One id number stands under one name.",
            )
        )
    first = contract.key[0].split("|")[0].removeprefix("sign(").removesuffix(")")
    column = (person.id_number if person else None) if first == "person" else first
    rules.append(
        RowRule(
            "contradicting_key",
            column,
            "warning",
            "row_number IN (SELECT row_number FROM contradicting_row)",
            f"One row for one key ({', '.join(contract.key)}).",
        )
    )
    if person:
        rules.append(
            RowRule(
                "same_fallback_key",
                person.name,
                "info",
                "fallback_hash IN (SELECT fallback_hash FROM {batch} WHERE fallback_hash IS NOT NULL "
                "GROUP BY fallback_hash HAVING count(*) > 1)",
                "Rows without a whole id number differ in name or division.",
            )
        )
    return rules


def suite_path(contract: Contract) -> Path:
    """Where the suite of a feed stands."""
    return EXPECTATIONS / contract.department / f"{contract.feed.removeprefix(contract.department + '_')}.yml"


@cache
def suite(contract_feed: str, path: Path) -> dict[str, Any]:
    """The suite of a feed as Great Expectations reads it."""
    declared: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    if declared.get("name") != contract_feed:
        raise ValueError(f"{path.name}: the suite is named {declared.get('name')!r}, not {contract_feed!r}")
    return declared


def _condition(expectation: dict[str, Any]) -> str:
    """The condition under which a row fails an expectation."""
    kwargs = expectation["kwargs"]
    match expectation["type"]:
        case _ if is_query(expectation):
            query = _ROWS_QUERY.match(kwargs["unexpected_rows_query"].strip())
            if query is None:
                raise ValueError("an unexpected_rows_query reads SELECT row_number FROM {batch} WHERE …")
            return query["condition"]
        case "expect_column_values_to_be_between":
            column = kwargs["column"]
            bounds = [f"{column} < {kwargs['min_value']}"] if "min_value" in kwargs else []
            bounds += [f"{column} > {kwargs['max_value']}"] if "max_value" in kwargs else []
            return " OR ".join(bounds)
        case "expect_column_pair_values_a_to_be_greater_than_b":
            sign = "<" if kwargs.get("or_equal") else "<="
            return f"{kwargs['column_A']} {sign} {kwargs['column_B']}"
        case other:
            raise ValueError(f"{other} has no row condition; state it as unexpected_rows_expectation")


def is_query(expectation: dict[str, Any]) -> bool:
    """Whether a declared expectation is a query of the rows that fail."""
    return bool(expectation["type"] == "unexpected_rows_expectation")


def _declared_rule(expectation: dict[str, Any]) -> RowRule:
    meta = expectation["meta"]
    return RowRule(
        meta["reason"],
        meta.get("column") or expectation["kwargs"].get("column"),
        expectation["severity"],
        _condition(expectation),
        meta["notes"],
    )


def declared_expectations(contract: Contract) -> list[dict[str, Any]]:
    """The expectations of the feed's suite."""
    expectations: list[dict[str, Any]] = suite(contract.feed, suite_path(contract))["expectations"]
    return expectations


def declared_rules(contract: Contract) -> list[RowRule]:
    """The row rules of the feed's suite."""
    return [_declared_rule(each) for each in declared_expectations(contract)]


def marked_rules(contract: Contract) -> list[RowRule]:
    """The row rules that are conditions: of the contract, and of the suite's queries.

    The others of the suite are expectations that Great Expectations evaluates by itself.
    """
    return derived_rules(contract) + [
        _declared_rule(each) for each in declared_expectations(contract) if is_query(each)
    ]


def row_rules(contract: Contract) -> list[RowRule]:
    """All rules of a feed over rows, in the order in which reasons are listed."""
    return derived_rules(contract) + declared_rules(contract)


def _entry(column: str | None, told: str, field: str) -> str:
    name = literal(column) if column else "CAST(NULL AS VARCHAR)"
    return f"{{'column_name': {name}, '{field}': {told}}}"


def _cases(contract: Contract, severities: tuple[Severity, ...], field: str) -> list[tuple[str, str]]:
    """What may be told about a row at these severities: under which condition, and what, as SQL.

    The row rules are columns `fails_<n>` by then.
    """
    cells = [
        (f"{rule.column}_issue IS NOT NULL", _entry(rule.column, f"{rule.column}_issue", field))
        for rule in cell_rules(contract)
        if rule.severity in severities
    ]
    return cells + [
        (f"fails_{number}", _entry(rule.column, literal(rule.reason), field))
        for number, rule in enumerate(row_rules(contract))
        if rule.severity in severities
    ]


def _told(cases: list[tuple[str, str]], field: str) -> str:
    """SQL of the list of what is told about a row; NULL where nothing is."""
    if not cases:
        return f"CAST(NULL AS STRUCT(column_name VARCHAR, {field} VARCHAR)[])"
    anything = " OR ".join(condition for condition, _ in cases)
    each = ", ".join(f"CASE WHEN {condition} THEN {entry} END" for condition, entry in cases)
    return f"CASE WHEN NOT is_repeated AND ({anything}) THEN list_filter([{each}], lambda told: told IS NOT NULL) END"


def row_view(contract: Contract, rows: str) -> str:
    """SELECT over the cleaned rows of a Parquet file, the issue of each column beside it as `<column>_issue`."""
    issues = [f"CASE WHEN issue IS NOT NULL THEN issue['{name}'] END AS {name}_issue" for name in contract.columns]
    return f"SELECT * EXCLUDE (issue, repair), {', '.join(issues)} FROM {rows}"


def keyed_view(contract: Contract, rows: str) -> str:
    """SELECT over relation `rows`: its rows with `key_hash` and `fallback_hash`."""
    hashes = [f"{hashed} AS {name}" for name, hashed in key_hashes(contract).items()]
    return f"SELECT *, {', '.join(hashes)} FROM {rows}"


def _name_in_key(contract: Contract) -> str:
    """SQL of the name that must be the same for two rows to have one key: the person's, where the number is in it."""
    if contract.person is None:
        return "CAST(NULL AS VARCHAR)"
    for part in contract.key:
        *before, last = part.split("|")
        if last == "person":
            is_by_person = " AND ".join(["true", *(f"{name} IS NULL" for name in before)])
            return f"CASE WHEN {is_by_person} THEN {contract.person.name} END"
    return "CAST(NULL AS VARCHAR)"


def alike_statement(contract: Contract) -> str:
    """SELECT over `data`, `shared_row_hash` and `shared_key_hash`: the rows whose text or key stands on another too.

    Yields row_number, row_hash, key_hash, content_hash and the name of _name_in_key.
    """
    return f"""
        SELECT
            row_number, row_hash, key_hash, hash({", ".join(contract.columns)}) AS content_hash,
            {_name_in_key(contract)} AS name
        FROM data
        WHERE row_hash IN (FROM shared_row_hash) OR key_hash IN (FROM shared_key_hash)
    """


REPEATED_ROWS = """
    SELECT row_number FROM alike QUALIFY row_number > min(row_number) OVER (PARTITION BY row_hash, content_hash)
"""
"""SELECT over `alike`: row_number of rows that repeat an earlier one."""

CONTRADICTING_ROWS = """
    SELECT row_number FROM alike ANTI JOIN repeated_row USING (row_number)
    WHERE key_hash IS NOT NULL
    WINDOW of_key AS (PARTITION BY key_hash), of_name AS (PARTITION BY key_hash, name)
    QUALIFY
        min(content_hash) OVER of_key <> max(content_hash) OVER of_key
        AND (
            min(name) OVER of_key IS NOT DISTINCT FROM max(name) OVER of_key
            OR min(content_hash) OVER of_name <> max(content_hash) OVER of_name
        )
"""
"""SELECT over `alike` and `repeated_row`: row_number of rows whose whole key stands on a row of other content.

Two names under one number are two people (a child under its parent's number), not one who contradicts itself.
"""


def judged_statement(contract: Contract) -> str:
    """SELECT over `data`, `repeated_row`, `corrected` and `batch`: the rows of which something is told.

    Yields row_number, is_repeated, corrects, and what may be told: `<column>_issue` and, for each of row_rules,
    `fails_<n>`. Every rule is a column first, so that what it asks of the whole batch is answered once.
    """
    fails = [f"({rule.condition}) AS fails_{number}" for number, rule in enumerate(row_rules(contract))]
    judged = f"""
        SELECT *, row_number IN (SELECT row_number FROM repeated_row) AS is_repeated, {", ".join(fails)} FROM data
    """.replace("{batch}", "batch")
    told = [f"{name}_issue" for name in contract.columns] + [f"fails_{number}" for number in range(len(fails))]
    anything = [condition for condition, _ in _cases(contract, ("critical", "warning", "info"), "told")]
    return f"""
        SELECT row_number, is_repeated, corrects, {", ".join(told)}
        FROM ({judged}) LEFT JOIN corrected USING (row_number)
        WHERE is_repeated OR corrects IS NOT NULL OR {" OR ".join(anything)}
    """


def mark_statement(contract: Contract, batch_id: str) -> str:
    """SELECT over `judged` (judged_statement) and `no_data`: the marks of a batch (publish.lake).

    Disposition accepted, quarantined, duplicate or no_data (titles, totals, notes), with reasons and findings.
    """
    return f"""
        SELECT
            {literal(batch_id)} AS batch_id, row_number,
            CASE WHEN is_repeated THEN 'duplicate' WHEN reasons IS NULL THEN 'accepted' ELSE 'quarantined' END
                AS disposition,
            reasons, findings, corrects
        FROM (
            SELECT
                row_number, is_repeated, corrects,
                {_told(_cases(contract, ("critical", "warning"), "reason"), "reason")} AS reasons,
                {_told(_cases(contract, ("info",), "finding"), "finding")} AS findings
            FROM judged
        )
        UNION ALL
        SELECT {literal(batch_id)}, row_number, 'no_data', NULL, NULL, NULL FROM no_data
    """


def failed_statement(contract: Contract) -> str:
    """SELECT over `judged`: the rows of the batch that a condition fails (marked_rules), with each one's mark."""
    marked = marked_rules(contract)
    fails = {f"fails_{number}": rule for number, rule in enumerate(row_rules(contract)) if rule in marked}
    marks = [f"CASE WHEN {condition} THEN true END AS {rule.mark}" for condition, rule in fails.items()]
    return f"SELECT row_number, {', '.join(marks)} FROM judged WHERE NOT is_repeated AND ({' OR '.join(fails)})"
