"""The balance is the sum of its transactions; time makes them available; payouts group them."""

import contextlib

import pytest
import stripe
from hypothesis import given, settings
from hypothesis import strategies as st

from paywright.testing import Paywright
from tests.conformance.client import SUCCESS_URL, client_of


@pytest.fixture(scope="module")
def bank():
    """A server of its own: its balance starts at nothing."""
    with Paywright() as server:
        yield server


@pytest.fixture
def own(bank):
    bank.reset()
    return client_of(bank)


def pay(bank, own, amount=10_000, card="4242424242424242", currency="usd"):
    line = {"price_data": {"currency": currency, "unit_amount": amount, "product_data": {"name": "x"}}, "quantity": 1}
    session = own.v1.checkout.sessions.create(
        params={"mode": "payment", "line_items": [line], "success_url": SUCCESS_URL}
    )
    return bank.pay(session.id, card=card)["payment_intent"]


def amounts(own):
    balance = own.v1.balance.retrieve()
    return {
        (status, part.currency): part.amount
        for status in ("available", "pending")
        for part in getattr(balance, status)
        if part.amount
    }


def all_transactions(own):
    return list(own.v1.balance_transactions.list(params={"limit": 100}).auto_paging_iter())


def test_a_payment_is_pending_then_available(bank, own):
    pay(bank, own)
    bank.advance(5)
    (transaction,) = all_transactions(own)

    assert (transaction.amount, transaction.fee, transaction.net) == (10_000, 320, 9_680)
    assert transaction.fee_details[0].type == "stripe_fee"
    assert transaction.available_on % 86_400 == 0
    assert (transaction.status, transaction.balance_type) == ("pending", "payments")
    assert amounts(own) == {("pending", "usd"): 9_680}


def test_a_card_that_is_available_at_once(bank, own):
    pay(bank, own, card="4000000000000077")
    bank.advance(5)

    assert amounts(own) == {("available", "usd"): 9_680}


def test_automatic_payouts_group_what_became_available(bank, own):
    for _ in range(3):
        pay(bank, own)
    bank.advance("4d")
    (payout,) = own.v1.payouts.list().data
    grouped = list(own.v1.balance_transactions.list(params={"payout": payout.id}).auto_paging_iter())

    assert (payout.automatic, payout.amount, payout.currency) == (True, 3 * 9_680, "usd")
    assert sorted(t.type for t in grouped) == ["charge", "charge", "charge", "payout"]
    assert sum(t.net for t in grouped) == 0
    assert amounts(own) == {}
    bank.advance("3d")
    paid = own.v1.payouts.retrieve(payout.id)
    assert (paid.status, paid.reconciliation_status) == ("paid", "completed")
    kinds = [e["type"] for e in bank.events() if e["type"].startswith("payout.")]
    assert kinds == ["payout.created", "payout.updated", "payout.paid", "payout.reconciliation_completed"]


def test_a_manual_payout_takes_from_what_is_available(bank, own):
    pay(bank, own, card="4000000000000077")
    bank.advance(5)

    payout = own.v1.payouts.create(params={"amount": 5_000, "currency": "usd"})

    assert (payout.status, payout.automatic, payout.reconciliation_status) == ("pending", False, "not_applicable")
    assert amounts(own) == {("available", "usd"): 4_680}
    with pytest.raises(stripe.InvalidRequestError) as refused:
        own.v1.payouts.create(params={"amount": 5_000, "currency": "usd"})
    assert refused.value.code == "balance_insufficient"


def test_a_failed_payout_returns_the_money(bank, own):
    pay(bank, own, card="4000000000000077")
    bank.advance(5)
    payout = own.v1.payouts.create(params={"amount": 5_000, "currency": "usd"})
    bank.advance(10)

    bank.request("POST", f"payouts/{payout.id}/fail", {})

    failed = own.v1.payouts.retrieve(payout.id, params={"expand": ["failure_balance_transaction"]})
    assert (failed.status, failed.failure_balance_transaction.amount) == ("failed", 5_000)
    assert amounts(own) == {("available", "usd"): 9_680}


def test_whole_units_for_payouts_in_some_currencies(own):
    with pytest.raises(stripe.InvalidRequestError, match="multiple of 100"):
        own.v1.payouts.create(params={"amount": 150, "currency": "huf"})


def test_automatic_payouts_of_whole_units_leave_the_rest_for_the_next(bank, own):
    bank.fees(percent="0", fixed_usd="0")
    pay(bank, own, 100_050, currency="huf")
    bank.advance("4d")
    (first,) = own.v1.payouts.list().data
    grouped = list(own.v1.balance_transactions.list(params={"payout": first.id}).auto_paging_iter())

    assert (first.amount, amounts(own)) == (100_000, {("available", "huf"): 50})
    assert sum(t.net for t in grouped) == 0
    assert len(all_transactions(own)) == 4
    pay(bank, own, 100_050, currency="huf")
    bank.advance("4d")
    assert [p.amount for p in own.v1.payouts.list().data] == [100_100, 100_000]
    assert amounts(own) == {}


