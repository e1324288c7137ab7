"""Invariant I4: every document is the one that was issued, and agrees with the rows that it copies.

Each document is read and parsed once: a minute or two for a million documents. Texts are compared in NFC, as documents
freeze them. Reports repeat amounts, but not customers' data.
"""

import hashlib
import json
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

from django.db.models import F
from django.utils.translation import gettext as _

from jumun.audit import shown
from jumun.invoices.models import Cancellation, CreditNote, Invoice
from jumun.orders.models import Order, OrderLine

# The number of a document, and the problem.
Wrong = Iterator[tuple[str, str]]
Row = Mapping[str, Any]
CHUNK = 1000

BUYER = ("name", "email", "postal_code", "city", "country", "phone", "tax_id")
AMOUNTS = ("total_minor", "tax_minor", "rounding_minor")
LINE = {
    **{name: name for name in ("position", "sku", "quantity", "unit_price_minor", "discount_minor")},
    **{name: name for name in ("tax_rate_ppm", "tax_category", "tax_minor", "total_minor")},
    "name": "description",
}


def invoices_that_differ() -> Wrong:
    """Invoices that were changed, or whose order or lines were changed."""
    columns = ("number", "reference", "language", "address", "currency", "prices_include_tax", "livemode")
    order = {f"order_{name}": F(f"order__{name}") for name in (*columns, *BUYER, *AMOUNTS)}
    invoices = Invoice.objects.order_by("order_id").values(
        *("number", "order_id", "document_json", "document_sha256"), **order
    )
    rows = invoices.iterator(chunk_size=CHUNK)
    first = next(rows, None)
    # This query starts after that of the invoices, so no invoice lacks its lines.
    lines = _Lines()
    while first is not None:
        yield from _checked(first, partial(_invoice_differs, first, lines.of(first["order_id"])))
        first = next(rows, None)


def corrections_that_differ() -> Wrong:
    """Credit notes and cancellations that were changed, or that disagree with the document that they correct."""
    notes = CreditNote.objects.order_by("pk").values(
        *("number", "document_json", "document_sha256", "amount_minor"),
        corrected=F("invoice__number"),
        currency=F("invoice__order__currency"),
        order_number=F("invoice__order__number"),
        stripe_id=F("refund_id"),
    )
    for row in notes.iterator(chunk_size=CHUNK):
        yield from _checked(row, partial(_correction_differs, row, -row["amount_minor"]))
    cancellations = Cancellation.objects.order_by("pk").values(
        *("number", "document_json", "document_sha256"),
        amount_minor=F("credit_note__amount_minor"),
        corrected=F("credit_note__number"),
        currency=F("credit_note__invoice__order__currency"),
        order_number=F("credit_note__invoice__order__number"),
        stripe_id=F("credit_note__refund_id"),
    )
    for row in cancellations.iterator(chunk_size=CHUNK):
        yield from _checked(row, partial(_correction_differs, row, row["amount_minor"]))


class _Lines:
    """The lines of all orders, read in the same order as the invoices."""

    def __init__(self) -> None:
        lines = OrderLine.objects.order_by("order_id", "position").values("order_id", *LINE)
        self._rows = lines.iterator(chunk_size=CHUNK)
        self._ahead: Row | None = next(self._rows, None)

    def of(self, order_pk: int) -> list[Row]:
        """Call it with ascending keys."""
        found = []
        while self._ahead and self._ahead["order_id"] <= order_pk:
            if self._ahead["order_id"] == order_pk:
                found.append(self._ahead)
            self._ahead = next(self._rows, None)
        return found


def _checked(row: Row, differences: Callable[[Any], Iterator[str]]) -> Wrong:
    """The problems of one document; ``differences`` compares its parsed JSON."""
    try:
        problems = list(_differing(row, differences))
    except (ValueError, TypeError, KeyError, IndexError, AttributeError):
        problems = [_("its document cannot be read")]
    for problem in problems:
        yield row["number"], problem


