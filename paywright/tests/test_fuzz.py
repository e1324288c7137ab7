"""Any parameters at all get an answer as Stripe's document says: never a 5xx, never another shape."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from paywright.spec import tables

TEXTS = st.one_of(
    st.sampled_from(
        [
            "",
            "0",
            "1",
            "-1",
            "true",
            "card",
            "usd",
            "krw",
            "USD",
            "a",
            "한글",
            "pm_card_visa",
            "tok_visa",
            "x@example.com",
            "https://shop.example/",
            "99999999999999",
            "1e5",
            "NaN",
            "*",
            "charge.*",
            "[",
            "'",
            "\x00",
            "1.5",
        ]
    ),
    st.text(max_size=12),
)


def values(schema: dict[str, Any], depth: int = 0) -> st.SearchStrategy[Any]:
    """Values for a parameter's schema, right and wrong ones."""
    while "ref" in schema:
        schema = tables()["shared"][schema["ref"]]
    if "anyOf" in schema:
        return st.one_of([values(option, depth) for option in schema["anyOf"]])
    if depth > 4:
        return TEXTS
    if "properties" in schema:
        return members(schema, depth)
    if "items" in schema:
        return st.lists(values(schema["items"], depth + 1), max_size=3)
    if "map" in schema:
        return st.dictionaries(st.sampled_from(["a", "b", "order"]), TEXTS, max_size=2)
    if "enum" in schema:
        return st.one_of(st.sampled_from(schema["enum"]), TEXTS)
    if schema["type"] == "integer":
        return st.one_of(st.integers(-5, 10**9).map(str), TEXTS)
    return TEXTS


def members(schema: dict[str, Any], depth: int = 0) -> st.SearchStrategy[dict[str, Any]]:
    properties = schema["properties"]
    required = {name: values(properties[name], depth + 1) for name in schema.get("required", ())}
    optional = {name: values(member, depth + 1) for name, member in properties.items() if name not in required}
    # Few of the optional ones at a time: most calls with many are refused for the first of them.
    some = st.lists(st.sampled_from(sorted(optional)), max_size=3, unique=True) if optional else st.just([])
    return some.flatmap(lambda names: st.fixed_dictionaries({**required, **{n: optional[n] for n in names}}))


def flat(value: Any, name: str = "") -> list[tuple[str, str]]:
    """Bracket parameters of a nested value."""
    if isinstance(value, dict):
        return [pair for key, inner in value.items() for pair in flat(inner, f"{name}[{key}]" if name else key)]
    if isinstance(value, list):
        return [pair for place, inner in enumerate(value) for pair in flat(inner, f"{name}[{place}]")]
    return [(name, str(value))]


LINE = {
    "line_items[0][price_data][currency]": "usd",
    "line_items[0][price_data][unit_amount]": "500",
    "line_items[0][price_data][product_data][name]": "x",
    "line_items[0][quantity]": "1",
}
GOOD_START = {
    "POST /v1/checkout/sessions": {"mode": "payment", "success_url": "https://shop.example/", **LINE},
    "POST /v1/payment_intents": {"amount": "500", "currency": "usd"},
    "POST /v1/charges": {"amount": "500", "currency": "usd", "source": "tok_visa"},
    "POST /v1/prices": {"currency": "usd", "unit_amount": "5", "product_data[name]": "x"},
    "POST /v1/coupons": {"percent_off": "5"},
}
OPERATIONS = sorted(op for op in tables()["parameters"] if "stripecli" not in op and "reset" not in op)


@pytest.mark.parametrize("operation", OPERATIONS)
def test_no_parameters_bring_the_server_down(raw, known_ids, operation):
    method, path = operation.format(**known_ids).split(" ")

    @settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
    @given(members(tables()["parameters"][operation]))
    def call(params: dict[str, Any]) -> None:
        pairs = {**GOOD_START.get(operation, {}), **dict(flat(params))}
        version = {"Stripe-Version": "2026-10-28.endive"}
        # The client itself checks every answer against the document.
        if method == "POST":
            answer = raw.request(method, path, data=pairs, headers=version)
        else:
            answer = raw.request(method, path, params=pairs, headers=version)
        assert answer.status_code < 500, (pairs, answer.text)

    call()
