"""Amounts in reports, which are written in English: always with their currency."""

from jumun import money


def amount_text(amount_minor: int, currency: str) -> str:
    """An amount in our minor units."""
    return money.format_stripe(amount_minor * money.stripe_scale(currency), currency, "en")


def stripe_amount_text(amount: int, currency: str) -> str:
    """An amount in Stripe's minor units; ``currency`` may be one that nobody knows, in either case."""
    return money.format_stripe(amount, currency.upper(), "en")
