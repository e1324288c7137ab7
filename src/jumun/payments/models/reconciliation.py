from datetime import datetime, timedelta
from typing import Self

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from jumun.orders.masking import masked
from jumun.payments.stripe.snapshots.reader import CURRENCY_MAX_CHARS

# An interrupted run older than this is begun anew: Stripe has moved on meanwhile.
CONTINUED_FOR = timedelta(days=1)
KEPT_FOR = timedelta(days=90)


class Reconciliation(models.Model):
    """One comparison of our books with Stripe's. It knows how far it has come, so that an interrupted one goes on."""

    since = models.DateTimeField(_("since"))
    repair = models.BooleanField(_("repairs"))
    # By the worker, hour by hour; else somebody asked for it.
    is_scheduled = models.BooleanField(_("scheduled"))
    started_at = models.DateTimeField(_("started"), default=timezone.now)
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)
    # The step it is at, and the last object of Stripe's that it has compared in that.
    step = models.CharField(_("step"), max_length=40, blank=True)
    after = models.CharField(max_length=255, blank=True)
    compared_count = models.PositiveIntegerField(_("objects compared"), default=0)

    class Meta:
        verbose_name = _("reconciliation")
        verbose_name_plural = _("reconciliations")
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.since:%Y-%m-%d %H:%M} – {self.started_at:%Y-%m-%d %H:%M}"

    @classmethod
    def begin(cls, *, since: datetime, repair: bool, is_scheduled: bool = False) -> Self:
        """A new run; those that are long over are forgotten."""
        cls.objects.filter(started_at__lt=timezone.now() - KEPT_FOR).delete()
        return cls.objects.create(since=since, repair=repair, is_scheduled=is_scheduled)

    @classmethod
    def interrupted(cls, *, repair: bool, since: datetime | None = None, is_scheduled: bool = False) -> Self | None:
        """A run of that sort which was not finished; ``since`` is any where it is ``None``."""
        runs = cls.objects.filter(
            repair=repair,
            is_scheduled=is_scheduled,
            finished_at=None,
            started_at__gt=timezone.now() - CONTINUED_FOR,
        )
        return (runs if since is None else runs.filter(since=since)).first()

    def advance(self, *, after: str, count: int) -> None:
        """Record that all up to the object ``after`` are compared."""
        self.after = after
        self.compared_count += count
        self.save(update_fields=["step", "after", "compared_count"])

    def enter(self, step: str) -> None:
        self.step, self.after = step, ""
        self.save(update_fields=["step", "after"])

    def finish(self) -> None:
        self.finished_at = timezone.now()
        self.save(update_fields=["finished_at"])

    @property
    def agrees(self) -> bool:
        """Whether the books are the same as Stripe's now."""
        return not self.differences.filter(repaired=False).exclude(kind=Difference.Kind.NOT_OURS).exists()


class Difference(models.Model):
    """Where our books and Stripe's differed. ``repaired`` tells whether they still do."""

    class Kind(models.TextChoices):
        PAYMENT_MISSING = "payment_missing", _("paid at Stripe, not here")
        PAYMENT_DIFFERS = "payment_differs", _("a payment is another at Stripe")
        PAYMENT_NOT_AT_STRIPE = "payment_not_at_stripe", _("paid here, not at Stripe")
        PAYMENT_DOUBLED = "payment_doubled", _("an order paid twice")
        PAID_WITHOUT_ORDER = "paid_without_order", _("paid for an order that is not here")
        PAID_AFTER_CLOSE = "paid_after_close", _("paid after the order had ended")
        AMOUNT_MISMATCH = "amount_mismatch", _("another amount")
        CURRENCY_MISMATCH = "currency_mismatch", _("another currency")
        MODE_MISMATCH = "mode_mismatch", _("test and live mixed up")
        ORDER_DIFFERS = "order_differs", _("an order stands differently")
        ORDER_WITHOUT_INVOICE = "order_without_invoice", _("a paid order without an invoice")
        CHECKOUT_MISSING = "checkout_missing", _("a payment page that is not known here")
        CHECKOUT_DIFFERS = "checkout_differs", _("a payment page stands differently")
        REFUND_MISSING = "refund_missing", _("a refund that was made elsewhere")
        REFUND_DIFFERS = "refund_differs", _("a refund is another at Stripe")
        REFUND_FAILED = "refund_failed", _("a refund failed")
        REFUND_WITHOUT_PAYMENT = "refund_without_payment", _("a refund of an unknown payment")
        DISPUTE_MISSING = "dispute_missing", _("a dispute that is not known here")
        DISPUTE_DIFFERS = "dispute_differs", _("a dispute is another at Stripe")
        TRANSACTION_MISSING = "transaction_missing", _("a fee or movement that is not known here")
        TRANSACTION_DIFFERS = "transaction_differs", _("a fee or movement is another at Stripe")
        BALANCE_DIFFERS = "balance_differs", _("a payment's movements do not add up")
        PAYOUT_MISSING = "payout_missing", _("a payout that is not known here")
        PAYOUT_DIFFERS = "payout_differs", _("a payout is another at Stripe")
        PAYOUT_DOES_NOT_ADD_UP = "payout_does_not_add_up", _("a payout does not add up")
        PAYOUT_FAILED = "payout_failed", _("a payout was returned by the bank")
        FRAUD_WARNING = "fraud_warning", _("the card's issuer reports fraud")
        DOCUMENT_MISSING = "document_missing", _("a document that was not issued")
        INVOICE_DIFFERS = "invoice_differs", _("an order is not what its invoice says")
        RETURN_MISSING = "return_missing", _("money that should go back")
        NOT_OURS = "not_ours", _("not of our orders")
        EVENT_MISSING = "event_missing", _("an event that never came")
        MALFORMED = "malformed", _("an object of another shape")
        NOT_MERGED = "not_merged", _("an object that could not be merged")
        UNDECIDED = "undecided", _("staff must decide")

    reconciliation = models.ForeignKey(Reconciliation, models.CASCADE, related_name="differences")
    kind = models.CharField(_("kind"), max_length=30, choices=Kind)
    object_id = models.CharField(_("object"), max_length=255)
    order_number = models.CharField(_("order"), max_length=32, blank=True)
    problem = models.TextField(_("problem"))
    repaired = models.BooleanField(_("repaired"), default=False)
    # In Stripe's minor units, where such amounts are summed: paid for no order of ours.
    amount = models.BigIntegerField(null=True, editable=False)
    currency = models.CharField(max_length=CURRENCY_MAX_CHARS, blank=True, editable=False)

    class Meta:
        verbose_name = _("difference")
        verbose_name_plural = _("differences")
        ordering = ["id"]
        constraints = [
            # One thing is told of by several of Stripe's objects.
            models.UniqueConstraint(fields=["reconciliation", "kind", "object_id"], name="jumun_difference_once"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {masked(self.object_id)}"
