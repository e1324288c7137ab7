"""Questions of the merchant's own on the page (at most three)."""

from typing import Any

from paywright.api.errors import invalid_request

Json = dict[str, Any]

FIELDS_MAX = 3
_LIMITS = ("default_value", "maximum_length", "minimum_length")


def custom_fields(given: list[Json]) -> list[Json]:
    """Return the session's ``custom_fields`` from its parameters, unanswered."""
    if len(given) > FIELDS_MAX:
        raise invalid_request(f"A Checkout Session takes at most {FIELDS_MAX} custom fields.", param="custom_fields")
    return [_field(field) for field in given]


def _field(given: Json) -> Json:
    kind = given["type"]
    details = given.get(kind) or {}
    if kind == "dropdown":
        shown: Json = {"default_value": details.get("default_value"), "options": details.get("options") or []}
    else:
        shown = {name: details.get(name) for name in _LIMITS}
    return {
        "key": given["key"],
        "label": {"custom": given["label"]["custom"], "type": "custom"},
        "optional": given.get("optional", False),
        "type": kind,
        kind: {**shown, "value": None},
    }
