from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar, Self

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from jumun.business_day import business_day
from jumun.conf import stripe_setting
from jumun.db.fast import find, insert
from jumun.invoices.documents.document import PaymentReference
from jumun.orders.models import Order
from jumun.orders.timeline import Kind
from jumun.outbox.models import Job
from jumun.payments.models.quarantined_snapshot import QuarantinedSnapshot
from jumun.payments.models.refund import succeeded_minor, taken_minor
from jumun.payments.stripe.snapshots import PaymentMethod

if TYPE_CHECKING:
    from jumun.payments.models.dispute import Dispute

Reason = QuarantinedSnapshot.Reason
GIVE_BACK_JOB = "payments.give_back"


class Payment(models.Model):
    """Money that Stripe took, or tries to take, for an order: one PaymentIntent.

    A join over snapshots: the status only moves forward, and what is known of how it was paid is never unlearnt.
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

    # What snapshots tell.
    _LEARNT: ClassVar = (
        *("status", "paid_at", "charge_id", "settles_order"),
        *("method", "wallet", "card_brand", "card_last4"),
    )
    _is_joining = False
    # In this transaction: refunds that were told of before are booked now.
    became_paid = False

    # What goes back to the customer without anybody being asked.
    GIVEN_BACK: ClassVar = (Reason.SECOND_PAYMENT, Reason.PAID_AFTER_CLOSE)

    order = models.ForeignKey(Order, models.PROTECT, related_name="payments", verbose_name=_("order"))
    payment_intent_id = models.CharField(_("Stripe payment"), max_length=255, unique=True)
    # The charge that went through; its balance transaction names it.
    charge_id = models.CharField(_("Stripe charge"), max_length=255, unique=True, null=True, blank=True)
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.UNPAID)
    livemode = models.BooleanField(_("real money"))
    amount_minor = models.BigIntegerField(_("amount"))
    currency = models.CharField(_("currency"), max_length=3)
    # In Stripe's words, of which some may be unknown here. The last digits may be those of a bank account.
    method = models.CharField(_("payment method"), max_length=40, blank=True)
    wallet = models.CharField(_("wallet"), max_length=40, blank=True)
    card_brand = models.CharField(_("card brand"), max_length=40, blank=True)
    card_last4 = models.CharField(_("last four digits"), max_length=4, blank=True)
    # The one payment by which the order became paid.
    settles_order = models.BooleanField(_("settles the order"), default=False)
    # Why money that came for the order is not the order's: decided once, whatever changes later.
    unwanted_because = models.CharField(_("not wanted because"), max_length=20, blank=True, choices=Reason)
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
                condition=Q(settles_order=False) | Q(unwanted_because=""), name="jumun_payment_settles_or_unwanted"
            ),
        ]

    def __str__(self) -> str:
        return self.payment_intent_id

    @classmethod
    def of_intent(cls, order: Order, payment_intent_id: str) -> AbstractContextManager[Self]:
        """The payment of that PaymentIntent, locked; on first sight a new one over what the order asks for.

        The order is locked. As with `joining`, what is learnt inside the ``with`` is written at its end, and a new
        payment has its row from then on.
        """
        return cls.mismatched(
            order,
            payment_intent_id,
            amount_minor=order.total_minor,
            currency=order.currency,
            livemode=order.livemode,
        )

    @classmethod
    @contextmanager
    def mismatched(
        cls, order: Order, payment_intent_id: str, *, amount_minor: int, currency: str, livemode: bool
    ) -> Iterator[Self]:
        """The same, on first sight over what was taken instead."""
        payment = find(cls, payment_intent_id=payment_intent_id, locked=True) or cls(
            order=order,
            payment_intent_id=payment_intent_id,
            livemode=livemode,
            amount_minor=amount_minor,
            currency=currency,
        )
        with payment.joining():
            yield payment

    @classmethod
    def saved(cls, order: Order, payment_intent_id: str) -> Self:
        """`of_intent` with nothing learnt: a row that others can refer to, locked."""
        with cls.of_intent(order, payment_intent_id) as payment:
            return payment

    @contextmanager
    def joining(self) -> Iterator[None]:
        """Inside, `advance` and `settle` may be called; at the end what they changed is written, in one statement.

        The row is locked, or is none yet. Who raises must roll the transaction back.
        """
        before = self._learnt()
        self._is_joining = True
        yield
        self._is_joining = False
        if self._state.adding:
            insert(self)
        elif changed := [name for name, value in self._learnt().items() if value != before[name]]:
            self.save(update_fields=changed)

    def advance(self, status: str, method: PaymentMethod | None, charge_id: str, *, at: datetime | None = None) -> None:
        """Join what a snapshot tells into what is known, while `joining`. ``charge_id`` may be empty.

        ``at`` is when Stripe took the money, if that is known: documents name that day, not the day we learnt of it.
        """
        self._must_be_joining()
        if self.status in self._BEFORE[status]:
            self.status = status
            if status == self.Status.PAID:
                self.became_paid = True
                # Stripe's clock and ours differ, and nobody pays before they order or in the future.
                now = timezone.now()
                self.paid_at = min(max(at or now, self.order.placed_at), now)
            if kind := self._RECORDED.get(status):
                self.order.record(kind, payment=self.payment_intent_id)
        if method:
            self.method, self.wallet = self.method or method.type, self.wallet or method.wallet
            self.card_brand, self.card_last4 = self.card_brand or method.brand, self.card_last4 or method.last4
        self.charge_id = self.charge_id or charge_id or None

    def settle(self) -> None:
        """It is the one by which the order became paid; told while `joining`."""
        self._must_be_joining()
        self.settles_order = True

    def reference(self, stripe_id: str, *, at: datetime | None = None) -> PaymentReference:
        """How a document says that the payment, refund or dispute ``stripe_id`` moved its money, now or then."""
        return PaymentReference(
            method=self.method,
            wallet=self.wallet,
            card_brand=self.card_brand,
            card_last4=self.card_last4,
            stripe_id=stripe_id,
            paid_on=business_day(at),
        )

    def record(self, kind: Kind, **details: Any) -> None:
        """Add to the order's timeline what happened to this payment, in the caller's transaction. What was paid in
        another currency than was ordered says so.
        """
        currency = {} if self.currency == self.order.currency else {"currency": self.currency}
        self.order.record(kind, **currency, **details)

    def _must_be_joining(self) -> None:
        """What nobody would write must not be learnt."""
        if not self._is_joining:
            raise RuntimeError(
                f"{self} is not being joined: Payment.of_intent and Payment.joining write what is learnt"
            )

    def _learnt(self) -> dict[str, object]:
        return {name: getattr(self, name) for name in self._LEARNT}

    @property
    def is_undecided(self) -> bool:
        """Whether it neither settles the order nor is known to be of no use to it."""
        return not self.settles_order and not self.unwanted_because

    def reject(self, why: str) -> None:
        """Record that the order cannot use this money. Staff decide what becomes of it, or see that it goes back."""
        self.unwanted_because = why
        self.save(update_fields=["unwanted_because"])
        if why in self.GIVEN_BACK:
            self.send_back(self.payment_intent_id)

    def send_back(self, key: str) -> None:
        """Have it given back, and both sides told, once for each ``key``."""
        for kind in (GIVE_BACK_JOB, "payments.mail_given_back", "payments.mail_staff_given_back"):
            Job.enqueue(kind, key=key, payment_pk=self.pk)

    def resolve_quarantine(self) -> None:
        """Nothing is left to be done about its being of no use to the order: the customer has the money again."""
        for row in self.quarantined.filter(reason=self.unwanted_because):
            row.resolve(by=None)

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
    def refunded_minor(self) -> int:
        """What has gone back to the customer."""
        return succeeded_minor(self.refunds.all())

    @property
    def kept_minor(self) -> int:
        """What of the money taken has not gone back."""
        return self.amount_minor - self.refunded_minor if self.status == self.Status.PAID else 0

    @property
    def stripe_url(self) -> str:
        """Where staff see this payment: Stripe's dashboard, or the sandbox's page while that is in use."""
        api_base = stripe_setting("STRIPE_API_BASE")
        if api_base:
            return f"{api_base}/_paywright/payments/{self.payment_intent_id}"
        mode = "" if self.livemode else "test/"
        return f"https://dashboard.stripe.com/{mode}payments/{self.payment_intent_id}"
