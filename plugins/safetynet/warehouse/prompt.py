"""`make sql`: a prompt on the current warehouse, read-only."""

from __future__ import annotations

import sys

import duckdb

from safetynet.home import Home

_HELP = "SQL ends with ; — .tables lists the tables, .quit ends.  SQL 以分号结束；.tables 列出各表，.quit 退出。"


def _show(connection: duckdb.DuckDBPyConnection, query: str) -> bool:
    try:
        result = connection.sql(query)
        if result is not None:
            result.show(max_rows=60, max_width=200)
    except duckdb.Error as error:
        print(error, file=sys.stderr)
        return False
    return True


def _tables(connection: duckdb.DuckDBPyConnection) -> None:
    rows = connection.execute(
        "SELECT table_schema || '.' || table_name FROM information_schema.tables "
        "WHERE table_schema IN ('marts', 'quality') ORDER BY 1"
    ).fetchall()
    print("\n".join(name for (name,) in rows))


def prompt(home: Home, query: str | None) -> int:
    """Answer one query, or every statement that is typed; returns 1 when a single query failed."""
    if not home.current.is_file():
        print("There is no warehouse yet: make run · 还没有数据仓库，请先运行 make run", file=sys.stderr)
        return 1
    with duckdb.connect(str(home.current), read_only=True) as connection:
        if query is not None:
            return 0 if _show(connection, query) else 1
        if sys.stdin.isatty():
            import readline  # noqa: F401  (line editing)

            print(f"{home.current}\n{_HELP}")
        pending = ""
        while True:
            try:
                line = input(("    ...> " if pending else "safetynet> ") if sys.stdin.isatty() else "")
            except (EOFError, KeyboardInterrupt):
                break
            if not pending and line.strip() in (".quit", ".exit"):
                break
            if not pending and line.strip() == ".tables":
                _tables(connection)
                continue
            pending = f"{pending}\n{line}".strip()
            if pending.endswith(";"):
                _show(connection, pending)
                pending = ""
        if pending:
            _show(connection, pending)
    return 0
