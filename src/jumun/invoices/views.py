from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from jumun.invoices.models import Invoice


def pdf_response(invoice: Invoice) -> HttpResponse:
    """The invoice to be shown by the browser; it never changes, but only its owner's browser may keep it."""
    response = HttpResponse(invoice.pdf(), content_type="application/pdf")
    response["Content-Disposition"] = f'inline; filename="{invoice.number}.pdf"'
    return response


@require_safe
@cache_control(private=True, max_age=3600)
def invoice_pdf(_request: HttpRequest, reference: str) -> HttpResponse:
    """The customer's copy: whoever knows the order's reference may have it."""
    return pdf_response(get_object_or_404(Invoice, order__reference=reference))
