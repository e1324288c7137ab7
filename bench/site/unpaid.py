"""Orders that wait for payment, each with an open checkout."""

from typing import Any

from django.utils import timezone

from bench.events import unique
from bench.site.placing import filled_cart, stripe_answering
from jumun.invoices.models import Invoice, Series


def main(count: str) -> list[dict[str, Any]]:
    """What Stripe would tell of the session of each of ``count`` orders once it is paid: in full, as it answers us."""
    # The filled database has invoices, and no counter that gave them their numbers.
    counted = {"last_number": Invoice.objects.count()}
    Series.objects.get_or_create(prefix="TEST-INV", year=timezone.localdate().year, defaults=counted)
    with stripe_answering() as sessions:
        for _ in range(int(count)):
            filled_cart(3)()
    return [
        session | {"status": "complete", "payment_status": "paid", "payment_intent": _payment_intent(), "url": None}
        for session in sessions
    ]


def _payment_intent() -> dict[str, Any]:
    charge = {
        "id": unique("ch"),
        "object": "charge",
        "status": "succeeded",
        "payment_method_details": {"type": "card", "card": {"brand": "visa", "last4": "4242"}},
    }
    return {"id": unique("pi"), "object": "payment_intent", "latest_charge": charge}
