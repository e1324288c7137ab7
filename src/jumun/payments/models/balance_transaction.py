from collections.abc import Iterable

from django.db import models
from django.utils.translation import gettext_lazy as _

from jumun.payments.stripe.snapshots import BalanceTransactionSnapshot
from jumun.payments.stripe.snapshots.reader import CURRENCY_MAX_CHARS

BATCH = 500


class BalanceTransaction(models.Model):
    """One movement of the account's balance at Stripe, as Stripe reports it: amount, fee and net.

    Amounts are in Stripe's minor units (`jumun.money.stripe_scale`) of the currency that Stripe pays out, which need
    not be the order's: a fee of 186.40 ISK is 18640, although nobody can be charged that. The row is a mirror: a
    balance transaction never changes at Stripe. It belongs to the object whose id is its ``source_id``, whichever of
    the two was known first. Those of another shop on the account belong to no object here, but without them no payout
    would add up.
    """

    # Stripe's groups of types (docs.stripe.com/reports/reporting-categories).
    CAPTURED = ("charge",)
    REFUNDED = ("refund", "refund_failure")
    DISPUTED = ("dispute", "dispute_reversal")
    PAYOUT = ("payout", "payout_reversal")

    transaction_id = models.CharField(_("Stripe balance transaction"), max_length=255, unique=True)
    type = models.CharField(_("type"), max_length=60)
    reporting_category = models.CharField(_("category"), max_length=60)
    amount_minor = models.BigIntegerField(_("amount"))
    fee_minor = models.BigIntegerField(_("fee"))
    net_minor = models.BigIntegerField(_("net"))
    currency = models.CharField(_("currency"), max_length=CURRENCY_MAX_CHARS)
    source_id = models.CharField(_("Stripe object"), max_length=255, blank=True, db_index=True)
    # The payout that it is part of; empty until that is known, as the transaction itself does not say.
    payout_id = models.CharField(_("Stripe payout"), max_length=255, blank=True, db_index=True)
    available_at = models.DateTimeField(_("available"))
    created_at = models.DateTimeField(_("created at Stripe"))

    class Meta:
        verbose_name = _("balance transaction")
        verbose_name_plural = _("balance transactions")
        ordering = ["-created_at", "-id"]

    def __str__(self) -> str:
        return self.transaction_id

    @classmethod
    def mirror(cls, snapshots: Iterable[BalanceTransactionSnapshot], *, payout_id: str = "") -> None:
        """Insert or update the rows of these transactions, and record that they belong to ``payout_id``, if given."""
        rows = {snapshot.id: cls._of(snapshot) for snapshot in snapshots}
        if not rows:
            return
        BalanceTransaction.objects.bulk_create(
            # Always in this order, so that two writers never wait for each other.
            [rows[key] for key in sorted(rows)],
            batch_size=BATCH,
            update_conflicts=True,
            unique_fields=["transaction_id"],
            update_fields=[
                *("type", "reporting_category", "amount_minor", "fee_minor", "net_minor", "currency"),
                *("source_id", "available_at", "created_at"),
            ],
        )
        if payout_id:
            BalanceTransaction.objects.filter(transaction_id__in=rows).update(payout_id=payout_id)

    @classmethod
    def _of(cls, snapshot: BalanceTransactionSnapshot) -> "BalanceTransaction":
        return BalanceTransaction(
            transaction_id=snapshot.id,
            type=snapshot.type,
            reporting_category=snapshot.reporting_category,
            amount_minor=snapshot.amount,
            fee_minor=snapshot.fee,
            net_minor=snapshot.net,
            currency=snapshot.currency,
            source_id=snapshot.source_id,
            available_at=snapshot.available_at,
            created_at=snapshot.created_at,
        )
