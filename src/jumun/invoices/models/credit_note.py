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
        """Those that are not cancelled."""
        return self.filter(cancellation=None)


class CreditNote(IssuedDocument):
    """Reverses an invoice or a part of it: for one refund or one lost dispute."""

    kind = "credit_note"
    archive_folder = "credit-notes"

    invoice = models.ForeignKey(Invoice, models.PROTECT, related_name="credit_notes", verbose_name=_("invoice"))
    # Stripe's id, because this app does not know payments.
    refund_id = models.CharField(_("Stripe refund or dispute"), max_length=255, unique=True)
    # Tax included: the document's total without its sign.
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

    def _timeline_details(self) -> dict[str, Any]:
        return {"amount_minor": self.amount_minor}

    def get_customer_url(self) -> str:
        """The customer's download; as secret as `Order.get_customer_url`."""
        return reverse("jumun:credit-note", args=[self.invoice.order.reference, self.number])

    @classmethod
    def creditable_minor(cls, invoice: Invoice, lines: Mapping[int, int] | None = None) -> int:
        """What is left to credit of ``invoice``, or of the quantities in ``lines`` (by position).

        Raises `DocumentError` for an unknown line or a quantity that is not left.
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
        """The credit note for ``amount_minor``, tax included, in the caller's transaction.

        ``lines`` are the returned quantities by position on the invoice: the note names them, and the amount is at most
        their `creditable_minor`. Without ``lines`` the amount is spread over everything that is left.
        ``refunded_to.stripe_id`` is the id of the refund or the lost dispute, which has at most one note. The caller
        holds the lock on the order. Raises `DocumentError` if less is left of the invoice or its lines; if the money
        has moved already, issue it for the amount alone.
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
    def cancel_for(cls, refund_id: str) -> None:
        """Cancel the credit note of that refund or dispute, if there is one; see `cancel`."""
        if note := cls.objects.filter(refund_id=refund_id).first():
            note.cancel()

    def cancel(self) -> Cancellation:
        """Issue the document that cancels the note, because its refund failed or its dispute was won after all.

        Returns the existing document if the note is cancelled already. The amount can then be credited again, by the
        note of another refund. In the caller's transaction, which holds the lock on the order.
        """
        if cancellation := Cancellation.objects.filter(credit_note=self).first():
            return cancellation
        draft = compose_cancellation(self.document, issued_on=business_day())
        return Cancellation.number_and_freeze(draft, prefix=jumun().credit_note_prefix, credit_note=self)


def _standing(invoice: Invoice) -> list[Document]:
    return [note.document for note in invoice.credit_notes.standing().order_by("pk")]
