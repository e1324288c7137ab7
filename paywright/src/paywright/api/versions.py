"""Versions of Stripe's API (https://docs.stripe.com/api/versioning)."""

from functools import cache

from paywright.api.errors import ApiError, invalid_request
from paywright.spec import tables

API_VERSION = "2026-10-28.endive"
"""The version in which objects and events are rendered."""

VERSION_WITHOUT_HEADER = "2026-08-26.dahlia"
"""What a request without ``Stripe-Version`` is taken for, as on an account opened before endive: Stripe's own
CLI (1.52) sends no header and still uses ``payment_method_types``. SDKs always send one."""

VERSION_WITHOUT_METHOD_TYPES = "2026-09-30"
"""From this version on, ``payment_method_types`` is not an input."""


@cache
def _known() -> frozenset[str]:
    """The versions that a webhook endpoint can choose, by Stripe's document."""
    schema = tables()["parameters"]["POST /v1/webhook_endpoints"]["properties"]["api_version"]
    while "ref" in schema:
        schema = tables()["shared"][schema["ref"]]
    return frozenset(schema["enum"])


def check_version(version: str) -> None:
    """Raise ApiError for a version that Stripe never had, or that is newer than our copy of Stripe's document."""
    if version not in _known():
        raise _unknown(version)


def _unknown(version: str) -> ApiError:
    error = invalid_request(f"Invalid Stripe API version: {version[:100]} (the newest known here is {API_VERSION})")
    error.headers["Stripe-Version"] = VERSION_WITHOUT_HEADER
    return error
