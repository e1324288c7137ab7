import hashlib
import logging
from dataclasses import replace
from importlib.util import find_spec
from typing import Any, ClassVar, Literal, Self, cast

from django.db import IntegrityError, models, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from jumun.business_day import business_day
from jumun.conf import jumun
from jumun.invoices import archive, chain
from jumun.invoices.chain import SEAL_MAX_CHARS
from jumun.invoices.documents.document import Document, Kind, as_typed, canonical_json, from_json
from jumun.invoices.documents.einvoice_scope import EInvoiceError, has_einvoice
from jumun.invoices.documents.make_pdf import LAYOUTS, Layout, MadePdf, make_pdf, render_as
from jumun.invoices.documents.render_errors import RenderError, RendererUnavailable
from jumun.invoices.models.archived_pdf import ArchivedPdf
from jumun.invoices.models.series import Series, moment_of_issue
from jumun.invoices.numbers import series_prefix
from jumun.invoices.site_theme import site_theme
from jumun.orders import timeline
from jumun.orders.models import Order
from jumun.outbox.models import Job

logger = logging.getLogger("jumun.invoices")

# How long a mail waits for the archived PDF before it makes its own: an archive may hang.
MAIL_WAITS_S = 120

# The XML library is large, and most processes never need it, so it is imported where it is used.


class DocumentIsFrozen(Exception):
    """An issued document cannot be changed or deleted; another document that refers to it corrects it."""


