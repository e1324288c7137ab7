"""Cards that a customer has: which can be attached, and what they do then."""

import pytest
import stripe

from paywright.payments.cards import CARDS

REFUSED = sorted(number for number, card in CARDS.items() if card.decline and not card.attaches)


@pytest.fixture
def customer(client):
    return client.v1.customers.create(params={"name": "Kim Minji"})


def typed(client, number):
    card = {"number": number, "exp_month": 12, "exp_year": 2034, "cvc": "123"}
    return client.v1.payment_methods.create(params={"type": "card", "card": card})


def test_an_attached_card_is_among_the_customers(client, customer, paywright):
    method = client.v1.payment_methods.attach("pm_card_visa", params={"customer": customer.id})
    second = client.v1.payment_methods.attach("pm_card_mastercard", params={"customer": customer.id})

    listed = client.v1.payment_methods.list(params={"customer": customer.id, "type": "card"})
    of_customer = client.v1.customers.payment_methods.list(customer.id)

    assert (method.customer, method.card.last4) == (customer.id, "4242")
    assert [m.id for m in listed.data] == [m.id for m in of_customer.data] == [second.id, method.id]
    assert paywright.events("payment_method.attached")[-1]["data"]["object"]["id"] == second.id


def test_a_detached_card_is_nobodys(client, customer, paywright):
    method = client.v1.payment_methods.attach("pm_card_visa", params={"customer": customer.id})

    assert client.v1.payment_methods.detach(method.id).customer is None
    assert client.v1.payment_methods.list(params={"customer": customer.id}).data == []
    assert paywright.events("payment_method.detached")[-1]["data"]["object"]["id"] == method.id
    with pytest.raises(stripe.InvalidRequestError, match="not attached"):
        client.v1.payment_methods.detach(method.id)


@pytest.mark.parametrize("number", REFUSED)
def test_a_declined_card_is_refused_already_when_attached(client, customer, number):
    method = typed(client, number)

    with pytest.raises(stripe.CardError) as refused:
        client.v1.payment_methods.attach(method.id, params={"customer": customer.id})

    decline = CARDS[number].decline
    error = refused.value.error
    assert (refused.value.http_status, error.code, error.decline_code) == (402, decline.code, decline.decline_code)
    assert error.message == decline.message
    assert client.v1.payment_methods.retrieve(method.id).customer is None


def test_one_card_attaches_and_is_declined_when_charged(client, customer):
    method = client.v1.payment_methods.attach(typed(client, "4000000000000341").id, params={"customer": customer.id})

    with pytest.raises(stripe.CardError) as refused:
        client.v1.payment_intents.create(
            params={
                "amount": 500,
                "currency": "usd",
                "customer": customer.id,
                "payment_method": method.id,
                "confirm": True,
            }
        )

    assert method.customer == customer.id
    assert (refused.value.code, refused.value.error.decline_code) == ("card_declined", "generic_decline")


def test_a_customer_is_made_with_a_card_or_not_at_all(client, paywright):
    made = client.v1.customers.create(params={"payment_method": "pm_card_visa", "email": "with@example.com"})
    with pytest.raises(stripe.CardError):
        client.v1.customers.create(params={"payment_method": "pm_card_chargeDeclined", "email": "none@example.com"})

    assert len(client.v1.customers.payment_methods.list(made.id).data) == 1
    assert client.v1.customers.list(params={"email": "none@example.com"}).data == []


def test_a_card_has_one_customer(client, customer):
    method = client.v1.payment_methods.attach("pm_card_visa", params={"customer": customer.id})
    other = client.v1.customers.create(params={})

    with pytest.raises(stripe.InvalidRequestError, match="already been attached"):
        client.v1.payment_methods.attach(method.id, params={"customer": other.id})
    assert client.v1.payment_methods.attach(method.id, params={"customer": customer.id}).customer == customer.id


def test_an_account_pays_only_what_takes_accounts(client):
    account = client.v1.payment_methods.create(
        params={"type": "sepa_debit", "sepa_debit": {"iban": "AT611904300234573201"}}
    )

    with pytest.raises(stripe.InvalidRequestError, match="sepa_debit is not among"):
        client.v1.payment_intents.create(
            params={"amount": 500, "currency": "usd", "payment_method": account.id, "confirm": True}
        )
