"""Invariant I4: the archive and the rows agree, both ways.

If a database was restored from a backup, the archive may have documents that the database lost.
"""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import islice
from pathlib import PurePosixPath

from django.db.models import Exists, OuterRef, Value
from django.db.models.functions import Concat
from django.utils.translation import gettext as _

from jumun.invoices import archive
from jumun.invoices.by_number import TO_ORDER
from jumun.invoices.models import ArchivedPdf, SkippedNumbers
from jumun.orders.doubtful_times import LEEWAY, DoubtfulTimes
from jumun.outbox.lease import State
from jumun.outbox.models import Job

# The document or file, and the problem.
Wrong = Iterator[tuple[str, str]]
BATCH = 500


def documents_without_a_pdf() -> Wrong:
    """Documents whose PDF is not archived, and no job will archive it."""
    kept = ArchivedPdf.objects.filter(number=OuterRef("number"))
    waiting = Job.objects.filter(key=Concat(Value("invoices.archive:"), OuterRef("number"))).exclude(state=State.DONE)
    for model in TO_ORDER:
        lost = model._default_manager.filter(~Exists(kept), ~Exists(waiting)).order_by()
        for number in lost.values_list("number", flat=True).iterator():
            yield number, _("its PDF is not archived, and no job is waiting to make it")


def pdfs_without_a_document() -> Wrong:
    """Records of archived PDFs whose document is missing, or was issued after its PDF was archived."""
    orphans = ArchivedPdf.objects.order_by()
    for model in TO_ORDER:
        orphans = orphans.exclude(Exists(model._default_manager.filter(number=OuterRef("number"))))
    for name, number in orphans.values_list("name", "number").iterator():
        yield name, _("is the PDF of %(number)s, and there is no such document") % {"number": number}
    doubtful = DoubtfulTimes()
    for model in TO_ORDER:
        earlier = ArchivedPdf.objects.filter(number=OuterRef("number"), archived_at__lt=OuterRef("issued_at") - LEEWAY)
        early = model._default_manager.filter(Exists(earlier)).order_by()
        for number, issued_at in early.values_list("number", "issued_at").iterator():
            if issued_at not in doubtful:
                yield number, _("its PDF was archived before it was issued")


def files_that_differ() -> Wrong:
    """Archived PDFs whose file is missing or differs, and files without a record. Reads every file."""
    for archived in ArchivedPdf.objects.order_by("pk").iterator(chunk_size=BATCH):
        content = archived.content()
        if content is None:
            yield archived.name, _("the file is missing or not the one that was archived")
        elif len(content) != archived.size_bytes:
            yield archived.name, _("the file has another size than was recorded")
    files = archive.names()
    with suppress(NotImplementedError):  # a storage that cannot list its files
        while names := list(islice(files, BATCH)):
            yield from _strays(names)


def _strays(names: Sequence[str]) -> Wrong:
    """Files that are not the PDF of a document, except those whose record is about to be written."""
    known = set(ArchivedPdf.objects.filter(name__in=names).values_list("name", flat=True))
    strays = {name: PurePosixPath(name).stem for name in names if name not in known}
    numbers = set(strays.values())
    archived = set(ArchivedPdf.objects.filter(number__in=numbers).values_list("number", flat=True))
    issued: set[str] = set()
    for model in TO_ORDER:
        issued |= set(model._default_manager.filter(number__in=numbers).values_list("number", flat=True))
    jobs = Job.objects.filter(key__in=[f"invoices.archive:{number}" for number in numbers]).exclude(state=State.DONE)
    being_made = {key.partition(":")[2] for key in jobs.values_list("key", flat=True)}
    for name, number in strays.items():
        if number in archived:
            yield name, _("is not the file that was archived for %(number)s") % {"number": number}
        elif number not in issued and SkippedNumbers.include(number):
            continue  # a restored backup lost the document, and its number is not used again: see `SkippedNumbers`
        elif number not in issued:
            yield name, _("lies in the archive, but there is no document %(number)s here") % {"number": number}
        elif number not in being_made:
            yield name, _("lies in the archive, but no row records it as the PDF of %(number)s") % {"number": number}
