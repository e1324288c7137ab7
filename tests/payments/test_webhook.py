import json
import time
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.core import mail
from django.http import HttpResponse
from django.test import Client
from pytest_django.fixtures import Settings

from jumun.invoices.models import Invoice
from jumun.orders.models import Order
from jumun.outbox.worker import drain
from jumun.payments.merge import MERGED_TYPES
from jumun.payments.models import InboxEvent, Payment
from tests.orders.placing import CUSTOMER, TEA
from tests.payments.stripe_says import deliver, event, session_of, signature
from tests.races import at_once

pytestmark = pytest.mark.django_db


@pytest.fixture
def order() -> Order:
    return Order.place(lines=[TEA], customer=CUSTOMER, language="ko")


def test_an_event_is_stored_before_it_is_acknowledged_and_applied_by_the_worker(order: Order) -> None:
    assert deliver(event(session_of(order))).status_code == 200
    order.refresh_from_db()
    assert order.state == "placed", "the request only stores"
    drain()
    order.refresh_from_db()
    payment = Payment.objects.get()
    assert (order.state, payment.status, payment.settles_order) == ("paid", "paid", True)
    assert (payment.card_brand, payment.card_last4) == ("visa", "4242")
    assert Invoice.objects.get().document.paid.stripe_id == payment.payment_intent_id
    assert InboxEvent.objects.get().order == order
    assert [message.to for message in mail.outbox] == [["haneul@example.com"]]


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'"text"',
        b"\xff\xfe",
        b"{}",
        b'{"id": "evt_1", "type": "x"}',
        b'{"id": "evt_1\\u0000", "type": "x", "livemode": false, "created": 1}',
        b'{"id": "evt_\\ud800", "type": "x", "livemode": false, "created": 1}',
        b'{"id": "evt_1", "type": "x", "livemode": false, "created": 1e400}',
        b'{"id": "evt_1", "type": "x", "livemode": false, "created": 9999999999999}',
        # The last second of the year 9999 is no time in Seoul.
        b'{"id": "evt_1", "type": "x", "livemode": false, "created": 253402300799}',
        b'{"id": "evt_1", "type": {}, "livemode": false, "created": 1}',
        b"[" * 100_000,
        b"1" * 10_000,
    ],
)
def test_a_signed_body_that_is_no_event_gets_400_and_leaves_nothing(payload: bytes) -> None:
    assert deliver(payload).status_code == 400
    assert not InboxEvent.objects.exists()


def test_forged_bodies_get_400_and_leave_nothing(order: Order) -> None:
    payload = event(session_of(order))
    tampered = payload.replace(b'"paid"', b'"PAID"')
    for body, header in [
        (tampered, signature(payload)),
        (payload, signature(payload, at=time.time() - 400)),
        (payload, signature(payload, "whsec_wrong")),
        (payload, ""),
        (b"", signature(payload)),
    ]:
        answer = deliver(body, header)
        assert answer.status_code == 400
        assert b"Traceback" not in answer.content
    assert not InboxEvent.objects.exists()


def deliver_in_chunks(payload: bytes, header: str) -> HttpResponse:
    """As a proxy may pass it on: the server tells where the body ends, no header says how long it is."""
    stream: dict[str, Any] = {"wsgi.input": BytesIO(payload), "wsgi.input_terminated": True, "CONTENT_LENGTH": ""}
    return Client(enforce_csrf_checks=True).post(  # type: ignore[return-value]
        "/payment/webhooks/", headers={"Stripe-Signature": header}, **stream
    )


def test_a_body_without_a_length_is_read_to_its_end(order: Order) -> None:
    payload = event(session_of(order))
    assert deliver_in_chunks(payload, signature(payload)).status_code == 200
    assert InboxEvent.objects.get().payload.encode() == payload


def test_the_limit_holds_for_a_body_without_a_length_too() -> None:
    noise = b"x" * 20_000_000
    assert deliver_in_chunks(noise, signature(noise)).status_code == 413
    assert deliver_in_chunks(b"{}", signature(b"")).status_code == 400
    assert not InboxEvent.objects.exists()


def test_ten_megabytes_of_noise_are_refused() -> None:
    noise = b"x" * 10_000_000
    assert deliver(noise, signature(noise)).status_code == 413
    assert not InboxEvent.objects.exists()


def test_without_a_secret_nothing_is_accepted(order: Order, settings: Settings) -> None:
    settings.STRIPE_WEBHOOK_SECRET = " , "
    payload = event(session_of(order))
    assert deliver(payload, signature(payload, "")).status_code == 400
    assert not InboxEvent.objects.exists()


def test_only_post_is_answered(client: Client) -> None:
    assert client.get("/payment/webhooks/").status_code == 405


def test_events_of_other_types_are_kept_and_ignored(order: Order) -> None:
    assert deliver(event({"object": "customer"}, "customer.created")).status_code == 200
    assert drain() == 0
    assert InboxEvent.objects.get().state == "ignored"


