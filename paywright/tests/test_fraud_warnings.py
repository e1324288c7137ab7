"""The card whose issuer warns of fraud before any dispute."""

import pytest


@pytest.fixture
def warned(new_session, client, paywright):
    intent = paywright.pay(new_session().id, card="4000000000005423")["payment_intent"]
    (warning,) = client.v1.radar.early_fraud_warnings.list(params={"payment_intent": intent}).data
    return warning


def test_the_issuer_warns_of_a_payment_that_succeeded(warned, client, paywright):
    read = client.v1.radar.early_fraud_warnings.retrieve(warned.id, params={"expand": ["charge"]})

    assert (warned.actionable, read.charge.status, read.charge.disputed) == (True, "succeeded", False)
    assert warned.id in [event["data"]["object"]["id"] for event in paywright.events(f"{warned.object}.created")]


def test_a_full_refund_leaves_nothing_to_do(warned, client, paywright):
    paywright.refund(warned.payment_intent, amount=100)
    assert client.v1.radar.early_fraud_warnings.retrieve(warned.id).actionable

    paywright.refund(warned.payment_intent)

    assert not client.v1.radar.early_fraud_warnings.retrieve(warned.id).actionable
    assert paywright.events(f"{warned.object}.updated")[-1]["data"]["previous_attributes"] == {"actionable": True}


def test_a_dispute_leaves_nothing_to_do(warned, client, paywright):
    paywright.dispute(warned.payment_intent)

    assert not client.v1.radar.early_fraud_warnings.retrieve(warned.id).actionable
