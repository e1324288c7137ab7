"""Money goes back: against Paywright over HTTP, through the real SDK."""

import uuid
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core import mail
from django.utils import timezone

from jumun import money
from jumun.audit import findings
from jumun.errors import NotRefundable, RefundExceedsPaid, StripeRefused, StripeUnavailable
from jumun.invoices.models import CreditNote
from jumun.outbox.models import Job
from jumun.outbox.worker import drain
from jumun.payments import gateway
from jumun.payments.merge import apply
from jumun.payments.models import Payment, QuarantinedSnapshot, Refund
from jumun.payments.refunds import enqueue_unanswered, refund, resume
from paywright.testing import Paywright
from tests.factories import item, place_order
from tests.payments.paying import FAILING_REFUND_CARD, PENDING_REFUND_CARD, buy, hear, pay_unnoticed, work
from tests.payments.test_checkout import session_id
from tests.races import at_once

pytestmark = pytest.mark.django_db


def give_back(payment: Payment, amount_minor: int, **values: Any) -> Refund:
    return refund(payment, amount_minor=amount_minor, **{"reason": "requested_by_customer", "by": None} | values)


def at_stripe(payment: Payment) -> list[int]:
    return [found["amount"] for found in gateway.refunds_of(payment.payment_intent_id)]


def test_the_whole_payment_is_refunded_and_credited(stripe: Paywright) -> None:
    payment = buy(stripe)
    staff = User.objects.create_user("haneul")
    made = give_back(payment, 11_000, by=staff)
    assert (made.status, made.by, at_stripe(payment)) == ("succeeded", staff, [11_000])
    note, invoice = CreditNote.objects.get(), payment.order.invoice
    assert (note.refund_id, note.document.refers_to) == (made.refund_id, invoice.number)
    assert note.number.startswith("TEST-CN-")
    assert note.document.total_minor == -invoice.document.total_minor
    assert note.document.tax_minor == -invoice.document.tax_minor
    assert note.document.lines[0].quantity == -2
    assert list(findings()) == []


def test_the_customer_gets_a_mail_with_the_credit_note(stripe: Paywright) -> None:
    payment = buy(stripe)
    give_back(payment, 3_000)
    Job.objects.exclude(key__contains="CN-").delete()
    work()
    work()
    [message] = mail.outbox
    note = CreditNote.objects.get()
    assert message.to == [payment.order.email]
    assert "₩3,000" in message.body
    assert note.number in message.body
    assert "환불" in message.subject
    name, content, kind = message.attachments[0]
    assert (name, kind, content[:5]) == (f"{note.number}.pdf", "application/pdf", b"%PDF-")


def test_partial_refunds_add_up_to_the_invoice_to_the_unit(stripe: Paywright) -> None:
    lines = [
        item(sku="A", unit_price_minor=3_333, quantity=3, tax_rate_ppm=100_000),
        item(sku="B", unit_price_minor=7_777, quantity=1, tax_rate_ppm=0),
        item(sku="C", unit_price_minor=1_111, quantity=7, tax_rate_ppm=55_000),
    ]
    payment = buy_lines(stripe, lines)
    for amount_minor in (1, 777, 9_998, 1, payment.amount_minor - 10_777):
        give_back(payment, amount_minor)
    invoice = payment.order.invoice.document
    notes = [note.document for note in CreditNote.objects.all()]
    assert len({note.number for note in notes}) == 5
    assert sum(note.total_minor for note in notes) == -invoice.total_minor
    for tax in invoice.taxes:
        parts = [part for note in notes for part in note.taxes if part.tax_rate_ppm == tax.tax_rate_ppm]
        assert (sum(part.net_minor for part in parts), sum(part.tax_minor for part in parts)) == (
            -tax.net_minor,
            -tax.tax_minor,
        )
    with pytest.raises(RefundExceedsPaid):
        give_back(payment, 1)
    assert list(findings()) == []


def buy_lines(stripe: Paywright, lines: list[Any]) -> Payment:
    order = pay_unnoticed(stripe, lines=lines)
    apply(gateway.retrieve_session(session_id(order)))
    return order.payments.get()