def test_the_balance_is_always_the_sum_of_its_transactions(bank, own):
    first = pay(bank, own)
    second = pay(bank, own, 25_000, "4000000000000259")
    third = pay(bank, own, 7_000, "4000000000005126")
    pay(bank, own, 50_000, currency="krw")
    own.v1.refunds.create(params={"payment_intent": first, "amount": 1_234})
    own.v1.refunds.create(params={"payment_intent": third})
    (dispute,) = own.v1.disputes.list(params={"payment_intent": second}).data
    own.v1.disputes.update(dispute.id, params={"evidence": {"uncategorized_text": "winning_evidence"}})
    for span in ("10s", "1d", "3d", "5d"):
        bank.advance(span)
        transactions = all_transactions(own)
        sums: dict[tuple[str, str], int] = {}
        for t in transactions:
            assert t.net == t.amount - t.fee
            sums[t.status, t.currency] = sums.get((t.status, t.currency), 0) + t.net
        assert amounts(own) == {key: value for key, value in sums.items() if value}


def test_transactions_are_found_by_source_type_and_currency(bank, own):
    intent = pay(bank, own)
    pay(bank, own, 50_000, currency="krw")
    refund = own.v1.refunds.create(params={"payment_intent": intent, "amount": 100})
    bank.advance(5)

    def found(**params):
        return [t.type for t in own.v1.balance_transactions.list(params=params).data]

    assert found(source=refund.id) == ["refund"]
    assert found(type="charge", currency="usd") == ["charge"]
    assert found(currency="krw") == ["charge"]


def test_a_manual_payout_cannot_filter_transactions(bank, own):
    pay(bank, own, card="4000000000000077")
    bank.advance(5)
    payout = own.v1.payouts.create(params={"amount": 5_000, "currency": "usd"})

    with pytest.raises(stripe.InvalidRequestError, match="automatic transfers"):
        own.v1.balance_transactions.list(params={"payout": payout.id})


def fee_of(own, intent):
    expand = {"expand": ["latest_charge.balance_transaction"]}
    return own.v1.payment_intents.retrieve(intent, params=expand).latest_charge.balance_transaction.fee


def test_fees_are_what_one_wants_them_to_be(bank, own):
    before = pay(bank, own)
    bank.advance(10)
    bank.fees(percent="1.5", fixed_usd=0)
    after = pay(bank, own)
    bank.advance(10)

    assert (fee_of(own, before), fee_of(own, after)) == (320, 150)

    bank.reset()
    assert bank.request("GET", "fees") == {"percent": "2.9", "fixed_usd": "0.30"}


@pytest.mark.parametrize("changes", [{"percent": "many"}, {"percent": 101}, {"fixed_usd": -1}, {"nonsense": 1}])
def test_impossible_fees_are_refused(bank, changes):
    with pytest.raises(AssertionError, match="400"):
        bank.fees(**changes)


def test_what_was_paid_out_by_hand_is_not_paid_out_again(bank, own):
    pay(bank, own, card="4000000000000077")
    bank.advance(10)
    own.v1.payouts.create(params={"amount": 4_000, "currency": "usd"})

    bank.advance("1d")

    assert sorted(payout.amount for payout in own.v1.payouts.list().data) == [4_000, 5_680]
    assert amounts(own) == {}


def test_money_that_came_back_is_paid_out_with_the_next(bank, own):
    pay(bank, own, card="4000000000000077")
    bank.advance("1d")
    (first,) = own.v1.payouts.list().data
    bank.request("POST", f"payouts/{first.id}/fail", {})

    bank.advance("1d")

    assert [payout.amount for payout in own.v1.payouts.list().data] == [9_680, 9_680]
    assert amounts(own) == {}


CARDS = {"pay": "4242424242424242", "pay at once": "4000000000000077", "disputed": "4000000000000259"}
ACTS = [*CARDS, "refund some", "refund all", "win", "accept", "payout", "fail payout", "1h", "2d"]


def act(bank, own, name):
    """One thing that moves money; what Stripe refuses at the moment does not happen."""
    charges = [charge for charge in own.v1.charges.list().data if charge.status == "succeeded"]
    disputes = own.v1.disputes.list().data
    if name in CARDS:
        pay(bank, own, card=CARDS[name])
    elif name.startswith("refund") and charges:
        some = {"amount": 333} if name == "refund some" else {}
        own.v1.refunds.create(params={"charge": charges[-1].id, **some})
    elif name == "win" and disputes:
        own.v1.disputes.update(disputes[0].id, params={"evidence": {"uncategorized_text": "winning_evidence"}})
    elif name == "accept" and disputes:
        own.v1.disputes.close(disputes[-1].id)
    elif name == "payout":
        own.v1.payouts.create(params={"amount": 2_000, "currency": "usd"})
    elif name == "fail payout" and (payouts := own.v1.payouts.list(params={"status": "paid"}).data):
        bank.request("POST", f"payouts/{payouts[0].id}/fail", {})
    elif name[0].isdigit():
        bank.advance(name)


@settings(max_examples=8)
@given(names=st.lists(st.sampled_from(ACTS), min_size=4, max_size=10))
def test_whatever_happens_the_books_add_up(bank, names):
    """The balance is the sum of its transactions; an automatic payout of those that it groups."""
    bank.reset()
    own = client_of(bank)
    for name in ["pay at once", *names]:
        with contextlib.suppress(stripe.InvalidRequestError):
            act(bank, own, name)
    transactions = all_transactions(own)
    sums: dict[tuple[str, str], int] = {}
    for t in transactions:
        assert t.net == t.amount - t.fee
        sums[t.status, t.currency] = sums.get((t.status, t.currency), 0) + t.net
    assert amounts(own) == {key: value for key, value in sums.items() if value}
    for payout in own.v1.payouts.list().data:
        if payout.automatic:
            grouped = own.v1.balance_transactions.list(params={"payout": payout.id, "limit": 100}).data
            assert sum(t.net for t in grouped) == 0
            assert payout.amount == sum(t.net for t in grouped if t.source != payout.id)
