"""Who or what acts: the worker for a row, the middleware for a request, or a management command sets it, and the
timeline records it.
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
    """Who acts. ``PROGRAM`` is the project's own code that names no actor, such as a script or a shell."""

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


def _unnamed() -> Cause:
    return Cause(actor=Actor.PROGRAM)


_tell: ContextVar[Callable[[], Cause]] = ContextVar("jumun_cause", default=_unnamed)


@contextmanager
def acting(tell: Callable[[], Cause]) -> Iterator[None]:
    """Inside the block, `current_cause` is the result of ``tell()``, which is called only when it is needed."""
    before = _tell.set(tell)
    try:
        yield
    finally:
        _tell.reset(before)


def current_cause() -> Cause:
    return _tell.get()()


def actor_middleware(get_response: GetResponse) -> GetResponse:
    """Make the request, and the member of staff who sent it, the actor of what is recorded meanwhile.

    Place it after Django's ``AuthenticationMiddleware``. The user is loaded only if something is recorded.
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
    """The path without the order's reference: staff read it, and whoever knows the reference sees the order."""
    match = request.resolver_match
    reference = match.kwargs.get("reference") if match else None
    return request.path.replace(reference, "…") if reference else request.path
