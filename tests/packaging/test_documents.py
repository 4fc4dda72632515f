"""What the documents say is so: links, commands, variables, feeds, tables, queries."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import duckdb
import pytest
import yaml

from safetynet.contract import Contract, contracts
from safetynet.home import CHECKOUT

README, CHINESE = CHECKOUT / "README.md", CHECKOUT / "README.zh-CN.md"
PAGES = [
    README,
    CHINESE,
    CHECKOUT / "CONTRIBUTING.md",
    CHECKOUT / "CHANGELOG.md",
    *sorted(CHECKOUT.glob("docs/**/*.md")),
]
BY_NAME = {str(page.relative_to(CHECKOUT)): page for page in PAGES}
LINK = re.compile(r"\[[^\]]*\]\((?!https?://)([^)#\s]*)(#[^)\s]+)?\)")
BLOCK = re.compile(r"^ *```(\w*)\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)


def anchors(page: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("name", BY_NAME)
def test_links_lead_somewhere(name: str) -> None:
    page = BY_NAME[name]
    for target, anchor in LINK.findall(page.read_text(encoding="utf-8")):
        path = (page.parent / target).resolve() if target else page
        assert path.exists(), target
        assert not anchor or anchor[1:] in anchors(path), f"{target}{anchor}"


def test_every_page_is_in_an_index() -> None:
    for folder in ("docs", "docs/runbooks"):
        index = (CHECKOUT / folder / "README.md").read_text(encoding="utf-8")
        pages = {path.name for path in (CHECKOUT / folder).glob("*.md")} - {"README.md"}
        assert pages <= {Path(target).name for target, _ in LINK.findall(index)}


def test_commands_are_make_targets() -> None:
    makefile = (CHECKOUT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z]+):", makefile, re.MULTILINE))
    named = {
        target
        for page in PAGES
        for target in re.findall(r"(?:`|^ *|&& |=\S+ )make ([a-z]+)", page.read_text(encoding="utf-8"), re.MULTILINE)
    }
    assert {"run", "test", "sql", "release", "up", "down", "docs", "help"} <= named <= targets


def shape(page: Path) -> list[str]:
    """Headings' depth, rows of tables and languages of blocks, in their order."""
    text = page.read_text(encoding="utf-8")
    marks = re.findall(r"^(#+ |\|[^|]*\||```\w*$|- )", text, re.MULTILINE)
    return [mark if mark[0] in "#`-" else "row" for mark in marks]


def test_both_readmes_are_in_step() -> None:
    assert shape(README) == shape(CHINESE)
    both = [page.read_text(encoding="utf-8") for page in (README, CHINESE)]
    commands = [re.findall(r"^(make \w+|export .*|\$ make sql .*|[┌│└].*)", text, re.MULTILINE) for text in both]
    assert commands[0] == commands[1]
    links = [[target for target, _ in LINK.findall(text) if "README" not in target] for text in both]
    assert sorted(links[0]) == sorted(links[1])


def test_every_variable_is_in_the_readmes_and_no_other() -> None:
    sources = [*CHECKOUT.glob("plugins/**/*.py"), CHECKOUT / "dbt_project" / "profiles.yml", CHECKOUT / "Makefile"]
    read = {
        name for path in sources for name in re.findall(r"SAFETYNET_[A-Z_]*[A-Z]", path.read_text(encoding="utf-8"))
    }
    of_a_build = ("AS_OF", "CURRENT", "INPUTS", "RESTRICTED", "WORKING")
    own = {f"SAFETYNET_BUILD_{what}" for what in of_a_build} | {"SAFETYNET_PROGRESS"}
    for page in (README, CHINESE):
        told = set(re.findall(r"^\| `(SAFETYNET_[A-Z_]+)", page.read_text(encoding="utf-8"), re.MULTILINE))
        by_owner = ("SAFETYNET_ALERT", "SAFETYNET_RETURNED")
        assert told - {f"{name}_" for name in by_owner} == read - own - {*by_owner}


