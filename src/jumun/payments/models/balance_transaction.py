from collections.abc import Iterable
from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from jumun.payments.stripe.snapshots import BalanceTransactionSnapshot
from jumun.payments.stripe.snapshots.reader import CURRENCY_MAX_CHARS

BATCH = 500


class BalanceTransaction(models.Model):
    """One movement of the account's balance at Stripe, as Stripe wrote it: amount, fee, and what is left of it.

    In Stripe's minor units (`jumun.money.stripe_scale`) of the currency that Stripe pays out, which need not be the
    order's: a fee of 186.40 ISK is 18640, although nobody can be charged that. A mirror: nothing in it ever
    changes at Stripe, so what comes again is written again. It belongs to whatever has the id that it names as its
    source, whichever of the two was known first. Another shop's on the same account belong to nothing here, but without
    them no payout would add up.
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
    # The payout that it is part of, empty until that is known: the transaction itself does not tell.
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
    def mirror(cls, raws: Iterable[Any], *, payout_id: str = "") -> None:
        """Write down Stripe's transactions, those of ``payout_id`` as such. Raises `MalformedSnapshot`."""
        cls.write(map(cls.from_stripe, raws), payout_id=payout_id)

    @classmethod
    def write(cls, transactions: "Iterable[BalanceTransaction]", *, payout_id: str = "") -> None:
        """Add them, or write them again; those of ``payout_id`` as such."""
        rows = {row.transaction_id: row for row in transactions}
        if not rows:
            return
        BalanceTransaction.objects.bulk_create(
            # In one order everywhere, so that no two writers wait for each other.
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
    def from_stripe(cls, raw: Any) -> "BalanceTransaction":
        """The row of one of Stripe's transactions, not saved. Raises `MalformedSnapshot`."""
        snapshot = BalanceTransactionSnapshot.parse(raw)
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
