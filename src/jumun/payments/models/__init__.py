from jumun.payments.models.balance_transaction import BalanceTransaction
from jumun.payments.models.checkout import Checkout
from jumun.payments.models.dispute import Dispute
from jumun.payments.models.inbox_event import InboxEvent
from jumun.payments.models.payment import Payment
from jumun.payments.models.payout import Payout
from jumun.payments.models.quarantined_snapshot import QuarantinedSnapshot
from jumun.payments.models.reconciliation import Difference, Reconciliation
from jumun.payments.models.refund import Refund
from jumun.payments.models.refund_line import RefundLine
from jumun.payments.models.webhook_reception import WebhookReception

__all__ = [
    "BalanceTransaction",
    "Checkout",
    "Difference",
    "Dispute",
    "InboxEvent",
    "Payment",
    "Payout",
    "QuarantinedSnapshot",
    "Reconciliation",
    "Refund",
    "RefundLine",
    "WebhookReception",
]
