from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from jumun.invoices.credit_note import CreditNote


def credit_note_response(note: CreditNote) -> HttpResponse:
    """The credit note, to be shown by the browser."""
    response = HttpResponse(note.pdf(), content_type="application/pdf")
    response["Content-Disposition"] = f'inline; filename="{note.number}.pdf"'
    return response


@require_safe
@cache_control(private=True, no_cache=True)
def credit_note_pdf(_request: HttpRequest, reference: str, number: str) -> HttpResponse:
    """The customer's copy: whoever knows the order's reference may have it."""
    return credit_note_response(get_object_or_404(CreditNote, invoice__order__reference=reference, number=number))
