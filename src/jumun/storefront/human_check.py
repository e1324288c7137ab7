"""The project's own protection against automated orders: ``JUMUN["ORDER_GUARD"]``."""

from collections.abc import Callable
from functools import cache
from typing import cast

from django.http import HttpRequest
from django.utils.module_loading import import_string

from jumun.conf import jumun

Guard = Callable[[HttpRequest], bool]


def allows(request: HttpRequest) -> bool:
    """Whether the request may place an order; without a guard, every request may."""
    path = jumun().order_guard
    return not path or load(path)(request)


@cache
def load(path: str) -> Guard:
    """Import the function. Raises `ImportError`."""
    found = import_string(path)
    if not callable(found):
        raise ImportError(f"{path} cannot be called")
    return cast(Guard, found)
