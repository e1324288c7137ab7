"""What to do about each kind of difference."""

from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

from jumun.payments.models import Difference

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

Kind = Difference.Kind

_REPAIR = _("Run manage.py reconcile --repair.")
_LOOK = _(
    "Compare the order's page with Stripe's: somebody has changed the database, or the keys are another account's."
)
_MISMATCH = _(
    "The order is not paid by this. If the order was changed here, restore it from a backup; else refund the payment."
)

ADVICE: dict[str, "_StrPromise"] = {
    Kind.PAYMENT_DIFFERS: _LOOK,
    Kind.PAYMENT_NOT_AT_STRIPE: _LOOK,
    Kind.PAYMENT_DOUBLED: _("It goes back by itself. Look whether the refund succeeded."),
    Kind.PAID_WITHOUT_ORDER: _(
        "Find the order in a backup, or refund the payment at Stripe. Were orders lost when a backup was restored?"
    ),
    Kind.AMOUNT_MISMATCH: _MISMATCH,
    Kind.CURRENCY_MISMATCH: _MISMATCH,
    Kind.MODE_MISMATCH: _("Check the keys and webhook secrets of this shop."),
    Kind.REFUND_FAILED: _("Ask the customer for another way, refund again, and mark it as dealt with."),
    Kind.REFUND_WITHOUT_PAYMENT: _("Look at the refund at Stripe."),
    Kind.INVOICE_DIFFERS: _("The invoice is right and frozen. Restore the order's lines from a backup."),
    Kind.BALANCE_DIFFERS: _LOOK,
    Kind.PAYOUT_DOES_NOT_ADD_UP: _("Look at the payout at Stripe; a transaction is missing here or there."),
    Kind.PAYOUT_FAILED: _("Correct the bank account at Stripe, and mark it as dealt with."),
    Kind.FRAUD_WARNING: _("Refund the payment before it is disputed, or do not deliver; then mark it as dealt with."),
    Kind.NOT_OURS: _("Nothing: it was sold elsewhere on the same account."),
    Kind.MALFORMED: _("Look at it at Stripe, and compare the webhook endpoint's API version with ours."),
    Kind.NOT_MERGED: _("Read the error in the log of the command, and run it again."),
    Kind.UNDECIDED: _("Decide in the admin, and mark it as dealt with."),
}


def advice(kind: str, *, repaired: bool) -> str:
    """One sentence in the active language; empty for what has been repaired."""
    return "" if repaired else str(ADVICE.get(kind, _REPAIR))
