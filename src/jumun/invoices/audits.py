from collections.abc import Iterator
from datetime import timedelta

from django.db import connections, router
from django.db.models import Exists, F, Max, OuterRef, Q, Sum, Value
from django.db.models.functions import Concat, Length
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from jumun.audit import invariant, note, shown
from jumun.conf import jumun
from jumun.db import append_only
from jumun.invoices.archive_check import documents_without_a_pdf, files_that_differ, pdfs_without_a_document
from jumun.invoices.by_number import TO_ORDER
from jumun.invoices.chain_check import archived_records_that_differ, place_of, seals_that_differ
from jumun.invoices.document_check import corrections_that_differ, invoices_that_differ
from jumun.invoices.models import ArchivedPdf, CreditNote, Invoice, IssuedDocument, Series, SkippedNumbers
from jumun.orders.models import Order
from jumun.outbox.models import Job

LOST_REMEDY = gettext_lazy("Restore the document from a backup. Until then, do not show or mail it.")
PDFS_REMEDY = gettext_lazy(
    "A missing PDF is made again by IssuedDocument.keep_pdf(). For a missing document, restore a backup that has it."
)
FILES_REMEDY = gettext_lazy(
    "ArchivedPdf.restore() makes the same bytes again, or restore the file. A file without a document may be all that"
    " is left of one that a customer has: keep it, and do not give its number again."
)
TRIGGERS_REMEDY = gettext_lazy("manage.py migrate puts it back. Find out who dropped it, and what they changed.")


@invariant(
    "I2",
    remedy=gettext_lazy("manage.py reconcile --repair; what it leaves, merge from the order's events in the admin."),
)
def paid_orders_have_an_invoice() -> Iterator[tuple[str, str]]:
    """A paid order has an invoice, and no other order has one. That it has at most one, the database ensures."""
    invoices = Invoice.objects.filter(order=OuterRef("pk"))
    missing = Order.objects.filter(~Exists(invoices), state=Order.State.PAID).order_by()
    for number in missing.values_list("number", flat=True).iterator():
        yield number, _("is paid and has no invoice")
    early = Order.objects.filter(Exists(invoices)).exclude(state=Order.State.PAID).order_by()
    for number in early.values_list("number", flat=True).iterator():
        yield number, _("is not paid and has an invoice")


@invariant("I2", remedy=gettext_lazy("Cancel the credit note that is too much (CreditNote.cancel)."))
def credit_notes_stay_within_their_invoice() -> Iterator[tuple[str, str]]:
    """The credit notes of an invoice that are not cancelled do not exceed it."""
    of_invoice = ("invoice__number", "invoice__order__total_minor", "invoice__order__currency")
    credited = CreditNote.objects.standing().order_by().values(*of_invoice).annotate(sum=Sum("amount_minor"))
    for row in credited.filter(sum__gt=F("invoice__order__total_minor")):
        currency = row["invoice__order__currency"]
        yield (
            row["invoice__number"],
            _("is over %(total)s, but its credit notes take back %(credited)s")
            % {
                "total": shown(row["invoice__order__total_minor"], currency),
                "credited": shown(row["sum"], currency),
            },
        )


@invariant(
    "I3",
    remedy=gettext_lazy(
        "Find the missing document in a backup; a gap must be explained to the tax office, not filled."
    ),
)
def numbers_are_consecutive() -> Iterator[tuple[str, str]]:
    """Every number belongs to a series, and no series has an unrecorded gap.

    Numbers are unique, so a count and a maximum show every gap. Numbers that another program gave have no document
    here, nor do skipped numbers, which are recorded.
    """
    for series in Series.objects.all():
        issued = [_issued(model, f"{series}-") for model in TO_ORDER]
        count, highest = sum(count for count, _highest in issued), max(highest for _count, highest in issued)
        skipped = series.skipped.aggregate(
            count=Sum(F("last_number") - F("first_number") + 1, default=0), highest=Max("last_number", default=0)
        )
        highest = max(highest, skipped["highest"])
        if count != series.last_number - series.begun_after - skipped["count"]:
            yield (
                str(series),
                _("counted from %(first)s to %(last)s, but %(count)s documents carry its numbers")
                % {"first": series.begun_after + 1, "last": series.last_number, "count": count},
            )
        elif count and highest != series.last_number:
            yield (
                str(series),
                _("counted to %(last)s, but the highest document has the number %(highest)s")
                % {"last": series.last_number, "highest": highest},
            )
    known = Q()
    for series in Series.objects.all():
        known |= Q(number__startswith=f"{series}-")
    for model in TO_ORDER:
        for number in model._default_manager.exclude(known).order_by().values_list("number", flat=True).iterator():
            yield number, _("carries a number of no series")


