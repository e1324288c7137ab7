from typing import TYPE_CHECKING, ClassVar, Self

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from jumun.conf import stripe_setting
from jumun.orders.models import Order
from jumun.orders.timeline import Kind
from jumun.payments.models.refund import taken_minor
from jumun.payments.snapshots import Card

if TYPE_CHECKING:
    from jumun.payments.models.dispute import Dispute


class Payment(models.Model):
    """Money that Stripe took, or tries to take, for an order: one PaymentIntent.

    A join over snapshots: the status only moves forward, and what is known of the card is never unlearnt.
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

    # What the order itself records when it is paid is not told twice.
    _RECORDED: ClassVar[dict[str, Kind]] = {
        Status.PROCESSING: Kind.PAYMENT_PROCESSING,
        Status.FAILED: Kind.PAYMENT_FAILED,
    }

    order = models.ForeignKey(Order, models.PROTECT, related_name="payments", verbose_name=_("order"))
    payment_intent_id = models.CharField(_("Stripe payment"), max_length=255, unique=True)
    # The charge that went through; its balance transaction names it.
    charge_id = models.CharField(_("Stripe charge"), max_length=255, unique=True, null=True, blank=True)
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.UNPAID)
    livemode = models.BooleanField(_("real money"))
    amount_minor = models.BigIntegerField(_("amount"))
    currency = models.CharField(_("currency"), max_length=3)
    card_brand = models.CharField(_("card brand"), max_length=20, blank=True)
    card_last4 = models.CharField(_("last four digits"), max_length=4, blank=True)
    # The one payment by which the order became paid; any other paid one is a second payment.
    settles_order = models.BooleanField(_("settles the order"), default=False)
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
        ]

    def __str__(self) -> str:
        return self.payment_intent_id

    @classmethod
    def of_intent(cls, order: Order, payment_intent_id: str) -> Self:
        """The payment of that PaymentIntent, locked, made on first sight. The order is locked."""
        payment, _created = cls.objects.select_for_update().get_or_create(
            payment_intent_id=payment_intent_id,
            defaults={
                "order": order,
                "livemode": order.livemode,
                "amount_minor": order.total_minor,
                "currency": order.currency,
            },
        )
        return payment

    def advance(self, status: str, card: Card | None, charge_id: str) -> None:
        """Join what a snapshot tells into what is known, in the caller's transaction. ``charge_id`` may be empty."""
        if self.status in self._BEFORE[status]:
            self.status = status
            if status == self.Status.PAID:
                self.paid_at = timezone.now()
            if kind := self._RECORDED.get(status):
                self.order.record(kind, payment=self.payment_intent_id)
        if card and not self.card_last4:
            self.card_brand, self.card_last4 = card.brand, card.last4
        self.charge_id = self.charge_id or charge_id or None
        self.save(update_fields=["status", "paid_at", "card_brand", "card_last4", "charge_id"])

    def settle(self) -> None:
        """Record that this payment made its order paid."""
        self.settles_order = True
        self.save(update_fields=["settles_order"])

    @property
    def refundable_minor(self) -> int:
        """What is left to be refunded. Only under a lock on this row does it stay true."""
        if self.status != self.Status.PAID or self.blocking_dispute:
            return 0
        return max(0, self.amount_minor - taken_minor(self.refunds.all()))

    @property
    def blocking_dispute(self) -> "Dispute | None":
        """A dispute for which Stripe would refuse any refund, if there is one."""
        return next((dispute for dispute in self.disputes.all() if dispute.blocks_refunds), None)

    @property
    def stripe_url(self) -> str:
        """Where staff see this payment: Stripe's dashboard, or the sandbox's page while that is in use."""
        api_base = stripe_setting("STRIPE_API_BASE")
        if api_base:
            return f"{api_base}/_paywright/payments/{self.payment_intent_id}"
        mode = "" if self.livemode else "test/"
        return f"https://dashboard.stripe.com/{mode}payments/{self.payment_intent_id}"
