"""The error tree. ``retryable`` tells a worker whether trying again can help.

JumunError
├── OrderRefused            the order cannot be placed as asked
│   ├── EmptyOrder
│   ├── TooManyLines
│   ├── AmountOutOfRange
│   │   ├── AmountTooSmall  less than one card payment can be
│   │   └── AmountTooLarge  more than one card payment can be
│   ├── SummaryChanged      a price, name, tax or quantity is not what the customer was shown
│   ├── InvalidEmail        (jumun.email_addresses) an address that Stripe or a mail server would refuse
│   ├── InvalidTaxId        (jumun.tax_ids) a tax identifier that cannot be one
│   ├── TooManyUnpaidOrders the browser or the address has placed many that are not paid
│   └── OutOfStock
├── OrderNotPayable         the order is paid, expired or cancelled
├── NotRefundable           the payment is not paid, or the amount is none that Stripe can refund
│   ├── RefundExceedsOrdered more pieces of a line than are left of it
│   ├── RefundExceedsPaid   more than what is left of the payment
│   └── PaymentDisputed     the buyer's bank has the money, or has asked for it
├── NumbersHeld             after a restored backup: which numbers were given since is not known yet
├── NotCreditable           the dispute is not lost, or nothing is left of its invoice
├── BackupRefused           a backup cannot be taken, or must not be restored as asked
├── MalformedSnapshot       Stripe's object lacks what we read, or has it in another shape
├── WebhookRefused          a notification that is not provably from Stripe (answered with 400)
├── LeaseLost               another worker took the row over
├── WorkerDied              every try of a row ended with the process that made it
├── MailRefused             the mail server takes no mail for this address
└── StripeError
    ├── StripeUnavailable   no answer: the outcome is unknown, a retry with the same key is safe
    │   ├── StripeSpared    Stripe has not answered lately, so the call was not made
    │   └── BooksOutdated   a backup was restored, and what has happened since is to be asked of Stripe first
    └── StripeRefused       Stripe answered "no": a retry would get the same answer
"""

import re

# As Stripe's SDK begins a message.
REQUEST_ID = re.compile(r"^Request \S+: ")


class JumunError(Exception):
    """Base of everything that Jumun raises on purpose."""

    retryable = False
    # Where the work was not even begun: it is due again after so long, and this was not one of its tries.
    postponed_s: float | None = None


class OrderRefused(JumunError):
    """The order cannot be placed as asked; the message is fit for a developer, not for a buyer.

    ``field`` names the argument, or the field of the `Customer` or `Item`, that is wrong; it is empty where no single
    one is. ``position`` is the number of the line, from 1, for a field of an `Item`.
    """

    def __init__(self, message: str, *, field: str = "", position: int | None = None) -> None:
        where = f"line {position}, {field}" if position else field
        super().__init__(f"{where}: {message}" if where else message)
        self.field = field
        self.position = position


class EmptyOrder(OrderRefused):
    """An order needs at least one line."""


class TooManyLines(OrderRefused):
    """Stripe's Checkout takes at most 100 lines in one session."""


class AmountOutOfRange(OrderRefused):
    """A quantity, price, discount or total that cannot be, or that Stripe does not charge."""


class AmountTooSmall(AmountOutOfRange):
    """The total is below ``minimum_minor``, the smallest amount that is charged in its currency."""

    def __init__(self, total_minor: int, minimum_minor: int, currency: str) -> None:
        super().__init__(f"{total_minor} {currency} is below the minimum of {minimum_minor}")
        self.minimum_minor = minimum_minor


class AmountTooLarge(AmountOutOfRange):
    """The total is above ``maximum_minor``, the largest amount that is charged at once in its currency."""

    def __init__(self, total_minor: int, maximum_minor: int, currency: str) -> None:
        super().__init__(f"{total_minor} {currency} is above the maximum of {maximum_minor}")
        self.maximum_minor = maximum_minor


class SummaryChanged(OrderRefused):
    """The order would not be what the customer was shown before they pressed the button."""


class TooManyUnpaidOrders(OrderRefused):
    """So many orders of one browser (``kind`` "session") or address ("address") are not paid.

    ``retry_after_s`` is how long it takes until the oldest of them no longer counts.
    """

    def __init__(self, kind: str, count: int, retry_after_s: int) -> None:
        super().__init__(f"{count} unpaid orders of one {kind}")
        self.kind = kind
        self.count = count
        self.retry_after_s = retry_after_s


