"""Schemathesis reads Stripe's OpenAPI document and calls every operation: no 5xx, no answer of another shape."""

import re
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.conformance.conforming import document, strict

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]


def short(part: Any) -> Any:
    """Parameters as the document has them, but with few items and short texts: a run of seconds, not of hours."""
    if isinstance(part, list):
        return [short(item) for item in part]
    if not isinstance(part, dict):
        return part
    cut = {name: short(value) for name, value in part.items()}
    if part.get("type") == "array":
        cut["maxItems"] = 2
    elif part.get("type") == "string" and isinstance(part.get("maxLength"), int):
        cut["maxLength"] = min(part["maxLength"], 40)
    return cut


def asked(operation: dict[str, Any]) -> dict[str, Any]:
    return {name: short(part) if name in ("parameters", "requestBody") else part for name, part in operation.items()}


def operations() -> dict[str, Any]:
    return {
        path: {method: asked(operation) for method, operation in methods.items()}
        for path, methods in document()["paths"].items()
    }


schema = schemathesis.openapi.from_dict(
    {**document(), "paths": operations(), "components": strict(document()["components"])}
)
OPERATIONS = [f"{method.upper()} {path}" for path, methods in document()["paths"].items() for method in methods]


@pytest.mark.parametrize("operation", OPERATIONS)
def test_every_operation_answers_as_documented(operation, paywright, known_ids):
    method, path = operation.split(" ")
    ids = {name: known_ids[name] for name in re.findall(r"{(\w+)}", path)}
    headers = {"Authorization": f"Bearer {paywright.secret_key}", "Stripe-Version": "2026-10-28.endive"}
    right, wrong = (schema[path][method].as_strategy(mode, path_parameters=ids) for mode in GenerationMode)

    @settings(max_examples=15, suppress_health_check=list(HealthCheck))
    @given(right | wrong)
    def call(case: schemathesis.Case) -> None:
        case.call_and_validate(base_url=paywright.api_base, headers=headers, checks=CHECKS)

    call()
