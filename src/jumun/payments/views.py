from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from jumun.conf import jumun
from jumun.errors import WebhookRefused
from jumun.payments.inbox import receive


@csrf_exempt
@require_POST
def webhook(request: HttpRequest) -> HttpResponse:
    """Stripe's notifications. 200 means durably stored; 400 not provably Stripe's; 413 too large."""
    if int(request.META.get("CONTENT_LENGTH") or 0) > jumun().webhook_body_max_bytes:
        return HttpResponse("too large", status=413, content_type="text/plain")
    try:
        receive(request.body, request.headers.get("Stripe-Signature", ""))
    except WebhookRefused as refusal:
        return HttpResponse(str(refusal), status=400, content_type="text/plain")
    return HttpResponse("stored", content_type="text/plain")
