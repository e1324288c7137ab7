from datetime import datetime
from typing import Any, ClassVar, Self

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from jumun.business_day import business_day
from jumun.conf import stripe_setting
from jumun.invoices.documents.document import PaymentReference
from jumun.orders.models import Order
from jumun.orders.timeline import Kind
from jumun.outbox.models import Job
from jumun.payments.models.quarantine_reason import QuarantineReason
from jumun.payments.models.refund import succeeded_minor, taken_minor
from jumun.payments.stripe.snapshots import ChargeDetails

AUTO_REFUND_JOB = "payments.auto_refund"


class Payment(models.Model):
    """Money that Stripe took, or tries to take, for an order: one PaymentIntent.

    Snapshots move its status forward only, and what is known about how it was paid is never unlearnt.
    """

    class Status(models.TextChoices):
        UNPAID = "unpaid", _("unpaid")
        PROCESSING = "processing", _("processing")
        FAILED = "failed", _("failed")
        PAID = "paid", _("paid")

    _BEFORE: ClassVar[dict[str, tuple[str, ...]]] = {
        Status.UNPAID: (),
        Status.PROCESSING: (Status.UNPAID,),
        Status.FAILED: (Status.UNPAID, Status.PROCESSING),
        Status.PAID: (Status.UNPAID, Status.PROCESSING, Status.FAILED),
    }

    # The order already records "paid"; do not record it again.
    _RECORDED: ClassVar[dict[str, Kind]] = {
        Status.PROCESSING: Kind.PAYMENT_PROCESSING,
        Status.FAILED: Kind.PAYMENT_FAILED,
    }

    # Fields that differ from the row.
    _learnt: tuple[str, ...] = ()
    # In this transaction: refunds that Stripe reported before are booked now.
    became_paid = False

    # These are refunded automatically, without asking staff.
    AUTO_REFUNDED: ClassVar = (QuarantineReason.SECOND_PAYMENT, QuarantineReason.PAID_AFTER_CLOSE)

    order = models.ForeignKey(Order, models.PROTECT, related_name="payments", verbose_name=_("order"))
    payment_intent_id = models.CharField(_("Stripe payment"), max_length=255, unique=True)
    # The charge that went through; its balance transaction names it.
    charge_id = models.CharField(_("Stripe charge"), max_length=255, unique=True, null=True, blank=True)
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.UNPAID)
    livemode = models.BooleanField(_("real money"))
    amount_minor = models.BigIntegerField(_("amount"))
    currency = models.CharField(_("currency"), max_length=3)
    # In Stripe's words, some of which may be unknown here. The last digits may be those of a bank account.
    method = models.CharField(_("payment method"), max_length=40, blank=True)
    wallet = models.CharField(_("wallet"), max_length=40, blank=True)
    card_brand = models.CharField(_("card brand"), max_length=40, blank=True)
    card_last4 = models.CharField(_("last four digits"), max_length=4, blank=True)
    # The one payment by which the order became paid.
    settles_order = models.BooleanField(_("settles the order"), default=False)
    # Why the order cannot use this money: decided once, whatever changes later.
    rejection_reason = models.CharField(_("rejected because"), max_length=20, blank=True, choices=QuarantineReason)
    paid_at = models.DateTimeField(_("paid at"), null=True, blank=True)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)

    class Meta:
        verbose_name = _("payment")
        verbose_name_plural = _("payments")
        ordering = ["-id"]
        permissions = [("refund_payment", "Can refund payments")]
        constraints = [
            models.CheckConstraint(condition=Q(amount_minor__gt=0), name="jumun_payment_amount_positive"),
            models.UniqueConstraint(
                fields=["order"], condition=Q(settles_order=True), name="jumun_one_settling_payment_per_order"
            ),
            models.CheckConstraint(
                condition=Q(settles_order=False) | Q(rejection_reason=""), name="jumun_payment_settles_or_rejected"
            ),
        ]

    def __str__(self) -> str:
        return self.payment_intent_id

    @classmethod
    def locked(cls, order: Order, payment_intent_id: str, **taken: Any) -> Self:
        """The payment of that PaymentIntent, locked; the order is locked already.

        The first time, a new payment, which has no row before `save_learnt`. It is over the order's total unless
        ``taken`` gives other values of ``amount_minor``, ``currency`` and ``livemode``.
        """
        payment = cls.objects.select_for_update(no_key=True).filter(payment_intent_id=payment_intent_id).first()
        if payment is None:
            expected = {"amount_minor": order.total_minor, "currency": order.currency, "livemode": order.livemode}
            payment = cls(order=order, payment_intent_id=payment_intent_id, **expected | taken)
        elif payment.order_id == order.pk:
            payment.order = order
        return payment

    @property
    def is_new(self) -> bool:
        """Whether it has no row yet."""
        return self._state.adding

    def advance(self, status: str, charge: ChargeDetails | None = None, *, at: datetime | None = None) -> None:
        """Merge what a snapshot reports; call `save_learnt` afterwards. The row is locked.

        ``at`` is when Stripe took the money, if that is known and the charge does not say it: documents bear that day,
        not the day when we learnt of it.
        """
        if self.status in self._BEFORE[status]:
            self._learn(status=status)
            if status == self.Status.PAID:
                self.became_paid = True
                # Stripe's clock and ours differ. Nobody pays before ordering, or in the future.
                now, charged_at = timezone.now(), charge.charged_at if charge else None
                self._learn(paid_at=min(max(charged_at or at or now, self.order.placed_at), now))
            if kind := self._RECORDED.get(status):
                self.order.record(kind, payment=self.payment_intent_id)
        if charge is None:
            return
        if method := charge.method:
            self._learn(method=self.method or method.type, wallet=self.wallet or method.wallet)
            self._learn(card_brand=self.card_brand or method.brand, card_last4=self.card_last4 or method.last4)
        self._learn(charge_id=self.charge_id or charge.charge_id or None)

    def settle(self) -> None:
        """Record that this payment has paid the order; call `save_learnt` afterwards."""
        self._learn(settles_order=True)

    def reject(self, why: str) -> None:
        """Record that the order cannot use this money. Staff decide about it, unless it is refunded automatically."""
        self._learn(rejection_reason=why)
        self.save_learnt()
        if why in self.AUTO_REFUNDED:
            self.enqueue_auto_refund(self.payment_intent_id)

    def _learn(self, **values: object) -> None:
        for name, value in values.items():
            if getattr(self, name) != value:
                setattr(self, name, value)
                self._learnt = (*self._learnt, name)

    def save_learnt(self) -> None:
        """Write what was learnt since the row was locked, if anything; a new payment gets its row."""
        if self.is_new:
            self.save(force_insert=True)
        elif self._learnt:
            self.save(update_fields=self._learnt)
        self._learnt = ()

    def reference(self, stripe_id: str, *, at: datetime | None = None) -> PaymentReference:
        """How a document says how and when the payment, refund or dispute ``stripe_id`` moved its money."""
        return PaymentReference(
            method=self.method,
            wallet=self.wallet,
            card_brand=self.card_brand,
            card_last4=self.card_last4,
            stripe_id=stripe_id,
            paid_on=business_day(at),
        )

    def record(self, kind: Kind, **details: Any) -> None:
        """Add to the order's timeline what happened to this payment, in the caller's transaction. The entry names the
        currency where it is not the order's.
        """
        currency = {} if self.currency == self.order.currency else {"currency": self.currency}
        self.order.record(kind, **currency, **details)

    @property
    def is_undecided(self) -> bool:
        """Whether it has neither settled the order nor been rejected."""
        return not self.settles_order and not self.rejection_reason

    def enqueue_auto_refund(self, key: str) -> None:
        """Have it refunded, and customer and shop notified, once for each ``key``."""
        for kind in (AUTO_REFUND_JOB, "payments.mail_auto_refund", "payments.mail_staff_auto_refund"):
            Job.enqueue(kind, key=key, payment_pk=self.pk)

    def resolve_quarantine(self) -> None:
        """Close what was held for staff: the customer has the money again."""
        for row in self.quarantined.filter(reason=self.rejection_reason):
            row.resolve(by=None)

    @property
    def refundable_minor(self) -> int:
        """What can still be refunded. It can change unless this row is locked."""
        if self.status != self.Status.PAID or self.is_blocked_by_dispute:
            return 0
        return max(0, self.amount_minor - taken_minor(self.refunds.all()))

    @property
    def is_blocked_by_dispute(self) -> bool:
        """Whether Stripe would refuse any refund because of a dispute."""
        return any(dispute.blocks_refunds for dispute in self.disputes.all())

    @property
    def refunded_minor(self) -> int:
        """What the customer has got back."""
        return succeeded_minor(self.refunds.all())

    @property
    def kept_minor(self) -> int:
        """What was taken and not refunded."""
        return self.amount_minor - self.refunded_minor if self.status == self.Status.PAID else 0

    @property
    def stripe_url(self) -> str:
        """The address where staff see this payment: Stripe's dashboard, or the page of the sandbox in use."""
        api_base = stripe_setting("STRIPE_API_BASE")
        if api_base:
            return f"{api_base}/_paywright/payments/{self.payment_intent_id}"
        mode = "" if self.livemode else "test/"
        return f"https://dashboard.stripe.com/{mode}payments/{self.payment_intent_id}"
