from collections.abc import Mapping
from typing import Any, Self

from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from jumun.business_day import business_day
from jumun.conf import jumun
from jumun.invoices.compose_credit_note import compose_cancellation, compose_credit_note, value_of_lines
from jumun.invoices.documents.document import Document, PaymentReference
from jumun.invoices.models.cancellation import Cancellation
from jumun.invoices.models.invoice import Invoice
from jumun.invoices.models.issued import IssuedDocument
from jumun.orders.models import Order


class CreditNoteQuerySet(models.QuerySet["CreditNote"]):
    def standing(self) -> Self:
        """Those that are not cancelled: what the invoice is taken back by."""
        return self.filter(cancellation=None)


class CreditNote(IssuedDocument):
    """What takes back an invoice or a part of it: for one refund, or for money that a lost dispute took away."""

    kind = "credit_note"
    archive_folder = "credit-notes"

    invoice = models.ForeignKey(Invoice, models.PROTECT, related_name="credit_notes", verbose_name=_("invoice"))
    # Stripe's id: this app knows nothing of payments.
    refund_id = models.CharField(_("Stripe refund or dispute"), max_length=255, unique=True)
    # What is credited, tax included: the document's total without its sign.
    amount_minor = models.BigIntegerField(_("amount"))

    objects = CreditNoteQuerySet.as_manager()

    class Meta:
        verbose_name = _("credit note")
        verbose_name_plural = _("credit notes")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=models.Q(amount_minor__gt=0), name="jumun_credit_note_amount_positive"),
        ]

    @property
    def for_order(self) -> Order:
        return self.invoice.order

    def _told(self) -> dict[str, Any]:
        return {"amount_minor": self.amount_minor}

    def get_customer_url(self) -> str:
        """The customer's download, as secret as `Order.get_customer_url`."""
        return reverse("jumun:credit-note", args=[self.invoice.order.reference, self.number])

    @classmethod
    def creditable_minor(cls, invoice: Invoice, lines: Mapping[int, int] | None = None) -> int:
        """What is left to be credited of ``invoice``, or of so many pieces (by position) of its ``lines``.

        Raises `DocumentError` for lines that the invoice does not have and more pieces than are left of one.
        """
        return value_of_lines(invoice.document, _standing(invoice), lines)

    @classmethod
    def issue(
        cls,
        invoice: Invoice,
        *,
        amount_minor: int,
        refunded_to: PaymentReference,
        lines: Mapping[int, int] | None = None,
    ) -> Self:
        """The credit note over ``amount_minor``, tax included, in the caller's transaction.

        ``lines`` tells how many pieces (by position on the invoice) come back: the note names them, and the amount is
        at most what is left of them, see `creditable_minor`. Without, the amount is spread over all that is left.
        ``refunded_to.stripe_id`` is the refund's or the lost dispute's id, which has one note at most. The caller
        holds the lock on the order. Raises `DocumentError` for more than what is left of the invoice or of its lines;
        where the money has moved already, the amount alone can still be credited.
        """
        draft = compose_credit_note(
            invoice.document,
            amount_minor=amount_minor,
            lines=lines,
            credited=_standing(invoice),
            issued_on=business_day(),
            refunded_to=refunded_to,
        )
        return cls.number_and_freeze(
            draft,
            prefix=jumun().credit_note_prefix,
            invoice=invoice,
            refund_id=refunded_to.stripe_id,
            amount_minor=amount_minor,
        )

    @classmethod
    def take_back(cls, refund_id: str) -> None:
        """Cancel the note of that refund or dispute, if there is one; see `cancel`."""
        if note := cls.objects.filter(refund_id=refund_id).first():
            note.cancel()

    def cancel(self) -> Cancellation:
        """Take the note back, for its refund has failed or its dispute is won after all: the cancelling document,
        issued now or before.

        The invoice has then that much left to be credited, by a note of another refund. In the caller's transaction,
        which holds the lock on the order.
        """
        if cancellation := Cancellation.objects.filter(credit_note=self).first():
            return cancellation
        draft = compose_cancellation(self.document, issued_on=business_day())
        return Cancellation.number_and_freeze(draft, prefix=jumun().credit_note_prefix, credit_note=self)


def _standing(invoice: Invoice) -> list[Document]:
    return [note.document for note in invoice.credit_notes.standing().order_by("pk")]
