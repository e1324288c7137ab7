"""Render the panel's templates in English or Korean; states and types are Stripe's own names in both."""

import json
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import HTMLResponse

from paywright.hosted import view
from paywright.hosted.texts import choose

if TYPE_CHECKING:
    from jinja2 import Environment

Json = dict[str, Any]

HEADERS = {
    "Content-Security-Policy": "default-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}


@cache
def korean() -> dict[str, str]:
    """The panel's words by their English; a test compares them with the templates."""
    loaded: dict[str, str] = json.loads((Path(__file__).parent / "ko.json").read_text(encoding="utf-8"))
    return loaded


@cache
def _environment() -> "Environment":
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("paywright.panel"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    environment.filters.update(moment=_moment, money=_money)
    return environment


def language_of(request: Request) -> str:
    """The language that the browser asks for."""
    return choose(None, request.headers.get("accept-language", ""))


def render(request: Request, name: str, context: dict[str, Any], *, status: int = 200) -> HTMLResponse:
    """Return the page in the browser's language; ``t("text")`` in a template gives the text in it."""
    language = language_of(request)
    words = korean() if language == "ko" else {}

    def t(text: str, **filled: object) -> str:
        said = words.get(text, text)
        return said.format(**filled) if filled else said

    html = _environment().get_template(name).render(language=language, t=t, **context)
    return HTMLResponse(html, status, HEADERS)


def _moment(seconds: float) -> str:
    """A time of the server's clock, as ISO 8601 UTC."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def _money(doc: Json, member: str = "amount") -> str:
    return view.money(doc[member], doc["currency"], "en")
