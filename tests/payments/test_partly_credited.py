"""What a lost dispute has credited is not credited again by a refund; the rest is."""

import pytest

from jumun.audit import findings
from jumun.invoices.models import CreditNote
from jumun.outbox.models import Job
from jumun.payments.merge import apply
from jumun.payments.models import Payment
from jumun.payments.refunds.lost_dispute import credit_lost
from tests.factories import paid_order, refund_snapshot
from tests.payments.disputing import dispute_of, movement

pytestmark = pytest.mark.django_db


def lost_and_credited(amount_minor: int) -> Payment:
    payment = paid_order().payments.get()
    withdrawn = movement("txn_withdrawn", -amount_minor, source="du_1", category="dispute")
    apply(dispute_of(payment, status="lost", amount=amount_minor, balance_transactions=[withdrawn]))
    credit_lost(payment.disputes.get())
    return payment


def notes() -> dict[str, int]:
    return dict(CreditNote.objects.values_list("refund_id", "amount_minor"))


def test_a_refund_of_all_credits_the_rest_of_a_partly_credited_dispute() -> None:
    payment = lost_and_credited(4_000)
    apply(refund_snapshot(payment, 11_000, id="re_all"))
    assert notes() == {"du_1": 4_000, "re_all": 7_000}
    assert [row for row in findings() if row.invariant == "I2"] == []


def test_a_refund_within_the_rest_is_credited_whole() -> None:
    payment = lost_and_credited(4_000)
    apply(refund_snapshot(payment, 7_000, id="re_rest"))
    assert notes() == {"du_1": 4_000, "re_rest": 7_000}


def test_a_refund_of_what_is_credited_already_is_told_by_mail_alone() -> None:
    payment = lost_and_credited(11_000)
    apply(refund_snapshot(payment, 1_000, id="re_more"))
    assert notes() == {"du_1": 11_000}
    assert Job.objects.filter(kind="payments.mail_refund").values_list("key", flat=True).get().endswith("re_more")


@pytest.mark.parametrize(("reason", "mails"), [("amount", 1), ("second_payment", 0), ("paid_after_close", 0)])
def test_a_refund_of_money_that_settled_nothing_is_told_unless_it_goes_back_by_itself(reason: str, mails: int) -> None:
    payment = paid_order().payments.get()
    Payment.objects.update(settles_order=False, rejection_reason=reason)
    payment.refresh_from_db()
    apply(refund_snapshot(payment, 1_000, id="re_1"))
    apply(refund_snapshot(payment, 1_000, id="re_1"))
    jobs = Job.objects.filter(kind="payments.mail_refund")
    assert [(job.key, job.args) for job in jobs] == [
        ("payments.mail_refund:re_1", {"refund_pk": payment.refunds.get().pk})
    ] * mails
    assert notes() == {}
