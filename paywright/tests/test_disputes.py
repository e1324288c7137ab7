"""Chargebacks and inquiries."""

import pytest
import stripe

from tests.conformance.client import types_about


@pytest.fixture
def disputed(new_session, client, paywright):
    def pay(card="4000000000000259"):
        outcome = paywright.pay(new_session().id, card=card)
        return client.v1.disputes.list(params={"payment_intent": outcome["payment_intent"]}).data[0]

    return pay


def send(client, dispute, text):
    client.v1.disputes.update(dispute.id, params={"evidence": {"uncategorized_text": text}})


def test_the_card_that_is_disputed(disputed, client):
    dispute = disputed()
    (withdrawal,) = dispute.balance_transactions

    assert (dispute.status, dispute.reason, dispute.amount) == ("needs_response", "fraudulent", 24_000)
    assert dispute.is_charge_refundable is False
    assert dispute.evidence_details.due_by == dispute.created + 8 * 86_400
    assert (withdrawal.amount, withdrawal.fee, withdrawal.net) == (-24_000, 1_500, -25_500)
    assert (withdrawal.type, withdrawal.reporting_category, withdrawal.status) == ("adjustment", "dispute", "available")
    assert client.v1.charges.retrieve(dispute.charge).disputed is True
    assert types_about(client, dispute.payment_intent)[:6] == [
        "payment_intent.created",
        "charge.succeeded",
        "charge.dispute.created",
        "charge.dispute.funds_withdrawn",
        "payment_intent.succeeded",
        "checkout.session.completed",
    ]


def test_product_not_received(disputed):
    assert disputed("4000000000002685").reason == "product_not_received"


def test_a_charged_back_payment_cannot_be_refunded(disputed, client):
    dispute = disputed()

    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.refunds.create(params={"charge": dispute.charge})

    assert refused.value.code == "charge_disputed"
    assert refused.value.user_message == f"Charge {dispute.charge} has been charged back; cannot issue a refund."


def test_winning_returns_the_money_but_not_the_fee(disputed, client, paywright):
    dispute = disputed()

    send(client, dispute, "winning_evidence")
    reviewed = client.v1.disputes.retrieve(dispute.id)
    paywright.advance(10)
    won = client.v1.disputes.retrieve(dispute.id)

    assert (reviewed.status, won.status) == ("under_review", "won")
    assert [(t.amount, t.fee) for t in won.balance_transactions] == [(-24_000, 1_500), (24_000, 0)]
    assert won.balance_transactions[1].reporting_category == "dispute_reversal"
    assert [k for k in types_about(client, dispute.payment_intent) if "dispute" in k] == [
        "charge.dispute.created",
        "charge.dispute.funds_withdrawn",
        "charge.dispute.updated",
        "charge.dispute.funds_reinstated",
        "charge.dispute.closed",
    ]


def test_losing(disputed, client, paywright):
    dispute = disputed()

    send(client, dispute, "losing_evidence")
    paywright.advance(10)

    assert client.v1.disputes.retrieve(dispute.id).status == "lost"


def test_closing_accepts_and_cannot_be_undone(disputed, client):
    dispute = disputed()

    assert client.v1.disputes.close(dispute.id).status == "lost"
    with pytest.raises(stripe.InvalidRequestError, match="This dispute is already closed"):
        send(client, dispute, "winning_evidence")


def test_evidence_can_be_kept_without_sending_it(disputed, client):
    dispute = disputed()

    kept = client.v1.disputes.update(dispute.id, params={"evidence": {"uncategorized_text": "later"}, "submit": False})

    assert (kept.status, kept.evidence_details.has_evidence) == ("needs_response", True)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ({"evidence[enhanced_evidence]": ""}, {}),
        ({"evidence[enhanced_evidence][visa_compliance]": ""}, {}),
        (
            {"evidence[enhanced_evidence][visa_compliance][fee_acknowledged]": "true"},
            {"visa_compliance": {"fee_acknowledged": True}},
        ),
        (
            {"evidence[enhanced_evidence][visa_compelling_evidence_3][disputed_transaction]": ""},
            {"visa_compelling_evidence_3": {"disputed_transaction": None, "prior_undisputed_transactions": []}},
        ),
    ],
)
def test_enhanced_evidence_has_the_members_of_its_kind(disputed, raw, given, kept):
    dispute = disputed("4000000000000259")

    answer = raw.post(f"/v1/disputes/{dispute.id}", data={**given, "submit": "false"})

    assert answer.json()["evidence"]["enhanced_evidence"] == kept


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ({"evidence[appeal]": ""}, None),
        ({"evidence[appeal][card]": ""}, {}),
        (
            {"evidence[appeal][card][reason_for_filing]": "paid", "evidence[appeal][card][supporting_files]": ""},
            {"card": {"reason_for_filing": "paid"}},
        ),
    ],
)
def test_what_an_appeal_does_not_have_is_not_there(disputed, raw, given, kept):
    dispute = disputed("4000000000000259")

    answer = raw.post(f"/v1/disputes/{dispute.id}", data={**given, "submit": "false"})

    assert answer.json()["evidence"]["appeal"] == kept


def test_no_answer_by_the_deadline_loses(disputed, client, paywright):
    dispute = disputed()

    paywright.advance("9d")

    assert client.v1.disputes.retrieve(dispute.id).status == "lost"


def test_an_inquiry_moves_no_money_and_can_be_refunded(disputed, client):
    dispute = disputed("4000000000001976")

    assert (dispute.status, dispute.balance_transactions) == ("warning_needs_response", [])
    assert dispute.is_charge_refundable is True
    assert client.v1.refunds.create(params={"charge": dispute.charge}).status == "succeeded"


def test_an_inquiry_closes_by_itself_or_escalates(disputed, client, paywright):
    quiet, loud = disputed("4000000000001976"), disputed("4000000000001976")

    send(client, loud, "escalate_inquiry_evidence")
    paywright.advance(10)
    escalated = client.v1.disputes.retrieve(loud.id)
    paywright.advance("121d")

    assert (escalated.status, len(escalated.balance_transactions)) == ("needs_response", 1)
    assert client.v1.disputes.retrieve(quiet.id).status == "warning_closed"


def test_several_disputes_share_the_charge(disputed, client):
    dispute = disputed("4000004040000079")

    found = client.v1.disputes.list(params={"charge": dispute.charge}).data

    assert [d.amount for d in found] == [12_000, 12_000]


def test_any_payment_can_be_disputed_on_request(new_session, client, paywright):
    intent = paywright.pay(new_session().id)["payment_intent"]

    dispute = paywright.dispute(intent, reason="duplicate", amount=1_000)

    assert client.v1.disputes.retrieve(dispute["id"]).amount == 1_000