def feed_row(contract: Contract) -> str:
    table = contract.feed.removeprefix(f"{contract.department}_")
    path = f"../plugins/safetynet/departments/{contract.department}/{table}.yml"
    form = contract.format + (f", {' or '.join(contract.csv.encodings)}" if contract.csv else "")
    key = " + ".join(" or ".join(f"`{name}`" for name in part.split("|")) for part in contract.key)
    title, owner = contract.title, contract.owner.department.zh
    return (
        f"| [`{contract.feed}`]({path}) | {title.zh} · {title.en} | {owner} "
        f"| {contract.delivery}, {contract.cadence} | {form} | {key} |"
    )


def test_feeds_are_as_their_contracts_say() -> None:
    text = (CHECKOUT / "docs" / "feeds.md").read_text(encoding="utf-8")
    told = re.findall(r"^\| \[`.*$", text, re.MULTILINE)
    assert len(told) >= 11
    assert set(told) <= {feed_row(contract) for contract in contracts().values()}


def models(layer: str) -> dict[str, dict[str, str]]:
    """Model → column → type, as the contracts of the dbt project promise them."""
    found: dict[str, dict[str, str]] = {}
    for path in sorted((CHECKOUT / "dbt_project" / "models" / layer).glob("*.yml")):
        for model in yaml.safe_load(path.read_text(encoding="utf-8")).get("models", []):
            found[model["name"]] = {column["name"]: column["data_type"] for column in model["columns"]}
    return found


def test_tables_are_as_the_models_promise() -> None:
    text = (CHECKOUT / "docs" / "warehouse.md").read_text(encoding="utf-8")
    told = dict(re.findall(r"^\| (\w+) \| [^|]+ \| ([\w, ]+) \|$", text, re.MULTILINE))
    promised = models("marts") | models("quality") | models("restricted")
    assert {name: ", ".join(columns) for name, columns in promised.items()} == {
        name: columns for name, columns in told.items() if name != "table"
    }


def queries() -> list[str]:
    found = []
    for page in PAGES:
        for language, block in BLOCK.findall(page.read_text(encoding="utf-8")):
            if language == "sql" and "{{" not in block:
                found.append(block)
            found += re.findall(r'make sql Q="((?:[^"]|\n)*)"', block)
    return [query for query in found if "…" not in query]


def test_queries_can_be_asked() -> None:
    warehouse = duckdb.connect()
    for schema in ("marts", "quality"):
        warehouse.execute(f"CREATE SCHEMA {schema}")
        for table, columns in models(schema).items():
            typed = ", ".join(f'"{name}" {kind}' for name, kind in columns.items())
            warehouse.execute(f"CREATE TABLE {schema}.{table} ({typed})")
    asked = queries()
    assert len(asked) > 12
    for query in asked:
        warehouse.execute(query)


def test_lock_pins_everything_and_names_no_index() -> None:
    lines = (CHECKOUT / "requirements.lock").read_text(encoding="utf-8").splitlines()
    pins = [line for line in lines if line and not line.lstrip().startswith("#")]
    assert all(re.match(r"[a-z0-9._-]+==[^ ]+( ;.*)?$", pin) for pin in pins)
    wanted = (CHECKOUT / "requirements.in").read_text(encoding="utf-8").splitlines()
    names = {re.split(r"[=<>\[ ]", line)[0].lower() for line in wanted if line and not line.startswith("#")}
    assert names <= {pin.split("==")[0] for pin in pins}
    for name in ("requirements.lock", "requirements.in", "Dockerfile", "Makefile", ".ci/run", "docker-compose.yml"):
        text = (CHECKOUT / name).read_text(encoding="utf-8")
        assert not re.search(r"https?://(?!127\.0\.0\.1|api-server)|(--|_)index-url[ =]\S*/", text), name


def test_nothing_tracked_is_a_secret() -> None:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=CHECKOUT, capture_output=True, check=True).stdout
    tracked = [CHECKOUT / name for name in listed.decode().split("\0") if name]
    assert len(tracked) > 100
    secret = re.compile(r"BEGIN [A-Z ]*PRIVATE KEY|(?i:password|secret|token)\s*[=:]\s*['\"]?[A-Za-z0-9+/]{20,}")
    for path in tracked:
        assert path.name != ".env"
        assert path.suffix not in (".duckdb", ".sqlite", ".parquet", ".key", ".pem"), path
        if path.is_file() and path.suffix not in (".xlsx", ".xls", ".zip"):
            assert not secret.search(path.read_text(encoding="utf-8", errors="replace")), path
