from typing import Self

from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from jumun.business_day import business_day
from jumun.conf import jumun
from jumun.invoices.compose import compose
from jumun.invoices.documents.document import PaymentReference
from jumun.invoices.models.issued import IssuedDocument
from jumun.orders.models import Order


class Invoice(IssuedDocument):
    kind = "invoice"
    archive_folder = "invoices"

    order = models.OneToOneField(Order, models.PROTECT, related_name="invoice", verbose_name=_("order"))

    class Meta:
        verbose_name = _("invoice")
        verbose_name_plural = _("invoices")
        ordering = ["-id"]
        # Downloading all invoices is more than looking at one.
        permissions = [("export_invoice", "Can export invoices")]

    @property
    def for_order(self) -> Order:
        return self.order

    def get_customer_url(self) -> str:
        """The customer's download; as secret as `Order.get_customer_url`."""
        return reverse("jumun:invoice", args=[self.order.reference])

    @classmethod
    def issue(cls, order: Order, *, paid_by: PaymentReference | None) -> Self:
        """Number and freeze the invoice of a paid order and enqueue its PDF and mail, in the caller's transaction."""
        draft = compose(order, issued_on=business_day(), paid_by=paid_by)
        return cls.number_and_freeze(draft, prefix=jumun().invoice_prefix, order=order)
