import logging
from typing import TYPE_CHECKING

from django.core.exceptions import SuspiciousFileOperation
from django.db import IntegrityError, models, transaction
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from jumun.business_day import business_day
from jumun.invoices import archive, chain
from jumun.invoices.chain import SEAL_MAX_CHARS
from jumun.invoices.documents.make_pdf import Layout, MadePdf

if TYPE_CHECKING:
    from jumun.invoices.models.issued import IssuedDocument

logger = logging.getLogger("jumun.invoices")

LAYOUT_NAMES: dict[Layout, Promise] = {
    "site": _("site layout"),
    "plain": _("plain layout"),
    "spelled": _("plain layout with code points"),
}


class ArchivedPdf(models.Model):
    """The record of a PDF in the archive: where it is, and the SHA-256 by which a changed one is noticed."""

    # Of the invoice, credit note or cancellation; no two documents of any kind have the same.
    number = models.CharField(_("document number"), max_length=48, unique=True)
    name = models.CharField(_("file"), max_length=255)
    sha256 = models.CharField(_("SHA-256 of the file"), max_length=64)
    # Of what was printed: a document that was forged with its own hash is not the one on its paper.
    document_sha256 = models.CharField(_("SHA-256 of the document"), max_length=64)
    size_bytes = models.PositiveIntegerField(_("size (bytes)"))
    # In which the document could be set; see `make_pdf`.
    layout = models.CharField(_("layout"), max_length=16, choices=LAYOUT_NAMES)
    archived_at = models.DateTimeField(_("archived at"), default=timezone.now)
    # A keyed hash over the columns above: see `jumun.invoices.chain`.
    seal = models.CharField(max_length=SEAL_MAX_CHARS, db_default="", editable=False)

    class Meta:
        verbose_name = _("archived PDF")
        verbose_name_plural = _("archived PDFs")

    def __str__(self) -> str:
        return self.name

    @classmethod
    def keep(cls, issued: "IssuedDocument", made: MadePdf) -> bytes:
        """Archive the PDF of ``issued``, and return what is archived: another's, if that came first."""
        name = f"{issued.archive_folder}/{business_day(issued.issued_at).year}/{issued.number}.pdf"
        stored = archive.put(name, made.content)
        if stored != made.content:
            # Usually our own PDF in another layout: its writer was killed before it recorded it, or a restored backup
            # lost the record. A customer may have it, so record that one. Anything else stays for the audit to report.
            if layout := issued.layout_of(stored):
                made = MadePdf(content=stored, layout=layout)
            else:
                name = archive.store(name, made.content)
        row = ArchivedPdf(
            number=issued.number,
            name=name,
            sha256=archive.digest(made.content),
            document_sha256=issued.document_sha256,
            size_bytes=len(made.content),
            layout=made.layout,
        )
        row.seal = chain.seal_record(*row.sealed())
        try:
            with transaction.atomic():
                row.save(force_insert=True)
        except IntegrityError:
            first = issued.archived
            if first is None:
                raise
            if first.name != name:
                archive.storage().delete(name)
            return first.content() or made.content
        return made.content

    def sealed(self) -> tuple[str, ...]:
        """What its seal covers: every column, as text."""
        at = chain.moment(self.archived_at)
        return self.number, self.name, self.sha256, self.document_sha256, str(self.size_bytes), self.layout, at

    def content(self) -> bytes | None:
        """The file, or ``None`` (and a line in the log) where it is gone, unreadable or not what was archived."""
        try:
            content = archive.fetch(self.name)
        except (OSError, SuspiciousFileOperation) as error:  # a disk that fails; a name that was forged
            logger.error("the archived PDF %s cannot be read: %s", self.name, error)
            return None
        if content is None or archive.digest(content) != self.sha256:
            logger.error("the archived PDF %s is %s", self.name, "missing" if content is None else "damaged")
            return None
        return content

    def restore(self, issued: "IssuedDocument") -> bool:
        """Put a missing or damaged file back. ``False`` where this version no longer makes the same bytes."""
        if self.content() is not None:
            return True
        content = issued.render_as(self.layout)
        if archive.digest(content) != self.sha256:
            return False
        archive.replace(self.name, content)
        return True
