from collections.abc import Callable
from functools import partial

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from jumun.cause import Actor, Cause, acting


def cause_middleware(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """Have an order's timeline name the request, and the member of staff who sent it.

    Belongs after Django's ``AuthenticationMiddleware``. The user is loaded only if something is written down.
    """

    def middleware(request: HttpRequest) -> HttpResponseBase:
        with acting(partial(_cause_of, request)):
            return get_response(request)

    return middleware


def _cause_of(request: HttpRequest) -> Cause:
    source = f"{request.method} {request.path}"
    user = getattr(request, "user", None)
    if user is not None and user.is_authenticated and user.is_staff:
        return Cause(actor=Actor.STAFF, name=user.get_username(), source=source)
    return Cause(actor=Actor.CUSTOMER, source=source)
