"""A worker that was too slow, and whose event another has taken over, leaves nothing behind."""

import uuid

import pytest

from jumun.errors import LeaseLost
from jumun.invoices.models import Invoice
from jumun.outbox.models import Job
from jumun.payments.models import InboxEvent, Payment
from jumun.payments.webhooks.process import process
from tests.factories import place_order
from tests.payments.stripe_says import deliver, event, session_of

pytestmark = pytest.mark.django_db


def test_an_event_whose_lease_is_lost_pays_nothing() -> None:
    order = place_order()
    assert deliver(event(session_of(order))).status_code == 200
    [slow] = InboxEvent.claim(1)
    InboxEvent.objects.update(lease_token=uuid.uuid4())
    jobs = Job.objects.count()
    with pytest.raises(LeaseLost):
        process(slow)
    order.refresh_from_db()
    assert order.state == "placed"
    assert not Payment.objects.exists()
    assert not Invoice.objects.exists()
    assert Job.objects.count() == jobs
