from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from jumun.invoices.download import file_response
from jumun.invoices.einvoice_scope import EInvoiceError
from jumun.invoices.models import Invoice

# The document never changes, but who may see it is asked each time: the browser keeps it and sends the ETag along.
private = cache_control(private=True, no_cache=True)


def pdf_response(request: HttpRequest, invoice: Invoice) -> HttpResponse:
    """The invoice, to be shown by the browser."""
    return file_response(request, invoice.pdf(), name=f"{invoice.number}.pdf", content_type="application/pdf")


def xml_response(request: HttpRequest, invoice: Invoice) -> HttpResponse:
    """The e-invoice as a file, or why there is none."""
    try:
        xml = invoice.xml()
    except EInvoiceError as error:
        said = gettext("There is no e-invoice of %(number)s.") % {"number": invoice.number}
        return HttpResponse(f"{said}\n\n{error}\n", status=404, content_type="text/plain; charset=utf-8")
    return file_response(request, xml, name=f"{invoice.number}.xml", content_type="application/xml", attachment=True)


@require_safe
@private
def invoice_pdf(request: HttpRequest, reference: str) -> HttpResponse:
    """The customer's copy: whoever knows the order's reference may have it."""
    return pdf_response(request, get_object_or_404(Invoice, order__reference=reference))


@require_safe
@private
def invoice_xml(request: HttpRequest, reference: str) -> HttpResponse:
    """The customer's e-invoice."""
    return xml_response(request, get_object_or_404(Invoice, order__reference=reference))
