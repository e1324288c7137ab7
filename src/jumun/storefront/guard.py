"""The project's own protection against programs that order: ``JUMUN["ORDER_GUARD"]``."""

from collections.abc import Callable
from functools import cache
from typing import cast

from django.http import HttpRequest
from django.utils.module_loading import import_string

from jumun.conf import jumun

Guard = Callable[[HttpRequest], bool]


def allows(request: HttpRequest) -> bool:
    """Whether the request that sends the checkout form may place an order; all may where no guard is set."""
    path = jumun().order_guard
    return not path or load(path)(request)


@cache
def load(path: str) -> Guard:
    """The function of that dotted path. Raises `ImportError` where there is none."""
    found = import_string(path)
    if not callable(found):
        raise ImportError(f"{path} cannot be called")
    return cast(Guard, found)
