"""Error pages. A project names them in its ``urls.py``::

handler400, handler403 = "jumun.views.bad_request", "jumun.views.permission_denied"
handler404, handler500 = "jumun.views.page_not_found", "jumun.views.server_error"
"""

import sys
from collections.abc import Callable, Iterator
from functools import wraps
from typing import Any

from django.core.exceptions import BadRequest
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.http.response import HttpResponseBase
from django.template.loader import render_to_string
from django.utils import translation
from django.views import defaults

from jumun.db.read_only import is_read_only, reconnect

# A database restarts within seconds.
RETRY_AFTER_S = 10


class RequestRefused(BadRequest):
    """Answered with 400. The message is a sentence in the reader's language, which the page shows."""


Handler = Callable[..., HttpResponseBase]


def _translated(handler: Handler) -> Handler:
    """Until ``LocaleMiddleware`` has run, a thread still has the language of its previous request."""

    @wraps(handler)
    def translated(request: HttpRequest, *args: Any, **more: Any) -> HttpResponseBase:
        chosen: str | None = getattr(request, "LANGUAGE_CODE", None)
        with translation.override(chosen or translation.get_language_from_request(request)):
            return handler(request, *args, **more)

    return translated


@_translated
def server_error(request: HttpRequest) -> HttpResponseBase:
    """503 if the database does not answer or refuses writes, else Django's 500. Stripe repeats an event after both."""
    error = sys.exc_info()[1]
    return _unavailable(error) if _is_database_away(error) else defaults.server_error(request)


@_translated
def bad_request(_request: HttpRequest, exception: Exception) -> HttpResponseBase:
    """503 if the database does not answer (a session cannot be saved then), else 400.

    The page is rendered without the request: Django refuses an unknown host before there is a session, which context
    processors may need.
    """
    if _is_database_away(exception):
        return _unavailable(exception)
    why = str(exception) if isinstance(exception, RequestRefused) else ""
    return HttpResponseBadRequest(render_to_string(["400.html", "jumun/errors/400.html"], {"why": why}))


permission_denied = _translated(defaults.permission_denied)
page_not_found = _translated(defaults.page_not_found)


def _unavailable(error: BaseException | None) -> HttpResponse:
    if is_read_only(error):
        reconnect()
    # Without the request: context processors may need the database.
    page = render_to_string("jumun/errors/503.html")
    return HttpResponse(page, status=503, headers={"Retry-After": str(RETRY_AFTER_S), "Cache-Control": "no-store"})


def _is_database_away(error: BaseException | None) -> bool:
    """Whether the database does not answer or refuses writes."""
    return is_read_only(error) or any(isinstance(cause, (OperationalError, InterfaceError)) for cause in _causes(error))


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
