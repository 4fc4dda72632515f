"""`make explain`: a household's whole story, for whoever may read the restricted file."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import duckdb
from rich.console import Console
from rich.text import Text
from rich.tree import Tree

from safetynet.clean.statement import literal
from safetynet.contract import Contract, contracts
from safetynet.home import Home
from safetynet.messages import say
from safetynet.publish.lake import marked

_WIDE = 100_000
"""Columns of a page that is no terminal: lines end where they end."""

_TOLD_OF_MEMBER = ("person_name", "relation_to_head", "sex", "birth_date", "id_number", "phone", "health_status")

_HOUSEHOLD = """
    SELECT household.*, division.full_name, build.as_of AS built_for,
        household.valid_to IS NULL OR household.valid_to > build.as_of AS counts
    FROM restricted.restricted.household_identity AS household
    CROSS JOIN current.quality.build AS build
    LEFT JOIN current.marts.dim_division AS division USING (division_code)
    WHERE household.household_code = ?
"""
_MEMBER = """
    SELECT member.*, identity.person_name, identity.id_number, identity.birth_date, identity.phone
    FROM restricted.restricted.household_member AS member
    JOIN restricted.restricted.person_identity AS identity USING (person_key)
    WHERE member.household_key = ?
    ORDER BY member.row_number
"""
_PROFILE = "SELECT * FROM current.marts.household_profile WHERE household_key = ?"
_DOMAINS = "SELECT DISTINCT domain, domain_zh, domain_en FROM current.marts.rule"
_SIGNAL = """
    SELECT signal.*, rule.title_zh, rule.title_en, identity.person_name
    FROM current.marts.signal_history AS signal
    JOIN current.marts.rule AS rule USING (rule_id)
    LEFT JOIN restricted.restricted.person_identity AS identity USING (person_key)
    WHERE list_contains(?, coalesce(signal.person_key, signal.household_key))
    ORDER BY signal.opened_on, signal.rule_id, signal.signal_id
"""
_PIECE = """
    SELECT batch.source_file, list(piece.row_number ORDER BY piece.row_number) AS row_numbers
    FROM unnest(?::STRUCT(feed VARCHAR, batch_id VARCHAR, row_number INTEGER)[]) AS evidence (piece)
    JOIN current.quality.batch AS batch ON piece.batch_id = batch.batch_id
    GROUP BY batch.batch_id, batch.as_of, batch.source_file
    ORDER BY batch.as_of, batch.source_file, batch.batch_id
"""
# The codes of a household as its register has them; one that is an id number stands as another text everywhere else.
_CODES = "SELECT DISTINCT household_code FROM {rows} WHERE list_contains(?, row_number)"
_BATCHES = """
    SELECT batch.batch_id FROM current.quality.batch AS batch CROSS JOIN current.quality.build AS build
    WHERE batch.feed = ? AND list_contains(build.batches, batch.batch_id)
"""
# What counts on D and names a member or the household, and what a signal rests on though it may count no longer.
# Of rows that name nobody but the household, all that were accepted.
_ROW = """
    SELECT row.*, batch.as_of, batch.source_file, identity.person_name AS about
    FROM ({marked}) AS row
    JOIN current.quality.batch AS batch USING (batch_id)
    LEFT JOIN current.marts.bridge_source_record AS record
        ON record.feed = $feed AND row.batch_id = record.batch_id AND row.row_number = record.row_number
    LEFT JOIN restricted.restricted.person_identity AS identity ON record.person_key = identity.person_key
    WHERE row.disposition = 'accepted' AND (
        ((list_contains($persons, record.person_key) OR list_contains($codes, {household_code}))
            AND (record.valid_to IS NULL OR record.valid_to > $day))
        OR (row.batch_id, row.row_number) IN (
            SELECT (piece.batch_id, piece.row_number)
            FROM unnest($evidence::STRUCT(batch_id VARCHAR, row_number INTEGER)[]) AS evidence (piece)
        )
    )
    ORDER BY batch.as_of, row.batch_id, row.row_number
