from jumun.payments.models.checkout import Checkout
from jumun.payments.models.inbox_event import InboxEvent
from jumun.payments.models.payment import Payment
from jumun.payments.models.quarantined_snapshot import QuarantinedSnapshot
from jumun.payments.models.refund import Refund

__all__ = ["Checkout", "InboxEvent", "Payment", "QuarantinedSnapshot", "Refund"]
