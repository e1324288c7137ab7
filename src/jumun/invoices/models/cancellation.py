from typing import Any

from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from jumun.invoices.models.issued import IssuedDocument
from jumun.orders.models import Order


class Cancellation(IssuedDocument):
    """The reversal of a credit note whose refund failed after it had succeeded; numbered among the credit notes."""

    kind = "cancellation"
    archive_folder = "credit-notes"

    credit_note = models.OneToOneField(
        "jumun_invoices.CreditNote", models.PROTECT, related_name="cancellation", verbose_name=_("credit note")
    )

    class Meta:
        verbose_name = _("credit note cancellation")
        verbose_name_plural = _("credit note cancellations")
        ordering = ["-id"]

    @property
    def for_order(self) -> Order:
        return self.credit_note.invoice.order

    @property
    def amount_minor(self) -> int:
        """By how much the invoice counts again, tax included."""
        return self.credit_note.amount_minor

    def _timeline_details(self) -> dict[str, Any]:
        return {"amount_minor": self.amount_minor}

    def get_customer_url(self) -> str:
        """The customer's download; as secret as `Order.get_customer_url`."""
        return reverse("jumun:credit-note", args=[self.for_order.reference, self.number])
