"""django-oscar places orders of 3 articles: ``python place_with_oscar.py COUNT``, in an environment of its own.

Prints the milliseconds of each placement as JSON; a COUNT of 0 makes the tables. `OrderPlacementMixin` does it all, as
Oscar's own checkout has it done after payment: address, order, lines, stock, basket. Baskets are filled beforehand.
"""

import json
import os
import sys
import time
from decimal import Decimal

import django
from django.conf import settings
from django.core.management import call_command
from oscar import defaults

CONTRIB = "admin auth contenttypes sessions messages sites flatpages staticfiles".split()
APPS = (
    "analytics checkout address shipping catalogue catalogue.reviews communication partner basket payment offer order"
    " customer search voucher wishlists"
).split()
DASHBOARD = (
    "catalogue communications offers orders pages partners ranges reports reviews shipping users vouchers".split()
)
NAMED = {"catalogue.reviews": "CatalogueReviews"}
SETTINGS = {name: getattr(defaults, name) for name in dir(defaults) if name.isupper()} | {
    "OSCAR_DEFAULT_CURRENCY": "KRW",
    "OSCAR_INITIAL_ORDER_STATUS": "Pending",
    "DATABASES": {"default": {"ENGINE": "django.db.backends.postgresql", "NAME": os.environ["PGDATABASE"]}},
    "INSTALLED_APPS": [
        *(f"django.contrib.{app}" for app in CONTRIB),
        "oscar.config.Shop",
        *(f"oscar.apps.{app}.apps.{NAMED.get(app, app.capitalize())}Config" for app in APPS),
        *(f"oscar.apps.dashboard.{app}.apps.{app.capitalize()}DashboardConfig" for app in DASHBOARD),
        "oscar.apps.dashboard.apps.DashboardConfig",
        *("widget_tweaks", "haystack", "treebeard", "django_tables2"),
    ],
    "HAYSTACK_CONNECTIONS": {"default": {"ENGINE": "haystack.backends.simple_backend.SimpleEngine"}},
    # The tables as they are now, without a hundred steps that lead there.
    "MIGRATION_MODULES": {app.rpartition(".")[2]: None for app in [*CONTRIB, *APPS]},
    "ROOT_URLCONF": "oscar.urls",
    "SECRET_KEY": "for the bench only",
    "SITE_ID": 1,
    "USE_TZ": True,
    "EMAIL_BACKEND": "django.core.mail.backends.dummy.EmailBackend",
    "DEFAULT_AUTO_FIELD": "django.db.models.AutoField",
}


def main(count):
    settings.configure(**SETTINGS)
    django.setup()
    if not count:
        call_command("migrate", run_syncdb=True, verbosity=0)
        return
    from oscar.test.factories import create_product

    article = {"title": "백자 머그컵", "price": Decimal(5500), "num_in_stock": 10**8, "partner_name": "서울"}
    goods = [create_product(**article) for _ in range(3)]
    baskets = [_basket(goods) for _ in range(count + 1)]
    place, took_ms = _placement(), []
    for basket in baskets:
        before = time.perf_counter()
        place(basket)
        took_ms.append((time.perf_counter() - before) * 1000)
    # Imports and caches are there from the second on.
    print(json.dumps(took_ms[1:]))


def _basket(goods):
    from oscar.apps.partner.strategy import Default
    from oscar.core.loading import get_model

    basket = get_model("basket", "Basket").objects.create()
    basket.strategy = Default()
    for one in goods:
        basket.add_product(one, 2)
    return basket


def _placement():
    from django.contrib.auth.models import AnonymousUser
    from oscar.apps.checkout.calculators import OrderTotalCalculator
    from oscar.apps.checkout.mixins import OrderPlacementMixin
    from oscar.apps.shipping.methods import Free
    from oscar.core.loading import get_model

    address, country = get_model("order", "ShippingAddress"), get_model("address", "Country")
    named = {"iso_3166_1_a3": "KOR", "printable_name": "Korea", "name": "Korea"}
    korea, _ = country.objects.get_or_create(iso_3166_1_a2="KR", defaults=named)
    placement, method = OrderPlacementMixin(), Free()
    # Without a request, no session is cleared and no page is sent to.
    placement.handle_successful_order = lambda order: order

    def place(basket):
        to = address(first_name="하늘", last_name="김", line1="세종대로 110", line4="서울", country=korea)
        charge = method.calculate(basket)
        total = OrderTotalCalculator().calculate(basket, charge)
        number = placement.generate_order_number(basket)
        placement.handle_order_placement(
            number, AnonymousUser(), basket, to, method, charge, None, total, guest_email="haneul@example.com"
        )

    return place


if __name__ == "__main__":
    main(int(sys.argv[1]))
