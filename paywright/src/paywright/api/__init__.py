"""The HTTP surface of Stripe's API: parameters, errors, lists, idempotency, versions."""
