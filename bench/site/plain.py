"""The webhook as Stripe's documentation and most tutorials write it in Django."""

import stripe
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt

from jumun.payments.models import InboxEvent


@csrf_exempt
def webhook(request: HttpRequest) -> HttpResponse:
    try:
        event = stripe.Webhook.construct_event(
            request.body, request.headers["Stripe-Signature"], settings.STRIPE_WEBHOOK_SECRET
        )
    except (ValueError, stripe.SignatureVerificationError):
        return HttpResponse(status=400)
    InboxEvent.objects.get_or_create(
        event_id=event.id,
        defaults={
            "type": event.type,
            "livemode": event.livemode,
            "payload": request.body.decode(),
            "created_at": timezone.now(),
        },
    )
    return HttpResponse("ok")
