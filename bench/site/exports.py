"""Exports as others make them, each of the orders that are `chosen`."""

import csv
from datetime import datetime
from typing import Any

from django.apps import apps
from django.db.models import Prefetch, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse

from jumun.exports.columns import ORDER_COLUMNS, rows
from jumun.exports.download import csv_response
from jumun.orders.models import Order
from jumun.payments.models import Payment

FIELDS = (
    *("number", "state", "livemode", "placed_at", "paid_at", "closed_at", "name", "email", "phone", "address"),
    *("postal_code", "city", "country", "tax_id", "currency", "tax_minor", "total_minor"),
)


def chosen(request: HttpRequest) -> QuerySet[Order]:
    """All orders, or the ``?first`` so many."""
    first = request.GET.get("first")
    return Order.objects.filter(pk__lte=int(first)) if first else Order.objects.all()


def with_invoices(orders: QuerySet[Order]) -> QuerySet[Order]:
    return orders.select_related("invoice").defer("invoice__document_json")


def ours(request: HttpRequest) -> StreamingHttpResponse:
    """As the admin's download, without the admin's filters."""
    return csv_response(chosen(request), language="ko", bom=True)


def tutorial(request: HttpRequest) -> HttpResponse:
    """The loop of the tutorials and books, with the columns of our file, and kindly without a query for each order."""
    response = HttpResponse(content_type="text/csv")
    writer = csv.writer(response)
    writer.writerow([column.title for column in ORDER_COLUMNS])
    settling = Prefetch("payments", Payment.objects.filter(settles_order=True), to_attr="settling")
    for order in with_invoices(chosen(request)).prefetch_related(settling):
        row = [getattr(order, name) for name in FIELDS] + _related(order)
        writer.writerow([value.strftime("%d/%m/%Y") if isinstance(value, datetime) else value for value in row])
    return response


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
    found = rows(chosen(request), [column.source for column in ORDER_COLUMNS], per_line=False)
    writer: Any = csv.writer(Echo())
    return StreamingHttpResponse((writer.writerow(row) for row in found.iterator(2000)), content_type="text/csv")


def import_export(request: HttpRequest) -> HttpResponse:
    """As django-import-export makes it."""
    if not apps.is_installed("import_export"):
        raise Http404
    from import_export.resources import modelresource_factory

    resource = modelresource_factory(Order, meta_options={"fields": (*FIELDS, "invoice__number", "invoice__issued_at")})
    return HttpResponse(resource().export(with_invoices(chosen(request))).csv, content_type="text/csv")
