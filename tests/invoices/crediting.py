"""Credit notes to test with."""

from django.utils import timezone

from jumun.invoices.documents.document import PaymentReference
from jumun.invoices.models import CreditNote, Invoice


def reference(refund_id: str = "re_1") -> PaymentReference:
    return PaymentReference(card_brand="visa", card_last4="4242", stripe_id=refund_id, paid_on=timezone.localdate())


def credit(
    invoice: Invoice, amount_minor: int, refund_id: str = "re_1", lines: dict[int, int] | None = None
) -> CreditNote:
    return CreditNote.issue(invoice, amount_minor=amount_minor, refunded_to=reference(refund_id), lines=lines)
