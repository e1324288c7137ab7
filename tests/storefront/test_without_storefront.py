"""A project with a catalogue of its own leaves the storefront away; the pages around a payment must do without it."""

import subprocess
import sys
from pathlib import Path

SCRIPT = """
import sys
import types

import django
from django.conf import settings
from shop import settings as shop

without = {"shop", "jumun.storefront", "jumun.backoffice", "django.contrib.admin"}
values = {name: getattr(shop, name) for name in dir(shop) if name.isupper()}
values["INSTALLED_APPS"] = [app for app in shop.INSTALLED_APPS if app not in without]
values["TEMPLATES"][0]["OPTIONS"]["context_processors"].remove("jumun.storefront.context.shop")
values["ROOT_URLCONF"] = "addresses"
values["ALLOWED_HOSTS"] = ["testserver"]
values["DATABASES"] = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}
settings.configure(**values)
django.setup()

from django.core.management import call_command
from django.test import Client
from django.urls import include, path
from tests.factories import pay, place_order

sys.modules["addresses"] = types.ModuleType("addresses")
sys.modules["addresses"].urlpatterns = [path("", include("jumun.urls"))]
call_command("migrate", verbosity=0)
client, order = Client(), place_order()
for page in (order.get_absolute_url(), f"/payment/process/?order={order.reference}"):
    answer = client.get(page)
    assert answer.status_code == 200 and order.number in answer.content.decode(), page
assert order.number in client.get(f"/payment/canceled/?order={order.reference}").content.decode()
assert client.get("/cart/").status_code == 404
assert "invoice.pdf" in client.get(pay(order).get_absolute_url()).content.decode()
print("all shown")
"""


def test_the_pages_of_a_payment_need_no_storefront() -> None:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=False, cwd=Path(__file__).parents[2]
    )
    assert done.stdout.strip() == "all shown", done.stderr
