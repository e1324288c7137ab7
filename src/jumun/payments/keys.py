import uuid


def new_key() -> str:
    """A fresh idempotency key; Stripe takes up to 255 characters and advises UUIDs."""
    return str(uuid.uuid4())