def _differing(row: Row, differences: Callable[[Any], Iterator[str]]) -> Iterator[str]:
    text = row["document_json"]
    if hashlib.sha256(text.encode()).hexdigest() != row["document_sha256"]:
        yield _("its document is not the one that was issued")
        return
    document = json.loads(text)
    if document["number"] != row["number"]:
        yield _("its document has the number %(number)s") % {"number": document["number"]}
    else:
        yield from differences(document)


def _invoice_differs(row: Row, lines: list[Row], document: Row) -> Iterator[str]:
    yield from _order_differs(row, document)
    yield from _lines_differ(lines, document)


def _order_differs(row: Row, document: Row) -> Iterator[str]:
    order = {name.removeprefix("order_"): value for name, value in row.items() if name.startswith("order_")}
    buyer = document["buyer"]
    frozen = {
        **{name: buyer[name] for name in BUYER},
        "number": document["order_number"],
        "address": (buyer["address_lines"] or [""])[0],
        **{name: document[name] for name in ("currency", "prices_include_tax", "livemode")},
    }
    for name, value in frozen.items():
        if not _is_same(order[name], value):
            yield _("the %(field)s of order %(order)s is not the one on it") % {
                "field": _named(Order, name),
                "order": document["order_number"],
            }
    if order["reference"] not in document["order_url"]:
        yield _("the reference of order %(order)s is not the one on it") % {"order": document["order_number"]}
    if order["language"].startswith("ko") != document["locale"].startswith("ko"):
        yield _("the language of order %(order)s is not the one on it") % {"order": document["order_number"]}
    for name in AMOUNTS:
        if order[name] != document[name]:
            yield _("the %(field)s of order %(order)s is %(here)s, but on it %(there)s") % {
                "field": _named(Order, name),
                "order": document["order_number"],
                **_amounts(order[name], document[name], document["currency"]),
            }


def _lines_differ(lines: list[Row], document: Row) -> Iterator[str]:
    where = {"order": document["order_number"]}
    for line, frozen in zip(lines, document["lines"], strict=False):
        for name, key in LINE.items():
            if _is_same(line[name], frozen[key]):
                continue
            facts = {"field": _named(OrderLine, name), **where, "position": frozen["position"]}
            if name.endswith("_minor"):
                facts |= _amounts(line[name], frozen[key], document["currency"])
                yield (
                    _("the %(field)s of line %(position)s of order %(order)s is %(here)s, but on it %(there)s") % facts
                )
            else:
                yield _("the %(field)s of line %(position)s of order %(order)s is not the one on it") % facts
    if len(lines) != len(document["lines"]):
        yield _("order %(order)s has %(here)s lines, but %(there)s are on it") % {
            "order": document["order_number"],
            "here": len(lines),
            "there": len(document["lines"]),
        }


def _correction_differs(row: Row, amount_minor: int, document: Row) -> Iterator[str]:
    if document["refers_to"] != row["corrected"] or document["order_number"] != row["order_number"]:
        yield _("its document corrects %(frozen)s, but its row %(here)s") % {
            "frozen": document["refers_to"],
            "here": row["corrected"],
        }
    if document["paid"]["stripe_id"] != _frozen(row["stripe_id"]):
        yield _("its document is of %(frozen)s, but its row of %(here)s") % {
            "frozen": document["paid"]["stripe_id"],
            "here": row["stripe_id"],
        }
    if document["total_minor"] != amount_minor:
        yield _("its row is over %(here)s, but its document over %(there)s") % _amounts(
            amount_minor, document["total_minor"], document["currency"]
        )


def _frozen(value: Any) -> Any:
    return unicodedata.normalize("NFC", value) if isinstance(value, str) else value


def _is_same(value: Any, frozen: Any) -> bool:
    return bool(value == frozen or _frozen(value) == frozen)


def _named(model: type[Order] | type[OrderLine], field: str) -> str:
    return str(model._meta.get_field(field).verbose_name)  # type: ignore[union-attr]


def _amounts(here_minor: int, there_minor: int, currency: str) -> dict[str, str]:
    return {"here": shown(here_minor, currency), "there": shown(there_minor, currency)}
