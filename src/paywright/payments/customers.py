"""Make customers."""

from typing import Any

from paywright import events, ids
from paywright.objects import blank
from paywright.store import Transaction

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
