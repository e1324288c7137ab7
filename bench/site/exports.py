"""Exports as others make them, each of all orders."""

import csv
from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from import_export.resources import ModelResource

from jumun.exports.download import csv_response
from jumun.orders.models import Order


def ours(request: HttpRequest) -> StreamingHttpResponse:
    """As the admin's download, without the admin's filters; ``?lines`` is one row a line."""
    return csv_response(Order.objects.all(), per_line="lines" in request.GET, language="ko", bom=True)


def tutorial(request: HttpRequest) -> HttpResponse:
    """The loop of the tutorials and books: every field of every object into the response."""
    response = HttpResponse(content_type="text/csv")
    writer = csv.writer(response)
    fields = Order._meta.concrete_fields
    writer.writerow([field.verbose_name for field in fields])
    for order in Order.objects.all():
        row = []
        for field in fields:
            value = getattr(order, field.name)
            if isinstance(value, datetime):
                value = value.strftime("%d/%m/%Y")
            row.append(value)
        writer.writerow(row)
    return response


class Echo:
    """Django's documentation, "Streaming large CSV files": a file that hands back what is written to it."""

    def write(self, value: str) -> str:
        return value


def streamed(request: HttpRequest) -> StreamingHttpResponse:
    """Django's documentation at its best: `values_list` and `iterator` into a streaming response."""
    rows = Order.objects.values_list().iterator(chunk_size=2000)
    writer: Any = csv.writer(Echo())
    return StreamingHttpResponse((writer.writerow(row) for row in rows), content_type="text/csv")


class OrderResource(ModelResource):  # type: ignore[misc]  # it has no types
    class Meta:
        model = Order


def import_export(request: HttpRequest) -> HttpResponse:
    return HttpResponse(OrderResource().export(Order.objects.all()).csv, content_type="text/csv")
