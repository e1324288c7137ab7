from dataclasses import replace
from typing import Any, Self

from django.db import models, transaction
from django.db.models import F
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from jumun.conf import jumun
from jumun.invoices.compose import compose
from jumun.invoices.document import Document, PaymentReference, canonical_json, from_json, sha256
from jumun.invoices.numbers import document_number, series_prefix
from jumun.orders.models import Order
from jumun.outbox.models import Job

# The PDF engine is large and most processes never print: it is imported where it is used.

__all__ = ["CreditNote", "DocumentIsFrozen", "Invoice", "Series"]


class DocumentIsFrozen(Exception):
    """An issued document cannot be changed or deleted; a credit note corrects it."""


class Series(models.Model):
    """The counter behind the numbers of one prefix and year: consecutive, without gap or repeat.

    The database lets it move by one at a time only, and forward.
    """

    prefix = models.CharField(_("prefix"), max_length=20)
    year = models.PositiveSmallIntegerField(_("year"))
    last_number = models.PositiveBigIntegerField(_("last number"), default=0)

    class Meta:
        verbose_name = _("number series")
        verbose_name_plural = _("number series")
        constraints = [models.UniqueConstraint(fields=["prefix", "year"], name="jumun_series_prefix_year")]

    def __str__(self) -> str:
        return f"{self.prefix}-{self.year}"

    @classmethod
    def next_number(cls, prefix: str, year: int) -> str:
        """The next number of the series.

        The counter's row stays locked until the caller's transaction ends, and a rollback gives the number
        back: call this inside a transaction, as late as possible.
        """
        series = cls.objects.filter(prefix=prefix, year=year)
        with transaction.atomic():
            if not series.update(last_number=F("last_number") + 1):
                Series.objects.bulk_create([Series(prefix=prefix, year=year)], ignore_conflicts=True)
                series.update(last_number=F("last_number") + 1)
            number = series.values_list("last_number", flat=True).get()
        return document_number(prefix, year, number)


class Invoice(models.Model):
    """A paid order's invoice: a number and a frozen document, the only input of everything that shows it.

    The database refuses to change or delete it (see `jumun.invoices.frozen`).
    """

    order = models.OneToOneField(Order, models.PROTECT, related_name="invoice", verbose_name=_("order"))
    number = models.CharField(_("invoice number"), max_length=40, unique=True)
    issued_at = models.DateTimeField(_("issued at"))
    document_json = models.TextField(_("document"))
    document_sha256 = models.CharField(max_length=64)

    class Meta:
        verbose_name = _("invoice")
        verbose_name_plural = _("invoices")
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.number

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise DocumentIsFrozen(self.number)
        super().save(*args, **kwargs)

    def get_absolute_url(self) -> str:
        return reverse("jumun:invoice", args=[self.order.reference])

    def delete(self, *_args: Any, **_kwargs: Any) -> tuple[int, dict[str, int]]:
        raise DocumentIsFrozen(self.number)

    @classmethod
    def issue(cls, order: Order, *, paid_by: PaymentReference | None) -> Self:
        """Number and freeze the invoice of a just paid order and enqueue its mail, in the caller's transaction."""
        from jumun.invoices.pdf import printable

        now = timezone.now()
        draft = printable(compose(order, issued_on=timezone.localdate(now), paid_by=paid_by))
        # Last of all: everybody else who issues an invoice waits for this row until we commit.
        prefix = series_prefix(jumun().invoice_prefix, livemode=order.livemode)
        number = Series.next_number(prefix, draft.issued_on.year)
        document = replace(draft, number=number)
        invoice = cls(
            order=order,
            number=number,
            issued_at=now,
            document_json=canonical_json(document),
            document_sha256=sha256(document),
        )
        invoice.save(force_insert=True)
        Job.enqueue("invoices.mail", key=number, invoice_pk=invoice.pk)
        return invoice

    @property
    def document(self) -> Document:
        return from_json(self.document_json)

    def pdf(self) -> bytes:
        """The invoice on paper; the same bytes every time."""
        from jumun.invoices.pdf import render

        return render(self.document)


from jumun.invoices.credit_note import CreditNote  # noqa: E402  (it needs what is above)
