import logging
from typing import TYPE_CHECKING

from django.core.files.base import ContentFile
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from jumun.invoices import archive

if TYPE_CHECKING:
    from jumun.invoices.models.issued import IssuedDocument

logger = logging.getLogger("jumun.invoices")


class ArchivedPdf(models.Model):
    """The record of a PDF in the archive: where it is, and the SHA-256 by which a changed one is noticed."""

    # Of the invoice, credit note or cancellation; no two documents of any kind have the same.
    number = models.CharField(_("document number"), max_length=48, unique=True)
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
    def keep(cls, issued: "IssuedDocument") -> None:
        """Render and keep the document's PDF; what is archived already is left alone, or put back if it is gone."""
        if issued.archived:
            issued.archived.restore(issued)
            return
        content = issued.render()
        name = archive.store(f"{issued.archive_folder}/{issued.issued_at.year}/{issued.number}.pdf", content)
        row = ArchivedPdf(number=issued.number, name=name, sha256=archive.digest(content), size_bytes=len(content))
        ArchivedPdf.objects.bulk_create([row], ignore_conflicts=True)

    def content(self) -> bytes | None:
        """The file, or ``None`` (and a line in the log) where it is gone or not what was archived."""
        content = archive.fetch(self.name)
        if content is None or archive.digest(content) != self.sha256:
            logger.error("the archived PDF %s is %s", self.name, "missing" if content is None else "damaged")
            return None
        return content

    def restore(self, issued: "IssuedDocument") -> bool:
        """Put a missing or damaged file back. ``False`` where this version no longer makes the same bytes."""
        if self.content() is not None:
            return True
        content = issued.render()
        if archive.digest(content) != self.sha256:
            return False
        archive.storage().delete(self.name)
        return archive.storage().save(self.name, ContentFile(content)) == self.name
