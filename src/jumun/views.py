"""What a browser is shown where no view could answer. A project names them in its ``urls.py``::

handler400, handler500 = "jumun.views.bad_request", "jumun.views.server_error"
"""

import sys
from collections.abc import Iterator

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.template.loader import render_to_string
from django.views import defaults

# A database restarts within seconds.
RETRY_AFTER_S = 10


def server_error(request: HttpRequest) -> HttpResponseBase:
    """503 where the database does not answer, else Django's 500. Stripe sends a notification again after either."""
    return _unavailable() if _is_database_away(sys.exc_info()[1]) else defaults.server_error(request)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    """The same before Django's 400, which is what a session that cannot be saved comes to (`SessionInterrupted`)."""
    return _unavailable() if _is_database_away(exception) else defaults.bad_request(request, exception)


def _unavailable() -> HttpResponse:
    # Without the request: whatever a context processor adds to a page may need the database.
    page = render_to_string("jumun/errors/503.html")
    return HttpResponse(page, status=503, headers={"Retry-After": str(RETRY_AFTER_S), "Cache-Control": "no-store"})


def _is_database_away(error: BaseException | None) -> bool:
    return any(isinstance(cause, (OperationalError, InterfaceError)) for cause in _causes(error))


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """The error, and what it came from."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