class OutOfStock(OrderRefused):
    """Fewer are left than were asked for.

    ``sku`` names the article, and is empty where it has been deleted; ``available_quantity`` is what was free at that
    instant.
    """

    def __init__(self, sku: str, available_quantity: int) -> None:
        super().__init__(f"{sku}: only {available_quantity} left")
        self.sku = sku
        self.available_quantity = available_quantity


class OrderNotPayable(JumunError):
    """The order is in a state in which no payment may be started."""


class NotRefundable(JumunError):
    """The payment cannot be refunded as asked; nothing has been sent to Stripe."""


class RefundExceedsPaid(NotRefundable):
    """More was to be refunded than is left; ``refundable_minor`` is what was left at that instant."""

    def __init__(self, payment: str, refundable_minor: int) -> None:
        super().__init__(f"{payment}: only {refundable_minor} left to refund")
        self.refundable_minor = refundable_minor


class PaymentDisputed(NotRefundable):
    """The buyer's bank has taken the money back, or is about to: Stripe refunds it no more (``charge_disputed``).

    ``dispute_id`` is Stripe's id of the dispute, empty where only Stripe's refusal tells of one.
    """

    def __init__(self, message: str, dispute_id: str = "") -> None:
        super().__init__(message)
        self.dispute_id = dispute_id


class RefundUnderWay(JumunError):
    """Another refund of the payment is being made; whether anything is left to be refunded is known after it."""

    retryable = True


class RefundExceedsOrdered(NotRefundable):
    """More pieces of a line were to be refunded, or put back into stock, than were left of it at that instant."""

    def __init__(self, name: str, left_quantity: int, left_restock_quantity: int) -> None:
        super().__init__(f"{name}: {left_quantity} left to refund, {left_restock_quantity} to put back into stock")
        self.name = name
        self.left_quantity = left_quantity
        self.left_restock_quantity = left_restock_quantity


class NotCreditable(JumunError):
    """There is no credit note to be issued for the dispute."""


class NumbersHeld(JumunError):
    """A backup was restored, and Stripe has not told yet how many documents may have been issued since it was taken."""

    retryable = True


class BackupRefused(JumunError):
    """A backup cannot be taken or restored; the message is one line for the operator. Nothing has been changed."""


class MalformedSnapshot(JumunError):
    """An object of Stripe's does not have the shape that we read."""


class WebhookRefused(JumunError):
    """A notification without a valid signature, or a body that is no event.

    ``signed_but`` is why a signature of Stripe's form was not accepted: a value of `WebhookReception.Reason`. It is
    empty where nothing says that Stripe has sent it.
    """

    def __init__(self, message: str, *, signed_but: str = "") -> None:
        super().__init__(message)
        self.signed_but = signed_but


class LeaseLost(JumunError):
    """The row's lease ran out and another worker holds it: this worker's effect must roll back."""

    retryable = True


class WorkerStopping(JumunError):
    """The worker is to stop: the job in hand goes back, and whoever takes it goes on where it was."""


class WorkerDied(JumunError):
    """Each try of the row ended with its process: it must not end another one."""


class MailRefused(JumunError):
    """No mail can be sent to this address: it cannot be written into a mail, or its server refuses it for good."""


class StripeError(JumunError):
    """Something between us and Stripe."""


class StripeUnavailable(StripeError):
    """No answer, or a passing fault: it is unknown whether the call took effect.

    ``replayed`` says that this is the answer which Stripe keeps for the idempotency key: the key will get no other.
    """

    retryable = True

    def __init__(self, message: str, *, replayed: bool = False) -> None:
        super().__init__(message)
        self.replayed = replayed


class StripeSpared(StripeUnavailable):
    """Stripe has not answered lately, so this call was not made; the next one may be after ``postponed_s``."""

    def __init__(self, postponed_s: float) -> None:
        super().__init__("Stripe has not answered lately and is not asked for a moment")
        self.postponed_s = postponed_s


class BooksOutdated(StripeUnavailable):
    """A backup was restored: until our books are compared with Stripe's, nothing is charged, refunded or ended that may
    have been paid or refunded after the backup was taken.
    """

    postponed_s = 15.0


class StripeRefused(StripeError):
    """Stripe understood and refused; ``code`` is Stripe's error code or an empty string."""

    def __init__(self, message: str, code: str = "") -> None:
        super().__init__(message)
        self.code = code

    @property
    def words(self) -> str:
        """Stripe's sentence, without the id of the request, which is another one each time."""
        return REQUEST_ID.sub("", str(self))

    @property
    def proves_nothing(self) -> bool:
        """Whether the answer may only mean that the keys in force are those of another account or another sandbox."""
        return self.code == "resource_missing"
