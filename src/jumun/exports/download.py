"""Exports as HTTP responses."""

from datetime import date

from django.db.models import QuerySet
from django.http import StreamingHttpResponse
from django.utils.http import content_disposition_header

from jumun.business_day import business_day
from jumun.exports.csv import stream_csv
from jumun.exports.documents import files, issued_between
from jumun.exports.zip import zipped
from jumun.orders.models import Order


def csv_response(
    orders: QuerySet[Order], *, per_line: bool = False, language: str | None = None, bom: bool = False
) -> StreamingHttpResponse:
    """The file of `stream_csv` as a download, such as ``orders-2026-11-23.csv``, which no proxy may store."""
    response = StreamingHttpResponse(
        stream_csv(orders, per_line=per_line, language=language, bom=bom), content_type="text/csv; charset=utf-8"
    )
    shape = "order-lines" if per_line else "orders"
    name = f"{shape}-{business_day()}.csv"
    response["Content-Disposition"] = content_disposition_header(True, name) or "attachment"
    response["Cache-Control"] = "no-store"
    return response


def zip_response(first: date, last: date) -> StreamingHttpResponse:
    """The `documents.files` of the days ``first`` to ``last``, such as ``invoices-2026-01-01-2026-01-31.zip``."""
    response = StreamingHttpResponse(zipped(files(issued_between(first, last))), content_type="application/zip")
    name = f"invoices-{first}-{last}.zip"
    response["Content-Disposition"] = content_disposition_header(True, name) or "attachment"
    response["Cache-Control"] = "no-store"
    return response