@pytest.mark.parametrize(
    ("currency", "price_minor", "amount_minor", "stripe_amount"),
    [("JPY", 500, 333, 333), ("USD", 1234, 1, 1), ("KWD", 5_120, 1_230, 1_230), ("ISK", 700, 3, 300)],
)
def test_every_currency_keeps_its_own_unit(
    stripe: Paywright, currency: str, price_minor: int, amount_minor: int, stripe_amount: int
) -> None:
    payment = buy(stripe, currency=currency, price_minor=price_minor)
    give_back(payment, amount_minor)
    assert at_stripe(payment) == [stripe_amount]
    assert CreditNote.objects.get().document.total_minor == -amount_minor
    give_back(payment, payment.amount_minor - amount_minor)
    assert sum(at_stripe(payment)) == money.to_stripe(payment.amount_minor, currency)
    assert list(findings()) == []


@pytest.mark.parametrize("amount_minor", [0, -1, 10_241])
def test_an_amount_that_cannot_be_refunded_is_refused_before_stripe_is_asked(
    stripe: Paywright, amount_minor: int
) -> None:
    payment = buy(stripe, currency="KWD", price_minor=5_120)
    with pytest.raises(NotRefundable):
        give_back(payment, amount_minor)
    assert not Refund.objects.exists()


def test_fils_that_no_bank_moves_are_refused(stripe: Paywright) -> None:
    payment = buy(stripe, currency="KWD", price_minor=5_120)
    with pytest.raises(NotRefundable, match="end in 0"):
        give_back(payment, 1_234)
    assert not Refund.objects.exists()


def test_what_is_not_paid_is_not_refunded() -> None:
    order = place_order()
    unpaid = Payment.objects.create(
        order=order, payment_intent_id="pi_1", livemode=False, amount_minor=11_000, currency="KRW"
    )
    with pytest.raises(NotRefundable, match="pi_1 is unpaid"):
        give_back(unpaid, 1)


def test_one_form_sent_twice_refunds_once(stripe: Paywright) -> None:
    payment = buy(stripe)
    key = str(uuid.uuid4())
    assert give_back(payment, 1_000, key=key) == give_back(payment, 1_000, key=key)
    assert at_stripe(payment) == [1_000]
    with pytest.raises(NotRefundable):
        give_back(payment, 2_000, key=key)


def test_what_stripe_refuses_leaves_the_money_refundable(stripe: Paywright) -> None:
    payment = buy(stripe)
    stripe.refund(payment.payment_intent_id, amount=10_000)
    with pytest.raises(StripeRefused):
        give_back(payment, 5_000)
    refused = Refund.objects.get()
    assert (refused.status, refused.refund_id) == ("refused", None)
    assert refused.refusal
    give_back(payment, 1_000)
    assert not Refund.objects.exclude(status__in=["refused", "succeeded"]).exists()


def lose_the_answer(stripe: Paywright, payment: Payment, settings: Any) -> Refund:
    settings.JUMUN = settings.JUMUN | {"STRIPE_TIMEOUT_S": 0.3}
    stripe.faults({"kind": "timeout_after", "match": "POST /v1/refunds", "seconds": 2})
    with pytest.raises(StripeUnavailable):
        give_back(payment, 4_000)
    stripe.faults()
    unknown = Refund.objects.get(payment=payment)
    assert (unknown.status, at_stripe(payment)) == ("creating", [4_000])
    return unknown


def test_a_refund_whose_answer_was_lost_is_not_made_twice(stripe: Paywright, settings: Any) -> None:
    payment = buy(stripe)
    unknown = lose_the_answer(stripe, payment, settings)
    with pytest.raises(RefundExceedsPaid):
        give_back(payment, 7_001)
    Refund.objects.update(created_at=timezone.now() - timedelta(minutes=2))
    assert enqueue_unanswered() == 1
    work()
    unknown.refresh_from_db()
    assert (unknown.status, at_stripe(payment)) == ("succeeded", [4_000])
    assert CreditNote.objects.get().amount_minor == 4_000


