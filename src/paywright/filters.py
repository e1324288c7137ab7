"""Which members of which objects lists can be filtered by; each has its own index."""

from collections.abc import Iterator

FILTERS: dict[str, tuple[str, ...]] = {
    "checkout.session": ("payment_intent", "customer", "status", "customer_details.email"),
    "payment_intent": ("customer",),
    "charge": ("payment_intent", "customer", "transfer_group"),
    "refund": ("charge", "payment_intent"),
    "dispute": ("charge", "payment_intent"),
    "balance_transaction": ("source", "type", "currency", "_payout"),
    "event": ("type",),
    "payout": ("status",),
    "customer": ("email",),
    "product": ("active", "url"),
    "price": ("product", "active", "lookup_key", "currency", "type"),
    "promotion_code": ("code", "active", "promotion.coupon"),
    "tax_rate": ("active", "inclusive"),
}


def expression(member: str) -> str:
    """The SQL of a member; ``member`` comes from the table above, never from a request."""
    return f"json_extract(doc, '$.{member}')"


def indexes() -> Iterator[str]:
    """CREATE statements of one partial index a filter."""
    for kind, members in FILTERS.items():
        for member in members:
            name = f"filter_{kind}_{member}".replace(".", "_")
            yield (
                f"CREATE INDEX IF NOT EXISTS {name} ON object ({expression(member)}, created, seq)"
                f" WHERE kind = '{kind}';"
            )
