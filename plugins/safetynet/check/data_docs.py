"""Data Docs that need no internet: pages without foreign scripts, a style sheet beside them, an index of our own."""

from __future__ import annotations

import html
import re
import shutil
from datetime import datetime
from pathlib import Path

import sqlalchemy as sa

from safetynet.contract import contract, contracts
from safetynet.home import Home
from safetynet.publish import ledger
from safetynet.publish.ledger import Ledger

_STYLES = sorted((Path(__file__).parent / "assets").glob("*.css"))
_FOREIGN = re.compile(
    r"<script[^>]+src=\"https?://[^>]*>\s*</script>|<link[^>]+href=\"(?:https?://|[^\">]*favicon)[^>]*>|<img[^>]+src=\"https?://[^>]*>"
)
_EMPTY_LINK = re.compile(r"<a[^>]*>\s*</a>")
_FOREIGN_LINK = re.compile(r"<a[^>]+href=\"https?://[^>]*>(.*?)</a>", re.DOTALL)

_PAGE = """<!doctype html>
<html lang="zh">
<head>
<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>社会安全网 · 数据质量报告 · Data Docs</title>
<link rel="stylesheet" href="static/bootstrap.min.css">
<link rel="stylesheet" href="static/data_docs.css">
</head>
<body>
<main class="container py-4">
<h1 class="h3">数据质量报告 <small class="text-muted">Data Docs</small></h1>
<p class="text-muted">每批数据一页：检查了什么，多少行未通过。不含任何个人信息。
One page per batch: what was checked, and how many rows failed. No value of any row is in it.</p>
{feeds}
</main>
</body>
</html>
"""
_FEED = """<h2 class="h5 mt-4">{title_zh} <small class="text-muted">{title_en} · {feed}{suite}</small></h2>
<div class="table-responsive" tabindex="0"><table class="table table-sm table-hover">
<thead><tr><th>截止日期 As of</th><th>文件 File</th><th>范围 Scope</th><th>结论 Verdict</th>
<th class="text-right">行数 Rows</th><th class="text-right">隔离 Quarantined</th>
<th class="text-right">未通过 Failed</th></tr></thead>
<tbody>
{rows}
</tbody>
</table></div>
"""
_SUITE = ' · <a href="{path}">检查项目 What is expected of it</a>'
_ROW = """<tr class="{style}"><td>{as_of}</td><td>{file}</td><td>{scope}</td><td>{verdict}</td>
<td class="text-right">{received:,}</td><td class="text-right">{quarantined:,}</td>
<td class="text-right">{failed}</td></tr>"""
_ROW_STYLES = {"rejected": "table-danger", "held": "table-warning"}


def page_path(feed: str, batch_id: str, received_at: datetime) -> str:
    """Where the page of a batch lies in the site."""
    return f"validations/{feed}/{batch_id}/{received_at:%Y%m%dT%H%M%S.%fZ}/{feed}-{batch_id}.html"


def suite_path(feed: str) -> str:
    """Where the page of a feed's expectations, with their notes, lies in the site."""
    return f"expectations/{feed}.html"


def _lay_styles(site: Path) -> None:
    static = site / "static"
    static.mkdir(parents=True, exist_ok=True)
    for style in _STYLES:
        shutil.copyfile(style, static / style.name)


def write_page(site: Path, page: str, text: str) -> None:
    """Write a page without all that is foreign in it, and with the style sheets that lie beside it."""
    _lay_styles(site)
    path = site / page
    path.parent.mkdir(parents=True, exist_ok=True)
    text = _EMPTY_LINK.sub("", _FOREIGN_LINK.sub(r"\1", _FOREIGN.sub("", text)))
    text = text.replace("<html>", '<html lang="en">', 1)
    # in the dark it knows of tables alone
    text = text.replace("@media (prefers-color-scheme: dark)", "@media not all")
    static = "../" * page.count("/") + "static"
    links = "".join(f'<link rel="stylesheet" href="{static}/{style.name}">' for style in _STYLES)
    path.write_text(text.replace("</head>", f"{links}</head>", 1), encoding="utf-8")


def write_index(home: Home, store: Ledger) -> None:
    """Write the index of all batches, by feed, newest first; one process at a time, and the last knows of all."""
    with home.alone("data_docs"):
        site = home.folder("data_docs", "site")
        draft = site / ".index.html"
        draft.write_text(_index(site, store), encoding="utf-8")
        _lay_styles(site)
        draft.replace(site / "index.html")


def _index(site: Path, store: Ledger) -> str:
    batch, result = ledger.batch, ledger.expectation_result
    failed = (
        sa.select(result.c.batch_id, sa.func.count().label("failed"))
        .where(result.c.success.is_(False))
        .group_by(result.c.batch_id)
        .subquery()
    )
    statement = (
        sa.select(batch, sa.func.coalesce(failed.c.failed, 0).label("failed"))
        .join(failed, failed.c.batch_id == batch.c.batch_id, isouter=True)
        .order_by(batch.c.as_of.desc(), batch.c.received_at.desc())
    )
    rows: dict[str, list[str]] = {}
    for row in store.rows(statement):
        path = page_path(row["feed"], row["batch_id"], row["received_at"])
        name = html.escape(row["source_file"])
        is_there = (site / path).is_file()
        rows.setdefault(row["feed"], []).append(
            _ROW.format(
                style=_ROW_STYLES.get(row["verdict"], ""),
                as_of=row["as_of"],
                file=f'<a href="{path}">{name}</a>' if is_there else name,
                scope=row["scope"] or "",
                verdict=row["verdict"].replace("_", " "),
                received=row["rows_received"],
                quarantined=row["rows_quarantined"],
                failed=row["failed"],
            )
        )
    feeds = [
        _FEED.format(
            title_zh=contract(feed).title.zh,
            title_en=contract(feed).title.en,
            feed=feed,
            suite=_SUITE.format(path=suite_path(feed)) if (site / suite_path(feed)).is_file() else "",
            rows="\n".join(rows[feed]),
        )
        for feed in contracts()
        if feed in rows
    ]
    return _PAGE.format(feeds="\n".join(feeds))
