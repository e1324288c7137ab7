import logging
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.http import content_disposition_header
from django.utils.translation import gettext
from django.views.decorators.cache import cache_control
from django.views.decorators.http import condition, require_safe

from jumun.invoices import archive
from jumun.invoices.by_number import by_number
from jumun.invoices.documents.einvoice_scope import EInvoiceError
from jumun.invoices.documents.render_errors import RenderError
from jumun.invoices.models import Invoice, IssuedDocument

logger = logging.getLogger("jumun.invoices")

# The document never changes, but each request checks who may see it: the browser keeps the file and sends its ETag.
private = cache_control(private=True, no_cache=True)


def pdf_response(request: HttpRequest, issued: IssuedDocument) -> HttpResponse:
    """The PDF, shown by the browser; 503 if the PDF cannot be made at the moment."""
    try:
        content = issued.pdf()
    except RenderError:
        logger.exception("the PDF of %s cannot be made", issued.number)
        message = gettext("The PDF of %(number)s cannot be made at the moment. Please try again later.")
        return HttpResponse(
            f"{message}\n" % {"number": issued.number}, status=503, content_type="text/plain; charset=utf-8"
        )
    return _file_response(request, content, name=f"{issued.number}.pdf", content_type="application/pdf")


def xml_response(request: HttpRequest, issued: IssuedDocument) -> HttpResponse:
    """The e-invoice as a file; 404 with the reason if there is none."""
    try:
        xml = issued.xml()
    except EInvoiceError as error:
        message = gettext("There is no e-invoice of %(number)s.") % {"number": issued.number}
        return HttpResponse(f"{message}\n\n{error}\n", status=404, content_type="text/plain; charset=utf-8")
    return _file_response(request, xml, name=f"{issued.number}.xml", content_type="application/xml", attachment=True)


def _etag(request: HttpRequest, content: bytes, **_: Any) -> str:
    return f'"{archive.digest(content)}"'


@condition(etag_func=_etag)
def _file_response(
    request: HttpRequest, content: bytes, *, name: str, content_type: str, attachment: bool = False
) -> HttpResponse:
    response = HttpResponse(content, content_type=content_type)
    response["Content-Disposition"] = content_disposition_header(attachment, name) or "inline"
    # Whoever has the address may see the document, so the address must not end up in a search engine.
    response["X-Robots-Tag"] = "noindex"
    return response


@require_safe
@private
def invoice_pdf(request: HttpRequest, reference: str) -> HttpResponse:
    """For the customer: whoever knows the order's reference may see it."""
    return pdf_response(request, get_object_or_404(Invoice, order__reference=reference))


@require_safe
@private
def invoice_xml(request: HttpRequest, reference: str) -> HttpResponse:
    return xml_response(request, get_object_or_404(Invoice, order__reference=reference))


@require_safe
@private
def correction_pdf(request: HttpRequest, reference: str, number: str) -> HttpResponse:
    """A credit note or its cancellation."""
    return pdf_response(request, _of_order(reference, number))


@require_safe
@private
def correction_xml(request: HttpRequest, reference: str, number: str) -> HttpResponse:
    return xml_response(request, _of_order(reference, number))


def _of_order(reference: str, number: str) -> IssuedDocument:
    try:
        return by_number(number, reference=reference)
    except LookupError as error:
        raise Http404 from error
