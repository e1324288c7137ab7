"""Words that Stripe reports are data: stored as they come, shown safely, and in nobody's way."""

import csv
import io
import json
from io import StringIO
from typing import Any

import pytest
from django.core import mail
from django.core.management import call_command
from django.test import Client

from jumun.audit import findings
from jumun.exports.csv import stream_csv
from jumun.invoices.models import Invoice
from jumun.orders.models import Order
from jumun.payments.merge import apply
from jumun.payments.models import (
    BalanceTransaction,
    Checkout,
    Dispute,
    InboxEvent,
    Payout,
    QuarantinedSnapshot,
    Refund,
)
from jumun.payments.refunds.lost_dispute import credit_lost
from tests.factories import paid_order, pay, place_order, refund_snapshot
from tests.payments.balance import movement, payout_of
from tests.payments.disputing import dispute_of
from tests.payments.paying import work
from tests.payments.stripe_says import charge_of, deliver, event, session_of

pytestmark = pytest.mark.django_db

WORDS = (
    "본점\n서울",
    "no\N{NO-BREAK SPACE}such\taccount",
    "<script>alert(1)</script>",
    "=HYPERLINK(1)",
    "\N{RIGHT-TO-LEFT OVERRIDE}txt.exe\N{POP DIRECTIONAL FORMATTING}",
    "👩‍👩‍👧 é ﬀ Å",
    "x" * 500,
    "NUL \x00 and half of a pair \ud800",
)
words = pytest.mark.parametrize("word", WORDS, ids=range(len(WORDS)))


def hear(snapshot: dict[str, Any], kind: str) -> None:
    """The worker has processed an event of that, and nothing is parked."""
    assert deliver(event(snapshot, kind)).status_code == 200
    work()
    assert set(InboxEvent.objects.values_list("state", flat=True)) == {"done"}


def stored(word: str) -> str:
    return word.replace("\x00", "").replace("\ud800", "?")


@words
def test_metadata_of_others_on_a_refund_of_ours(word: str) -> None:
    payment = paid_order().payments.get()
    theirs = {"site": word, "refund": word, "order_reference": word, "checkout": word, "note": word}
    hear(refund_snapshot(payment, 1_000, metadata=theirs), "refund.created")
    assert Refund.objects.get().amount_minor == 1_000
    assert not QuarantinedSnapshot.objects.exists()
    assert list(findings()) == []


@pytest.mark.parametrize("value", [None, 5, [], {}, ["site"], {"site": 1}, True])
def test_metadata_that_is_no_text(value: Any) -> None:
    payment = paid_order().payments.get()
    names = ("site", "refund", "order_reference")
    hear(refund_snapshot(payment, 1_000, metadata=dict.fromkeys(names, value)), "refund.created")
    hear(refund_snapshot(payment, 1_000, metadata=value), "refund.created")
    assert Refund.objects.count() == 2


@words
def test_a_session_of_somebody_else_with_references_of_their_own(word: str) -> None:
    theirs = session_of(place_order(), client_reference_id=word, metadata={"order_reference": word, "site": word})
    hear(theirs, "checkout.session.completed")
    hear(charge_of(place_order(), "pi_9", metadata={"order_reference": word}), "charge.succeeded")
    assert not QuarantinedSnapshot.objects.exists()
    assert not Order.objects.filter(state="paid").exists()


@words
def test_a_payout_that_failed_for_any_reason(word: str, admin_client: Client) -> None:
    hear(payout_of(status="failed", failure_message=word), "payout.failed")
    payout = Payout.objects.get()
    assert payout.failure_message == stored(word)
    page = admin_client.get(f"/admin/jumun_payments/payout/{payout.pk}/change/").content.decode()
    assert "<script>alert(1)" not in page


@words
def test_refunds_and_disputes_for_any_reason(word: str, admin_client: Client) -> None:
    order = paid_order()
    payment = order.payments.get()
    failed = refund_snapshot(payment, 1_000, status="failed", reason=word, failure_reason=word, description=word)
    hear(failed, "refund.failed")
    hear(dispute_of(payment, reason=word, status="lost"), "charge.dispute.closed")
    refund, dispute = Refund.objects.get(), Dispute.objects.get()
    assert (refund.refusal, refund.reason) == (stored(word), stored(word)[:40])
    assert dispute.reason == stored(word)[:40]
    credit_lost(dispute)
    work()
    assert mail.outbox
    for path in (f"orders/order/{order.pk}", f"payments/refund/{refund.pk}", f"payments/dispute/{dispute.pk}"):
        page = admin_client.get(f"/admin/jumun_{path}/change/")
        assert page.status_code == 200
        assert "<script>alert(1)" not in page.content.decode()


@words
def test_a_card_of_any_brand(word: str, client: Client) -> None:
    order = place_order()
    session = session_of(order)
    details = {"type": word, word: {"brand": word, "last4": word, "wallet": {"type": word}}}
    session["payment_intent"]["latest_charge"]["payment_method_details"] = details
    hear(session, "checkout.session.completed")
    assert Invoice.objects.get().document.paid
    # A type that no database takes is a method without details.
    brand = word[:40] if stored(word) == word else ""
    payment = order.payments.get()
    assert (payment.method, payment.card_brand) == (stored(word)[:40], brand)
    assert "<script>alert(1)" not in client.get(order.get_customer_url()).content.decode()
    [row] = csv.DictReader(io.StringIO(b"".join(stream_csv(Order.objects.all())).decode()))
    assert row["card_brand"].removeprefix("'") == brand
    assert not row["payment_method"].startswith("=")
    assert list(findings()) == []


