import logging
from collections.abc import Callable

from django.core.exceptions import SuspiciousFileOperation
from django.db import models
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from jumun.invoices import archive, chain
from jumun.invoices.chain import SEAL_MAX_CHARS
from jumun.invoices.documents.make_pdf import Layout, MadePdf

logger = logging.getLogger("jumun.invoices")

LAYOUT_NAMES: dict[Layout, Promise] = {
    "site": _("site layout"),
    "plain": _("plain layout"),
    "spelled": _("plain layout with code points"),
}


class ArchivedPdf(models.Model):
    """The record of a PDF in the archive: where it is, and the SHA-256 that shows a change."""

    # Of the invoice, credit note or cancellation: numbers are unique across the kinds.
    number = models.CharField(_("document number"), max_length=48, unique=True)
    name = models.CharField(_("file"), max_length=255)
    sha256 = models.CharField(_("SHA-256 of the file"), max_length=64)
    # Of the document that was printed: a forged document has another hash, even if its own columns agree.
    document_sha256 = models.CharField(_("SHA-256 of the document"), max_length=64)
    size_bytes = models.PositiveIntegerField(_("size (bytes)"))
    # The layout that could hold the document; see `make_pdf`.
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
    def record(cls, made: MadePdf, *, name: str, number: str, document_sha256: str) -> None:
        """Record that ``made`` is in the archive as ``name``. Raises `IntegrityError` if the document has a record."""
        row = cls(
            number=number,
            name=name,
            sha256=archive.digest(made.content),
            document_sha256=document_sha256,
            size_bytes=len(made.content),
            layout=made.layout,
        )
        row.seal = chain.seal_record(*row.sealed())
        row.save(force_insert=True)

    def sealed(self) -> tuple[str, ...]:
        """Every column as text: what the seal covers."""
        at = chain.moment(self.archived_at)
        return self.number, self.name, self.sha256, self.document_sha256, str(self.size_bytes), self.layout, at

    def content(self) -> bytes | None:
        """The file; ``None``, and a line in the log, if it is missing, unreadable or not what was archived."""
        try:
            content = archive.fetch(self.name)
        except (OSError, SuspiciousFileOperation) as error:  # a failing disk; a forged name
            logger.error("the archived PDF %s cannot be read: %s", self.name, error)
            return None
        if content is None or archive.digest(content) != self.sha256:
            logger.error("the archived PDF %s is %s", self.name, "missing" if content is None else "damaged")
            return None
        return content

    def restore(self, render_as: Callable[[str], bytes]) -> bool:
        """Put a missing or damaged file back, rendered in its layout. ``False`` if the bytes are no longer the same."""
        if self.content() is not None:
            return True
        content = render_as(self.layout)
        if archive.digest(content) != self.sha256:
            return False
        archive.replace(self.name, content)
        return True
