from collections import Counter
from collections.abc import Iterable
from datetime import timedelta
from typing import ClassVar

from django.conf import settings
from django.db import models, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from jumun import money
from jumun.orders.timeline import Kind
from jumun.payments.models.intention import Intention
from jumun.payments.stripe.snapshots import RefundSnapshot

# Stripe may forget an idempotency key after this (docs.stripe.com/api/idempotent_requests).
KEY_LIFE = timedelta(hours=24)


class Refund(Intention):
    """A refund of one payment, requested here or made in Stripe's dashboard.

    Snapshots move its status forward only, in the order below. ``creating`` means that we do not know whether Stripe
    has it; repeating the call with the same key and parameters tells. ``refused`` means that it does not exist at
    Stripe.
    """

    class Status(models.TextChoices):
        CREATING = "creating", _("being created")
        REFUSED = "refused", _("refused")
        PENDING = "pending", _("on its way")
        REQUIRES_ACTION = "requires_action", _("waiting for the customer")
        SUCCEEDED = "succeeded", _("refunded")
        CANCELED = "canceled", _("cancelled")
        FAILED = "failed", _("failed")

    class Reason(models.TextChoices):
        """Stripe's words (API reference, "Create a refund")."""

        REQUESTED_BY_CUSTOMER = "requested_by_customer", _("requested by the customer")
        DUPLICATE = "duplicate", _("paid twice")
        FRAUDULENT = "fraudulent", _("fraudulent (Stripe blocks the card and the e-mail address)")

    NAMED_AS = "refund"
    # Nothing is refunded by these.
    VOID: ClassVar = (Status.REFUSED, Status.CANCELED, Status.FAILED)
    _FORWARD: ClassVar[list[str]] = list(Status.values)

    payment = models.ForeignKey(
        "jumun_payments.Payment", models.PROTECT, related_name="refunds", verbose_name=_("payment")
    )
    status = models.CharField(_("status"), max_length=15, choices=Status, default=Status.CREATING)
    refund_id = models.CharField(_("Stripe refund"), max_length=255, unique=True, null=True, blank=True)
    amount_minor = models.BigIntegerField(_("amount"))
    currency = models.CharField(_("currency"), max_length=3)
    reason = models.CharField(_("reason"), max_length=40, blank=True, choices=Reason)
    # Why Stripe refused it, or why it failed later.
    refusal = models.TextField(_("refusal"), blank=True)
    # Nobody for refunds made in Stripe's dashboard.
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        related_name="+",
        null=True,
        blank=True,
        verbose_name=_("by"),
    )
    created_at = models.DateTimeField(_("created at"), default=timezone.now)
    # When its success was booked: at most once, whatever happens to it later.
    booked_at = models.DateTimeField(_("booked at"), null=True, blank=True)

    class Meta:
        verbose_name = _("refund")
        verbose_name_plural = _("refunds")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=Q(amount_minor__gt=0), name="jumun_refund_amount_positive"),
            models.CheckConstraint(
                condition=Q(refund_id__isnull=True, status__in=["creating", "refused"])
                | (Q(refund_id__isnull=False) & ~Q(status__in=["creating", "refused"])),
                name="jumun_refund_known_has_id",
            ),
        ]
        indexes = [
            models.Index(fields=["created_at"], condition=Q(status="creating"), name="jumun_refund_unknown"),
        ]

    def __str__(self) -> str:
        return self.refund_id or f"refund {self.pk}"

    @property
    def key_is_remembered(self) -> bool:
        """Whether Stripe certainly still knows what came of our idempotency key."""
        # A negative age means that the clock was ahead when the row was written.
        return timedelta(0) <= timezone.now() - self.created_at < KEY_LIFE

    @property
    def quantities(self) -> dict[int, int]:
        """The refunded quantities, by the position of their line; empty for a refund of an amount."""
        return {row.line.position: row.quantity for row in self.lines.select_related("line") if row.quantity}

    @property
    def restocked(self) -> dict[str, int]:
        """The quantities that go back into stock with it, by article number."""
        back: Counter[str] = Counter()
        for row in self.lines.select_related("line"):
            back[row.line.sku] += row.restock_quantity
        return {sku: quantity for sku, quantity in back.items() if quantity}

    def advance(self, snapshot: RefundSnapshot) -> None:
        """Merge a snapshot, in the caller's transaction; an older one changes nothing."""
        if self._FORWARD.index(snapshot.status) > self._FORWARD.index(self.status):
            self.status = snapshot.status
            self.refund_id = snapshot.id
            self.refusal = snapshot.failure_reason
            self.save(update_fields=["status", "refund_id", "refusal"])
            self.record_status()

    def put_back(self, snapshot: RefundSnapshot) -> None:
        """Take over Stripe's present state, although the row is further along; see `reconcile.repair`.

        In the caller's transaction. No document is issued or canceled for it.
        """
        before = self.status
        self.status, self.refusal = snapshot.status, snapshot.failure_reason
        self.amount_minor = money.from_stripe(snapshot.amount, snapshot.currency)
        self.save(update_fields=["status", "refusal", "amount_minor"])
        self.payment.record(Kind.SET_TO_STRIPE, object=self.refund_id, before=before, after=self.status)

    def refuse(self, why: str) -> None:
        """Record that Stripe refused the refund, so that its amount can be refunded again."""
        creating = Refund.objects.filter(pk=self.pk, status=self.Status.CREATING)
        with transaction.atomic():
            moved = creating.update(status=self.Status.REFUSED, refusal=why[:2000])
            self.refresh_from_db()
            if moved:
                self.record_status()

    def record_status(self) -> None:
        """Add the status to the order's timeline, in the caller's transaction."""
        why = {"why": self.refusal[:200]} if self.refusal else {}
        self.payment.record(Kind(f"refund_{self.status}"), amount_minor=self.amount_minor, **why)

    def book(self) -> None:
        """Record that it is booked: see `jumun.payments.merge.refund`."""
        self.booked_at = timezone.now()
        self.save(update_fields=["booked_at"])


def taken_minor(refunds: Iterable[Refund]) -> int:
    """The sum of ``refunds`` that have succeeded, or may still succeed."""
    return sum(refund.amount_minor for refund in refunds if refund.status not in Refund.VOID)


def succeeded_minor(refunds: Iterable[Refund]) -> int:
    """The sum of ``refunds`` that have succeeded."""
    return sum(refund.amount_minor for refund in refunds if refund.status == Refund.Status.SUCCEEDED)
