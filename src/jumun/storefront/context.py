from typing import Any

from django.http import HttpRequest

from jumun.conf import jumun, stripe_setting
from jumun.storefront.cart import Cart


def shop(request: HttpRequest) -> dict[str, Any]:
    """What every page shows: the shop's name, how much is in the cart, and whether payments are only played."""
    return {
        "shop_name": jumun().seller.name,
        "cart_count": Cart(request.session).article_count,
        "is_sandbox": bool(stripe_setting("STRIPE_API_BASE")),
    }
