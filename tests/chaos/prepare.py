"""``python -m tests.chaos.prepare``: the store's own preparation, then the stock that the plan wants.

The stock comes as JSON in JUMUN_CHAOS_STOCK, by the last part of an article's address.
"""

import json
import os

STOCK = "JUMUN_CHAOS_STOCK"


def main() -> None:
    import django
    from django.core.management import call_command

    django.setup()
    call_command("prepare")

    from jumun.storefront.models import Product

    for slug, quantity in json.loads(os.environ[STOCK]).items():
        Product.objects.filter(slug=slug).update(stock_quantity=quantity)


if __name__ == "__main__":
    main()
