"""Stripe's webhook signature, scheme v1, over the raw bytes.

``Stripe-Signature: t=<unix seconds>,v1=<hex>[,v1=<hex>...]``; v1 is the HMAC-SHA256 of ``<t>.<body>`` with the whole
endpoint secret as key (docs.stripe.com/webhooks, "Verify webhook signatures manually"). The SDK's own check decodes the
body first, so it cannot judge a body that is not UTF-8. The tests compare both checks on the same vectors.
"""

import hashlib
import hmac
import time

from jumun.errors import WebhookRefused

# As in Stripe's libraries: older signatures are refused, and a signature of the future is accepted.
TOLERANCE_S = 300
HEADER_MAX_CHARS = 4096
V1_CHARS = 64


def verify(payload: bytes, header: str, secrets: list[str]) -> None:
    """Raise `WebhookRefused` unless a v1 signature of ``header`` matches ``payload`` under one of ``secrets``."""
    signed_at, signatures = _parse(header)
    if not secrets:
        raise WebhookRefused("no webhook secret is configured", signed_but="no_secret")
    if not any(_fits(secret, signed_at, payload, signatures) for secret in secrets):
        raise WebhookRefused("no signature matches", signed_but="wrong_signature")
    # Checked last: only a valid signature that is too old shows that a clock is wrong.
    if int(signed_at) < time.time() - TOLERANCE_S:
        raise WebhookRefused("the signature is too old", signed_but="too_old")


def _fits(secret: str, signed_at: str, payload: bytes, signatures: list[bytes]) -> bool:
    message = signed_at.encode() + b"." + payload
    expected = hmac.new(secret.encode(), message, hashlib.sha256).hexdigest().encode()
    return any(hmac.compare_digest(expected, signature) for signature in signatures)


def _parse(header: str) -> tuple[str, list[bytes]]:
    if len(header) > HEADER_MAX_CHARS:
        raise WebhookRefused("the signature header is too long")
    pairs = [part.strip().partition("=") for part in header.split(",")]
    signed_at = next((value for name, _, value in pairs if name == "t"), "")
    # A unix time has ten digits; twelve leave a margin.
    if not (signed_at.isascii() and signed_at.isdigit() and len(signed_at) <= 12):
        raise WebhookRefused("the signature header has no timestamp")
    signatures = [
        value.encode("ascii", "replace") for name, _, value in pairs if name == "v1" and len(value) == V1_CHARS
    ]
    if not signatures:
        raise WebhookRefused("the signature header has no v1 signature")
    return signed_at, signatures
