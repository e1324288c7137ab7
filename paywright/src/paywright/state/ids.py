"""Identifiers in Stripe's shapes (recorded, see docs/fidelity.md): random, opaque, unguessable."""

import secrets
import string

_ALPHABET = (string.ascii_letters + string.digits).encode()
# Eight of the 62 come up a little more often, which costs an id less than a tenth of a bit a character.
_TABLE = bytes(_ALPHABET[byte % len(_ALPHABET)] for byte in range(256))


def random_text(length: int) -> str:
    """Return ``length`` random letters and digits."""
    return secrets.token_bytes(length).translate(_TABLE).decode()


_SHORT = {"cus", "prod"}
_MADE_BY_PAYMENT = {"pi", "ch", "re", "txn", "py"}


def new(prefix: str) -> str:
    """Return an id such as ``pi_3...`` (24 characters) or ``cus_...`` (14)."""
    if prefix in _SHORT:
        return f"{prefix}_{random_text(14)}"
    first = "3" if prefix in _MADE_BY_PAYMENT else "1"
    return f"{prefix}_{first}{random_text(23)}"


def checkout_session() -> str:
    return f"cs_test_a1{random_text(64)}"


def request() -> str:
    return f"req_{random_text(14)}"


def client_secret(identifier: str) -> str:
    return f"{identifier}_secret_{random_text(25)}"


def webhook_secret() -> str:
    return f"whsec_{random_text(32)}"
