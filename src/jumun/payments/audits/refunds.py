from collections.abc import Iterator

from django.db.models import Exists, F, OuterRef, Q, Subquery, Sum
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from jumun import money
from jumun.audit import invariant, shown, shown_by_stripe
from jumun.invoices.models import CreditNote
from jumun.orders.doubtful_times import LEEWAY, DoubtfulTimes
from jumun.payments.audits.remedies import UNFOUNDED_REMEDY
from jumun.payments.models import Dispute, Payment, Refund

CHUNK = 1000
CREDIT_REMEDY = gettext_lazy(
    "manage.py reconcile --repair brings in what Stripe knows. Cancel a credit note too many (CreditNote.cancel)."
)


@invariant("I2", remedy=CREDIT_REMEDY)
def refunds_have_a_credit_note() -> Iterator[tuple[str, str]]:
    """Refunds of an invoiced payment are credited; the credit note of a failed refund is canceled."""
    succeeded = Refund.objects.filter(status=Refund.Status.SUCCEEDED)
    of_order = CreditNote.objects.standing().filter(invoice__order=OuterRef("payment__order")).order_by()
    credited = of_order.values("invoice").annotate(sum=Sum("amount_minor")).values("sum")
    payment = ("payment__payment_intent_id", "payment__currency", "payment__order__number")
    refunded = succeeded.filter(payment__settles_order=True).order_by().values(*payment)
    sums = refunded.annotate(sum=Sum("amount_minor"), credited=Coalesce(Subquery(credited), 0))
    for row in sums.filter(sum__gt=F("credited")):
        currency = row["payment__currency"]
        yield (
            row["payment__payment_intent_id"],
            _("%(refunded)s of order %(order)s were refunded, but its credit notes are over %(credited)s")
            % {
                "refunded": shown(row["sum"], currency),
                "credited": shown(row["credited"], currency),
                "order": row["payment__order__number"],
            },
        )
    of_refund = succeeded.filter(refund_id=OuterRef("refund_id"), payment__order=OuterRef("invoice__order"))
    lost = Dispute.objects.filter(status=Dispute.Status.LOST)
    of_dispute = lost.filter(dispute_id=OuterRef("refund_id"), payment__order=OuterRef("invoice__order"))
    unfounded = CreditNote.objects.standing().filter(~Exists(of_refund), ~Exists(of_dispute)).order_by()
    for number in unfounded.values_list("number", flat=True).iterator():
        yield number, _("is a credit note without a succeeded refund or a lost dispute")


@invariant("I2", remedy=CREDIT_REMEDY)
def credit_notes_have_a_refund() -> Iterator[tuple[str, str]]:
    """A credit note, even a canceled one, is of a refund or dispute of its order, and not over more than that."""
    notes = CreditNote.objects.order_by().select_related("invoice__order").defer("document_json")
    of_note = {"payment__order": OuterRef("invoice__order")}
    refund = Refund.objects.filter(refund_id=OuterRef("refund_id"), **of_note)
    dispute = Dispute.objects.filter(dispute_id=OuterRef("refund_id"), **of_note)
    for note in notes.filter(~Exists(refund), ~Exists(dispute)).iterator():
        words = {"stripe": note.refund_id, "order": note.invoice.order.number}
        yield note.number, _("is of %(stripe)s, which is not a refund or dispute of order %(order)s") % words
    smaller = {"amount_minor__lt": OuterRef("amount_minor")}
    for note in notes.filter(Exists(refund.filter(**smaller)) | Exists(dispute.filter(**smaller))).iterator():
        words = {"stripe": note.refund_id, "amount": shown(note.amount_minor, note.invoice.order.currency)}
        yield note.number, _("is over %(amount)s, which is more than %(stripe)s took back") % words


@invariant("I8", remedy=UNFOUNDED_REMEDY)
def no_more_is_refunded_than_was_paid() -> Iterator[tuple[str, str]]:
    """Refunds that have taken money from a payment, or may still take it, sum up to at most what was paid."""
    taken = Refund.objects.exclude(status__in=Refund.VOID).order_by()
    payment = (
        *("payment__payment_intent_id", "payment__amount_minor", "payment__status"),
        *("payment__currency", "payment__order__number"),
    )
    sums = taken.values(*payment).annotate(sum=Sum("amount_minor"))
    beyond = Q(sum__gt=F("payment__amount_minor")) | ~Q(payment__status=Payment.Status.PAID)
    for row in sums.filter(beyond):
        paid_minor = row["payment__amount_minor"] if row["payment__status"] == Payment.Status.PAID else 0
        yield (
            row["payment__payment_intent_id"],
            _("paid %(paid)s for order %(order)s, but %(refunded)s are refunded")
            % {
                "paid": shown(paid_minor, row["payment__currency"]),
                "refunded": shown(row["sum"], row["payment__currency"]),
                "order": row["payment__order__number"],
            },
        )


@invariant("I8", remedy=UNFOUNDED_REMEDY)
def refunds_match_their_payment_and_request() -> Iterator[tuple[str, str]]:
    """A refund fits its payment, and is what Stripe was asked for."""
    refunds = Refund.objects.order_by().select_related("payment__order")
    for refund in refunds.exclude(currency=F("payment__currency")).iterator():
        yield (
            str(refund),
            _("is over %(amount)s, but its payment %(payment)s over %(paid)s")
            % {
                "amount": shown(refund.amount_minor, refund.currency),
                "payment": refund.payment,
                "paid": shown(refund.payment.amount_minor, refund.payment.currency),
            },
        )
    unbooked = Q(status=Refund.Status.SUCCEEDED, payment__status=Payment.Status.PAID, booked_at=None)
    for refund in refunds.filter(unbooked).iterator():
        yield str(refund), _("has succeeded, but was not booked")
    early = Q(created_at__lt=F("payment__created_at") - LEEWAY) | Q(booked_at__lt=F("created_at") - LEEWAY)
    doubtful = DoubtfulTimes()
    for refund in refunds.filter(early).iterator():
        if refund.payment.created_at not in doubtful and refund.created_at not in doubtful:
            payment = {"payment": refund.payment}
            problem = _("is older than its payment %(payment)s, or was booked before it was made") % payment
            yield str(refund), problem
    for refund in refunds.exclude(params={}).iterator(chunk_size=CHUNK):
        if problem := _differs_from_request(refund):
            yield str(refund), problem


def _differs_from_request(refund: Refund) -> str:
    params, payment = refund.params, refund.payment
    try:
        amount = money.to_stripe(refund.amount_minor, refund.currency)
    except money.MoneyError:
        amount = -1
    if params.get("amount") != amount:
        return _("is over %(amount)s, but Stripe was asked for %(asked)s") % {
            "amount": shown(refund.amount_minor, refund.currency),
            "asked": shown_by_stripe(params.get("amount") or 0, refund.currency),
        }
    metadata = params.get("metadata") or {}
    requested = (params.get("payment_intent"), metadata.get("order_reference"), params.get("reason", ""))
    expected = (payment.payment_intent_id, payment.order.reference, refund.reason)
    if not metadata.get("refund") or requested != expected:
        return _("is not what Stripe was asked for: another payment, order, refund or reason is named there")
    return ""
