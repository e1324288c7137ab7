"""Stripe's objects as we read them: frozen dataclasses with the few fields that we use.

Each object is parsed once, its nested objects included. A field that decides anything must have the type that Stripe
documents, else `MalformedSnapshot` is raised: we never move money on a guess. Text that is only stored and shown is
taken as reported. Amounts are in Stripe's minor units, currency codes in upper case.
"""

from jumun.payments.stripe.metadata import Metadata, name_of_ours
from jumun.payments.stripe.snapshots.balance_transaction import BalanceTransactionSnapshot, transactions_within
from jumun.payments.stripe.snapshots.charge import ChargeDetails, ChargeSnapshot, PaymentMethod
from jumun.payments.stripe.snapshots.dispute import DisputeSnapshot
from jumun.payments.stripe.snapshots.fraud_warning import FraudWarningSnapshot
from jumun.payments.stripe.snapshots.intent import DeclinedSnapshot, IntentSnapshot
from jumun.payments.stripe.snapshots.payout import PayoutSnapshot
from jumun.payments.stripe.snapshots.reader import Reader, Unreadable
from jumun.payments.stripe.snapshots.refund import RefundSnapshot
from jumun.payments.stripe.snapshots.session import SessionSnapshot

__all__ = [
    "BalanceTransactionSnapshot",
    "ChargeDetails",
    "ChargeSnapshot",
    "DeclinedSnapshot",
    "DisputeSnapshot",
    "FraudWarningSnapshot",
    "IntentSnapshot",
    "Metadata",
    "PaymentMethod",
    "PayoutSnapshot",
    "Reader",
    "RefundSnapshot",
    "SessionSnapshot",
    "Unreadable",
    "name_of_ours",
    "transactions_within",
]
