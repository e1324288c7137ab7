"""Check and convert the parameters of one operation against Stripe's own schema.

Unknown names are refused at every nesting level. In an update an empty string becomes ``None``
("unset this"); where there is nothing to unset it is as if it were not given.
"""

import math
import re
from dataclasses import dataclass, field
from typing import Any

from paywright.api import errors
from paywright.api.forms import Raw
from paywright.api.versions import VERSION_WITHOUT_METHOD_TYPES
from paywright.spec import tables

Json = dict[str, Any]

_NUMBER = re.compile(r"^-?[0-9]+(\.[0-9]+)?([eE][-+]?[0-9]+)?\Z")
_METHOD_TYPES: Json = {"items": {"type": "string"}}


def check(operation: str, raw: dict[str, Raw], api_version: str) -> Json:
    """Return typed parameters of ``"POST /v1/..."``; raise ApiError for the first thing wrong."""
    schema = tables()["parameters"][operation]
    if takes_method_types(operation):
        if api_version < VERSION_WITHOUT_METHOD_TYPES:
            schema = {**schema, "properties": {**schema["properties"], "payment_method_types": _METHOD_TYPES}}
        elif "payment_method_types" in raw and "payment_intents" in operation:
            raise errors.method_types_no_longer_supported()
    found = _Found(unsets=operation.startswith("POST") and "{" in operation)
    typed = _object(schema, raw, "", found)
    if found.unknown:
        raise errors.parameter_unknown(found.unknown)
    if found.missing:
        raise errors.parameter_missing(found.missing[0])
    return typed


@dataclass
class _Found:
    """Names that should not be there, and names that should; ``unsets`` when empty values mean "unset this"."""

    unsets: bool
    unknown: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)


def takes_method_types(operation: str) -> bool:
    """Whether older API versions accept ``payment_method_types`` here."""
    of_intent = operation.startswith("POST /v1/payment_intents") and not operation.endswith("/cancel")
    return of_intent or operation == "POST /v1/checkout/sessions"


def _object(schema: Json, raw: dict[str, Raw], path: str, found: _Found) -> Json:
    typed: Json = {}
    for name, value in raw.items():
        full = f"{path}[{name}]" if path else name
        member = schema["properties"].get(name)
        if member is None and not schema.get("open"):
            found.unknown.append(full)
        elif value == "" and name in schema.get("required", ()):
            raise errors.parameter_empty(full)
        elif member is not None and (value != "" or found.unsets):
            typed[name] = _value(member, value, full, found)
    absent = [name for name in schema.get("required", ()) if name not in raw]
    found.missing += [f"{path}[{name}]" if path else name for name in absent]
    return typed


def _value(schema: Json, raw: Raw, path: str, found: _Found) -> Any:
    schema = _option(_resolved(schema), raw)
    if raw == "":
        return None
    if "properties" in schema:
        return _object(schema, _as_object(raw, path), path, found)
    if "map" in schema:
        return _map(raw, path)
    if "items" in schema:
        return _array(schema, raw, path, found)
    if not isinstance(raw, str):
        raise errors.invalid_request(f"Invalid {schema.get('type', 'string')}: {{...}}", param=path)
    return _scalar(schema, raw, path)


def _resolved(schema: Json) -> Json:
    while "ref" in schema:
        schema = tables()["shared"][schema["ref"]]
    return schema


def _option(schema: Json, raw: Raw) -> Json:
    """Choose the branch of an ``anyOf`` that fits the raw value's shape."""
    if "anyOf" not in schema:
        return schema
    options = [_resolved(option) for option in schema["anyOf"]]
    if isinstance(raw, str):
        plain = [o for o in options if not o.keys() & {"properties", "map", "items"}]
        fitting = [o for o in plain if raw in o.get("enum", ())] or [o for o in plain if o.get("enum") != [""]]
        return fitting[0] if fitting else options[0]
    structured = [o for o in options if o.keys() & {"properties", "map", "items"}]
    arrays = [o for o in structured if "items" in o]
    if arrays and all(key.isdigit() for key in raw):
        return arrays[0]
    return structured[0] if structured else options[0]


def _as_object(raw: Raw, path: str) -> dict[str, Raw]:
    if isinstance(raw, str):
        raise errors.invalid_request("Invalid object", param=path)
    return raw


def _map(raw: Raw, path: str) -> Json:
    values = _as_object(raw, path)
    for key, value in values.items():
        if not isinstance(value, str):
            raise errors.invalid_request("Metadata values must be strings.", param=f"{path}[{key}]")
    return dict(values)


def _array(schema: Json, raw: Raw, path: str, found: _Found) -> list[Any]:
    if isinstance(raw, str) or not all(key.isdigit() and len(key) < 6 for key in raw):
        raise errors.invalid_request("Invalid array", param=path)
    ordered = sorted(raw.items(), key=lambda item: int(item[0]))
    for index, value in ordered:
        if value == "":
            raise errors.parameter_empty(f"{path}[{index}]")
    return [_value(schema["items"], value, f"{path}[{index}]", found) for index, value in ordered]


def _scalar(schema: Json, raw: str, path: str) -> Any:
    if "enum" in schema:
        return _enum(schema["enum"], raw, path)
    convert = {"integer": _integer, "boolean": _boolean, "number": _number}.get(schema["type"], _string)
    if len(raw) > schema.get("maxLength", 5000):
        raise _too_long(raw, schema.get("maxLength", 5000), path)
    return convert(raw, path)


def _enum(allowed: list[str], raw: str, path: str) -> str:
    if raw in allowed:
        return raw
    named = [value for value in allowed if value]
    listed = named[0] if len(named) == 1 else f"one of {', '.join(named[:-1])}, or {named[-1]}"
    last = path.rsplit("[", 1)[-1].rstrip("]")
    name = path if last.isdigit() else last
    raise errors.invalid_request(f"Invalid {name}: must be {listed}", param=path)


def _integer(raw: str, path: str) -> int:
    digits = raw.removeprefix("-")
    if not digits.isascii() or not digits.isdigit() or len(digits) > 15:
        raise errors.not_an_integer(path, raw)
    return int(raw)


def _boolean(raw: str, path: str) -> bool:
    if raw not in ("true", "false"):
        raise errors.invalid_request(f"Invalid boolean: {raw[:100]}", param=path)
    return raw == "true"


def _number(raw: str, path: str) -> float:
    if not _NUMBER.match(raw) or not math.isfinite(float(raw)):
        raise errors.invalid_request(f"Invalid number: {raw[:100]}", param=path)
    return float(raw)


def _string(raw: str, path: str) -> str:
    return raw


def _too_long(raw: str, most: int, path: str) -> errors.ApiError:
    message = f"Invalid string: {raw[:6]}...{raw[-4:]}; must be at most {most} characters"
    return errors.invalid_request(message, code="parameter_invalid_string", param=path)
