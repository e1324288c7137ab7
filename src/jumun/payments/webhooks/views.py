import logging
from typing import Protocol

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.csrf import csrf_exempt

from jumun.conf import jumun
from jumun.errors import WebhookRefused
from jumun.payments.webhooks.receive import receive

logger = logging.getLogger("jumun.payments")

# How much of a body that is too large we still read and discard. A client that is cut off while sending may see a
# broken connection instead of the answer.
DISCARDED_MAX_BYTES = 16 * 1024 * 1024
PIECE_BYTES = 64 * 1024


class Stream(Protocol):
    def read(self, size: int, /) -> bytes: ...


# The event is committed before it is acknowledged, whatever ATOMIC_REQUESTS says.
@transaction.non_atomic_requests
@csrf_exempt
def webhook(request: HttpRequest) -> HttpResponse:
    """Stripe's notifications.

    200: durably stored. 400: invalid signature or malformed event. 405: not a POST. 413: too large.
    """
    if request.method != "POST":
        message = "Stripe's notifications arrive here, by POST.\n"
        return HttpResponse(message, status=405, content_type="text/plain", headers={"Allow": "POST"})
    try:
        payload = _body(request, jumun().webhook_body_max_bytes)
        if payload is None:
            return HttpResponse("too large", status=413, content_type="text/plain")
        receive(payload, request.headers.get("Stripe-Signature", ""))
    except WebhookRefused as refusal:
        return HttpResponse(str(refusal), status=400, content_type="text/plain")
    return HttpResponse("stored", content_type="text/plain")


@csrf_exempt
def misdirected_webhook(request: HttpRequest) -> HttpResponse:
    """404 for an address that resembles the webhook's; a notification there is logged with the address to use."""
    right = reverse("jumun:payment-webhooks")
    if "Stripe-Signature" in request.headers:
        logger.error(
            "Stripe sends its notifications to %s, which does not accept them: change the endpoint's address to %s",
            request.path,
            right,
        )
    return HttpResponse(f"The webhook's address is {right}\n", status=404, content_type="text/plain")


def _body(request: HttpRequest, max_bytes: int) -> bytes | None:
    """The raw body, or ``None`` where it is larger. Raises `WebhookRefused` where it is incomplete.

    Not `request.body`, which is empty for a chunked request, as that has no Content-Length; and Django's limit is one
    for all forms of the project.
    """
    announced = request.META.get("CONTENT_LENGTH") or "0"
    if not announced.isdecimal() or len(announced) > 10 or int(announced) > DISCARDED_MAX_BYTES:
        return None
    # The server knows where a chunked body ends.
    chunked = announced == "0" and request.META.get("wsgi.input_terminated")
    stream = request.META["wsgi.input"] if chunked else request
    try:
        payload: bytes = stream.read(max_bytes + 1)
        if len(payload) > max_bytes:
            _discard(stream)
            return None
    except Exception as error:  # each server raises an exception of its own for a broken body
        raise WebhookRefused("the body did not arrive whole") from error
    return payload


def _discard(stream: Stream) -> None:
    for _ in range(DISCARDED_MAX_BYTES // PIECE_BYTES):
        if not stream.read(PIECE_BYTES):
            return
