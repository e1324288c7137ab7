import hashlib
from collections.abc import Iterator

from django.db.models import F, Q, Sum
from django.db.models.functions import Length

from jumun.audit import invariant
from jumun.invoices.by_number import TO_ORDER
from jumun.invoices.models import ArchivedPdf, Invoice, IssuedDocument, Series
from jumun.orders.models import Order


@invariant("I2")
def paid_orders_have_an_invoice() -> Iterator[tuple[str, str]]:
    """One each is the database's promise already; here none is missing and none is too many."""
    for number in (
        Order.objects.filter(state=Order.State.PAID, invoice=None).values_list("number", flat=True).iterator()
    ):
        yield number, "is paid and has no invoice"
    early = Invoice.objects.exclude(order__state=Order.State.PAID).values_list("number", "order__number")
    for number, order in early.iterator():
        yield number, f"is the invoice of {order}, which is not paid"


@invariant("I2")
def credit_notes_stay_within_their_invoice() -> Iterator[tuple[str, str]]:
    credited = Invoice.objects.annotate(
        credited=Sum("credit_notes__amount_minor", filter=Q(credit_notes__cancellation=None))
    )
    beyond = credited.filter(credited__gt=F("order__total_minor"))
    for number, credited_minor in beyond.values_list("number", "credited").iterator():
        yield number, f"is taken back by credit notes over {credited_minor}, which is more than it is"


@invariant("I3")
def numbers_are_consecutive() -> Iterator[tuple[str, str]]:
    """Numbers are unique in a series, so a count and a maximum show every gap."""
    for series in Series.objects.all():
        issued = [_issued(model, f"{series}-") for model in TO_ORDER]
        count, highest = sum(count for count, _highest in issued), max(highest for _count, highest in issued)
        if count != series.last_number:
            yield str(series), f"counted to {series.last_number}, but {count} documents carry its numbers"
        elif highest != count:
            yield str(series), f"has {count} documents, but the highest has the number {highest}"


def _issued(model: type[IssuedDocument], prefix: str) -> tuple[int, int]:
    """How many documents carry numbers of a series, and the highest of these."""
    issued = model._default_manager.filter(number__startswith=prefix)
    # A seventh digit sorts before six as text, so the longest come first.
    by_size = issued.annotate(size=Length("number")).order_by("-size", "-number")
    highest = by_size.values_list("number", flat=True).first()
    return issued.count(), int(highest.rpartition("-")[2]) if highest else 0


@invariant("I4")
def documents_are_as_they_were_issued() -> Iterator[tuple[str, str]]:
    for model in TO_ORDER:
        rows = model._default_manager.values_list("number", "document_json", "document_sha256")
        for number, text, digest in rows.iterator(chunk_size=500):
            if hashlib.sha256(text.encode()).hexdigest() != digest:
                yield number, "its document is not the one that was issued"


@invariant("I4")
def archived_pdfs_are_as_they_were_kept() -> Iterator[tuple[str, str]]:
    for archived in ArchivedPdf.objects.iterator(chunk_size=500):
        if archived.content() is None:
            yield archived.name, "the file is missing or not the one that was archived"
