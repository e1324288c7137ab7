from contextlib import suppress

from django.utils import timezone

from jumun.conf import livemode
from jumun.errors import MalformedSnapshot, StripeRefused, StripeUnavailable
from jumun.invoices.models import Restoration
from jumun.orders.models import Order
from jumun.orders.timeline import Kind
from jumun.outbox.handlers import job
from jumun.outbox.lanes import Lane
from jumun.outbox.stopping import checkpoint
from jumun.payments import mail
from jumun.payments.checkout import end_unpaid_orders
from jumun.payments.checkout.close import close
from jumun.payments.checkout.end_unpaid_orders import TRY_AGAIN_IN
from jumun.payments.models import Checkout, Dispute, Payment, Reconciliation, Refund
from jumun.payments.models.payment import AUTO_REFUND_JOB
from jumun.payments.reconcile import reconcile
from jumun.payments.reconcile.numbers_after_restore import SESSIONS_SINCE, recover
from jumun.payments.refunds.automatic import auto_refund as refund_automatically
from jumun.payments.refunds.refund import enqueue_unanswered, resume
from jumun.payments.webhooks.complete import complete


@job("payments.complete", lane=Lane.STRIPE, network=True)
def complete_object(kind: str, object_id: str) -> None:
    try:
        complete(kind, object_id)
    except StripeRefused as refusal:
        if refusal.proves_nothing:
            # For a while the keys may be another account's: retry instead of parking the job at once.
            raise StripeUnavailable(str(refusal)) from refusal
        raise


@job("payments.expire_overdue", lane=Lane.MONEY, every_s=60)
def expire_overdue() -> None:
    end_unpaid_orders.enqueue_overdue()
    end_unpaid_orders.enqueue_left_open()


@job("payments.close_left_open", lane=Lane.MONEY, network=True)
def close_left_open(checkout_pk: int) -> None:
    checkout = Checkout.objects.select_related("order").get(pk=checkout_pk)
    # A session that the present keys cannot see expires at Stripe; tomorrow's job checks again.
    with suppress(StripeRefused):
        close(checkout)


@job("payments.expire_order", lane=Lane.MONEY, network=True)
def expire_order(order_pk: int) -> None:
    order = Order.objects.get(pk=order_pk)
    try:
        end_unpaid_orders.expire_order(order)
    except (StripeRefused, MalformedSnapshot):
        # The job is parked, so that staff see it. The order waits, so that other overdue orders get their turn.
        order.extend_hold(timezone.now() + TRY_AGAIN_IN)
        raise


@job("payments.resume_refunds", lane=Lane.MONEY, every_s=60)
def resume_refunds() -> None:
    enqueue_unanswered()


@job("payments.resume_refund", lane=Lane.MONEY, network=True)
def resume_refund(refund_pk: int) -> None:
    resume(Refund.objects.select_related("payment").get(pk=refund_pk))


@job(AUTO_REFUND_JOB, lane=Lane.MONEY, network=True)
def auto_refund(payment_pk: int) -> None:
    refund_automatically(_payment(payment_pk))


def _record_auto_refund(payment_pk: int) -> None:
    payment = _payment(payment_pk)
    payment.record(Kind.AUTO_REFUND_MAILED, amount_minor=payment.amount_minor)


@job("payments.mail_auto_refund", lane=Lane.MAIL, network=True, record=_record_auto_refund)
def mail_auto_refund(payment_pk: int) -> bool:
    payment = _payment(payment_pk)
    if payment.is_blocked_by_dispute:
        return False
    mail.send_auto_refund(payment)
    return True


@job("payments.mail_staff_auto_refund", lane=Lane.MAIL, network=True)
def mail_staff_auto_refund(payment_pk: int) -> bool:
    payment = _payment(payment_pk)
    if payment.is_blocked_by_dispute:
        return False
    mail.send_auto_refund_to_staff(payment)
    return True


def _record_refund(refund_pk: int) -> None:
    refund = _refund(refund_pk)
    refund.payment.record(Kind.REFUND_MAILED, amount_minor=refund.amount_minor)


@job("payments.mail_refund", lane=Lane.MAIL, network=True, record=_record_refund)
def mail_refund(refund_pk: int) -> bool:
    mail.send_refund(_refund(refund_pk))
    return True


@job("payments.reconcile", lane=Lane.UPKEEP, network=True, every_s=3600)
def reconcile_lately() -> None:
    """Compare the last day with Stripe every hour, and bring in what lost webhooks did not report.

    After a backup was restored, compare everything since it was taken.
    """
    recover()
    restoration = Restoration.unreconciled(livemode=livemode())
    if restoration is None:
        run = Reconciliation.interrupted(repair=True, is_scheduled=True)
        since = timezone.now() - SESSIONS_SINCE
    else:
        since = restoration.taken_at - SESSIONS_SINCE
        run = Reconciliation.interrupted(repair=True, is_scheduled=True, since=since)
    run = run or Reconciliation.begin(since=since, repair=True, is_scheduled=True)
    reconcile(run, progress=lambda _step, _share: checkpoint())
    Restoration.note_reconciled(since=run.since, livemode=livemode())


@job("payments.warn_of_disputes", lane=Lane.MONEY, every_s=3600)
def warn_of_disputes() -> None:
    mail.enqueue_dispute_warnings()


@job("payments.mail_dispute", lane=Lane.MAIL, network=True)
def mail_dispute(dispute_pk: int) -> bool:
    return mail.send_dispute_warning(Dispute.objects.select_related("payment__order").get(pk=dispute_pk))


def _payment(payment_pk: int) -> Payment:
    return Payment.objects.select_related("order").get(pk=payment_pk)


def _refund(refund_pk: int) -> Refund:
    return Refund.objects.select_related("payment__order").get(pk=refund_pk)
