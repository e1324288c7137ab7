"""Each paid order has an invoice that names the buyer as typed, and each document has its PDF in the archive."""

import hashlib
import json
import unicodedata
from collections.abc import Iterator
from itertools import chain

from tests.chaos.books import Books
from tests.chaos.people import Seen

# The tables whose documents are numbered together.
SERIES = (("jumun_invoices_invoice",), ("jumun_invoices_creditnote", "jumun_invoices_cancellation"))


def documents(books: Books) -> dict[str, str]:
    """The SHA-256 of what each document says, by its number."""
    return dict(
        row
        for table in chain.from_iterable(SERIES)
        for row in books.rows(f"SELECT number, document_sha256 FROM {table}")
    )


def numbers(books: Books, *, is_restored: bool) -> Iterator[str]:
    """Numbers of a series are consecutive, but for gaps that a restored backup has left on record."""
    gaps = skipped(books)
    if gaps and not is_restored:
        yield f"numbers were skipped though no backup was restored: {gaps}"
    issued: dict[str, list[int]] = {series: [] for series in gaps}
    for number in chain.from_iterable(books.rows(f"SELECT number FROM {table}") for table in chain(*SERIES)):
        series, _hyphen, last = number[0].rpartition("-")
        issued.setdefault(series, []).append(int(last))
    for series, given in issued.items():
        numbers = sorted([*given, *gaps.get(series, ())])
        if numbers != list(range(1, len(numbers) + 1)):
            yield f"{series}: numbers are not consecutive: {sorted(given)}, skipped {sorted(gaps.get(series, ()))}"


def skipped(books: Books) -> dict[str, set[int]]:
    """By series, the numbers that are on record as given to no document that is here."""
    found: dict[str, set[int]] = {}
    for prefix, year, first, last in books.rows(
        "SELECT s.prefix, s.year, k.first_number, k.last_number FROM jumun_invoices_skippednumbers k"
        " JOIN jumun_invoices_series s ON s.id = k.series_id"
    ):
        found.setdefault(f"{prefix}-{year}", set()).update(range(first, last + 1))
    return found


def papers(books: Books, seen: Seen) -> Iterator[str]:
    """Name every document that is not as it must be."""
    yield from _names(books, seen)
    yield from _archive(books)


def _names(books: Books, seen: Seen) -> Iterator[str]:
    invoices = books.rows(
        "SELECT o.reference, i.number, i.document_json FROM jumun_invoices_invoice i"
        " JOIN jumun_orders_order o ON o.id = i.order_id"
    )
    printed = {reference: (number, json.loads(document)) for reference, number, document in invoices}
    paid = books.column("SELECT reference FROM jumun_orders_order WHERE state = 'paid'")
    for buyer, reference in seen.orders.items():
        if reference not in paid:
            continue
        if reference not in printed:
            yield f"buyer {buyer} has paid and has no invoice"
            continue
        number, document = printed[reference]
        typed = unicodedata.normalize("NFC", seen.names[buyer])
        if document["buyer"]["name"] != typed:
            yield f"{number} is for {document['buyer']['name']!a}, not for {typed!a}"


def _archive(books: Books) -> Iterator[str]:
    kept = {
        number: (name, digest)
        for number, name, digest in books.rows("SELECT number, name, sha256 FROM jumun_invoices_archivedpdf")
    }
    for table in chain.from_iterable(SERIES):
        for (number,) in books.rows(f"SELECT number FROM {table}"):
            if number not in kept:
                yield f"{number} has no PDF in the archive"
                continue
            name, digest = kept[number]
            path = books.world.folder / "documents" / name
            if not path.is_file():
                yield f"{number}: the archive has no file {name}"
            elif hashlib.sha256(path.read_bytes()).hexdigest() != digest:
                yield f"{number}: the file {name} is not what was archived"
