"""The errors of Jumun. ``retryable`` tells a worker whether another try can help.

JumunError
├── OrderRefused                the order cannot be placed as requested
│   ├── EmptyOrder
│   ├── TooManyLines
│   ├── AmountOutOfRange        a quantity, price, discount or total that is not possible
│   │   ├── AmountTooSmall      below the smallest card payment
│   │   └── AmountTooLarge      above the largest card payment
│   ├── SummaryChanged          a price, name, tax or quantity is not what the customer was shown
│   ├── TooManyUnpaidOrders     the browser or the address already has many unpaid orders
│   ├── OutOfStock
│   ├── InvalidEmail            an address that Stripe or a mail server would refuse (jumun.email_addresses)
│   └── InvalidTaxId            a tax identifier that cannot exist (jumun.tax_ids)
├── OrderNotPayable             the order is paid, expired or canceled
├── NotRefundable               the payment is not paid, or Stripe cannot refund this amount
│   ├── RefundExceedsOrdered    more pieces of a line than are left to refund
│   ├── RefundExceedsPaid       more money than is left to refund
│   └── PaymentDisputed         the buyer's bank has the money, or has requested it
├── RefundUnderWay              another refund of the payment is being made; retry after it
├── NotCreditable               the dispute is not lost, or nothing is left of its invoice
├── NumbersHeld                 a backup was restored, and Stripe has not yet reported what happened since
├── BackupRefused               a backup cannot be taken, or must not be restored as requested
├── MalformedSnapshot           an object from Stripe lacks a field that we read, or has it in another shape
├── WebhookRefused              400: invalid signature or malformed event
├── LeaseLost                   another worker has taken the row over
├── WorkerStopping              the worker is to stop; its job goes back to the queue
├── WorkerDied                  every try of the row ended with the process that made it
├── AloneFailed                 the row's own process failed outside the row (jumun.outbox.alone)
├── MailRefused                 the mail server accepts no mail for this address
├── DocumentError               a document whose figures do not add up (jumun.invoices.documents.document)
├── EInvoiceError               EN 16931 cannot express the document (jumun.invoices.documents.einvoice_scope)
├── RenderError                 the PDF cannot be made from its template (jumun.invoices.documents.render_errors)
│   ├── MissingGlyph            no font has some of the characters
│   ├── EngineDied              the engine panicked, aborted, grew too large or took too long
│   └── RendererUnavailable     the engine did not start, or is busy; nothing was rendered
└── StripeError
    ├── StripeUnavailable       no answer: the outcome is unknown; a retry with the same key is safe
    │   ├── StripeSpared        Stripe has not answered lately, so the call was not made
    │   └── BooksOutdated       a backup was restored, and the books are not yet compared with Stripe
    └── StripeRefused           Stripe refused: a retry would get the same answer

Errors that concern the caller's code or settings do not derive from `JumunError`:

Exception
└── DocumentIsFrozen            code tries to change or delete an issued document (jumun.invoices.models.issued)
ValueError
├── InvalidSetting              the JUMUN dict has an unknown key or an unusable value (jumun.conf)
└── MoneyError                  an amount or text cannot be converted without loss (jumun.money)
    ├── TooManyDecimals         more decimals than the currency has
    └── AmbiguousGroup          "1,234" in a currency with three decimals
BadRequest
└── RequestRefused              the request has a parameter that no page accepts (jumun.views)
"""

import re

# How Stripe's SDK begins a message.
REQUEST_ID = re.compile(r"^Request \S+: ")


class JumunError(Exception):
    """Base of the errors that a caller or a worker can act on."""

    retryable = False
    # If set, the work did not begin: it is due again after this time, and the try does not count.
    postponed_s: float | None = None