"""


def explain(home: Home, household_code: str) -> int:
    """Print what the warehouse knows of a household, in Chinese and English; returns 1 where it knows nothing."""
    if not (home.current.is_file() and home.restricted.is_file()):
        print(say("no_warehouse"), file=sys.stderr)
        return 1
    with duckdb.connect() as connection:
        for name, path in (("current", home.current), ("restricted", home.restricted)):
            connection.execute(f"ATTACH {literal(str(path))} AS {name} (READ_ONLY)")
        story = _story(home, connection, household_code.strip())
    if story is None:
        print(say("no_household"), file=sys.stderr)
        return 1
    Console(highlight=False, width=None if sys.stdout.isatty() else _WIDE).print(story)
    return 0


def _rows(connection: duckdb.DuckDBPyConnection, query: str, given: Any) -> list[dict[str, Any]]:
    result = connection.execute(query, given)
    names = [column[0] for column in result.description or ()]
    return [dict(zip(names, row, strict=True)) for row in result.fetchall()]


def _story(home: Home, connection: duckdb.DuckDBPyConnection, household_code: str) -> Tree | None:
    found = _rows(connection, _HOUSEHOLD, [household_code])
    if not found:
        return None
    household = found[0]
    key, day = household["household_key"], household["built_for"]
    members = _rows(connection, _MEMBER, [key])
    persons = [member["person_key"] for member in members]
    signals = _rows(connection, _SIGNAL, [[key, *persons]])
    register = _parquet([home.batch_rows("registry_member", household["batch_id"])])
    found = _rows(connection, _CODES.format(rows=register), [[member["row_number"] for member in members]])
    codes = [row["household_code"] for row in found]

    story = Tree(Text(str(say("explain_household", {"code": household_code, "day": day.isoformat()})), "bold"))
    _household(story, household)
    branch = _branch(story, "explain_members")
    for member in members:
        _add(branch, _words(*(member[name] for name in _TOLD_OF_MEMBER)))
    _guarantees(_branch(story, "explain_guarantees"), connection, key)
    _signals(_branch(story, "explain_signals"), connection, signals)
    branch = _branch(story, "explain_departments")
    for contract in contracts().values():
        evidence = [
            {"batch_id": piece["batch_id"], "row_number": piece["row_number"]}
            for signal in signals
            for piece in signal["evidence"]
            if piece["feed"] == contract.feed
        ]
        given = {"codes": codes, "persons": persons, "day": day, "evidence": evidence, "feed": contract.feed}
        _department(home, branch, connection, contract, given)
    return story


def _household(story: Tree, household: dict[str, Any]) -> None:
    if not household["counts"]:
        _add(story, str(say("explain_left", {"day": household["valid_to"].isoformat()})), "bold red")
    _add(story, _words(*(household[name] for name in ("full_name", "household_type", "main_risk"))))
    if household["per_capita_net_income"] is not None:
        _add(story, str(say("explain_income", {"income": f"{household['per_capita_net_income']:,.2f}"})))
    if household["is_monitored"]:
        code = "explain_removed" if household["is_risk_eliminated"] else "explain_monitored"
        _add(story, str(say(code, {"day": str(household["identified_on"] or "–")})))


def _guarantees(branch: Tree, connection: duckdb.DuckDBPyConnection, household_key: str) -> None:
    names = {row["domain"]: f"{row['domain_zh']} {row['domain_en']}" for row in _rows(connection, _DOMAINS, [])}
    for profile in _rows(connection, _PROFILE, [household_key]):
        for column, is_secured in profile.items():
            if column.startswith("is_") and column.endswith("_secured"):
                answer = {True: "explain_secured", False: "explain_not_secured", None: "explain_unknown"}[is_secured]
                domain = column.removeprefix("is_").removesuffix("_secured")
                _add(branch, f"{names.get(domain, domain)}: {say(answer)}", "red" if is_secured is False else "")
        amounts = {name: f"{profile[name]:,.2f}" for name in ("monthly_assistance", "out_of_pocket_12m")}
        _add(branch, str(say("explain_amounts", {"types": profile["assistance_types"] or ["–"], **amounts})))


def _signals(branch: Tree, connection: duckdb.DuckDBPyConnection, signals: list[dict[str, Any]]) -> None:
    for signal in signals:
        title = _words(signal["title_zh"], signal["title_en"], signal["person_name"], signal["signal_id"])
        style = "red" if signal["status"] in ("open", "verified") else "dim"
        leaf = branch.add(Text(f"{say('signal_' + signal['status'])} · {title}", style))
        ended = {"opened": signal["opened_on"].isoformat(), "ended": str(signal["ended_on"] or "…")}
        _add(leaf, str(say("explain_period", ended)))
        _add(leaf, signal["explanation"])
        _add(leaf, signal["explanation_en"])
        if signal["finding"]:
            answer = {"finding": signal["finding"], "day": signal["answered_on"].isoformat()}
            _add(leaf, str(say("explain_answer", answer)))
        for piece in _rows(connection, _PIECE, [signal["evidence"]]):
            _add(leaf, _source(piece["source_file"], *piece["row_numbers"]), "dim")
    if not signals:
        _add(branch, str(say("explain_none")))


def _department(
    home: Home, branch: Tree, connection: duckdb.DuckDBPyConnection, contract: Contract, given: dict[str, Any]
) -> None:
    batches = [each["batch_id"] for each in _rows(connection, _BATCHES, [contract.feed])]
    if not batches:
        return
    rows, marks = (
        _parquet([path(contract.feed, batch) for batch in batches]) for path in (home.batch_rows, home.batch_marks)
    )
    household_code = "row.household_code" if "household_code" in contract.columns else "null"
    told = _rows(connection, _ROW.format(marked=marked(rows, marks), household_code=household_code), given)
    if not told:
        return
    department, title = contract.owner.department, contract.title
    feed = branch.add(Text(_words(department.zh, department.en, title.zh, title.en), "bold"))
    named = {contract.person.name, contract.person.id_number, contract.person.division} if contract.person else set()
    for row in told:
        cells = [
            f"{column.headers[0]} {name}: {_text(row[name])}"
            for name, column in contract.columns.items()
            if name not in named and row[name] is not None
        ]
        leaf = feed.add(Text(_words(row["as_of"], row["about"], _source(row["source_file"], row["row_number"]))))
        _add(leaf, "; ".join(cells))


def _parquet(paths: list[Path]) -> str:
    return f"read_parquet([{', '.join(literal(str(path)) for path in paths)}], union_by_name = true)"


def _branch(tree: Tree, code: str) -> Tree:
    return tree.add(Text(str(say(code)), "bold"))


def _add(tree: Tree, line: str, style: str = "") -> None:
    tree.add(Text(line, style))


def _words(*parts: Any) -> str:
    return " · ".join(_text(part) for part in parts if part is not None)


def _text(value: Any) -> str:
    return {True: "是 yes", False: "否 no"}[value] if isinstance(value, bool) else str(value)


def _source(file: str, *rows: int) -> str:
    return str(say("explain_source", {"file": file, "rows": [str(row) for row in rows]}))
