from jumun.conf import stripe_setting


def api_version() -> str:
    """The version of Stripe's API that we use."""
    import stripe

    return stripe_setting("STRIPE_API_VERSION") or stripe.api_version
