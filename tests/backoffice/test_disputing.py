"""Staff see disputes, what they cost and until when to answer; a lost one is credited if staff choose to."""

from datetime import datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from django.core import mail
from django.core.management import call_command
from django.utils import timezone

from jumun.audit import findings
from jumun.backoffice.dashboard import concerns
from jumun.invoices.models import CreditNote
from jumun.outbox.models import Job
from jumun.payments.mail import enqueue_dispute_warnings
from jumun.payments.merge import apply
from jumun.payments.models import Difference, Dispute, Payment, Reconciliation
from tests.factories import paid_order
from tests.payments.disputing import dispute_of, movement
from tests.payments.test_balance import movements, payout_of

pytestmark = pytest.mark.django_db

SEES = ("jumun_orders.view_order", "jumun_payments.view_payment", "jumun_payments.view_dispute")
CREDITS = (*SEES, "jumun_payments.credit_dispute", "jumun_invoices.view_creditnote")


@pytest.fixture
def payment() -> Payment:
    return paid_order().payments.get()


def in_days(days: float) -> datetime:
    return timezone.now() + timedelta(days=days)


def dispute(payment: Payment, *, due_at: datetime | None = None, **changes: Any) -> Dispute:
    due = {"due_by": int((due_at or in_days(8)).timestamp())}
    apply(dispute_of(payment, evidence_details=due, **changes))
    return payment.disputes.get()


def text_of(response: Any) -> str:
    return str(response.content.decode())


def test_the_orders_page_tells_of_the_dispute_and_of_the_money(staff: Any, payment: Payment) -> None:
    dispute(payment)
    apply(movement("txn_charge", payment.amount_minor, source=str(payment.charge_id), category="charge", fee=619))
    client = staff(*SEES, "jumun_payments.view_balancetransaction")
    page = text_of(client.get(f"/admin/jumun_orders/order/{payment.order.pk}/change/"))
    for told in ("du_1", "needs an answer", "fraudulent", payment.stripe_url):
        assert told in page
    # Captured, disputed, Stripe's fees, and what is left: 11,000 - 11,000 - (619 + 1,500).
    for told in ("₩11,000", "-₩11,000", "-₩2,119", "<strong>-₩2,119</strong>"):
        assert told in page


def test_without_the_permission_the_orders_page_is_silent(staff: Any, payment: Payment) -> None:
    dispute(payment)
    page = text_of(staff("jumun_orders.view_order").get(f"/admin/jumun_orders/order/{payment.order.pk}/change/"))
    assert "du_1" not in page
    assert "Stripe's balance" not in page


def test_disputes_are_listed_by_what_is_to_be_done(staff: Any, payment: Payment) -> None:
    dispute(payment, due_at=in_days(8))
    client, address = staff(*SEES), "/admin/jumun_payments/dispute/"
    assert payment.order.number in text_of(client.get(address + "?todo=answer"))
    assert payment.order.number not in text_of(client.get(address + "?todo=nothing"))
    apply(dispute_of(payment, status="lost"))
    assert payment.order.number not in text_of(client.get(address + "?todo=answer"))
    assert payment.order.number in text_of(client.get(address + "?todo=nothing"))


def test_the_overview_tells_until_when_an_answer_is_due(admin_user: Any, payment: Payment) -> None:
    due_at = in_days(8)
    dispute(payment, due_at=due_at)
    [concern] = concerns(admin_user)
    assert f"{timezone.localtime(due_at):%Y-%m-%d %H:%M}" in str(concern.text)
    assert concern.address.endswith("/dispute/?todo=answer")


def test_the_refund_page_says_why_there_is_none(staff: Any, payment: Payment) -> None:
    dispute(payment)
    client = staff("jumun_payments.view_payment", "jumun_payments.refund_payment")
    page = text_of(client.get(f"/admin/jumun_payments/payment/{payment.pk}/refund/"))
    assert "disputes this payment" in page


