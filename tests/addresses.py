"""Every address of the site, from its URL configuration."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from django.urls import URLPattern, URLResolver, get_resolver

ARGUMENT = re.compile(r"<(?:\w+:)?(\w+)>|\(\?P<(\w+)>[^)]*\)")


class Address(NamedTuple):
    """``name`` holds the namespaces; what has none is named after its route."""

    name: str
    route: str

    def path(self, **arguments: object) -> str:
        """Where it leads with the arguments that it has. Raises `KeyError` where one of its arguments is not given."""
        filled = ARGUMENT.sub(lambda found: str(arguments[found[1] or found[2]]), self.route)
        return "/" + re.sub(r"[\^$?]|\(\?:.*?\)", "", filled)


def every_address() -> Iterator[Address]:
    yield from _within(get_resolver(), "", ())


def _within(resolver: URLResolver, route: str, namespaces: tuple[str, ...]) -> Iterator[Address]:
    for pattern in resolver.url_patterns:
        here = route + str(pattern.pattern)
        if isinstance(pattern, URLPattern):
            yield Address(":".join([*namespaces, pattern.name or here]), here)
        else:
            yield from _within(pattern, here, (*namespaces, pattern.namespace) if pattern.namespace else namespaces)
