"""What a card does to a session, its PaymentIntent, its charge and the events."""

import time

import pytest
import stripe

from tests.conformance.client import types_about
from tests.conformance.receiver import WAIT_S

ORDER_OF_SUCCESS = [
    "payment_intent.created",
    "charge.succeeded",
    "payment_intent.succeeded",
    "checkout.session.completed",
]


def test_a_good_card_pays(new_session, client, paywright):
    session = new_session(payment_intent_data={"metadata": {"order": "7"}, "description": "Order 7"})

    outcome = paywright.pay(session.id, email="buyer@example.com", name="홍길동", country="KR")
    paid = client.v1.checkout.sessions.retrieve(session.id, params={"expand": ["payment_intent.latest_charge"]})

    assert outcome["outcome"] == "succeeded"
    assert (paid.status, paid.payment_status, paid.url) == ("complete", "paid", None)
    assert (paid.customer_details.email, paid.customer_details.name) == ("buyer@example.com", "홍길동")
    assert paid.customer_details.address.country == "KR"
    assert paid.customer is None
    intent = paid.payment_intent
    assert (intent.status, intent.amount_received, intent.capture_method) == ("succeeded", 24_000, "automatic_async")
    charge = intent.latest_charge
    assert (charge.status, charge.paid, charge.captured, charge.refunded) == ("succeeded", True, True, False)
    assert charge.metadata.to_dict() == intent.metadata.to_dict() == {"order": "7"}
    assert paid.metadata.to_dict() == {}
    assert charge.description == "Order 7"
    card = charge.payment_method_details.card
    assert (card.brand, card.last4, card.exp_month, card.exp_year) == ("visa", "4242", 12, 2034)
    assert (card.country, card.funding) == ("US", "credit")
    assert charge.billing_details.email == "buyer@example.com"
    assert charge.outcome.seller_message == "Payment complete."


def test_events_of_a_success_come_in_order_and_the_balance_transaction_later(new_session, client, paywright, receiver):
    intent = paywright.pay(new_session().id)["payment_intent"]

    at_once = types_about(client, intent)
    charged = next(e for e in receiver.wait_for("charge.succeeded") if e["data"]["object"]["payment_intent"] == intent)
    updated = next(
        e
        for e in wait_until(lambda: [e for e in receiver.events if e["type"] == "charge.updated"], intent)
        if e["data"]["object"]["payment_intent"] == intent
    )

    assert at_once[:4] == ORDER_OF_SUCCESS
    assert charged["data"]["object"]["balance_transaction"] is None
    assert updated["data"]["object"]["balance_transaction"].startswith("txn_")
    assert updated["data"]["previous_attributes"] == {"balance_transaction": None}
    assert updated["request"] == {"id": None, "idempotency_key": None}


def wait_until(find, payment_intent, timeout_s=WAIT_S):
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        found = [e for e in find() if payment_intent in str(e)]
        if found:
            return found
        time.sleep(0.02)
    raise AssertionError(f"nothing about {payment_intent}")


@pytest.mark.parametrize(
    ("number", "code", "decline_code", "message"),
    [
        ("4000000000000002", "card_declined", "generic_decline", "Your card was declined."),
        ("4000000000009995", "card_declined", "insufficient_funds", "Your card has insufficient funds."),
        ("4000000000009987", "card_declined", "lost_card", "Your card was declined."),
        ("4000000000009979", "card_declined", "stolen_card", "Your card was declined."),
        ("4000000000006975", "card_declined", "card_velocity_exceeded", "Your card was declined."),
        ("4000000000000069", "expired_card", "expired_card", "Your card has expired."),
        ("4000000000000127", "incorrect_cvc", "incorrect_cvc", "Your card's security code is incorrect."),
        (
            "4000000000000119",
            "processing_error",
            "processing_error",
            "An error occurred while processing your card. Try again in a little bit.",
        ),
        ("4000000000000341", "card_declined", "generic_decline", "Your card was declined."),
        ("4100000000000019", "card_declined", "fraudulent", "Your card was declined."),
    ],
)
def test_a_declined_card_leaves_the_session_open(new_session, client, paywright, number, code, decline_code, message):
    session = new_session()

    outcome = paywright.pay(session.id, card=number)
    after = client.v1.checkout.sessions.retrieve(session.id, params={"expand": ["payment_intent.latest_charge"]})

    assert (outcome["outcome"], outcome["message"]) == ("declined", message)
    assert (after.status, after.payment_status) == ("open", "unpaid")
    intent = after.payment_intent
    assert (intent.status, intent.payment_method) == ("requires_payment_method", None)
    error = intent.last_payment_error
    assert (error.type, error.code, error.decline_code, error.message) == ("card_error", code, decline_code, message)
    charge = intent.latest_charge
    assert (charge.status, charge.paid, charge.failure_code, charge.failure_message) == ("failed", False, code, message)
    assert error.charge == charge.id
    assert types_about(client, intent.id) == [
        "payment_intent.created",
        "charge.failed",
        "payment_intent.payment_failed",
    ]


