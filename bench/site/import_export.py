"""The orders as django-import-export's `export` makes them."""

from django.http import HttpRequest, HttpResponse
from import_export.resources import ModelResource

from bench.site.exports import FIELDS, chosen
from jumun.orders.models import Order


class OrderResource(ModelResource):  # type: ignore[misc]  # it has no types
    class Meta:
        model = Order
        fields = (*FIELDS, "invoice__number", "invoice__issued_at")


def import_export(request: HttpRequest) -> HttpResponse:
    orders = chosen(request).select_related("invoice").defer("invoice__document_json")
    return HttpResponse(OrderResource().export(orders).csv, content_type="text/csv")
