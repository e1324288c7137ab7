from datetime import UTC, datetime
from typing import Any, ClassVar, Self

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from jumun import money
from jumun.orders.timeline import Kind
from jumun.payments.models.balance_transaction import BalanceTransaction
from jumun.payments.models.payment import Payment
from jumun.payments.stripe.snapshots import DisputeSnapshot

_NEVER = datetime.min.replace(tzinfo=UTC)


class Dispute(models.Model):
    """A dispute of one payment: the customer's bank reclaims money, or asks about it (an inquiry, ``warning_*``).

    The row has the greatest snapshot ever seen, by the number of movements of money and then by the status in the order
    below. A dispute that is lost and won later has one movement more. The sums that were withdrawn and reinstated are
    in its balance transactions.
    """

    class Status(models.TextChoices):
        """Stripe's words (API reference, "The Dispute object"), in the order in which they follow each other."""

        WARNING_NEEDS_RESPONSE = "warning_needs_response", _("inquiry: needs an answer")
        WARNING_UNDER_REVIEW = "warning_under_review", _("inquiry: answered")
        WARNING_CLOSED = "warning_closed", _("inquiry: closed")
        NEEDS_RESPONSE = "needs_response", _("needs an answer")
        UNDER_REVIEW = "under_review", _("under review")
        APPEAL_NEEDS_RESPONSE = "appeal_needs_response", _("appeal: needs an answer")
        APPEAL_UNDER_REVIEW = "appeal_under_review", _("appeal: under review")
        PREVENTED = "prevented", _("prevented")
        LOST = "lost", _("lost")
        WON = "won", _("won")

    class Reason(models.TextChoices):
        """Stripe's words (API reference, "The Dispute object")."""

        BANK_CANNOT_PROCESS = "bank_cannot_process", _("the bank cannot process it")
        CHECK_RETURNED = "check_returned", _("cheque returned")
        CREDIT_NOT_PROCESSED = "credit_not_processed", _("a refund was not made")
        CUSTOMER_INITIATED = "customer_initiated", _("asked for by the customer")
        DEBIT_NOT_AUTHORIZED = "debit_not_authorized", _("debit not authorised")
        DUPLICATE = "duplicate", _("paid twice")
        FRAUDULENT = "fraudulent", _("fraudulent")
        GENERAL = "general", _("no reason given")
        INCORRECT_ACCOUNT_DETAILS = "incorrect_account_details", _("wrong account details")
        INSUFFICIENT_FUNDS = "insufficient_funds", _("insufficient funds")
        NONCOMPLIANT = "noncompliant", _("against the card network's rules")
        PRODUCT_NOT_RECEIVED = "product_not_received", _("not received")
        PRODUCT_UNACCEPTABLE = "product_unacceptable", _("defective or not as described")
        SUBSCRIPTION_CANCELED = "subscription_canceled", _("subscription cancelled")
        UNRECOGNIZED = "unrecognized", _("not recognised")

    # Closed, and the shop keeps the money.
    IN_OUR_FAVOUR: ClassVar = (Status.WARNING_CLOSED, Status.PREVENTED, Status.WON)
    CLOSED: ClassVar = (*IN_OUR_FAVOUR, Status.LOST)
    NEEDS_ANSWER: ClassVar = (Status.WARNING_NEEDS_RESPONSE, Status.NEEDS_RESPONSE, Status.APPEAL_NEEDS_RESPONSE)
    _FORWARD: ClassVar[list[str]] = list(Status.values)
    # The entry on the order's timeline once a dispute is closed.
    RECORDED: ClassVar[dict[str, Kind]] = {
        Status.WON: Kind.DISPUTE_WON,
        Status.LOST: Kind.DISPUTE_LOST,
        Status.WARNING_CLOSED: Kind.DISPUTE_CLOSED,
        Status.PREVENTED: Kind.DISPUTE_CLOSED,
    }

    payment = models.ForeignKey(Payment, models.PROTECT, related_name="disputes", verbose_name=_("payment"))
    dispute_id = models.CharField(_("Stripe dispute"), max_length=255, unique=True)
    # An unknown status counts as open.
    status = models.CharField(_("status"), max_length=40, choices=Status)
    amount_minor = models.BigIntegerField(_("disputed amount"))
    currency = models.CharField(_("currency"), max_length=3)
    reason = models.CharField(_("reason"), max_length=40, choices=Reason)
    is_charge_refundable = models.BooleanField(_("may be refunded"))
    due_at = models.DateTimeField(_("evidence due"), null=True, blank=True)
    opened_at = models.DateTimeField(_("opened"))
    # How often its money had moved at this status.
    transaction_count = models.PositiveSmallIntegerField(_("movements of money"))

    class Meta:
        verbose_name = _("dispute")
        verbose_name_plural = _("disputes")
        ordering = ["-id"]
        permissions = [("credit_dispute", "Can issue credit notes for lost disputes")]
        constraints = [
            models.CheckConstraint(condition=Q(amount_minor__gt=0), name="jumun_dispute_amount_positive"),
        ]
        indexes = [
            models.Index(
                fields=["due_at"],
                condition=Q(status__in=["warning_needs_response", "needs_response", "appeal_needs_response"]),
                name="jumun_dispute_due",
            ),
        ]

    def __str__(self) -> str:
        return self.dispute_id

    @classmethod
    def open_ones(cls) -> models.QuerySet["Dispute"]:
        return cls.objects.exclude(status__in=cls.CLOSED)

    @classmethod
    def blocking(cls) -> models.QuerySet["Dispute"]:
        """The disputes with `blocks_refunds`."""
        return cls.objects.filter(is_charge_refundable=False).exclude(status__in=cls.IN_OUR_FAVOUR)

    @classmethod
    def blocking_one_of(cls, payment: Payment) -> Self | None:
        """A dispute of ``payment`` that `blocks_refunds`, if there is one."""
        return next((dispute for dispute in cls.objects.filter(payment=payment) if dispute.blocks_refunds), None)

    @classmethod
    def join(cls, payment: Payment, snapshot: DisputeSnapshot) -> tuple[Self, bool]:
        """Merge a snapshot; return the dispute, and whether it is new. The order is locked."""
        values = cls._values_of(snapshot)
        dispute, is_new = cls.objects.get_or_create(dispute_id=snapshot.id, defaults={"payment": payment, **values})
        status = None if is_new else dispute.status
        if is_new:
            dispute.record(Kind.DISPUTE_OPENED, reason=dispute.reason)
        elif cls(**values)._version > dispute._version:
            for name, value in values.items():
                setattr(dispute, name, value)
            dispute.save(update_fields=list(values))
        if dispute.status != status and (kind := cls.RECORDED.get(dispute.status)):
            dispute.record(kind)
        return dispute, is_new

    @staticmethod
    def _values_of(snapshot: DisputeSnapshot) -> dict[str, Any]:
        return {
            "status": snapshot.status,
            "amount_minor": money.from_stripe(snapshot.amount, snapshot.currency),
            "currency": snapshot.currency,
            "reason": snapshot.reason,
            "is_charge_refundable": snapshot.is_charge_refundable,
            "due_at": snapshot.due_at,
            "opened_at": snapshot.opened_at,
            "transaction_count": snapshot.transaction_count,
        }

    def is_as(self, snapshot: DisputeSnapshot) -> bool:
        """Whether the row agrees with Stripe."""
        return all(getattr(self, name) == value for name, value in self._values_of(snapshot).items())

    def put_back(self, snapshot: DisputeSnapshot) -> None:
        """Take over Stripe's present state, although the row is further along; see `reconcile.repair`.

        In the caller's transaction. No document is issued or canceled for it.
        """
        before, values = self.status, self._values_of(snapshot)
        for name, value in values.items():
            setattr(self, name, value)
        self.save(update_fields=list(values))
        self.payment.record(Kind.SET_TO_STRIPE, object=self.dispute_id, before=before, after=self.status)

    def record(self, kind: Kind, **details: str) -> None:
        """Add to the order's timeline what happened to this dispute, in the caller's transaction."""
        self.payment.record(kind, dispute=self.dispute_id, amount_minor=self.amount_minor, **details)

    @property
    def _version(self) -> tuple[object, ...]:
        """The greatest snapshot has the greatest version. Every field is in it, so different ones are never equal."""
        known = self.status in self._FORWARD
        rank = self._FORWARD.index(self.status if known else self.Status.UNDER_REVIEW)
        return (
            *(self.transaction_count, rank, self.status, self.due_at or _NEVER, self.opened_at),
            *(self.amount_minor, self.reason, self.is_charge_refundable),
        )

    @property
    def stripe_url(self) -> str:
        """The address where staff give evidence: the payment's, in Stripe's dashboard or on the sandbox's page."""
        return self.payment.stripe_url

    @property
    def taken_at(self) -> datetime:
        """When the bank withdrew the money, if that transaction is known; else when the dispute was opened."""
        taken = BalanceTransaction.objects.filter(source_id=self.dispute_id, amount_minor__lt=0).order_by("-created_at")
        return taken.values_list("created_at", flat=True).first() or self.opened_at

    @property
    def is_open(self) -> bool:
        return self.status not in self.CLOSED

    @property
    def needs_answer(self) -> bool:
        return self.status in self.NEEDS_ANSWER

    @property
    def is_past_due(self) -> bool:
        return self.needs_answer and self.due_at is not None and self.due_at < timezone.now()

    @property
    def blocks_refunds(self) -> bool:
        """Whether Stripe would refuse any refund (``charge_disputed``): the bank has the money, perhaps for good."""
        return not self.is_charge_refundable and self.status not in self.IN_OUR_FAVOUR