@pytest.mark.parametrize(
    "kind", ["v1.billing.meter.error_report_triggered", "v2.core.account[configuration.customer].updated"]
)
def test_thin_events_are_kept_and_ignored_too(kind: str) -> None:
    thin = event({}, kind, object="v2.core.event", created="2026-11-23T19:41:17.5Z")
    assert deliver(thin).status_code == 200
    assert drain() == 0
    kept = InboxEvent.objects.get()
    assert (kept.state, kept.created_at.isoformat()) == ("ignored", "2026-11-23T19:41:17.500000+00:00")


def test_what_another_account_was_paid_pays_nothing_here(order: Order) -> None:
    """Whoever owns an account that is connected to ours may write our order's reference into a session of theirs."""
    assert deliver(event(session_of(order), account="acct_theirs")).status_code == 200
    assert drain() == 0
    kept = InboxEvent.objects.get()
    assert kept.state == "ignored"
    assert kept.requeue()
    drain()
    kept.refresh_from_db()
    order.refresh_from_db()
    assert (kept.state, order.state) == ("ignored", "placed")


def test_an_event_whose_object_is_broken_is_parked_and_pays_nothing(order: Order) -> None:
    for broken in [
        session_of(order, amount_total="33000"),
        session_of(order, amount_total=True),
        session_of(order, livemode=None),
        session_of(order, currency=7),
        session_of(order, id=None),
        session_of(order, expires_at=10**30),
    ]:
        assert deliver(event(broken)).status_code == 200
    assert deliver(event(session_of(order), data=None)).status_code == 200
    assert deliver(event(session_of(order), data={"object": [1]})).status_code == 200
    drain()
    assert set(InboxEvent.objects.values_list("state", flat=True)) == {"parked"}
    order.refresh_from_db()
    assert order.state == "placed"


def test_the_raw_bytes_are_kept_as_they_were_signed(order: Order) -> None:
    payload = event(session_of(order), "customer.created", note="띄어 쓰기  ")
    deliver(payload)
    assert InboxEvent.objects.get().payload.encode() == payload
    assert json.loads(payload)["note"] == "띄어 쓰기  "


@pytest.mark.django_db(transaction=True)
def test_the_same_event_20_times_at_once_is_one_payment_one_invoice_one_mail(order: Order) -> None:
    payload = event(session_of(order))
    assert at_once(20, lambda _: deliver(payload).status_code) == [200] * 20
    at_once(4, lambda _: drain())
    assert InboxEvent.objects.count() == Payment.objects.count() == Invoice.objects.count() == 1
    assert len(mail.outbox) == 1


@pytest.mark.django_db(transaction=True)
def test_20_events_of_one_payment_worked_on_at_once_are_one_payment(order: Order) -> None:
    session = session_of(order)
    for _ in range(20):
        deliver(event(session))
    at_once(4, lambda _: drain())
    assert set(InboxEvent.objects.values_list("state", flat=True)) == {"done"}
    assert Payment.objects.count() == Invoice.objects.count() == 1
    assert len(mail.outbox) == 1


def test_the_documentation_names_every_event_to_subscribe_to() -> None:
    told = (Path(__file__).parents[2] / "docs" / "webhooks.md").read_text(encoding="utf-8")
    assert [kind for kind in sorted(MERGED_TYPES) if f"`{kind}`" not in told] == []


def test_the_address_without_its_last_slash_takes_notifications_too(client: Client, order: Order) -> None:
    body = event(session_of(order))
    answer = client.post(
        "/payment/webhooks", body, content_type="application/json", headers={"Stripe-Signature": signature(body)}
    )
    assert (answer.status_code, answer.content) == (200, b"stored")
    assert InboxEvent.objects.get().payload == body.decode()


@pytest.mark.parametrize("address", ["/payment/webhooks/", "/payment/webhooks"])
@pytest.mark.parametrize("method", ["get", "head", "put", "options"])
def test_only_a_post_is_a_notification_and_the_answer_says_so(client: Client, address: str, method: str) -> None:
    answer = getattr(client, method)(address)
    assert (answer.status_code, answer["Allow"]) == (405, "POST")
    assert method == "head" or b"by POST" in answer.content


NEAR_MISSES = [
    "/payment/webhook/",
    "/payment/webhook",
    "/payments/webhooks/",
    "/payments/webhooks",
    "/payments/webhook",
]


@pytest.mark.parametrize("address", NEAR_MISSES)
def test_a_notification_that_misses_the_address_is_logged_with_the_right_one(
    order: Order, caplog: pytest.LogCaptureFixture, address: str
) -> None:
    body = event(session_of(order))
    answer = Client(enforce_csrf_checks=True).post(
        address, body, content_type="application/json", headers={"Stripe-Signature": signature(body)}
    )
    assert answer.status_code == 404, "Stripe tries again until the address is put right"
    assert not InboxEvent.objects.exists()
    [line] = [record.getMessage() for record in caplog.records if record.name == "jumun.payments"]
    assert line.endswith(f"{address}, which does not accept them: change the endpoint's address to /payment/webhooks/")


@pytest.mark.parametrize("address", NEAR_MISSES)
def test_a_stranger_at_such_an_address_is_no_news(
    client: Client, caplog: pytest.LogCaptureFixture, address: str
) -> None:
    assert client.post(address).status_code == 404
    assert [record for record in caplog.records if record.name == "jumun.payments"] == []
