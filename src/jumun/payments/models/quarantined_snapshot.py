import json
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from jumun.orders.masking import masked
from jumun.orders.models import Order
from jumun.orders.timeline import Kind
from jumun.outbox.lease import storable
from jumun.payments.models.quarantine_reason import QuarantineReason
from jumun.payments.stripe.snapshots.reader import ID_MAX_CHARS

if TYPE_CHECKING:
    from jumun.payments.models.payment import Payment


class QuarantinedSnapshot(models.Model):
    """A snapshot held for staff: it does not match our books, or it reports money that did not arrive.

    It stays until staff mark it as dealt with. Only a payment that matches the order pays it (invariant I1), so nobody
    can accept another one.
    """

    Reason = QuarantineReason

    object_id = models.CharField(_("Stripe object"), max_length=255)
    reason = models.CharField(_("reason"), max_length=20, choices=QuarantineReason)
    order = models.ForeignKey(
        Order, models.PROTECT, related_name="quarantined", null=True, blank=True, verbose_name=_("order")
    )
    # The payment, where money was taken.
    payment = models.ForeignKey(
        "jumun_payments.Payment",
        models.PROTECT,
        related_name="quarantined",
        null=True,
        blank=True,
        verbose_name=_("payment"),
    )
    # Text, not JSON: PostgreSQL's jsonb refuses some values that a hostile or broken body may contain.
    snapshot = models.TextField(_("snapshot"))
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)
    resolved_at = models.DateTimeField(_("resolved at"), null=True, blank=True)
    # Nobody where it was resolved automatically: the payment was refunded.
    resolved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        related_name="+",
        null=True,
        blank=True,
        verbose_name=_("dealt with by"),
    )

    class Meta:
        verbose_name = _("quarantined payment")
        verbose_name_plural = _("quarantined payments")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["object_id", "reason"], name="jumun_quarantined_once"),
        ]

    def __str__(self) -> str:
        return f"{self.object_id}: {self.get_reason_display()}"

    @property
    def is_resolved(self) -> bool:
        """Whether staff have nothing left to do about it."""
        return self.resolved_at is not None

    @classmethod
    def keep(
        cls,
        *,
        object_id: str,
        reason: str,
        order: Order | None,
        snapshot: dict[str, Any],
        payment: "Payment | None" = None,
    ) -> None:
        """Hold a snapshot for staff, in the caller's transaction, which holds the lock on ``order`` if there is one.

        ``object_id`` may be any text where the object has no valid id. A repetition changes nothing, unless money was
        taken meanwhile: then staff must decide again.
        """
        # Lists and timelines show it.
        object_id = masked(storable(object_id))[:ID_MAX_CHARS]
        if order is not None:
            known = QuarantinedSnapshot.objects.filter(object_id=object_id, reason=reason).first()
            if known is not None and (payment is None or known.payment_id == payment.pk):
                return
            order.record(Kind.QUARANTINED, reason=reason, object=object_id)
            if known is not None:
                known._reopen(payment, snapshot)
                return
        row = QuarantinedSnapshot(
            object_id=object_id,
            reason=reason,
            order=order,
            payment=payment,
            snapshot=json.dumps(snapshot, indent=2),
        )
        QuarantinedSnapshot.objects.bulk_create([row], ignore_conflicts=True)

    def _reopen(self, payment: "Payment | None", snapshot: dict[str, Any]) -> None:
        self.payment, self.snapshot = payment, json.dumps(snapshot, indent=2)
        self.resolved_at = self.resolved_by = None
        self.save(update_fields=["payment", "snapshot", "resolved_at", "resolved_by"])

    def resolve(self, *, by: AbstractBaseUser | None) -> bool:
        """Record that ``by`` has dealt with it, or nobody had to. ``False`` where it is resolved already."""
        open_row = QuarantinedSnapshot.objects.filter(pk=self.pk, resolved_at=None)
        with transaction.atomic():
            if not open_row.update(resolved_at=timezone.now(), resolved_by=by):
                return False
            if self.order:
                self.order.record(Kind.QUARANTINE_RESOLVED, object=self.object_id)
        return True
