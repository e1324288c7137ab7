"""Stripe's objects as we read them: checked shapes of the few fields that count, nothing else of them.

A field that decides anything and is of another type than Stripe documents raises `MalformedSnapshot`: money is never
moved on a guess. Words that are only stored and shown are taken as Stripe reports them. Amounts are in Stripe's minor
units, currency codes in upper case.
"""

from jumun.payments.stripe.snapshots.balance_transaction import BalanceTransactionSnapshot
from jumun.payments.stripe.snapshots.charge import ChargeSnapshot
from jumun.payments.stripe.snapshots.declined import DeclinedSnapshot
from jumun.payments.stripe.snapshots.dispute import DisputeSnapshot
from jumun.payments.stripe.snapshots.event import is_of_another_account
from jumun.payments.stripe.snapshots.fraud_warning import FraudWarningSnapshot
from jumun.payments.stripe.snapshots.intent import IntentSnapshot
from jumun.payments.stripe.snapshots.metadata import Metadata, name_of_ours
from jumun.payments.stripe.snapshots.payment_method import PaymentMethod
from jumun.payments.stripe.snapshots.payout import PayoutSnapshot
from jumun.payments.stripe.snapshots.reader import Reader
from jumun.payments.stripe.snapshots.refund import RefundSnapshot
from jumun.payments.stripe.snapshots.session import SessionSnapshot
from jumun.payments.stripe.snapshots.within import object_within, refunds_within, transactions_within

__all__ = [
    "BalanceTransactionSnapshot",
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
    "is_of_another_account",
    "name_of_ours",
    "object_within",
    "refunds_within",
    "transactions_within",
]
