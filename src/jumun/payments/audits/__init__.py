"""The audit of payments: rows that contradict each other, their documents or the timeline. It never asks Stripe.

Each check is a fixed number of statements over whole tables.
"""

from jumun.payments.audits import balance, checkouts, disputes, events, payments, refunds, restored_backups

__all__ = ["balance", "checkouts", "disputes", "events", "payments", "refunds", "restored_backups"]