class OrderRefused(JumunError):
    """The order cannot be placed as requested. The message is for a developer, not for a buyer.

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
    """A quantity, price, discount or total that is not possible, or that Stripe does not charge."""


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
    """The order would differ from what the customer was shown before they pressed the button."""


class TooManyUnpaidOrders(OrderRefused):
    """One browser (``kind`` "session") or address ("address") has too many unpaid orders.

    After ``retry_after_s`` the oldest of them no longer counts.
    """

    def __init__(self, kind: str, count: int, retry_after_s: int) -> None:
        super().__init__(f"{count} unpaid orders of one {kind}")
        self.kind = kind
        self.count = count
        self.retry_after_s = retry_after_s


class OutOfStock(OrderRefused):
    """Fewer pieces are left than were ordered.

    ``sku`` names the article; it is empty if the article was deleted. ``available_quantity`` is what was free at that
    instant.
    """

    def __init__(self, sku: str, available_quantity: int) -> None:
        super().__init__(f"{sku}: only {available_quantity} left")
        self.sku = sku
        self.available_quantity = available_quantity


class OrderNotPayable(JumunError):
    """The order is in a state in which no payment can be started."""


class NotRefundable(JumunError):
    """The payment cannot be refunded as requested. Nothing was sent to Stripe."""


class RefundExceedsPaid(NotRefundable):
    """The amount exceeds what is left to refund; ``refundable_minor`` is what was left at that instant."""

    def __init__(self, payment: str, refundable_minor: int) -> None:
        super().__init__(f"{payment}: only {refundable_minor} left to refund")
        self.refundable_minor = refundable_minor


class PaymentDisputed(NotRefundable):
    """The buyer's bank has taken the money back, or is about to. Stripe then refuses refunds (``charge_disputed``).

    ``dispute_id`` is Stripe's id of the dispute. It is empty if only Stripe's refusal says that there is one.
    """

    def __init__(self, message: str, dispute_id: str = "") -> None:
        super().__init__(message)
        self.dispute_id = dispute_id


class RefundUnderWay(JumunError):
    """Another refund of the payment is being made. What is left to refund is known after it."""

    retryable = True


class RefundExceedsOrdered(NotRefundable):
    """The request exceeds the pieces of a line that were left to refund, or to put back into stock, at that instant."""

    def __init__(self, name: str, left_quantity: int, left_restock_quantity: int) -> None:
        super().__init__(f"{name}: {left_quantity} left to refund, {left_restock_quantity} to put back into stock")
        self.name = name
        self.left_quantity = left_quantity
        self.left_restock_quantity = left_restock_quantity


class NotCreditable(JumunError):
    """No credit note can be issued for the dispute."""


class NumbersHeld(JumunError):
    """A backup was restored, and it is not yet known how many documents may have been issued since it was taken."""

    retryable = True


class BackupRefused(JumunError):
    """A backup cannot be taken or restored. The message is one line for the operator. Nothing was changed."""


class MalformedSnapshot(JumunError):
    """An object from Stripe does not have the shape that we read."""


class WebhookRefused(JumunError):
    """A notification without a valid signature, or a body that is not an event.

    ``signed_but`` says why a signature in Stripe's form was not accepted: a value of `WebhookReception.Reason`. It is
    empty if nothing suggests that Stripe sent the notification.
    """

    def __init__(self, message: str, *, signed_but: str = "") -> None:
        super().__init__(message)
        self.signed_but = signed_but


class LeaseLost(JumunError):
    """The row's lease expired and another worker holds the row: this worker must roll its effect back."""

    retryable = True


class WorkerStopping(JumunError):
    """The worker is to stop. The running job goes back to the queue; the next worker continues where it stopped."""


class WorkerDied(JumunError):
    """Each try of the row ended its process. The row must not end another one."""


class MailRefused(JumunError):
    """No mail can be sent to this address: it is not a valid recipient, or its server refuses it permanently."""


class StripeError(JumunError):
    """A call to Stripe failed."""


class StripeUnavailable(StripeError):
    """No answer, or a temporary fault: it is unknown whether the call took effect.

    ``replayed`` says that Stripe stored this answer for the idempotency key, so a retry with the key gets it again.
    """

    retryable = True

    def __init__(self, message: str, *, replayed: bool = False) -> None:
        super().__init__(message)
        self.replayed = replayed


class StripeSpared(StripeUnavailable):
    """Stripe has not answered lately, so this call was not made. Try again after ``postponed_s``."""

    def __init__(self, postponed_s: float) -> None:
        super().__init__("Stripe has not answered lately and is not asked for a moment")
        self.postponed_s = postponed_s


class BooksOutdated(StripeUnavailable):
    """A backup was restored. Orders from before are not charged, refunded or ended until the books are compared with
    Stripe, because they may have been paid or refunded after the backup was taken.
    """

    postponed_s = 15.0


class StripeRefused(StripeError):
    """Stripe understood the call and refused it; ``code`` is Stripe's error code or an empty string."""

    def __init__(self, message: str, code: str = "") -> None:
        super().__init__(message)
        self.code = code

    @property
    def words(self) -> str:
        """Stripe's sentence without the request id, which differs each time."""
        return REQUEST_ID.sub("", str(self))

    @property
    def proves_nothing(self) -> bool:
        """Whether the answer may only mean that the current keys belong to another account or sandbox."""
        return self.code == "resource_missing"
