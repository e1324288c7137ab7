"""Exports as others make them, each of the orders that are `chosen`."""

import csv
from datetime import datetime
from typing import Any

from django.db.models import Count, Max, OuterRef, Prefetch, QuerySet, Subquery, Sum
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse

from jumun.exports.columns import ORDER_COLUMNS, rows
from jumun.exports.download import csv_response
from jumun.orders.models import Order, OrderLine
from jumun.payments.models import Payment

FIELDS = (
    *("number", "state", "livemode", "placed_at", "paid_at", "closed_at", "name", "email", "phone", "address"),
    *("postal_code", "city", "country", "tax_id", "currency", "tax_minor", "total_minor"),
)


def chosen(request: HttpRequest) -> QuerySet[Order]:
    """All orders, or the ``?first`` so many."""
    first = request.GET.get("first")
    return Order.objects.filter(pk__lte=int(first)) if first else Order.objects.all()


def ours(request: HttpRequest) -> StreamingHttpResponse:
    """As the admin's download, without the admin's filters; ``?lines`` is one row a line."""
    return csv_response(chosen(request), per_line="lines" in request.GET, language="ko", bom=True)


def tutorial(request: HttpRequest) -> HttpResponse:
    """The loop of the tutorials and books, with the columns of our file, and kindly without a query for each order."""
    response = HttpResponse(content_type="text/csv")
    writer = csv.writer(response)
    writer.writerow([column.title for column in ORDER_COLUMNS])
    for order in _orders(chosen(request)):
        row = [getattr(order, name) for name in FIELDS] + _related(order)
        writer.writerow([value.strftime("%d/%m/%Y") if isinstance(value, datetime) else value for value in row])
    return response


def _orders(found: QuerySet[Order]) -> QuerySet[Order]:
    settling = Prefetch("payments", Payment.objects.filter(settles_order=True), to_attr="settling")
    return found.select_related("invoice").defer("invoice__document_json").prefetch_related(settling)


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


def pretix(request: HttpRequest) -> HttpResponse:
    """The loop of pretix's order list (2026.8, `iterate_orders`), made again over our tables: sums of all lines in
    memory first, sub-queries for what belongs to an order, and two SELECTs for each (there its event and its sales
    channel, here its invoice and its payment).
    """
    response = HttpResponse(content_type="text/csv")
    writer = csv.writer(response)
    writer.writerow([column.title for column in ORDER_COLUMNS])
    found = chosen(request)
    lines = OrderLine.objects.filter(order__in=found).order_by()
    sums = {(each["order_id"], each["tax_rate_ppm"]): each for each in _sums(lines)}
    rates = sorted({rate for _order, rate in sums})
    counted = lines.filter(order=OuterRef("pk")).values("order").annotate(count=Count("id")).values("count")
    paid = Payment.objects.filter(order=OuterRef("pk")).values("order").annotate(at=Max("paid_at")).values("at")
    for order in (
        found.annotate(line_count=Subquery(counted), payment_at=Subquery(paid)).order_by("placed_at").iterator()
    ):
        row = [getattr(order, name) for name in FIELDS] + [order.line_count, order.payment_at]
        for rate in rates:
            of_rate = sums.get((order.pk, rate), {"gross": 0, "tax": 0})
            row += [of_rate["gross"], of_rate["gross"] - of_rate["tax"], of_rate["tax"]]
        settling = order.payments.filter(settles_order=True).first()
        row += [settling.card_brand if settling else "", getattr(order, "invoice", None)]
        writer.writerow([value.strftime("%Y-%m-%d") if isinstance(value, datetime) else value for value in row])
    return response


def _sums(lines: QuerySet[OrderLine]) -> Any:
    return lines.values("order_id", "tax_rate_ppm").annotate(gross=Sum("total_minor"), tax=Sum("tax_minor"))
