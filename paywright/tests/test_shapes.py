"""The vendored tables and the objects against Stripe's document: nothing is left out."""

import json

import pytest

from paywright.resources.routes import ROUTES
from paywright.sandbox.stories import STORIES
from paywright.spec import tables
from paywright.spec.build import build, read
from paywright.spec.undocumented import EXPANSIONS, PARAMETERS, RESULTS
from tests.conformance.conforming import SPEC, check_object, document, event_types


def test_the_tables_are_made_from_the_document():
    made = build(read(SPEC))

    assert {**made["parameters"], **PARAMETERS} == tables()["parameters"]
    assert {**made["results"], **RESULTS} == tables()["results"]
    assert {**made["expansions"], **EXPANSIONS} == tables()["expansions"]
    assert {name: made[name] for name in ("objects", "shared")} == {
        name: tables()[name] for name in ("objects", "shared")
    }


def test_every_operation_of_the_document_is_served():
    documented = {f"{m.upper()} {path}" for path, methods in document()["paths"].items() for m in methods}

    assert documented <= set(ROUTES)
    assert set(ROUTES) == set(tables()["parameters"])


def test_every_event_that_can_be_triggered_is_stripes():
    assert set(STORIES) <= event_types()


@pytest.fixture(scope="module")
def one_of_each(client, paywright):
    """An object of every kind, as clients see it."""
    line = {"price_data": {"currency": "usd", "unit_amount": 5_000, "product_data": {"name": "x"}}, "quantity": 1}
    session = client.v1.checkout.sessions.create(
        params={"mode": "payment", "line_items": [line], "success_url": "https://shop.example/"}
    )
    paid = paywright.pay(session.id, card="4000000000000077")
    paywright.advance(10)
    v1, expand = client.v1, {"expand": ["latest_charge.balance_transaction", "payment_method"]}
    intent = v1.payment_intents.retrieve(paid["payment_intent"], params=expand)
    refund = v1.refunds.create(params={"payment_intent": intent.id, "amount": 100})
    coupon = v1.coupons.create(params={"percent_off": 5})
    product = v1.products.create(params={"name": "x"})
    item = v1.checkout.sessions.line_items.list(session.id).data[0]
    found = [
        v1.checkout.sessions.retrieve(session.id),
        intent,
        intent.latest_charge,
        intent.latest_charge.balance_transaction,
        intent.payment_method,
        refund,
        item,
        coupon,
        product,
        v1.prices.create(params={"product": product.id, "currency": "usd", "unit_amount": 5}),
        v1.promotion_codes.create(params={"promotion": {"type": "coupon", "coupon": coupon.id}}),
        v1.tax_rates.create(params={"display_name": "x", "percentage": 1, "inclusive": True}),
        v1.customers.create(params={}),
        v1.payouts.create(params={"amount": 100, "currency": "usd"}),
        v1.balance.retrieve(),
        v1.accounts.retrieve_current(),
        v1.events.list(params={"limit": 1}).data[0],
        v1.webhook_endpoints.list().data[0],
        v1.disputes.retrieve(paywright.dispute(intent.id)["id"]),
    ]
    # The SDK turns decimal strings into Decimal.
    return {value.object: json.loads(json.dumps(value.to_dict(recursive=True), default=str)) for value in found}


@pytest.mark.parametrize("kind", sorted(set(tables()["objects"]) - {"discount", "dispute_evidence", "shipping_rate"}))
def test_every_required_and_every_nullable_member_is_there(one_of_each, kind):
    schema = document()["components"]["schemas"][kind]
    expected = set(schema.get("required", ())) | set(tables()["objects"][kind])

    assert expected <= set(one_of_each[kind])
    assert not any(name.startswith("_") for name in one_of_each[kind])
    check_object(one_of_each[kind])