def test_a_mistyped_number_is_refused_before_anything_is_tried(new_session, client, paywright):
    session = new_session()

    outcome = paywright.pay(session.id, card="4242424242424241")

    assert (outcome["outcome"], outcome["code"]) == ("declined", "incorrect_number")
    assert outcome["message"] == "Your card number is incorrect."
    assert client.v1.checkout.sessions.retrieve(session.id).payment_intent is None


def confirmed(client, method, **params):
    return client.v1.payment_intents.create(
        params={
            "amount": 900,
            "currency": "usd",
            "confirm": True,
            "payment_method": f"pm_card_{method}",
            "expand": ["latest_charge"],
            **params,
        }
    )


def test_captured_synchronously_a_charge_is_born_with_its_balance_transaction(client, paywright):
    later, at_once = confirmed(client, "visa"), confirmed(client, "visa", capture_method="automatic")
    paywright.advance(10)

    assert (later.capture_method, later.latest_charge.balance_transaction) == ("automatic_async", None)
    assert (at_once.capture_method, at_once.latest_charge.balance_transaction[:4]) == ("automatic", "txn_")
    assert "charge.updated" in types_about(client, later.id)
    assert "charge.updated" not in types_about(client, at_once.id)


@pytest.mark.parametrize("alone", ["off_session", "error_on_requires_action"])
def test_without_a_buyer_3d_secure_is_a_decline(client, alone):
    with pytest.raises(stripe.CardError) as refused:
        confirmed(client, "authenticationRequired", **{alone: True})

    error = refused.value.error
    assert (error.code, error.decline_code) == ("authentication_required", "authentication_required")
    assert error.payment_intent.status == "requires_payment_method"


def test_what_checkout_asks_for_is_not_changed_behind_its_back(new_session, client, paywright):
    intent = paywright.pay(new_session().id, card="4000000000000002")["payment_intent"]

    with pytest.raises(stripe.InvalidRequestError, match="created by Checkout"):
        client.v1.payment_intents.update(intent, params={"amount": 1_000})

    changed = client.v1.payment_intents.update(intent, params={"metadata": {"order": "7"}})
    assert (changed.amount, changed.metadata["order"]) == (24_000, "7")


def test_a_wrong_cvc_is_among_the_checks(client):
    with pytest.raises(stripe.CardError) as refused:
        confirmed(client, "chargeDeclinedIncorrectCvc")

    charge = client.v1.charges.retrieve(refused.value.error.charge)
    assert charge.payment_method_details.card.checks.cvc_check == "fail"


def test_a_second_try_after_a_decline_reuses_the_payment(new_session, client, paywright):
    session = new_session()
    first = paywright.pay(session.id, card="4000000000000002")
    second = paywright.pay(session.id)

    intent = client.v1.payment_intents.retrieve(first["payment_intent"])
    charges = client.v1.charges.list(params={"payment_intent": intent.id}).data

    assert second["payment_intent"] == first["payment_intent"]
    assert (intent.status, intent.last_payment_error) == ("succeeded", None)
    assert [charge.status for charge in charges] == ["succeeded", "failed"]


def test_3d_secure_waits_for_the_buyer(new_session, client, paywright):
    session = new_session()

    outcome = paywright.pay(session.id, card="4000002500003155")
    intent = client.v1.payment_intents.retrieve(outcome["payment_intent"])

    assert outcome["outcome"] == "requires_action"
    assert intent.status == "requires_action"
    assert intent.next_action.redirect_to_url.url == f"{paywright.api_base}/c/3ds/{intent.id}"
    assert intent.latest_charge is None
    assert types_about(client, intent.id) == ["payment_intent.created", "payment_intent.requires_action"]


