"""The documents of a period as files: the PDF and e-invoice of each invoice, credit note and cancellation, and an index
as CSV.

They are made one after the other, so that memory does not grow with their number.
"""

import csv
import io
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import chain
from typing import IO

from django.db.models import Q, QuerySet

from jumun import money
from jumun.business_day import DAY_MAX, business_day, day_start
from jumun.conf import livemode
from jumun.exports.csv import BOM, CHUNK_BYTES
from jumun.exports.formula import guard
from jumun.invoices.documents.document import Document
from jumun.invoices.documents.einvoice_scope import EInvoiceError
from jumun.invoices.models import Cancellation, CreditNote, Invoice, IssuedDocument
from jumun.invoices.numbers import TEST_PREFIX

INDEX_NAME = "index.csv"
INDEX_COLUMNS = (
    *(
        "number",
        "kind",
        "corrects",
        "issued_on",
        "order_number",
        "customer_name",
        "customer_country",
        "customer_tax_id",
    ),
    *("currency", "net", "tax", "rounding", "total", "paid_on", "stripe_payment_id", "document_sha256", "pdf", "xml"),
)
DOCUMENTS_PER_FETCH = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """One file of the bundle: its name with folder, the date of its time stamp, and its content in chunks."""

    name: str
    dated: date
    chunks: Iterator[bytes]


def issued_between(first: date, last: date) -> list[QuerySet[IssuedDocument]]:
    """The documents issued from ``first`` to ``last`` inclusive by the shop's calendar, by kind and number.

    With Stripe's live keys these are the documents of real payments, with its test keys those of test payments.
    """
    # Users write 9999-12-31 to get all.
    start, end = day_start(first), day_start(min(last, DAY_MAX) + timedelta(days=1))
    is_test = Q(number__startswith=TEST_PREFIX)
    return [
        model._default_manager.filter(
            ~is_test if livemode() else is_test, issued_at__gte=start, issued_at__lt=end
        ).order_by("pk")
        for model in (Invoice, CreditNote, Cancellation)
    ]


def files(kinds: list[QuerySet[IssuedDocument]]) -> Iterator[File]:
    """The files of every document, then the index."""
    with tempfile.TemporaryFile() as index:
        text = io.TextIOWrapper(index, encoding="utf-8", newline="", write_through=True)
        writer = csv.writer(text)
        text.write(BOM)
        writer.writerow(INDEX_COLUMNS)
        for issued in chain.from_iterable(kind.iterator(chunk_size=DOCUMENTS_PER_FETCH) for kind in kinds):
            document = issued.document
            pdf, xml = _name(document, "pdf"), ""
            yield File(name=pdf, dated=document.issued_on, chunks=iter([issued.pdf()]))
            content = _xml(issued)
            if content is not None:
                xml = _name(document, "xml")
                yield File(name=xml, dated=document.issued_on, chunks=iter([content]))
            writer.writerow(_index_row(issued, document, pdf, xml))
        index.seek(0)
        yield File(name=INDEX_NAME, dated=business_day(), chunks=pieces(index))
        text.detach()


def _name(document: Document, extension: str) -> str:
    return f"{document.issued_on:%Y-%m}/{document.number}.{extension}"


def _xml(issued: IssuedDocument) -> bytes | None:
    try:
        return issued.xml()
    except EInvoiceError:
        return None


def _index_row(issued: IssuedDocument, document: Document, pdf: str, xml: str) -> list[str]:
    amounts = (document.net_minor, document.tax_minor, document.rounding_minor, document.total_minor)
    paid = document.paid
    return [
        document.number,
        document.kind,
        document.refers_to,
        document.issued_on.isoformat(),
        document.order_number,
        guard(document.buyer.name),
        document.buyer.country,
        guard(document.buyer.tax_id),
        document.currency,
        *(f"{money.to_decimal(amount_minor, document.currency):f}" for amount_minor in amounts),
        paid.paid_on.isoformat() if paid else "",
        paid.stripe_id if paid else "",
        issued.document_sha256,
        pdf,
        xml,
    ]


def pieces(file: IO[bytes]) -> Iterator[bytes]:
    while piece := file.read(CHUNK_BYTES):
        yield piece
