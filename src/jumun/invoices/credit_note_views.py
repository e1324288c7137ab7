from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe

from jumun.invoices.credit_note import CreditNote
from jumun.invoices.download import file_response
from jumun.invoices.views import private


def credit_note_response(request: HttpRequest, note: CreditNote) -> HttpResponse:
    """The credit note, to be shown by the browser."""
    return file_response(request, note.pdf(), name=f"{note.number}.pdf", content_type="application/pdf")


@require_safe
@private
def credit_note_pdf(request: HttpRequest, reference: str, number: str) -> HttpResponse:
    """The customer's copy: whoever knows the order's reference may have it."""
    note = get_object_or_404(CreditNote, invoice__order__reference=reference, number=number)
    return credit_note_response(request, note)
