"""Exports as others make them, each of all orders."""

import csv
from datetime import datetime
from typing import Any

from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse

from jumun.exports.columns import ORDER_COLUMNS, rows
from jumun.exports.download import csv_response
from jumun.orders.models import Order
from jumun.payments.models import Payment

FIELDS = (
    *("number", "state", "livemode", "placed_at", "paid_at", "closed_at", "name", "email", "phone", "address"),
    *("postal_code", "city", "country", "tax_id", "currency", "tax_minor", "total_minor"),
)


def ours(request: HttpRequest) -> StreamingHttpResponse:
    """As the admin's download, without the admin's filters; ``?lines`` is one row a line."""
    return csv_response(Order.objects.all(), per_line="lines" in request.GET, language="ko", bom=True)


def tutorial(request: HttpRequest) -> HttpResponse:
    """The loop of the tutorials and books, with the columns of our file, and kindly without a query for each order."""
    response = HttpResponse(content_type="text/csv")
    writer = csv.writer(response)
    writer.writerow([column.title for column in ORDER_COLUMNS])
    for order in _orders():
        row = [getattr(order, name) for name in FIELDS] + _related(order)
        writer.writerow([value.strftime("%d/%m/%Y") if isinstance(value, datetime) else value for value in row])
    return response


def _orders() -> QuerySet[Order]:
    settling = Prefetch("payments", Payment.objects.filter(settles_order=True), to_attr="settling")
    return Order.objects.select_related("invoice").defer("invoice__document_json").prefetch_related(settling)


def _related(order: Any) -> list[Any]:
    payment = order.settling[0] if order.settling else None
    card = [payment.card_brand, payment.card_last4, payment.payment_intent_id] if payment else [""] * 3
    return card + ([order.invoice.number, order.invoice.issued_at] if hasattr(order, "invoice") else ["", ""])


class Echo:
    """Django's documentation, "Streaming large CSV files": a file that hands back what is written to it."""

    def write(self, value: str) -> str:
        return value


def streamed(request: HttpRequest) -> StreamingHttpResponse:
    """Django's documentation at its best: `values_list` and `iterator` into a streaming response."""
    found = rows(Order.objects.all(), [column.source for column in ORDER_COLUMNS], per_line=False)
    writer: Any = csv.writer(Echo())
    return StreamingHttpResponse((writer.writerow(row) for row in found.iterator(2000)), content_type="text/csv")
