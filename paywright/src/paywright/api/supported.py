"""Refuse the parameters that Stripe knows and Paywright does not support, instead of ignoring them.

A parameter that switches something off, such as ``automatic_tax[enabled]=false``, is accepted.
"""

from typing import Any

from paywright.api.errors import invalid_request

Json = dict[str, Any]


def only(params: Json, names: str) -> None:
    """Raise ApiError when ``params`` sets anything not among ``names`` (separated by spaces)."""
    known = set(names.split())
    for name, value in params.items():
        if name not in known and value is not False and value not in (None, [], {}, {"enabled": False}):
            raise invalid_request(f"Paywright does not support the parameter {name}.", param=name)
