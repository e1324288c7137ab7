"""Stripe's webhook signature scheme v1 (https://docs.stripe.com/webhooks#verify-manually)."""

import hmac


def signature_header(body: bytes, secrets: list[str], timestamp: int) -> str:
    """Return ``Stripe-Signature``: one ``v1`` for every live secret, as during a roll."""
    parts = [f"t={timestamp}", *(f"v1={_v1(body, secret, timestamp)}" for secret in secrets)]
    return ",".join(parts)


def _v1(body: bytes, secret: str, timestamp: int) -> str:
    signed = str(timestamp).encode() + b"." + body
    return hmac.digest(secret.encode(), signed, "sha256").hex()
