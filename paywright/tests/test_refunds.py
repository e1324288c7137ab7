"""Refunds and what they do to the charge and the balance."""

import pytest
import stripe

from tests.conformance.client import types_about


@pytest.fixture
def paid(new_session, client, paywright):
    """A paid charge of 24,000 KRW."""

    def pay(card="4242424242424242"):
        outcome = paywright.pay(new_session().id, card=card)
        return client.v1.charges.list(params={"payment_intent": outcome["payment_intent"]}).data[0]

    return pay


def test_a_full_refund(paid, client):
    charge = paid()

    refund = client.v1.refunds.create(params={"payment_intent": charge.payment_intent, "metadata": {"a": "b"}})
    after = client.v1.charges.retrieve(charge.id, params={"expand": ["refunds", "balance_transaction"]})
    transaction = client.v1.balance_transactions.retrieve(refund.balance_transaction)

    assert (refund.status, refund.amount, refund.charge) == ("succeeded", 24_000, charge.id)
    assert refund.destination_details.card.reference_status == "pending"
    assert (after.refunded, after.amount_refunded) == (True, 24_000)
    assert after.refunds.data[0].id == refund.id
    assert (transaction.amount, transaction.fee, transaction.net) == (-24_000, 0, -24_000)
    assert (transaction.type, transaction.reporting_category, transaction.source) == ("refund", "refund", refund.id)
    assert after.balance_transaction.amount == 24_000


def test_partial_refunds_add_up(paid, client):
    charge = paid()

    client.v1.refunds.create(params={"charge": charge.id, "amount": 9_000, "reason": "duplicate"})
    half = client.v1.charges.retrieve(charge.id)
    client.v1.refunds.create(params={"charge": charge.id})
    whole = client.v1.charges.retrieve(charge.id)

    assert (half.amount_refunded, half.refunded) == (9_000, False)
    assert (whole.amount_refunded, whole.refunded) == (24_000, True)
    assert [r.amount for r in client.v1.refunds.list(params={"charge": charge.id}).data] == [15_000, 9_000]


def refused(client, **params):
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        client.v1.refunds.create(params=params)
    return refusal.value


def test_more_than_is_left_is_refused(paid, client):
    charge = paid()
    client.v1.refunds.create(params={"charge": charge.id, "amount": 4_000})

    error = refused(client, charge=charge.id, amount=21_000)

    assert (error.param, error.http_status) == ("amount", 400)
    message = "Refund amount (₩21,000) is greater than unrefunded amount on charge (₩20,000)"
    assert error.user_message == message


def test_a_second_full_refund_is_refused(paid, client):
    charge = paid()
    client.v1.refunds.create(params={"charge": charge.id})

    error = refused(client, charge=charge.id)

    assert error.code == "charge_already_refunded"
    assert error.user_message == f"Charge {charge.id} has already been refunded."


def test_a_declined_payment_has_nothing_to_refund(new_session, client, paywright):
    intent = paywright.pay(new_session().id, card="4000000000000002")["payment_intent"]

    error = refused(client, payment_intent=intent)

    assert error.user_message == f"This PaymentIntent ({intent}) does not have a successful charge to refund."


@pytest.mark.parametrize("amount", [0, -5])
def test_an_amount_must_be_positive(paid, client, amount):
    error = refused(client, charge=paid().id, amount=amount)

    assert (error.code, error.param) == ("parameter_invalid_integer", "amount")
    assert error.user_message == "This value must be greater than or equal to 1."


def test_events_of_a_refund(paid, client, paywright):
    charge = paid()
    refund = client.v1.refunds.create(params={"charge": charge.id})
    paywright.advance(10)

    kinds = [kind for kind in types_about(client, charge.payment_intent) if "refund" in kind]

    assert kinds == ["refund.created", "charge.refunded", "refund.updated", "charge.refund.updated"]
    after = client.v1.refunds.retrieve(refund.id)
    assert after.destination_details.card.reference_status == "available"


def test_a_refund_that_waits(paid, client, paywright):
    charge = paid("4000000000007726")

    refund = client.v1.refunds.create(params={"charge": charge.id})
    paywright.advance(10)

    assert (refund.status, refund.pending_reason) == ("pending", "processing")
    assert client.v1.refunds.retrieve(refund.id).status == "succeeded"


def test_a_refund_that_fails_later_gives_the_money_back(paid, client, paywright):
    charge = paid("4000000000005126")

    refund = client.v1.refunds.create(params={"charge": charge.id})
    paywright.advance(10)
    after = client.v1.refunds.retrieve(refund.id, params={"expand": ["failure_balance_transaction", "charge"]})

    assert (refund.status, after.status) == ("succeeded", "failed")
    assert after.failure_balance_transaction.amount == 24_000
    assert (after.charge.amount_refunded, after.charge.refunded) == (0, False)
    assert "refund.failed" in types_about(client, charge.payment_intent)


def test_only_refunds_that_have_not_gone_out_can_be_canceled(paid, client):
    done = client.v1.refunds.create(params={"charge": paid().id})
    with pytest.raises(stripe.InvalidRequestError, match=r"Canceling this refund is unsupported\."):
        client.v1.refunds.cancel(done.id)

    waiting = client.v1.refunds.create(params={"charge": paid("4000000000007726").id})
    canceled = client.v1.refunds.cancel(waiting.id)

    assert canceled.status == "canceled"
    assert client.v1.charges.retrieve(waiting.charge).amount_refunded == 0


def test_metadata_of_a_refund_can_be_changed(paid, client):
    refund = client.v1.refunds.create(params={"charge": paid().id})

    changed = client.v1.refunds.update(refund.id, params={"metadata": {"note": "1"}})

    assert changed.metadata.to_dict() == {"note": "1"}


def test_expanding_what_is_not_there_adds_nothing(new_session, client, paywright):
    intent = paywright.pay(new_session().id)["payment_intent"]

    refund = client.v1.refunds.create(params={"payment_intent": intent, "expand": ["failure_balance_transaction"]})

    assert "failure_balance_transaction" not in refund
