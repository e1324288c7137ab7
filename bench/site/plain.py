"""Views as plain as can be: the webhook of Stripe's documentation and most tutorials, and a bare page of orders."""

import stripe
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.template import Context, Template
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt

from jumun.orders.models import Order
from jumun.payments.models import InboxEvent

FIELDS = ("number", "placed_at", "name", "email", "state", "total_minor", "currency")
ROW = f"<tr>{''.join(f'<td>{{{{ order.{name} }}}}' for name in FIELDS)}"
PAGE = Template(f"<!doctype html><table>{{% for order in orders %}}{ROW}{{% endfor %}}</table>")


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


def orders(_request: HttpRequest) -> HttpResponse:
    """The newest fifty by a template, without anything that an admin's page has besides."""
    found = Order.objects.order_by("-placed_at", "-pk")[:50]
    return HttpResponse(PAGE.render(Context({"orders": found})))
