"""A page as the browser gets it: the reader's language, a template, and headers that let nothing foreign in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any, Literal, cast
from urllib.parse import urlencode

import jinja2
import yaml
from fastapi import Request
from fastapi.responses import HTMLResponse

from safetynet.contract import Contract, Titles
from safetynet.home import COUNTY_TIME
from safetynet.incidents import failures
from safetynet.messages import Sentence, catalogue, say_reason
from safetynet.pages import charts

Language = Literal["zh", "en"]

FOLDER = Path(__file__).parent
_COOKIE = "safetynet_language"
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; form-action 'self'; "
        "frame-ancestors 'self'; base-uri 'none'"
    ),
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
}


@cache
def texts() -> dict[str, dict[str, str]]:
    """Code → language → text."""
    loaded: dict[str, dict[str, str]] = yaml.safe_load((FOLDER / "texts.yml").read_text(encoding="utf-8"))
    return loaded


@cache
def _templates() -> jinja2.Environment:
    loader = jinja2.FileSystemLoader(FOLDER / "templates")
    return jinja2.Environment(
        loader=loader, autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )


def language(request: Request) -> Language:
    """The reader's language: asked for in the address, else chosen before, else what the browser prefers."""
    for wanted in (request.query_params.get("lang"), request.cookies.get(_COOKIE)):
        if wanted in ("zh", "en"):
            return cast(Language, wanted)
    return "zh" if "zh" in request.headers.get("accept-language", "zh").lower().split(",")[0] else "en"


@dataclass(frozen=True)
class Voice:
    """Says in one language what templates ask it to say."""

    lang: Language

    def __call__(self, code: str, **facts: object) -> str:
        """A text of texts.yml, its fields filled."""
        text = texts()[code][self.lang]
        return text.format(**facts) if facts else text

    def pick(self, told: Titles | Sentence | dict[str, str]) -> str:
        """One of two languages of what is told in both."""
        return told[self.lang] if isinstance(told, dict) else str(getattr(told, self.lang))

    def reason(self, code: str) -> str:
        """A row's reason or finding in words; that of a whole file is told beside its verdict."""
        is_of_file = "{" in catalogue().get(code, {}).get(self.lang, "")
        return self("whole_file") if is_of_file else self.pick(say_reason(code))

    def check(self, expectation: str) -> str:
        """What an expectation looks for; the ledger names it `<type>:<reason>`."""
        return self.reason(expectation.rpartition(":")[2])

    def failure(self, contract: Contract | None, kind: str, what: str) -> str:
        """What failed, as an incident names it: a column by its header, a reason in words, else a name as it is."""
        told = self.pick(failures.named(contract, kind, what))
        code, opening, columns = told.partition(" (")
        return f"{self.reason(code)}{opening}{columns}" if code in catalogue() else told

    def column(self, contract: Contract, name: str | None) -> str:
        """A column as its department writes it, or by its name."""
        if name is None:
            return self("whole_row")
        if self.lang == "zh" and name in contract.columns:
            return contract.first_header(name)
        return name.replace("_", " ")

    def known(self, group: str, code: str) -> str:
        """The text `<group>_<code>` of the pages or the messages, or the code, readable, where nobody wrote one."""
        key = f"{group}_{code}"
        told = texts().get(key) or catalogue().get(key)
        return told[self.lang] if told else code.replace("_", " ")

    def number(self, value: int | float) -> str:
        """A number with its thousands told apart."""
        return f"{value:,}"

    def share(self, value: float | None) -> str:
        """A share in per cent, never rounded up to all of it or down to nothing."""
        if value is None:
            return "–"
        rounded = f"{value:.1%}"
        if rounded == "100.0%" and value < 1:
            return "> 99.9%"
        if rounded == "0.0%" and value > 0:
            return "< 0.1%"
        return rounded

    def moment(self, value: datetime | None) -> str:
        """A moment where the county is, to the minute."""
        return value.astimezone(COUNTY_TIME).strftime("%Y-%m-%d %H:%M") if value else "–"

    def day(self, value: date | None) -> str:
        """A calendar day."""
        return value.isoformat() if value else "–"


def render(request: Request, template: str, status_code: int = 200, **facts: Any) -> HTMLResponse:
    """A page out of a template; a language asked for in the address is kept for the next one."""
    lang = language(request)
    root = request.scope.get("root_path", "")

    def here(**changes: object) -> str:
        """This page's address with other parameters; None takes one out."""
        asked = dict(request.query_params) | changes
        asked = {name: value for name, value in asked.items() if value is not None}
        return f"{root}{request.scope['path'].removeprefix(root)}" + (f"?{urlencode(asked)}" if asked else "")

    def link(path: str, **asked: object) -> str:
        """The address of another page."""
        given = {name: value for name, value in asked.items() if value is not None}
        return f"{root}/{path}" + (f"?{urlencode(given)}" if given else "")

    page = _templates().get_template(template)
    body = page.render(t=Voice(lang), lang=lang, link=link, here=here, charts=charts, **facts)
    response = HTMLResponse(body, status_code=status_code, headers=_HEADERS)
    if request.query_params.get("lang") == lang:
        response.set_cookie(_COOKIE, lang, path=root or "/", httponly=True, samesite="lax", max_age=31_536_000)
    return response
