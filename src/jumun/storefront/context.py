from typing import Any

from django.http import HttpRequest

from jumun.conf import jumun, stripe_setting
from jumun.storefront.cart import Cart


def shop(request: HttpRequest) -> dict[str, Any]:
    """What every page shows: the shop's name, the size of the cart, and whether Paywright replaces Stripe.

    An error page may have no session.
    """
    return {
        "shop_name": jumun().seller.name,
        "cart_count": Cart(request.session).article_count if hasattr(request, "session") else 0,
        "is_sandbox": bool(stripe_setting("STRIPE_API_BASE")),
    }