@pytest.mark.parametrize("is_of_other_mode", [True, False])
def test_however_many_stuck_refunds_there_are_newer_ones_get_their_turn(
    stripe: Paywright, settings: Any, monkeypatch: pytest.MonkeyPatch, is_of_other_mode: bool
) -> None:
    monkeypatch.setattr("jumun.payments.refunds.BATCH", 20)
    stuck = buy(stripe)
    Refund.objects.bulk_create(
        Refund(payment=stuck, idempotency_key=f"stuck {number}", amount_minor=1, currency="KRW") for number in range(20)
    )
    if is_of_other_mode:
        Payment.objects.filter(pk=stuck.pk).update(livemode=True)
    lost = lose_the_answer(stripe, buy(stripe), settings)
    Refund.objects.exclude(pk=lost.pk).update(created_at=timezone.now() - timedelta(hours=1))
    Refund.objects.filter(pk=lost.pk).update(created_at=timezone.now() - timedelta(minutes=2))
    turns = [enqueue_unanswered() for _ in range(3)]
    assert turns == ([1, 0, 0] if is_of_other_mode else [20, 1, 0])
    Job.objects.exclude(args__refund_pk=lost.pk).delete()
    drain()
    lost.refresh_from_db()
    assert lost.status == "succeeded"


def test_after_a_day_it_is_looked_up_by_our_metadata(stripe: Paywright, settings: Any) -> None:
    payment = buy(stripe)
    unknown = lose_the_answer(stripe, payment, settings)
    Refund.objects.update(created_at=timezone.now() - timedelta(hours=25), idempotency_key="forgotten")
    resume(Refund.objects.get())
    unknown.refresh_from_db()
    assert (unknown.status, at_stripe(payment)) == ("succeeded", [4_000])


def test_the_same_form_sent_again_a_day_later_refunds_nothing_more(stripe: Paywright, settings: Any) -> None:
    payment = buy(stripe)
    lose_the_answer(stripe, payment, settings)
    Refund.objects.update(created_at=timezone.now() - timedelta(hours=25), idempotency_key="forgotten")
    assert give_back(payment, 4_000, key="forgotten").status == "succeeded"
    assert at_stripe(payment) == [4_000]


def test_under_the_keys_of_the_other_mode_nothing_is_refunded_or_given_up(stripe: Paywright, settings: Any) -> None:
    payment = buy(stripe)
    unknown = lose_the_answer(stripe, payment, settings)
    settings.STRIPE_SECRET_KEY = "sk_live_nobodys"
    for key in (None, unknown.idempotency_key):
        with pytest.raises(NotRefundable, match="the other mode"):
            give_back(payment, 4_000, key=key)
    resume(Refund.objects.get())
    unknown.refresh_from_db()
    assert (unknown.status, Refund.objects.count()) == ("creating", 1)


def test_a_fault_that_stripe_keeps_for_the_key_is_looked_into(stripe: Paywright) -> None:
    payment = buy(stripe)
    stripe.faults({"kind": "error_after", "match": "POST /v1/refunds", "count": 1})
    assert give_back(payment, 4_000).status == "succeeded"
    assert at_stripe(payment) == [4_000]


def test_a_fault_without_effect_that_stripe_keeps_burns_the_key_and_no_money(stripe: Paywright) -> None:
    payment = buy(stripe)
    stripe.faults({"kind": "error_before", "match": "POST /v1/refunds", "count": 1})
    give_back_or_not(payment, 4_000)
    stripe.faults()
    known = sum(row.amount_minor for row in Refund.objects.filter(status="succeeded"))
    assert known == sum(at_stripe(payment))
    assert not Refund.objects.filter(status="creating").exists()


def give_back_or_not(payment: Payment, amount_minor: int) -> None:
    with suppress(StripeUnavailable):
        give_back(payment, amount_minor)


def test_the_event_alone_settles_a_refund_whose_answer_was_lost(stripe: Paywright, settings: Any) -> None:
    payment = buy(stripe)
    lose_the_answer(stripe, payment, settings)
    hear(stripe, payment.payment_intent_id, "refund.created", "charge.refunded")
    assert [(row.status, row.amount_minor) for row in Refund.objects.all()] == [("succeeded", 4_000)]


