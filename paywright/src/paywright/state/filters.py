"""The members by which lists can be filtered; each has an index."""

from collections.abc import Iterator

FILTERS: dict[str, tuple[str, ...]] = {
    "checkout.session": ("payment_intent", "customer", "status", "customer_details.email"),
    "payment_intent": ("customer",),
    "charge": ("payment_intent", "customer", "transfer_group"),
    "radar.early_fraud_warning": ("charge", "payment_intent"),
    "refund": ("charge", "payment_intent"),
    "dispute": ("charge", "payment_intent"),
    "balance_transaction": ("source", "type", "currency", "_payout"),
    "event": ("type",),
    "payment_method": ("customer", "type"),
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


BALANCE_INDEX = (
    "CREATE INDEX IF NOT EXISTS balance_sums ON object (json_extract(doc, '$.currency'),"
    " json_extract(doc, '$.status'), json_extract(doc, '$.net')) WHERE kind = 'balance_transaction';"
)
"""Covers all columns that the balance needs."""


def indexes() -> Iterator[str]:
    """CREATE statements: one partial index a filter, and the balance's."""
    for kind, members in FILTERS.items():
        for member in members:
            name = f"filter_{kind}_{member}".replace(".", "_")
            yield (
                f"CREATE INDEX IF NOT EXISTS {name} ON object ({expression(member)}, created, seq)"
                f" WHERE kind = '{kind}';"
            )
    yield BALANCE_INDEX