def test_a_mail_warns_once_while_there_is_time(payment: Payment, settings: Any) -> None:
    settings.LANGUAGE_CODE = "en"
    dispute(payment, due_at=in_days(2.5))
    assert enqueue_dispute_warnings() == enqueue_dispute_warnings() == 1
    Job.objects.exclude(kind="payments.mail_dispute").delete()
    call_command("work", "--once", stdout=StringIO())
    [message] = mail.outbox
    assert message.to == ["shop@example.com"]
    assert payment.order.number in message.subject
    assert "₩11,000" in message.body
    assert payment.stripe_url in message.body


@pytest.mark.parametrize(("status", "days"), [("needs_response", 3.5), ("needs_response", -1), ("under_review", 2)])
def test_no_mail_too_early_too_late_or_after_the_answer(payment: Payment, status: str, days: float) -> None:
    dispute(payment, due_at=in_days(days), status=status)
    assert enqueue_dispute_warnings() == 0


def test_an_answer_given_meanwhile_needs_no_mail(payment: Payment) -> None:
    dispute(payment, due_at=in_days(2))
    enqueue_dispute_warnings()
    apply(dispute_of(payment, status="under_review"))
    call_command("work", "--once", stdout=StringIO())
    assert all("dispute" not in message.subject for message in mail.outbox)


def test_a_lost_dispute_is_credited_once_by_choice(staff: Any, payment: Payment) -> None:
    lost = dispute(payment, status="lost")
    client, address = staff(*CREDITS), f"/admin/jumun_payments/dispute/{lost.pk}/credit-note/"
    assert "A credit note over ₩11,000" in text_of(client.get(address))
    assert not CreditNote.objects.exists()
    client.post(address)
    assert not CreditNote.objects.exists()
    for _ in range(2):
        client.post(address, {"confirmed": "on"})
    note = CreditNote.objects.get()
    assert (note.amount_minor, note.refund_id) == (11_000, "du_1")
    assert note.number in text_of(client.get(f"/admin/jumun_orders/order/{payment.order.pk}/change/"))
    assert [row for row in findings() if row.invariant == "I2"] == []


def test_what_is_not_lost_is_not_credited(staff: Any, payment: Payment) -> None:
    open_one = dispute(payment)
    address = f"/admin/jumun_payments/dispute/{open_one.pk}/credit-note/"
    assert "no credit note to be issued" in text_of(staff(*CREDITS).get(address))
    staff(*CREDITS).post(address, {"confirmed": "on"})
    assert not CreditNote.objects.exists()


def test_crediting_is_a_permission_of_its_own(staff: Any, payment: Payment) -> None:
    lost = dispute(payment, status="lost")
    address = f"/admin/jumun_payments/dispute/{lost.pk}/credit-note/"
    assert staff(*SEES).post(address, {"confirmed": "on"}).status_code == 403
    assert not CreditNote.objects.exists()


def test_payouts_say_whether_they_add_up(staff: Any) -> None:
    sees = ("jumun_payments.view_payout", "jumun_payments.view_balancetransaction")
    paid = {"status": "paid", "reconciliation_status": "completed"}
    apply(payout_of(**paid, balance_transactions=movements()))
    client = staff(*sees)
    assert "adds up" in text_of(client.get("/admin/jumun_payments/payout/"))
    assert "txn_1" in text_of(client.get("/admin/jumun_payments/balancetransaction/?q=po_1"))
    apply(payout_of(**paid, amount=9_501))
    assert "does not add up" in text_of(client.get("/admin/jumun_payments/payout/"))
    assert ("I5", "po_1") in {(row.invariant, row.subject) for row in findings()}


def test_what_the_last_comparison_left_open_is_shown(staff: Any, admin_user: Any) -> None:
    run = Reconciliation.begin(since=in_days(-1), repair=True, is_scheduled=True)
    for kind, repaired in (("payment_missing", True), ("payment_not_at_stripe", False)):
        values = {"kind": kind, "object_id": f"pi_{kind}", "order_number": "X-1", "problem": "?", "repaired": repaired}
        Difference.objects.create(reconciliation=run, **values)
    run.finish()
    [concern] = concerns(admin_user)
    assert concern.count == 1
    page = text_of(staff("jumun_payments.view_reconciliation").get(concern.address))
    for told in ("pi_payment_missing", "pi_payment_not_at_stripe", "differ"):
        assert told in page
