"""What the tests ask of a server: through Stripe's SDK, or as form data where the SDK would not send it."""

from typing import Any

import stripe

from paywright.testing import Paywright

KRW_TWO = [
    {"price_data": {"currency": "krw", "unit_amount": 12_000, "product_data": {"name": "김치 Kimchi"}}, "quantity": 2}
]
SUCCESS_URL = "http://shop.example/completed?session={CHECKOUT_SESSION_ID}"
CANCEL_URL = "http://shop.example/canceled"


def client_of(server: Paywright, **options: Any) -> stripe.StripeClient:
    """The real SDK, talking to ``server``."""
    return stripe.StripeClient(
        server.secret_key,
        base_addresses={"api": server.api_base},
        http_client=stripe.RequestsClient(),
        **{"max_network_retries": 0, **options},
    )


def one_item(currency: str, amount: int) -> dict[str, str]:
    """The form that creates a session over one thing."""
    return {
        "mode": "payment",
        "success_url": "https://shop.example/",
        "line_items[0][price_data][currency]": currency,
        "line_items[0][price_data][unit_amount]": str(amount),
        "line_items[0][price_data][product_data][name]": "x",
        "line_items[0][quantity]": "1",
    }


def types_about(client: stripe.StripeClient, payment_intent: str) -> list[str]:
    """Event types of one payment in the order in which they were made."""
    events = client.v1.events.list(params={"limit": 100}).data
    return [event.type for event in reversed(events) if payment_intent in str(event.data.object)]