def test_a_refund_that_never_reached_stripe_is_made_by_the_worker(stripe: Paywright, settings: Any) -> None:
    payment = buy(stripe)
    working, settings.STRIPE_API_BASE = settings.STRIPE_API_BASE, "http://127.0.0.1:9"
    with pytest.raises(StripeUnavailable):
        give_back(payment, 4_000)
    settings.STRIPE_API_BASE = working
    assert enqueue_unanswered() == 0  # whoever asked may still be waiting
    resume(Refund.objects.get())
    assert (Refund.objects.get().status, at_stripe(payment)) == ("succeeded", [4_000])


def test_a_pending_refund_is_credited_when_it_succeeds(stripe: Paywright) -> None:
    payment = buy(stripe, card=PENDING_REFUND_CARD)
    assert give_back(payment, 11_000).status == "pending"
    assert not CreditNote.objects.exists()
    with pytest.raises(RefundExceedsPaid):
        give_back(payment, 1)
    stripe.advance("10s")
    hear(stripe, payment.payment_intent_id, "refund.created", "refund.updated", "charge.refund.updated")
    assert Refund.objects.get().status == "succeeded"
    assert CreditNote.objects.count() == 1


def test_a_refund_that_fails_is_shown_to_staff_and_can_be_made_again(stripe: Paywright) -> None:
    payment = buy(stripe, card=FAILING_REFUND_CARD)
    failing = give_back(payment, 11_000)
    stripe.advance("10s")
    hear(stripe, payment.payment_intent_id, "refund.failed", "refund.updated")
    failing.refresh_from_db()
    assert (failing.status, failing.refusal) == ("failed", "expired_or_canceled_card")
    flagged = QuarantinedSnapshot.objects.get()
    assert (flagged.reason, flagged.object_id, flagged.order) == ("refund_failed", failing.refund_id, payment.order)
    assert payment.refundable_minor == 11_000
    # Had it succeeded before, its note is cancelled: the books owe the customer nothing that they do not have.
    assert CreditNote.credited_minor(payment.order.invoice) == 0
    again = give_back(payment, 11_000)
    assert CreditNote.objects.standing().get().refund_id == again.refund_id
    assert list(findings()) == []


def test_a_refund_of_a_second_payment_credits_nothing(stripe: Paywright) -> None:
    payment = buy(stripe)
    Payment.objects.update(settles_order=False)
    give_back(Payment.objects.get(), 11_000)
    assert payment.refunds.get().status == "succeeded"
    assert not CreditNote.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_twenty_staff_refund_everything_once(stripe: Paywright) -> None:
    payment = buy(stripe)

    def press(_index: int) -> str:
        try:
            return give_back(payment, 11_000).status
        except RefundExceedsPaid:
            return "exceeds"

    outcomes = at_once(20, press)
    assert sorted(outcomes) == ["exceeds"] * 19 + ["succeeded"]
    assert at_stripe(payment) == [11_000]
    assert CreditNote.objects.count() == 1


def test_another_accounts_keys_decide_nothing_about_a_refund_whose_answer_was_lost(
    stripe: Paywright, settings: Any
) -> None:
    payment = buy(stripe)
    stripe.faults({"kind": "reset_after", "match": "POST /v1/refunds", "times": 2})
    with pytest.raises(StripeUnavailable):
        give_back(payment, 4_000)
    stripe.faults()
    lost = payment.refunds.get()
    with Paywright() as another_account:
        settings.STRIPE_API_BASE = another_account.api_base
        with pytest.raises(StripeUnavailable, match="do not see the payment"):
            resume(lost)
        # Neither where Stripe may have forgotten the key, and is asked for the refunds of the payment first.
        Refund.objects.update(created_at=timezone.now() - timedelta(days=2))
        lost.refresh_from_db()
        with pytest.raises(StripeUnavailable, match="do not see the payment"):
            resume(lost)
    lost.refresh_from_db()
    assert (lost.status, payment.refundable_minor) == ("creating", 7_000)
    settings.STRIPE_API_BASE = stripe.api_base
    resume(lost)
    lost.refresh_from_db()
    assert (lost.status, at_stripe(payment)) == ("succeeded", [4_000])
