from typing import Any

from django.http import HttpRequest

from jumun.conf import jumun, stripe_setting
from jumun.storefront.cart import Cart


def shop(request: HttpRequest) -> dict[str, Any]:
    """What every page shows: the shop's name, how much is in the cart, and whether Paywright stands in for Stripe.

    An error page may be shown before there is a session.
    """
    return {
        "shop_name": jumun().seller.name,
        "cart_count": Cart(request.session).article_count if hasattr(request, "session") else 0,
        "is_sandbox": bool(stripe_setting("STRIPE_API_BASE")),
    }
