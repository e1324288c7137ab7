"""Who or what acts, and on what occasion: set where an act begins, read where its trace is written down.

Three places set it: the worker for a row in hand, the middleware for a request, and our management commands.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from enum import StrEnum
from functools import partial

from django.http import HttpRequest
from django.http.response import HttpResponseBase

GetResponse = Callable[[HttpRequest], HttpResponseBase]


class Actor(StrEnum):
    """Who acts. ``PROGRAM`` is code of the project's own that told nothing: a script, a shell."""

    STAFF = "staff"
    CUSTOMER = "customer"
    STRIPE = "stripe"
    WORKER = "worker"
    COMMAND = "command"
    PROGRAM = "program"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """``name`` is the user name of staff; ``source`` an event's id, a job's key, a request or a command line."""

    actor: Actor
    name: str = ""
    source: str = ""


def _untold() -> Cause:
    return Cause(actor=Actor.PROGRAM)


_tell: ContextVar[Callable[[], Cause]] = ContextVar("jumun_cause", default=_untold)


@contextmanager
def acting(tell: Callable[[], Cause]) -> Iterator[None]:
    """Until the block ends, whatever is written down was caused by ``tell()``, which is asked only then."""
    before = _tell.set(tell)
    try:
        yield
    finally:
        _tell.reset(before)


def current_cause() -> Cause:
    """Who or what acts now."""
    return _tell.get()()


def actor_middleware(get_response: GetResponse) -> GetResponse:
    """Have an order's timeline name the request, and the member of staff who sent it.

    Belongs after Django's ``AuthenticationMiddleware``. The user is loaded only if something is written down.
    """

    def middleware(request: HttpRequest) -> HttpResponseBase:
        with acting(partial(_cause_of, request)):
            return get_response(request)

    return middleware


def _cause_of(request: HttpRequest) -> Cause:
    source = f"{request.method} {_path_without_secret(request)}"
    user = getattr(request, "user", None)
    if user is not None and user.is_authenticated and user.is_staff:
        return Cause(actor=Actor.STAFF, name=user.get_username(), source=source)
    return Cause(actor=Actor.CUSTOMER, source=source)


def _path_without_secret(request: HttpRequest) -> str:
    """The path, but for the order's reference: whoever knows that sees order and invoice, and staff read this."""
    match = request.resolver_match
    reference = match.kwargs.get("reference") if match else None
    return request.path.replace(reference, "…") if reference else request.path