@pytest.mark.parametrize("number", ["4000002500003155", "4000002760003184", "4000000000003220", "4000000000003063"])
def test_3d_secure_passed(new_session, client, paywright, number):
    outcome = paywright.pay(new_session().id, card=number, three_d_secure="complete")
    intent = client.v1.payment_intents.retrieve(outcome["payment_intent"], params={"expand": ["latest_charge"]})

    assert (outcome["outcome"], intent.status) == ("succeeded", "succeeded")
    assert intent.latest_charge.payment_method_details.card.three_d_secure.result == "authenticated"
    assert types_about(client, intent.id)[:5] == [
        "payment_intent.created",
        "payment_intent.requires_action",
        "charge.succeeded",
        "payment_intent.succeeded",
        "checkout.session.completed",
    ]


def test_3d_secure_failed(new_session, client, paywright):
    outcome = paywright.pay(new_session().id, card="4000002500003155", three_d_secure="fail")
    intent = client.v1.payment_intents.retrieve(outcome["payment_intent"])

    assert outcome["outcome"] == "declined"
    assert intent.status == "requires_payment_method"
    assert intent.last_payment_error.code == "payment_intent_authentication_failure"
    assert intent.latest_charge is None
    assert types_about(client, intent.id)[1:] == ["payment_intent.requires_action", "payment_intent.payment_failed"]


def test_3d_secure_passed_and_then_declined(new_session, client, paywright):
    outcome = paywright.pay(new_session().id, card="4000008400001629", three_d_secure="complete")

    assert (outcome["outcome"], outcome["code"]) == ("declined", "generic_decline")


@pytest.mark.parametrize("number", ["4000000000003055", "4000003800000446"])
def test_3d_secure_that_is_not_needed(new_session, paywright, number):
    assert paywright.pay(new_session().id, card=number)["outcome"] == "succeeded"


@pytest.mark.parametrize(
    ("number", "brand", "funding"),
    [
        ("4000056655665556", "visa", "debit"),
        ("5555555555554444", "mastercard", "credit"),
        ("2223003122003222", "mastercard", "credit"),
        ("5200828282828210", "mastercard", "debit"),
        ("5105105105105100", "mastercard", "prepaid"),
        ("378282246310005", "amex", "credit"),
        ("371449635398431", "amex", "credit"),
        ("6011111111111117", "discover", "credit"),
        ("3056930009020004", "diners", "credit"),
        ("36227206271667", "diners", "credit"),
        ("3566002020360505", "jcb", "credit"),
        ("6200000000000005", "unionpay", "credit"),
    ],
)
def test_brands(new_session, client, paywright, number, brand, funding):
    outcome = paywright.pay(new_session().id, card=number)
    charge = client.v1.charges.list(params={"payment_intent": outcome["payment_intent"]}).data[0]

    card = charge.payment_method_details.card
    assert (card.brand, card.funding, card.last4) == (brand, funding, number[-4:])


@pytest.mark.parametrize(("number", "level"), [("4000000000004954", "highest"), ("4000000000009235", "elevated")])
def test_risk_levels(new_session, client, paywright, number, level):
    outcome = paywright.pay(new_session().id, card=number)
    charge = client.v1.charges.list(params={"payment_intent": outcome["payment_intent"]}).data[0]

    assert (charge.status, charge.outcome.risk_level) == ("succeeded", level)


def test_expiring_a_tried_session_cancels_its_payment(new_session, client, paywright):
    session = new_session()
    tried = paywright.pay(session.id, card="4000000000000002")

    client.v1.checkout.sessions.expire(session.id)
    intent = client.v1.payment_intents.retrieve(tried["payment_intent"])

    assert (intent.status, intent.canceled_at is not None) == ("canceled", True)
    assert types_about(client, intent.id)[-2:] == ["checkout.session.expired", "payment_intent.canceled"]


def test_paying_an_expired_session_is_refused(new_session, client, paywright):
    session = new_session()
    client.v1.checkout.sessions.expire(session.id)

    with pytest.raises(AssertionError, match="409"):
        paywright.pay(session.id)


def test_a_free_session_needs_no_payment(new_session, client, paywright):
    free = [{"price_data": {"currency": "usd", "unit_amount": 0, "product_data": {"name": "x"}}, "quantity": 1}]
    session = new_session(line_items=free)

    paywright.pay(session.id)
    after = client.v1.checkout.sessions.retrieve(session.id)

    assert (after.status, after.payment_status, after.payment_intent) == ("complete", "no_payment_required", None)
