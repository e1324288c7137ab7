"""Checks answers and events against Stripe's OpenAPI document, for every client and every server of the tests."""

import gzip
import json
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema_rs import Draft202012, Draft202012Validator, Registry, ValidationError

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


@cache
def _registry() -> Registry:
    return Registry([("spec:/document", {"components": strict(document()["components"])})], draft=Draft202012)


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
def _validator(name: str) -> Draft202012Validator:
    if name in UNDOCUMENTED:
        return Draft202012Validator(UNDOCUMENTED[name])
    return Draft202012Validator({"$ref": f"spec:/document#/components/schemas/{name}"}, registry=_registry())


@cache
def _answer_validator(method: str, path: str) -> Draft202012Validator:
    operation = document()["paths"][path][method.lower()]
    schema = operation["responses"]["200"]["content"]["application/json"]["schema"]
    text = json.dumps(strict(schema)).replace('"#/components/', '"spec:/document#/components/')
    return Draft202012Validator(json.loads(text), registry=_registry())


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
    _check(_validator("deleted_" + value["object"] if value.get("deleted") else value["object"]), value)


def check_answer(method: str, path: str, status: int, body: bytes) -> None:
    """Assert that an answer of the API is as the document says."""
    value = json.loads(body)
    if status >= 400:
        _check(_validator("error"), value)
    elif known := _operation(method, path):
        _check(_answer_validator(method, known), value)
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


def _check(validator: Draft202012Validator, value: Any) -> None:
    if not validator.is_valid(value):
        found = [_deepest(error) for error in validator.iter_errors(value)]
        raise AssertionError(f"not as Stripe's document says: {found[:5]} in {json.dumps(value)[:2000]}")


def _deepest(error: ValidationError) -> str:
    """Of the alternatives that do not fit, the one that fits furthest says best what is wrong."""
    while inner := [tried for branch in getattr(error.kind, "context", ()) for tried in branch]:
        error = max(inner, key=lambda tried: len(tried.instance_path))
    return f"{'.'.join(map(str, error.instance_path))}: {error.message[:300]}"
