"""What is slow holds up only its own lane: on SQLite too, with the threads that a worker has there by default."""

import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from jumun.errors import StripeUnavailable
from jumun.orders.models import Order
from jumun.outbox.models import Job
from jumun.payments.models import Refund
from jumun.payments.refunds import refund as refunding
from paywright.testing import Paywright
from tests.factories import place_order
from tests.invoices.mail_server import MailServer, mail_server
from tests.payments.paying import buy, pay_unnoticed
from tests.payments.stripe_says import deliver, event
from tests.processes import worker
from tests.waiting import wait_for_jobs

pytestmark = pytest.mark.django_db(transaction=True)


def refund_without_answer(stripe: Paywright, settings: Any) -> Refund:
    payment = buy(stripe)
    settings.JUMUN = settings.JUMUN | {"STRIPE_TIMEOUT_S": 0.3}
    stripe.faults({"kind": "timeout_after", "match": "POST /v1/refunds", "seconds": 2})
    with pytest.raises(StripeUnavailable):
        refunding.refund(payment, amount_minor=4_000, reason="", by=None)
    stripe.faults()
    Refund.objects.update(created_at=timezone.now() - timedelta(minutes=2))
    return Refund.objects.get(status="creating")


def mails(server: MailServer) -> dict[str, str]:
    return {
        "JUMUN_EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        "JUMUN_EMAIL_HOST": "127.0.0.1",
        "JUMUN_EMAIL_PORT": str(server.port),
    }


def test_a_mail_server_that_hangs_holds_up_no_event_refund_expiry_or_document(
    stripe: Paywright, tmp_path: Path, client: Client, settings: Any
) -> None:
    for _ in range(12):
        buy(stripe)
    with mail_server() as server:
        server.failing = "silence"
        with worker(tmp_path, **mails(server)):
            wait_for_jobs(lambda: Job.objects.filter(kind="invoices.mail").exclude(lease_token=None).exists())
            # Enough mails wait for the next minute and longer: each takes the ten seconds of EMAIL_TIMEOUT.
            hangs_until = time.monotonic() + 60
            order = pay_unnoticed(stripe)
            assert deliver(event(stripe.events("checkout.session.completed")[-1]["data"]["object"])).status_code == 200
            refund = refund_without_answer(stripe, settings)
            late = place_order()
            Order.objects.filter(pk=late.pk).update(expires_at=timezone.now() - timedelta(minutes=1))
            Job.objects.filter(
                key__in=["payments.expire_overdue:recurring", "payments.resume_refunds:recurring"]
            ).update(run_at=timezone.now())
            wait_for_jobs(lambda: Order.objects.get(pk=order.pk).state == "paid")
            wait_for_jobs(lambda: Refund.objects.get(pk=refund.pk).status == "succeeded")
            wait_for_jobs(lambda: Order.objects.get(pk=late.pk).state == "expired")
            wait_for_jobs(lambda: not Job.objects.filter(kind="invoices.archive").exclude(state="done").exists())
            assert time.monotonic() < hangs_until
            assert server.accepted == []
            assert Job.objects.filter(kind="invoices.mail", state="ready").exists()
            lanes = client.get("/readyz").json()["lanes"]
            assert lanes["mail"] > 0
            assert {lanes["money"], lanes["events"]} == {0}
            server.failing = None
