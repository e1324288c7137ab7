import logging

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from jumun.invoices.by_number import by_number
from jumun.invoices.documents.einvoice_scope import EInvoiceError
from jumun.invoices.documents.render_errors import RenderError
from jumun.invoices.download import file_response
from jumun.invoices.models import Invoice, IssuedDocument

logger = logging.getLogger("jumun.invoices")

# The document never changes, but who may see it is asked each time: the browser keeps it and sends the ETag along.
private = cache_control(private=True, no_cache=True)


def pdf_response(request: HttpRequest, issued: IssuedDocument) -> HttpResponse:
    """The document, to be shown by the browser; 503 where its PDF cannot be made at the moment."""
    try:
        content = issued.pdf()
    except RenderError:
        logger.exception("the PDF of %s cannot be made", issued.number)
        message = gettext("The PDF of %(number)s cannot be made at the moment. Please try again later.")
        return HttpResponse(
            f"{message}\n" % {"number": issued.number}, status=503, content_type="text/plain; charset=utf-8"
        )
    return file_response(request, content, name=f"{issued.number}.pdf", content_type="application/pdf")


def xml_response(request: HttpRequest, issued: IssuedDocument) -> HttpResponse:
    """The e-invoice as a file, or why there is none."""
    try:
        xml = issued.xml()
    except EInvoiceError as error:
        said = gettext("There is no e-invoice of %(number)s.") % {"number": issued.number}
        return HttpResponse(f"{said}\n\n{error}\n", status=404, content_type="text/plain; charset=utf-8")
    return file_response(request, xml, name=f"{issued.number}.xml", content_type="application/xml", attachment=True)


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


@require_safe
@private
def correction_pdf(request: HttpRequest, reference: str, number: str) -> HttpResponse:
    """The customer's copy of a credit note or its cancellation."""
    return pdf_response(request, _of_order(reference, number))


@require_safe
@private
def correction_xml(request: HttpRequest, reference: str, number: str) -> HttpResponse:
    """The same as an e-invoice."""
    return xml_response(request, _of_order(reference, number))


def _of_order(reference: str, number: str) -> IssuedDocument:
    try:
        return by_number(number, reference=reference)
    except LookupError as error:
        raise Http404 from error
