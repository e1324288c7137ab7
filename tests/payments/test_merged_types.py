"""Which of Stripe's events are merged, and which are kept and ignored."""

import pytest

from jumun.payments.models import InboxEvent
from tests.factories import place_order
from tests.payments.stripe_says import charge_of, deliver, event

pytestmark = pytest.mark.django_db

MERGED = """
charge.dispute.closed charge.dispute.created charge.dispute.funds_reinstated charge.dispute.funds_withdrawn
charge.dispute.updated charge.refund.updated charge.refunded charge.succeeded charge.updated
checkout.session.async_payment_failed checkout.session.async_payment_succeeded checkout.session.completed
checkout.session.expired payment_intent.payment_failed payout.canceled payout.created payout.failed payout.paid
payout.reconciliation_completed payout.updated radar.early_fraud_warning.created radar.early_fraud_warning.updated
refund.created refund.failed refund.updated
""".split()


def test_each_of_them_waits_for_the_worker_and_any_other_is_ignored() -> None:
    snapshot = charge_of(place_order(), "pi_1")
    for kind in [*MERGED, "customer.created", "charge.pending"]:
        assert deliver(event(snapshot, kind)).status_code == 200
    states = dict(InboxEvent.objects.values_list("type", "state"))
    assert states == dict.fromkeys(MERGED, "ready") | {"customer.created": "ignored", "charge.pending": "ignored"}