@note
def skipped_numbers() -> Iterator[str]:
    """Recorded gaps."""
    for skipped in SkippedNumbers.objects.select_related("series").order_by("pk"):
        values = {"numbers": skipped, "day": f"{skipped.skipped_at:%Y-%m-%d}", "reason": skipped.reason}
        yield _("%(numbers)s: skipped on %(day)s (%(reason)s)") % values


def _issued(model: type[IssuedDocument], prefix: str) -> tuple[int, int]:
    """How many documents have a number of a series, and the highest of these numbers."""
    issued = model._default_manager.filter(number__startswith=prefix)
    # A seventh digit sorts before six as text, so the longest come first.
    by_size = issued.annotate(size=Length("number")).order_by("-size", "-number")
    highest = by_size.values_list("number", flat=True).first()
    # It can be any text if somebody changed it in the database.
    return issued.count(), place_of(highest) if highest else 0


@invariant("I4", remedy=LOST_REMEDY)
def documents_are_sealed() -> Iterator[tuple[str, str]]:
    """Every document has its seal and follows the one before it; see `chain_check`."""
    yield from seals_that_differ()


@invariant("I4", remedy=LOST_REMEDY)
def documents_say_what_the_books_say() -> Iterator[tuple[str, str]]:
    """Documents are as they were issued, and so are the rows that they copy; see `document_check`."""
    yield from invoices_that_differ()
    yield from corrections_that_differ()


@invariant("I4", remedy=LOST_REMEDY)
def pdfs_show_their_documents() -> Iterator[tuple[str, str]]:
    """The record of an archived PDF has the hash of the document that was printed, and is frozen as well."""
    of_another = ArchivedPdf.objects.filter(number=OuterRef("number")).exclude(
        document_sha256=OuterRef("document_sha256")
    )
    for model in TO_ORDER:
        forged = model._default_manager.filter(Exists(of_another)).order_by()
        for number in forged.values_list("number", flat=True).iterator():
            yield number, _("its document is not the one of which its PDF was made")
    yield from archived_records_that_differ()


@invariant("I4", remedy=PDFS_REMEDY)
def documents_have_pdfs_and_pdfs_have_documents() -> Iterator[tuple[str, str]]:
    """Every document has an archived PDF or a job that makes it; every archived PDF has a document."""
    yield from documents_without_a_pdf()
    yield from pdfs_without_a_document()


@invariant("I4", remedy=FILES_REMEDY, reads_files=True)
def archived_pdfs_are_as_they_were_kept() -> Iterator[tuple[str, str]]:
    """The archive holds every recorded file with its recorded SHA-256, and no other file."""
    yield from files_that_differ()


@invariant("I4", remedy=TRIGGERS_REMEDY)
def the_database_refuses_to_change_what_is_final() -> Iterator[tuple[str, str]]:
    """The triggers exist, are enabled and match this version of Jumun."""
    for trigger in append_only.missing(connections[router.db_for_write(Invoice)]):
        yield trigger, _("this trigger is missing, switched off or changed")


@invariant("I11", remedy=gettext_lazy('Enqueue the mail again: "Send again" in the admin.'))
def documents_were_mailed_or_will_be() -> Iterator[tuple[str, str]]:
    """Every document has the job of its mail, waiting or done, until done jobs are purged."""
    kept_since = timezone.now() - timedelta(seconds=jumun().finished_work_kept_s)
    for model in TO_ORDER:
        job = Job.objects.filter(key=Concat(Value("invoices.mail:"), OuterRef("number")))
        unsent = model._default_manager.filter(~Exists(job), issued_at__gte=kept_since).order_by()
        for number in unsent.values_list("number", flat=True).iterator():
            yield number, _("has no job for its mail")
