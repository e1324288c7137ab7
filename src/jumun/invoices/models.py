import logging
from dataclasses import replace
from importlib.util import find_spec
from typing import Any, Self

from django.core.files.base import ContentFile
from django.db import models, transaction
from django.db.models import F
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from jumun.conf import jumun
from jumun.invoices import archive
from jumun.invoices.compose import compose
from jumun.invoices.document import Document, PaymentReference, canonical_json, from_json
from jumun.invoices.einvoice_scope import EInvoiceError, check
from jumun.invoices.numbers import document_number, series_prefix
from jumun.orders.models import Order
from jumun.orders.timeline import Kind
from jumun.outbox.models import Job

# The PDF engine and the XML library are large, and most processes never print: they are imported where they are used.

logger = logging.getLogger("jumun.invoices")

__all__ = ["ArchivedPdf", "CreditNote", "DocumentIsFrozen", "Invoice", "Series"]


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
        with transaction.atomic(savepoint=False):
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
    document_sha256 = models.CharField(_("SHA-256 of the document"), max_length=64)

    class Meta:
        verbose_name = _("invoice")
        verbose_name_plural = _("invoices")
        ordering = ["-id"]
        # Taking all invoices away in a file is more than looking at one.
        permissions = [("export_invoice", "Can export invoices")]

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
        """Number and freeze a just paid order's invoice and enqueue its PDF and mail, in the caller's transaction."""
        from jumun.invoices.pdf import printable

        now = timezone.now()
        draft = printable(compose(order, issued_on=timezone.localdate(now), paid_by=paid_by))
        # Last of all: everybody else who issues an invoice waits for this row until we commit.
        prefix = series_prefix(jumun().invoice_prefix, livemode=order.livemode)
        number = Series.next_number(prefix, draft.issued_on.year)
        text = canonical_json(replace(draft, number=number))
        invoice = cls(
            order=order,
            number=number,
            issued_at=now,
            document_json=text,
            document_sha256=archive.digest(text.encode()),
        )
        invoice.save(force_insert=True)
        order.record(Kind.INVOICE_ISSUED, number=number)
        # In this order, so that the mail finds the PDF made.
        Job.enqueue("invoices.archive", key=number, invoice_pk=invoice.pk)
        Job.enqueue("invoices.mail", key=number, invoice_pk=invoice.pk)
        return invoice

    def send_again(self) -> None:
        """Enqueue the mail once more, but only once a minute: a double click sends one."""
        again = f"{timezone.now():%Y%m%dT%H%M}"
        with transaction.atomic():
            Job.enqueue("invoices.mail", key=f"{self.number}:{again}", invoice_pk=self.pk, again=again)
            self.order.record(Kind.INVOICE_RESEND_ASKED, number=self.number)

    @property
    def document(self) -> Document:
        return from_json(self.document_json)

    @property
    def has_einvoice(self) -> bool:
        """Whether `xml` can be had."""
        try:
            check(self.document)
        except EInvoiceError:
            return False
        return find_spec("drafthorse") is not None

    def xml(self) -> bytes:
        """The e-invoice of EN 16931. Raises `EInvoiceError` where there can be none, which says why."""
        if find_spec("drafthorse") is None:
            raise EInvoiceError('The packages for e-invoices are not installed: pip install "jumun[einvoice]"')
        from jumun.invoices.einvoice import einvoice

        return einvoice(self.document)

    def pdf(self) -> bytes:
        """The invoice on paper, the same bytes every time: as archived, or made anew where it is not (yet)."""
        archived = ArchivedPdf.objects.filter(invoice=self).first()
        return (archived and archived.content()) or self.render()

    def render(self) -> bytes:
        """Make the PDF from the document, with the e-invoice in it where there can be one."""
        if self.has_einvoice:
            from jumun.invoices.facturx import render_hybrid

            return render_hybrid(self.document)
        from jumun.invoices.pdf import render

        return render(self.document)


class ArchivedPdf(models.Model):
    """The record of a PDF in the archive: where it is, and the SHA-256 by which a changed one is noticed."""

    invoice = models.OneToOneField(Invoice, models.PROTECT, related_name="archived", verbose_name=_("invoice"))
    name = models.CharField(_("file"), max_length=255)
    sha256 = models.CharField(_("SHA-256 of the file"), max_length=64)
    size_bytes = models.PositiveIntegerField(_("size (bytes)"))
    archived_at = models.DateTimeField(_("archived at"), default=timezone.now)

    class Meta:
        verbose_name = _("archived PDF")
        verbose_name_plural = _("archived PDFs")

    def __str__(self) -> str:
        return self.name

    @classmethod
    def keep(cls, invoice: Invoice) -> None:
        """Render and keep the invoice's PDF; what is archived already is left alone, or put back if it is gone."""
        archived = cls.objects.filter(invoice=invoice).first()
        if archived:
            archived.restore()
            return
        content = invoice.render()
        name = archive.store(f"invoices/{invoice.issued_at.year}/{invoice.number}.pdf", content)
        row = ArchivedPdf(invoice=invoice, name=name, sha256=archive.digest(content), size_bytes=len(content))
        ArchivedPdf.objects.bulk_create([row], ignore_conflicts=True)

    def content(self) -> bytes | None:
        """The file, or ``None`` (and a line in the log) where it is gone or not what was archived."""
        content = archive.fetch(self.name)
        if content is None or archive.digest(content) != self.sha256:
            logger.error("the archived PDF %s is %s", self.name, "missing" if content is None else "damaged")
            return None
        return content

    def restore(self) -> bool:
        """Put a missing or damaged file back. ``False`` where this version no longer makes the same bytes."""
        if self.content() is not None:
            return True
        content = self.invoice.render()
        if archive.digest(content) != self.sha256:
            return False
        archive.storage().delete(self.name)
        return archive.storage().save(self.name, ContentFile(content)) == self.name


from jumun.invoices.credit_note import CreditNote  # noqa: E402  (it needs what is above)