class IssuedDocument(models.Model):
    """A numbered, frozen document: an invoice, a credit note or a cancellation.

    Its PDF, mail and e-invoice are made of `document` alone. The database refuses to change or delete it: see
    `jumun.invoices.append_only`.
    """

    kind: ClassVar[Kind]
    archive_folder: ClassVar[str]

    number = models.CharField(_("number"), max_length=48, unique=True)
    # Indexed for the period of an export, the filter of the lists and the audit.
    issued_at = models.DateTimeField(_("issued at"), db_index=True)
    document_json = models.TextField(_("document"))
    document_sha256 = models.CharField(_("SHA-256 of the document"), max_length=64)
    # A keyed hash of the document and the seal before it: see `jumun.invoices.chain`.
    seal = models.CharField(max_length=SEAL_MAX_CHARS, db_default="", editable=False)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.number

    def save(self, *_args: Any, **_kwargs: Any) -> None:
        """Only `issue` creates documents: it numbers and seals them."""
        raise DocumentIsFrozen(self.number)

    def delete(self, *_args: Any, **_kwargs: Any) -> tuple[int, dict[str, int]]:
        raise DocumentIsFrozen(self.number)

    @classmethod
    def number_and_freeze(cls, draft: Document, *, prefix: str, **values: Any) -> Self:
        """Number, freeze and write ``draft`` and enqueue its PDF and mail, in the caller's transaction."""
        draft = as_typed(draft)
        # As late as possible: everybody else who issues from this series waits until we commit.
        series = series_prefix(prefix, seller_code=jumun().seller.code, livemode=draft.livemode)
        year = draft.issued_on.year
        number, seal_before = Series.next_link(series, year)
        # Read the clock while the series is locked, so that a later number never has an earlier date.
        at = moment_of_issue(year)
        text = canonical_json(replace(draft, number=number, issued_on=business_day(at)))
        sha256 = hashlib.sha256(text.encode()).hexdigest()
        seal = chain.seal(number, at, sha256, seal_before)
        issued = cls(number=number, issued_at=at, document_json=text, document_sha256=sha256, seal=seal, **values)
        # Unlike `create`, it does not call `save`, which refuses.
        cls._default_manager.bulk_create([issued])
        Series.keep_seal(series, year, seal)
        issued.record("issued")
        # The archive's job hastens the mail, which then finds the PDF made.
        archive_job = Job.of("invoices.archive", key=number, number=number)
        Job.add_all([archive_job, Job.of("invoices.mail", key=number, number=number, wait_s=MAIL_WAITS_S)])
        return issued

    @property
    def for_order(self) -> Order:
        raise NotImplementedError

    def send_again(self) -> None:
        """Enqueue the mail again, at most once a minute, so that a double click sends one mail."""
        again = f"{timezone.now():%Y%m%dT%H%M}"
        with transaction.atomic():
            Job.enqueue("invoices.mail", key=f"{self.number}:{again}", number=self.number, again=again)
            self.record("resend_asked")

    def record(self, what: Literal["issued", "sent", "resend_asked"]) -> None:
        """Record in the order's timeline what happened to the document."""
        kind = timeline.Kind(f"{self.kind}_{what}")
        self.for_order.record(kind, number=self.number, **self._timeline_details())

    def _timeline_details(self) -> dict[str, Any]:
        """What the timeline records besides the number."""
        return {}

    @property
    def document(self) -> Document:
        return from_json(self.document_json)

    @property
    def has_einvoice(self) -> bool:
        return has_einvoice(self.document)

    def xml(self) -> bytes:
        """The e-invoice of EN 16931. Raises `EInvoiceError` with the reason if there can be none."""
        if find_spec("drafthorse") is None:
            raise EInvoiceError('The packages for e-invoices are not installed: pip install "jumun[einvoice]"')
        from jumun.invoices.documents.einvoice import einvoice

        return einvoice(self.document)

    @property
    def archived(self) -> ArchivedPdf | None:
        """The record of its PDF, once that is archived."""
        return ArchivedPdf.objects.filter(number=self.number).first()

    def pdf(self) -> bytes:
        """The archived PDF; made and archived now if there is none, so that it has the same bytes every time.

        Raises `RenderError` if it cannot be made; see `make_pdf`.
        """
        archived = self.archived
        if archived:
            return archived.content() or self.render_as(archived.layout)
        made = self.make_pdf()
        try:
            return self.archive_pdf(made)
        except Exception:  # whatever a storage raises: the reader needs the PDF, not the archive
            logger.exception("the PDF of %s cannot be archived", self.number)
            return made.content

    def keep_pdf(self) -> None:
        """Archive the PDF, or restore it if it is missing or damaged.

        Raises `RenderError` and what the storage raises.
        """
        archived = self.archived
        if archived:
            archived.restore(self.render_as)
        else:
            self.archive_pdf(self.make_pdf())

    def archive_pdf(self, made: MadePdf) -> bytes:
        """Archive ``made``, and return what is archived: another process's PDF, if that came first."""
        name = f"{self.archive_folder}/{business_day(self.issued_at).year}/{self.number}.pdf"
        stored = archive.put(name, made.content)
        if stored != made.content:
            # Usually our own PDF in another layout: its writer was killed before it recorded it, or a restored backup
            # lost the record. A customer may have it, so record that one. Anything else stays for the audit to report.
            if layout := self.layout_of(stored):
                made = MadePdf(content=stored, layout=layout)
            else:
                name = archive.store(name, made.content)
        try:
            with transaction.atomic():
                ArchivedPdf.record(made, name=name, number=self.number, document_sha256=self.document_sha256)
        except IntegrityError:
            first = self.archived
            if first is None:
                raise
            if first.name != name:
                archive.storage().delete(name)
            return first.content() or made.content
        return made.content

    def make_pdf(self) -> MadePdf:
        """Make the PDF from the document, and log a layout other than the site's."""
        made = make_pdf(self.document, site_theme())
        if made.layout != "site":
            logger.warning("the PDF of %s has the layout %r: %s", self.number, made.layout, made.reason)
        return made

    def render_as(self, layout: str) -> bytes:
        """Make the PDF in a given layout. Raises `RenderError`."""
        return render_as(self.document, site_theme(), cast(Layout, layout))

    def layout_of(self, content: bytes) -> Layout | None:
        """The layout whose PDF is ``content``; ``None`` if it is another file.

        Raises `RendererUnavailable`.
        """
        for layout in LAYOUTS:
            try:
                if self.render_as(layout) == content:
                    return layout
            except RendererUnavailable:
                raise
            except RenderError:
                continue
        return None
