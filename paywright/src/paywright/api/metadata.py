"""Metadata rules (https://docs.stripe.com/metadata)."""

from typing import Any

from paywright.api.errors import invalid_request

Json = dict[str, Any]

KEYS_MAX = 50
KEY_LENGTH_MAX = 40
VALUE_LENGTH_MAX = 500


def merged(current: Json | None, given: Json | None, param: str = "metadata") -> Json:
    """Return ``current`` updated with ``given``. An empty value unsets its key; None unsets all keys."""
    if given is None:
        return {}
    for key, value in given.items():
        if len(key) > KEY_LENGTH_MAX:
            raise invalid_request(
                f"Metadata keys can have up to {KEY_LENGTH_MAX} characters, but you passed in {key!r}.", param=param
            )
        if len(value) > VALUE_LENGTH_MAX:
            raise invalid_request(
                f"Metadata values can have up to {VALUE_LENGTH_MAX} characters, but you passed in a value that is"
                f" {len(value)} characters.",
                param=f"{param}[{key}]",
            )
    both = {**(current or {}), **given}
    kept = {key: value for key, value in both.items() if value != ""}
    if len(kept) > KEYS_MAX:
        raise invalid_request(f"You can only have up to {KEYS_MAX} metadata keys.", param=param)
    return kept
