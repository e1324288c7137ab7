"""kill -9 between the acknowledgement and the end of the processing loses nothing and doubles nothing."""

import socket
from pathlib import Path

import pytest
from pytest_django.fixtures import Settings

from jumun.invoices.models import Invoice
from jumun.orders.models import Order
from jumun.outbox.models import Job
from jumun.payments.checkout.open import open_checkout
from jumun.payments.models import InboxEvent, Payment
from paywright.testing import Paywright
from tests.orders.placing import CUSTOMER, TEA
from tests.payments.paying import URLS, session_id
from tests.payments.stripe_says import deliver, event
from tests.processes import worker
from tests.waiting import wait_for_jobs

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.long]

WAIT_S = 60


def mails(folder: Path) -> list[Path]:
    return sorted((folder / "mail").glob("*.log"))


@pytest.fixture
def paid_event(stripe: Paywright) -> bytes:
    """An order was placed and paid at Stripe; this event says so."""
    order = Order.place(lines=[TEA], customer=CUSTOMER, language="ko")
    open_checkout(order, **URLS)
    session = stripe.pay(session_id(order))["session"]
    # As in a real event: the PaymentIntent is named, not expanded.
    assert isinstance(session["payment_intent"], str)
    return event(session)


def test_a_worker_killed_while_stripe_keeps_it_waiting(paid_event: bytes, tmp_path: Path, settings: Settings) -> None:
    assert deliver(paid_event).status_code == 200
    silent = socket.create_server(("127.0.0.1", 0))
    silent.settimeout(WAIT_S)
    nobody = f"http://127.0.0.1:{silent.getsockname()[1]}"
    with silent, worker(tmp_path, STRIPE_API_BASE=nobody) as victim:
        # It asks which card has paid, and waits for an answer that never comes.
        caller, _ = silent.accept()
        victim.kill()
        victim.wait()
        caller.close()
    assert (InboxEvent.objects.get().state, Order.objects.get().state) == ("done", "paid")
    assert Payment.objects.get().card_last4 == ""

    with worker(tmp_path):
        wait_for_jobs(
            lambda: bool(mails(tmp_path)) and not Job.objects.filter(kind="invoices.mail", state="ready").exists()
        )
        wait_for_jobs(lambda: not Job.objects.filter(kind="payments.complete", state="ready").exists())
    assert Payment.objects.get().card_last4 == "4242"
    assert Invoice.objects.count() == 1
    assert len(mails(tmp_path)) == 1


def test_a_worker_told_to_stop_finishes_what_it_has(paid_event: bytes, tmp_path: Path) -> None:
    deliver(paid_event)
    with worker(tmp_path) as process:
        wait_for_jobs(lambda: Order.objects.get().state == "paid")
        process.terminate()
        assert process.wait(timeout=WAIT_S) == 0
    assert InboxEvent.objects.get().state == "done"
