import hashlib
from collections.abc import Iterator

from django.db.models import F, Max, Sum

from jumun.audit import invariant
from jumun.invoices.models import CreditNote, Invoice, Series
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
    credited = Invoice.objects.annotate(credited=Sum("credit_notes__amount_minor"))
    beyond = credited.filter(credited__gt=F("order__total_minor"))
    for number, credited_minor in beyond.values_list("number", "credited").iterator():
        yield number, f"is taken back by credit notes over {credited_minor}, which is more than it is"


@invariant("I3")
def numbers_are_consecutive() -> Iterator[tuple[str, str]]:
    """Numbers are unique and of one length in a series, so a count and a maximum show every gap."""
    for series in Series.objects.all():
        issued = [model.objects.filter(number__startswith=f"{series}-") for model in (Invoice, CreditNote)]
        count = sum(documents.count() for documents in issued)
        highest = max(documents.aggregate(highest=Max("number", default=""))["highest"] for documents in issued)
        if count != series.last_number:
            yield str(series), f"counted to {series.last_number}, but {count} documents carry its numbers"
        elif highest and int(highest.rpartition("-")[2]) != count:
            yield str(series), f"has {count} documents, but the highest is {highest}"


@invariant("I4")
def documents_are_as_they_were_issued() -> Iterator[tuple[str, str]]:
    for model in (Invoice, CreditNote):
        rows = model.objects.values_list("number", "document_json", "document_sha256")
        for number, document, digest in rows.iterator(chunk_size=500):
            if hashlib.sha256(document.encode()).hexdigest() != digest:
                yield number, "its document is not the one that was issued"