def test_a_status_of_a_refund_that_we_do_not_know_is_for_staff_and_takes_its_money_meanwhile(admin_client: Any) -> None:
    payment = paid_order().payments.get()
    unknown = refund_snapshot(payment, 4_000, status="escrowed")
    hear(unknown, "refund.created")
    row = QuarantinedSnapshot.objects.get()
    assert (row.reason, row.order, row.object_id) == ("unknown_status", payment.order, unknown["id"])
    assert json.loads(row.snapshot) == unknown
    page = admin_client.get(f"/admin/jumun_payments/quarantinedsnapshot/{row.pk}/change/").content.decode()
    assert "escrowed" in page
    assert f"payment/{payment.pk}/refund/" not in page, "its payment is the order's"
    assert (Refund.objects.get().status, payment.refundable_minor) == ("pending", 7_000)
    for status in ("succeeded", "escrowed"):
        hear(unknown | {"status": status}, "refund.updated")
    assert Refund.objects.get().status == "succeeded"
    assert list(findings()) == []


def test_a_refund_within_a_charge_that_cannot_be_read_keeps_no_order_from_being_paid() -> None:
    order = place_order()
    session = session_of(order)
    payment = {"payment_intent": session["payment_intent"]["id"]}
    good = {"id": "re_good", "object": "refund", "status": "succeeded", "amount": 1_000, "currency": "krw"} | payment
    refunds = [good | {"id": "re_bad", "amount": "much"}, "re_bare", good, good | {"id": "\x00" * 300}]
    charge = session["payment_intent"]["latest_charge"]
    charge |= {"refunds": {"data": refunds}, "balance_transaction": {"id": "txn_bad", "amount": "much"}}
    session["payment_intent"]["latest_charge"] = charge
    hear(session, "checkout.session.completed")
    order.refresh_from_db()
    assert order.state == "paid"
    assert Refund.objects.get().refund_id == "re_good"
    assert not BalanceTransaction.objects.exists()
    assert set(QuarantinedSnapshot.objects.values_list("reason", flat=True)) == {"malformed"}
    assert QuarantinedSnapshot.objects.count() == 3


def test_a_charge_that_cannot_be_read_keeps_no_order_from_being_paid() -> None:
    order = place_order()
    session = session_of(order)
    session["payment_intent"]["latest_charge"] |= {"id": 5, "payment_method_details": {"type": 5, "card": []}}
    hear(session, "checkout.session.completed")
    order.refresh_from_db()
    assert order.state == "paid"


@pytest.mark.parametrize("change", [{"status": "hibernating"}, {"payment_status": "half_paid"}])
def test_a_status_of_a_session_that_we_do_not_know_pays_nothing_and_is_for_staff(change: dict[str, str]) -> None:
    order = place_order()
    session = session_of(order)
    Checkout.objects.create(order=order, state="open", session_id=session["id"], expires_at=order.expires_at)
    hear(session | change, "checkout.session.completed")
    order.refresh_from_db()
    assert (order.state, QuarantinedSnapshot.objects.get().reason) == ("placed", "unknown_status")
    pay(order, **{name: session[name] for name in ("id", "payment_intent")})
    assert order.state == "paid"


def test_statuses_that_are_only_shown_are_stored(admin_client: Client) -> None:
    payment = paid_order().payments.get()
    hear(dispute_of(payment, status="mediation\nby the network"), "charge.dispute.updated")
    hear(payout_of(status="on_the_moon", reconciliation_status="half_way"), "payout.updated")
    apply(movement("txn_9", -5, source="", category="climate_tax"))
    assert Dispute.objects.get().is_open
    assert Payout.objects.get().status == "on_the_moon"
    assert BalanceTransaction.objects.filter(reporting_category="climate_tax").exists()
    for name in ("dispute", "payout", "balancetransaction"):
        assert admin_client.get(f"/admin/jumun_payments/{name}/").status_code == 200
    call_command("audit", stdout=StringIO())


def test_a_body_with_half_of_a_pair_is_shown_to_staff(admin_client: Client) -> None:
    payload = event({"object": "customer", "name": "\ud800"}, "customer.created")
    assert deliver(payload).status_code == 200
    kept = InboxEvent.objects.get()
    assert admin_client.get(f"/admin/jumun_payments/inboxevent/{kept.pk}/change/").status_code == 200
    snapshot = json.dumps({"object": "\ud800", "status": "\ud800", "payment_intent": "\ud800", "currency": "\ud800"})
    row = QuarantinedSnapshot.objects.create(object_id="x", reason="unknown_order", snapshot=snapshot)
    assert admin_client.get(f"/admin/jumun_payments/quarantinedsnapshot/{row.pk}/change/").status_code == 200
