"""Compare our books with Stripe's to the unit, and merge what no webhook brought."""

from jumun.payments.reconcile.walk import Progress, reconcile

__all__ = ["Progress", "reconcile"]
