from jumun.conf import stripe_setting


def api_version() -> str:
    """The version of Stripe's API that we speak and read."""
    import stripe

    return stripe_setting("STRIPE_API_VERSION") or stripe.api_version
