"""Stripe's objects as we read them: checked shapes of the few fields that count, nothing else of them.

A field of another type than Stripe documents raises `MalformedSnapshot`: money is never moved on a guess.
Amounts are in Stripe's minor units, currency codes in upper case.
"""

from jumun.payments.snapshots.card import Card
from jumun.payments.snapshots.charge import ChargeSnapshot
from jumun.payments.snapshots.intent import IntentSnapshot
from jumun.payments.snapshots.reader import Reader
from jumun.payments.snapshots.refund import RefundSnapshot, refunds_within
from jumun.payments.snapshots.session import SessionSnapshot

__all__ = [
    "Card",
    "ChargeSnapshot",
    "IntentSnapshot",
    "Reader",
    "RefundSnapshot",
    "SessionSnapshot",
    "refunds_within",
]
