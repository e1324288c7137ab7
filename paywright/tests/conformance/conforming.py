"""Checks answers and events against Stripe's OpenAPI document, for every client and every server of the tests."""

import gzip
import json
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema_rs import Draft202012Validator, ValidationError

SPEC = Path(__file__).parent / "spec" / "openapi.endive.json.gz"


def strict(schema: Any) -> Any:
    """Stripe writes ``nullable: true`` beside ``enum`` or ``anyOf``; make null one more alternative."""
    if isinstance(schema, list):
        return [strict(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    inner = {key: strict(value) for key, value in schema.items() if key != "nullable"}
    return {"anyOf": [inner, {"type": "null"}]} if schema.get("nullable") is True else inner


@cache
def document() -> dict[str, Any]:
    """The OpenAPI document as Stripe writes it."""
    return json.loads(gzip.decompress(SPEC.read_bytes()))


_TEXT = {"type": "string"}
UNDOCUMENTED = {
    "radar.early_fraud_warning": {
        "properties": {
            "id": _TEXT,
            "object": {"const": "radar.early_fraud_warning"},
            "actionable": {"type": "boolean"},
            "charge": {"type": ["string", "object"]},
            "created": {"type": "integer"},
            "fraud_type": _TEXT,
            "livemode": {"type": "boolean"},
            "payment_intent": {"type": ["string", "object", "null"]},
        },
        "required": ["id", "object", "actionable", "charge", "created", "fraud_type", "livemode"],
    },
    "list": {"required": ["object", "data", "has_more", "url"]},
    "stripecli.session": {"required": ["websocket_id", "websocket_url", "secret", "reconnect_delay"]},
}
"""Objects that the pruned document leaves out, as Stripe's API reference has them."""


@cache
def _validator() -> Draft202012Validator:
    """One for all: it takes ``{name: value}``, where a name is an object's or an operation's.

    Stripe's schemas name each other, so that a validator of any of them holds nearly all, and takes as long to make.
    """
    components = document()["components"]["schemas"]
    named = {name: {"$ref": f"#/components/schemas/{name}"} for name in components} | UNDOCUMENTED
    for path, methods in document()["paths"].items():
        for method, operation in methods.items():
            answer = operation["responses"]["200"]["content"]["application/json"]["schema"]
            named[_operation_name(method, path)] = strict(answer)
    schema = {"properties": named, "additionalProperties": False, "components": strict(document()["components"])}
    return Draft202012Validator(schema)


def _operation_name(method: str, path: str) -> str:
    return f"{method.upper()} {path}"


@cache
def _operation(method: str, path: str) -> str | None:
    parts = path.strip("/").split("/")
    for known, methods in sorted(document()["paths"].items(), key=lambda pair: pair[0].count("{")):
        pattern = known.strip("/").split("/")
        fits = len(pattern) == len(parts) and all(
            p == q or p.startswith("{") for p, q in zip(pattern, parts, strict=True)
        )
        if fits and method.lower() in methods:
            return known
    return None


def check_object(value: dict[str, Any]) -> None:
    """Assert that one object is as its schema says, with every nullable member present."""
    _check("deleted_" + value["object"] if value.get("deleted") else value["object"], value)


def check_answer(method: str, path: str, status: int, body: bytes) -> None:
    """Assert that an answer of the API is as the document says."""
    value = json.loads(body)
    if status >= 400:
        _check("error", value)
    elif known := _operation(method, path):
        _check(_operation_name(method, known), value)
    else:
        check_object(value)


def check_event(event: dict[str, Any]) -> None:
    """Assert that an event and the object within it are as the document says."""
    check_object(event)
    assert event["type"] in event_types(), event["type"]
    check_object(event["data"]["object"])


@cache
def event_types() -> frozenset[str]:
    """Every event Stripe knows."""
    schema = document()["paths"]["/v1/webhook_endpoints"]["post"]["requestBody"]["content"]
    form = schema["application/x-www-form-urlencoded"]["schema"]
    return frozenset(form["properties"]["enabled_events"]["items"]["enum"])


def _check(name: str, value: Any) -> None:
    if not _validator().is_valid({name: value}):
        found = [_deepest(error) for error in _validator().iter_errors({name: value})]
        raise AssertionError(f"not as Stripe's document says: {found[:5]} in {json.dumps(value)[:2000]}")


def _deepest(error: ValidationError) -> str:
    """Of the alternatives that do not fit, the one that fits furthest says best what is wrong."""
    while inner := [tried for branch in getattr(error.kind, "context", ()) for tried in branch]:
        error = max(inner, key=lambda tried: len(tried.instance_path))
    return f"{'.'.join(map(str, error.instance_path))}: {error.message[:300]}"
