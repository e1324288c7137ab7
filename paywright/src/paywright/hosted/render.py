"""Render a template in one language; loaded on the first page view to keep the start quick."""

from functools import cache
from typing import TYPE_CHECKING, Any

from starlette.responses import HTMLResponse

from paywright.hosted.texts import texts

if TYPE_CHECKING:
    from jinja2 import Environment


@cache
def _environment() -> "Environment":
    from jinja2 import Environment, PackageLoader, StrictUndefined

    return Environment(
        loader=PackageLoader("paywright.hosted"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )


def render(
    name: str, language: str, context: dict[str, Any], *, status: int = 200, headers: dict[str, str] | None = None
) -> HTMLResponse:
    """Return the page; ``t("key", name=...)`` in a template gives the sentence of the language."""
    words = texts(language)

    def t(key: str, **filled: str) -> str:
        return words[key].format(**filled)

    html = _environment().get_template(name).render(language=language, t=t, **context)
    return HTMLResponse(html, status, headers)
