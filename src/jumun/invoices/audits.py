import hashlib
from collections.abc import Iterator
from datetime import timedelta

from django.db.models import Exists, F, Max, OuterRef, Q, Sum, Value
from django.db.models.expressions import CombinedExpression
from django.db.models.functions import Concat, Length
from django.utils import timezone

from jumun.audit import invariant, note
from jumun.conf import jumun
from jumun.invoices.by_number import TO_ORDER
from jumun.invoices.models import ArchivedPdf, Cancellation, CreditNote, Invoice, IssuedDocument, Series, SkippedNumbers
from jumun.orders.models import Order
from jumun.outbox.models import Job

# What the books say that each document is over.
TOTALS: dict[type[IssuedDocument], F | CombinedExpression] = {
    Invoice: F("order__total_minor"),
    CreditNote: -F("amount_minor"),
    Cancellation: F("credit_note__amount_minor"),
}
LOST_REMEDY = "Restore the document from a backup; until then show and mail nothing of it."


@invariant("I2", remedy="manage.py reconcile --repair; what it leaves, merge from the order's events in the admin.")
def paid_orders_have_an_invoice() -> Iterator[tuple[str, str]]:
    """One each is the database's promise already; here none is missing and none is too many."""
    invoices = Invoice.objects.filter(order=OuterRef("pk"))
    missing = Order.objects.filter(~Exists(invoices), state=Order.State.PAID).order_by()
    for number in missing.values_list("number", flat=True).iterator():
        yield number, "is paid and has no invoice"
    early = Order.objects.filter(Exists(invoices)).exclude(state=Order.State.PAID).order_by()
    for number in early.values_list("number", flat=True).iterator():
        yield number, "is not paid and has an invoice"


@invariant("I2", remedy="Cancel the credit note that is too much (CreditNote.cancel).")
def credit_notes_stay_within_their_invoice() -> Iterator[tuple[str, str]]:
    """What the notes of an invoice that stand take back together is at most what it is."""
    credited = CreditNote.objects.standing().order_by().values("invoice__number").annotate(sum=Sum("amount_minor"))
    for row in credited.filter(sum__gt=F("invoice__order__total_minor")):
        yield row["invoice__number"], f"is taken back by credit notes over {row['sum']}, which is more than it is"


@invariant("I3", remedy="Find the missing document in a backup; a gap must be explained to the tax office, not filled.")
def numbers_are_consecutive() -> Iterator[tuple[str, str]]:
    """Numbers are unique in a series, so a count and a maximum show every gap; and no number is of no series. Those
    that another program gave have no document here, nor have those that were skipped, which is on record.
    """
    for series in Series.objects.all():
        issued = [_issued(model, f"{series}-") for model in TO_ORDER]
        count, highest = sum(count for count, _highest in issued), max(highest for _count, highest in issued)
        skipped = series.skipped.aggregate(
            count=Sum(F("last_number") - F("first_number") + 1, default=0), highest=Max("last_number", default=0)
        )
        highest = max(highest, skipped["highest"])
        if count != series.last_number - series.begun_after - skipped["count"]:
            counted = f"from {series.begun_after + 1} to {series.last_number}"
            yield str(series), f"counted {counted}, but {count} documents carry its numbers"
        elif count and highest != series.last_number:
            yield str(series), f"counted to {series.last_number}, but the highest document has the number {highest}"
    known = Q()
    for series in Series.objects.all():
        known |= Q(number__startswith=f"{series}-")
    for model in TO_ORDER:
        for number in model._default_manager.exclude(known).order_by().values_list("number", flat=True).iterator():
            yield number, "carries a number of no series"


@note
def skipped_numbers() -> Iterator[str]:
    """Gaps that are on record."""
    for skipped in SkippedNumbers.objects.select_related("series").order_by("pk"):
        yield f"{skipped}: skipped on {skipped.skipped_at:%Y-%m-%d} ({skipped.reason})"


def _issued(model: type[IssuedDocument], prefix: str) -> tuple[int, int]:
    """How many documents carry numbers of a series, and the highest of these."""
    issued = model._default_manager.filter(number__startswith=prefix)
    # A seventh digit sorts before six as text, so the longest come first.
    by_size = issued.annotate(size=Length("number")).order_by("-size", "-number")
    highest = by_size.values_list("number", flat=True).first()
    return issued.count(), int(highest.rpartition("-")[2]) if highest else 0


@invariant("I4", remedy=LOST_REMEDY)
def documents_are_as_they_were_issued() -> Iterator[tuple[str, str]]:
    """The SHA-256 that was taken when a document was issued is that of the document as it is now; and where both were
    forged, it still is the document of that number, over what was paid or given back.
    """
    for model, total in TOTALS.items():
        rows = model._default_manager.order_by().values_list("number", "document_json", "document_sha256", total)
        for number, text, digest, total_minor in rows.iterator(chunk_size=500):
            if hashlib.sha256(text.encode()).hexdigest() != digest:
                yield number, "its document is not the one that was issued"
            elif not _is_over(text, number, total_minor):
                yield number, "its document has another number or total than the books"


@invariant("I4", remedy=LOST_REMEDY)
def papers_are_of_their_documents() -> Iterator[tuple[str, str]]:
    """The record of an archived PDF, which is as frozen as the document and apart from it, tells what was printed."""
    of_another = ArchivedPdf.objects.filter(number=OuterRef("number")).exclude(
        document_sha256=OuterRef("document_sha256")
    )
    for model in TOTALS:
        forged = model._default_manager.filter(Exists(of_another)).order_by()
        for number in forged.values_list("number", flat=True).iterator():
            yield number, "its document is not the one of which its PDF was made"


def _is_over(text: str, number: str, total_minor: int) -> bool:
    """Whether the canonical JSON is of that document. Its keys are sorted, so that the total comes last; and quotation
    marks in a text are escaped, so that none can look like a number. Parsing a million would take too long.
    """
    return f',"number":"{number}",' in text and text.endswith(f',"total_minor":{total_minor}}}')


@invariant("I4", remedy="ArchivedPdf.restore makes the same bytes again, or restore the file.", reads_files=True)
def archived_pdfs_are_as_they_were_kept() -> Iterator[tuple[str, str]]:
    """Every file of the archive is there, with the SHA-256 that was taken when it was kept."""
    for archived in ArchivedPdf.objects.iterator(chunk_size=500):
        if archived.content() is None:
            yield archived.name, "the file is missing or not the one that was archived"


@invariant("I11", remedy='Enqueue the mail again: "Send again" in the admin.')
def documents_were_mailed_or_will_be() -> Iterator[tuple[str, str]]:
    """Every document has the job of its mail, waiting or done, until jobs that are done are purged."""
    kept_since = timezone.now() - timedelta(seconds=jumun().finished_work_kept_s)
    for model in TO_ORDER:
        job = Job.objects.filter(key=Concat(Value("invoices.mail:"), OuterRef("number")))
        unsent = model._default_manager.filter(~Exists(job), issued_at__gte=kept_since).order_by()
        for number in unsent.values_list("number", flat=True).iterator():
            yield number, "was never to be mailed"
