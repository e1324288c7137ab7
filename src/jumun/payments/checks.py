from typing import Any

from django.core.checks import CheckMessage, Error, Warning, register

from jumun.conf import livemode, stripe_setting
from jumun.payments.webhooks.receive import webhook_secrets


@register()
def check_keys(**_: Any) -> list[CheckMessage]:
    """The keys are there and have the shape that Stripe gives them."""
    messages: list[CheckMessage] = []
    key = stripe_setting("STRIPE_SECRET_KEY")
    if not key.startswith(("sk_test_", "sk_live_", "rk_test_", "rk_live_")):
        messages.append(
            Error(
                "STRIPE_SECRET_KEY is unset."
                if not key
                else "STRIPE_SECRET_KEY is not a secret key of Stripe's (sk_test_..., sk_live_..., rk_...).",
                hint="Copy it from the dashboard, Developers > API keys, into the environment or .env.",
                id="jumun.E011",
            )
        )
    if not stripe_setting("STRIPE_WEBHOOK_SECRET").strip(" ,"):
        messages.append(
            Warning(
                "STRIPE_WEBHOOK_SECRET is unset: every webhook is refused.",
                hint="`stripe listen` prints it (whsec_...); for a deployed endpoint the dashboard shows it.",
                id="jumun.W012",
            )
        )
    elif wrong := [secret for secret in webhook_secrets() if not secret.startswith("whsec_")]:
        messages.append(
            Warning(
                f"STRIPE_WEBHOOK_SECRET holds {len(wrong)} that do not begin with whsec_: their webhooks are refused.",
                hint="Copy the endpoint's signing secret from the dashboard; it is not an API key.",
                id="jumun.W014",
            )
        )
    if livemode() and (base := stripe_setting("STRIPE_API_BASE")):
        messages.append(
            Error(
                f"STRIPE_SECRET_KEY is a live key, and STRIPE_API_BASE sends it to {base} instead of Stripe.",
                hint="Unset STRIPE_API_BASE, which is for Paywright, or use a test key.",
                id="jumun.E013",
            )
        )
    return messages
