"""Render the panel's templates (English; the words are Stripe's own names)."""

from functools import cache
from typing import TYPE_CHECKING, Any

from starlette.responses import HTMLResponse

if TYPE_CHECKING:
    from jinja2 import Environment

HEADERS = {
    "Content-Security-Policy": "default-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}


@cache
def _environment() -> "Environment":
    from jinja2 import Environment, PackageLoader, StrictUndefined

    from paywright.panel.pages import moment, money

    environment = Environment(
        loader=PackageLoader("paywright.panel"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    environment.filters.update(moment=moment, money=money)
    return environment


def render(name: str, context: dict[str, Any], *, status: int = 200) -> HTMLResponse:
    """Return the page."""
    return HTMLResponse(_environment().get_template(name).render(**context), status, HEADERS)
