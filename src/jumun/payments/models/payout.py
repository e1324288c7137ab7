from collections.abc import Callable
from typing import ClassVar

from django.db import models
from django.db.models import Sum
from django.utils.translation import gettext_lazy as _

from jumun.payments.models.balance_transaction import BalanceTransaction
from jumun.payments.stripe.snapshots import PayoutSnapshot
from jumun.payments.stripe.snapshots.reader import CURRENCY_MAX_CHARS


class Payout(models.Model):
    """Money that Stripe sends to the shop's bank account, or draws from it where the amount is negative.

    The amount is in Stripe's minor units, as in balance transactions. Snapshots move the status forward only, in the
    order below. A payout may fail after it was paid.
    """

    class Status(models.TextChoices):
        """Stripe's words (API reference, "The Payout object"), in the order in which they follow each other."""

        PENDING = "pending", _("on its way")
        IN_TRANSIT = "in_transit", _("at the bank")
        PAID = "paid", _("paid out")
        CANCELED = "canceled", _("cancelled")
        FAILED = "failed", _("failed")

    _FORWARD: ClassVar[list[str]] = list(Status.values)
    _RECONCILED: ClassVar[list[str]] = ["not_applicable", "in_progress", "completed"]

    payout_id = models.CharField(_("Stripe payout"), max_length=255, unique=True)
    status = models.CharField(_("status"), max_length=40, choices=Status)
    amount_minor = models.BigIntegerField(_("amount"))
    currency = models.CharField(_("currency"), max_length=CURRENCY_MAX_CHARS)
    livemode = models.BooleanField(_("real money"))
    # Stripe assigns balance transactions to automatic payouts only.
    automatic = models.BooleanField(_("automatic"))
    reconciliation_status = models.CharField(max_length=40)
    # All of its balance transactions are mirrored.
    is_itemised = models.BooleanField(_("itemised"), default=False)
    failure_message = models.TextField(_("failure"), blank=True)
    arrives_at = models.DateTimeField(_("arrives"))
    created_at = models.DateTimeField(_("created at Stripe"))

    class Meta:
        verbose_name = _("payout")
        verbose_name_plural = _("payouts")
        ordering = ["-created_at", "-id"]

    def __str__(self) -> str:
        return self.payout_id

    @classmethod
    def unfinished(cls) -> models.QuerySet["Payout"]:
        """Payouts on their way, and those whose balance transactions are not known yet."""
        on_their_way = models.Q(status__in=[cls.Status.PENDING, cls.Status.IN_TRANSIT])
        untold = models.Q(automatic=True, is_itemised=False, status=cls.Status.PAID)
        return cls.objects.filter(on_their_way | untold)

    @classmethod
    def join(cls, snapshot: PayoutSnapshot) -> None:
        """Merge a snapshot."""
        payout, _is_new = cls.objects.select_for_update().get_or_create(
            payout_id=snapshot.id,
            defaults={
                "status": snapshot.status,
                "amount_minor": snapshot.amount,
                "currency": snapshot.currency,
                "livemode": snapshot.livemode,
                "automatic": snapshot.automatic,
                "reconciliation_status": snapshot.reconciliation_status,
                "failure_message": snapshot.failure_message,
                "arrives_at": snapshot.arrives_at,
                "created_at": snapshot.created_at,
            },
        )
        payout._advance(snapshot)

    def _advance(self, snapshot: PayoutSnapshot) -> None:
        self.status = max(self.status, snapshot.status, key=_place_in(self._FORWARD))
        self.reconciliation_status = max(
            self.reconciliation_status, snapshot.reconciliation_status, key=_place_in(self._RECONCILED)
        )
        self.failure_message = max(self.failure_message, snapshot.failure_message)
        self.amount_minor = snapshot.amount
        # The bank may postpone the day.
        self.arrives_at = max(self.arrives_at, snapshot.arrives_at)
        self.is_itemised = self.is_itemised or snapshot.is_itemised
        self.save(
            update_fields=[
                *("status", "reconciliation_status", "failure_message", "amount_minor", "arrives_at", "is_itemised")
            ]
        )

    def is_as(self, snapshot: PayoutSnapshot) -> bool:
        """Whether the row agrees with Stripe, except for the day of arrival."""
        reported = (snapshot.status, snapshot.reconciliation_status, snapshot.livemode, snapshot.automatic)
        return (self.status, self.reconciliation_status, self.livemode, self.automatic) == reported and (
            self.currency == snapshot.currency
        )

    def put_back(self, snapshot: PayoutSnapshot) -> None:
        """Take over Stripe's present state, although the row is further along; see `reconcile.repair`."""
        names = ("status", "reconciliation_status", "livemode", "automatic", "currency", "failure_message")
        for name in names:
            setattr(self, name, getattr(snapshot, name))
        self.arrives_at = snapshot.arrives_at
        self.save(update_fields=[*names, "arrives_at"])

    @property
    def transactions(self) -> models.QuerySet[BalanceTransaction]:
        """The balance transactions that it pays out: all of it but its own."""
        return BalanceTransaction.objects.filter(payout_id=self.payout_id).exclude(source_id=self.payout_id)

    @property
    def itemised_minor(self) -> int:
        """The sum of its transactions after fees; equals the payout's amount where the books are right."""
        return self.transactions.aggregate(sum=Sum("net_minor", default=0))["sum"] or 0

    @property
    def adds_up(self) -> bool | None:
        """Whether its transactions add up to its amount; ``None`` where they are not known."""
        return self.itemised_minor == self.amount_minor if self.is_itemised else None


def _place_in(order: list[str]) -> Callable[[str], tuple[int, str]]:
    """A value that is not in the list comes before all others."""
    return lambda value: (order.index(value) if value in order else -1, value)
