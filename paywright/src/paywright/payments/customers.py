"""Make customers."""

from typing import Any

from paywright.state import ids
from paywright.state.objects import blank
from paywright.state.store import Transaction
from paywright.webhooks import events

Json = dict[str, Any]


def new_customer(tx: Transaction, **members: Any) -> Json:
    """Insert a customer and announce it."""
    customer = blank(
        "customer",
        id=ids.new("cus"),
        balance=0,
        created=tx.now,
        delinquent=False,
        invoice_prefix=ids.random_text(8).upper(),
        invoice_settings={
            "custom_fields": None,
            "default_payment_method": None,
            "footer": None,
            "rendering_options": None,
        },
        metadata={},
        next_invoice_sequence=1,
        preferred_locales=[],
        tax_exempt="none",
    )
    customer.update(members)
    tx.insert(customer)
    events.emit(tx, "customer.created", customer)
    return customer
