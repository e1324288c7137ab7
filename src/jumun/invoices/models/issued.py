from dataclasses import replace
from importlib.util import find_spec
from typing import Any, ClassVar, Literal, Self

from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from jumun.conf import jumun
from jumun.invoices import archive
from jumun.invoices.document import Document, Kind, canonical_json, from_json
from jumun.invoices.einvoice_scope import EInvoiceError, check
from jumun.invoices.issue_date import moment_of_issue
from jumun.invoices.models.archived_pdf import ArchivedPdf
from jumun.invoices.models.series import Series
from jumun.invoices.numbers import series_prefix
from jumun.orders import timeline
from jumun.orders.models import Order
from jumun.outbox.models import Job
from jumun.rows import insert
from jumun.shop_day import shop_day

# The PDF engine and the XML library are large, and most processes never print: they are imported where they are used.


class DocumentIsFrozen(Exception):
    """An issued document cannot be changed or deleted; another one that refers to it corrects it."""


class IssuedDocument(models.Model):
    """What invoice, credit note and cancellation have in common: a number, and a frozen document, which is the only
    input of everything that shows it.

    The database refuses to change or delete it (see `jumun.invoices.frozen`).
    """

    kind: ClassVar[Kind]
    archive_folder: ClassVar[str]

    number = models.CharField(_("number"), max_length=48, unique=True)
    # The period of an export, the filter of the lists and the audit ask for it among millions.
    issued_at = models.DateTimeField(_("issued at"), db_index=True)
    document_json = models.TextField(_("document"))
    document_sha256 = models.CharField(_("SHA-256 of the document"), max_length=64)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.number

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise DocumentIsFrozen(self.number)
        super().save(*args, **kwargs)

    def delete(self, *_args: Any, **_kwargs: Any) -> tuple[int, dict[str, int]]:
        raise DocumentIsFrozen(self.number)

    @classmethod
    def _issue(cls, draft: Document, *, prefix: str, **values: Any) -> Self:
        """Number, freeze and write ``draft`` and enqueue its PDF and mail, in the caller's transaction."""
        # Last of all: everybody else who issues from this series waits for its row until we commit.
        series = series_prefix(prefix, seller_code=jumun().seller.code, livemode=draft.livemode)
        number = Series.next_number(series, draft.issued_on.year)
        # The clock is read again now that nobody else issues: a later number never has an earlier date.
        at = moment_of_issue(draft.issued_on.year)
        text = canonical_json(replace(draft, number=number, issued_on=shop_day(at)))
        issued = cls(
            number=number, issued_at=at, document_json=text, document_sha256=archive.digest(text.encode()), **values
        )
        insert(issued)
        issued.record("issued")
        # In this order, so that the mail finds the PDF made.
        Job.enqueue("invoices.archive", "invoices.mail", key=number, number=number)
        return issued

    @property
    def for_order(self) -> Order:
        """The order that it belongs to."""
        raise NotImplementedError

    def send_again(self) -> None:
        """Enqueue the mail once more, but only once a minute: a double click sends one."""
        again = f"{timezone.now():%Y%m%dT%H%M}"
        with transaction.atomic():
            Job.enqueue("invoices.mail", key=f"{self.number}:{again}", number=self.number, again=again)
            self.record("resend_asked")

    def record(self, what: Literal["issued", "sent", "resend_asked"]) -> None:
        """Write into the order's timeline what happened to the document."""
        kind = timeline.Kind(f"{self.kind}_{what}")
        self.for_order.record(kind, number=self.number, **self._told())

    def _told(self) -> dict[str, Any]:
        """What the timeline tells of it besides its number."""
        return {}

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

    @property
    def archived(self) -> ArchivedPdf | None:
        """The record of its PDF, once the worker has made that."""
        return ArchivedPdf.objects.filter(number=self.number).first()

    def pdf(self) -> bytes:
        """It on paper, the same bytes every time: as archived, or made anew where it is not (yet)."""
        archived = self.archived
        return (archived and archived.content()) or self.render()

    def render(self) -> bytes:
        """Make the PDF from the document, with the e-invoice in it where there can be one."""
        from jumun.invoices.site_theme import site_theme

        if self.has_einvoice:
            from jumun.invoices.facturx import render_hybrid

            return render_hybrid(self.document, theme=site_theme())
        from jumun.invoices.pdf import render

        return render(self.document, theme=site_theme())
