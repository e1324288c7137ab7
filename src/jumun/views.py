"""What a browser is shown where no view could answer. A project names them in its ``urls.py``::

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


def _in_the_readers_language(handler: Handler) -> Handler:
    """Before ``LocaleMiddleware`` has run, a thread still has the language of the request that it served last."""

    @wraps(handler)
    def translated(request: HttpRequest, *args: Any, **more: Any) -> HttpResponseBase:
        chosen: str | None = getattr(request, "LANGUAGE_CODE", None)
        with translation.override(chosen or translation.get_language_from_request(request)):
            return handler(request, *args, **more)

    return translated


@_in_the_readers_language
def server_error(request: HttpRequest) -> HttpResponseBase:
    """503 where the database does not answer or takes no writes, else Django's 500.

    Stripe sends a notification again after either.
    """
    error = sys.exc_info()[1]
    return _unavailable(error) if _is_database_away(error) else defaults.server_error(request)


@_in_the_readers_language
def bad_request(_request: HttpRequest, exception: Exception) -> HttpResponseBase:
    """503 where the database does not answer, else 400. A session that cannot be saved ends here as well.

    The page is made without the request: Django refuses an unknown host before there is a session, on which context
    processors may rely.
    """
    if _is_database_away(exception):
        return _unavailable(exception)
    why = str(exception) if isinstance(exception, RequestRefused) else ""
    return HttpResponseBadRequest(render_to_string(["400.html", "jumun/errors/400.html"], {"why": why}))


permission_denied = _in_the_readers_language(defaults.permission_denied)
page_not_found = _in_the_readers_language(defaults.page_not_found)


def _unavailable(error: BaseException | None) -> HttpResponse:
    if is_read_only(error):
        reconnect()
    # Without the request: whatever a context processor adds to a page may need the database.
    page = render_to_string("jumun/errors/503.html")
    return HttpResponse(page, status=503, headers={"Retry-After": str(RETRY_AFTER_S), "Cache-Control": "no-store"})


def _is_database_away(error: BaseException | None) -> bool:
    """Or takes no writes, which PostgreSQL tells by an error of another kind."""
    return is_read_only(error) or any(isinstance(cause, (OperationalError, InterfaceError)) for cause in _causes(error))


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """The error, and what it came from."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
