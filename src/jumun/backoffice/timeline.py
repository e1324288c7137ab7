"""An order's timeline as staff read it: stored are kinds and figures, the sentences are made when they are shown."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy

from jumun.actor import Actor
from jumun.orders.masking import masked_all
from jumun.orders.models import Order, TimelineEntry
from jumun.orders.timeline import Kind
from jumun.payments.models import Dispute, QuarantinedSnapshot
from jumun.templatetags.jumun import money

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

SENTENCES: dict[str, "_StrPromise"] = {
    Kind.PLACED: gettext_lazy("Ordered for %(amount)s."),
    Kind.CORRECTED: gettext_lazy("The customer's details were corrected."),
    Kind.EXPIRED: gettext_lazy("Expired without payment."),
    Kind.CANCELED: gettext_lazy("Cancelled."),
    Kind.CHECKOUT_OPENED: gettext_lazy("Stripe's payment page was opened."),
    Kind.CHECKOUT_EXPIRED: gettext_lazy("Stripe's payment page was closed without payment."),
    Kind.CHECKOUT_REFUSED: gettext_lazy("Stripe made no payment page: %(why)s"),
    Kind.PAYMENT_PROCESSING: gettext_lazy("The payment is on its way; this method takes days."),
    Kind.PAYMENT_DECLINED: gettext_lazy("A card was declined: %(why)s (%(code)s)"),
    Kind.PAYMENT_FAILED: gettext_lazy("The payment failed."),
    Kind.PAID: gettext_lazy("Paid: %(amount)s."),
    Kind.INVOICE_ISSUED: gettext_lazy("Invoice %(number)s was issued."),
    Kind.INVOICE_SENT: gettext_lazy("Invoice %(number)s was sent by mail."),
    Kind.INVOICE_RESEND_ASKED: gettext_lazy("Asked for invoice %(number)s to be sent again."),
    Kind.CREDIT_NOTE_ISSUED: gettext_lazy("Credit note %(number)s over %(amount)s was issued."),
    Kind.CREDIT_NOTE_SENT: gettext_lazy("Credit note %(number)s was sent by mail."),
    Kind.CREDIT_NOTE_RESEND_ASKED: gettext_lazy("Asked for credit note %(number)s to be sent again."),
    Kind.CANCELLATION_ISSUED: gettext_lazy("Cancellation %(number)s of a credit note over %(amount)s was issued."),
    Kind.CANCELLATION_SENT: gettext_lazy("Cancellation %(number)s of a credit note was sent by mail."),
    Kind.CANCELLATION_RESEND_ASKED: gettext_lazy(
        "Asked for cancellation %(number)s of a credit note to be sent again."
    ),
    Kind.REFUND_REQUESTED: gettext_lazy("Asked for a refund of %(amount)s."),
    Kind.REFUND_REFUSED: gettext_lazy("Stripe refused the refund of %(amount)s: %(why)s"),
    Kind.REFUND_PENDING: gettext_lazy("The refund of %(amount)s is on its way."),
    Kind.REFUND_REQUIRES_ACTION: gettext_lazy("The refund of %(amount)s waits for the customer."),
    Kind.REFUND_SUCCEEDED: gettext_lazy("Refunded: %(amount)s."),
    Kind.REFUND_CANCELED: gettext_lazy("The refund of %(amount)s was cancelled."),
    Kind.REFUND_FAILED: gettext_lazy("The refund of %(amount)s failed: %(why)s"),
    Kind.REFUND_MAILED: gettext_lazy("The customer was told of a refund of %(amount)s by mail."),
    Kind.AUTO_REFUND_MAILED: gettext_lazy("The customer was told by mail that %(amount)s goes back."),
    Kind.RESTOCKED: gettext_lazy("Back in stock: %(quantity)s × %(sku)s."),
    Kind.DISPUTE_OPENED: gettext_lazy("The customer's bank disputes %(amount)s: %(why)s"),
    Kind.DISPUTE_FUNDS_WITHDRAWN: gettext_lazy("The disputed %(amount)s was taken back."),
    Kind.DISPUTE_FUNDS_REINSTATED: gettext_lazy("The disputed %(amount)s came back to us."),
    Kind.DISPUTE_WON: gettext_lazy("The dispute over %(amount)s was won."),
    Kind.DISPUTE_LOST: gettext_lazy("The dispute over %(amount)s was lost."),
    Kind.DISPUTE_CLOSED: gettext_lazy("The dispute over %(amount)s was closed."),
    Kind.QUARANTINED: gettext_lazy("Set aside for staff: %(why)s (%(object)s)."),
    Kind.QUARANTINE_RESOLVED: gettext_lazy("Marked %(object)s as dealt with."),
    Kind.EVENT_REPLAYED: gettext_lazy("Had the event %(event)s processed again."),
    Kind.SET_TO_STRIPE: gettext_lazy(
        "%(object)s was %(before)s here and is %(after)s at Stripe: our record was corrected."
    ),
}

ACTORS: dict[str, "_StrPromise"] = {
    Actor.STAFF: gettext_lazy("Staff"),
    Actor.CUSTOMER: gettext_lazy("Customer"),
    Actor.STRIPE: gettext_lazy("Stripe"),
    Actor.WORKER: gettext_lazy("Automatic"),
    Actor.COMMAND: gettext_lazy("Command"),
    Actor.PROGRAM: gettext_lazy("Program"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One line of the timeline, in the language that is active."""

    at: datetime
    who: str
    what: str
    source: str


def timeline_of(order: Order) -> Iterator[Told]:
    """What happened to ``order``, oldest first. Three queries, two of them to hide references."""
    entries = list(order.timeline.order_by("id"))
    sentences = masked_all([_what(entry, order.currency) for entry in entries])
    sources = masked_all([entry.source for entry in entries])
    for entry, what, source in zip(entries, sentences, sources, strict=True):
        yield Told(at=entry.at, who=_who(entry), what=what, source=source)


def _who(entry: TimelineEntry) -> str:
    return entry.actor_name or str(ACTORS.get(entry.actor, entry.actor))


def _what(entry: TimelineEntry, currency: str) -> str:
    """The sentence with its figures; a kind of another version of Jumun is shown as it is stored."""
    sentence = SENTENCES.get(entry.kind)
    if sentence is None:
        return entry.kind
    figures = defaultdict(lambda: "–", entry.details)
    if "amount_minor" in figures:
        figures["amount"] = money(figures["amount_minor"], figures.get("currency", currency))
    if "reason" in figures:
        labels = {**dict(QuarantinedSnapshot.Reason.choices), **dict(Dispute.Reason.choices)}
        figures["why"] = labels.get(figures["reason"], figures["reason"])
    return str(sentence) % figures
