"""Jumun's pages are guests: in whichever admin site they are registered, which keeps its name, look and addresses."""

import re
from pathlib import Path
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import User
from django.test import Client
from django.urls import include, path
from django.utils import timezone
from pytest_django.fixtures import Settings

import jumun
from jumun.orders.models import Order
from jumun.payments.models import Checkout, Dispute, InboxEvent, QuarantinedSnapshot
from tests.factories import paid_order, pay, place_order
from tests.invoices.crediting import credit

pytestmark = pytest.mark.django_db


class HouseAdmin(admin.AdminSite):
    site_header = "The House"
    site_title = "House title"
    index_title = "House index"


house = HouseAdmin(name="house")
house.register(User, UserAdmin)
for model, model_admin in admin.site._registry.items():
    if type(model_admin).__module__.startswith("jumun."):
        house.register(model, type(model_admin))

urlpatterns = [
    path("admin/", admin.site.urls),
    path("house/", house.urls),
    path("i18n/", include("django.conf.urls.i18n")),
    path("", include("jumun.urls")),
]


@pytest.fixture(autouse=True)
def _two_sites(settings: Settings) -> None:
    settings.ROOT_URLCONF = __name__


@pytest.fixture
def order() -> Order:
    """With one row of everything around it."""
    order = paid_order()
    pay(order)
    credit(order.invoice, 1).cancel()
    Checkout.objects.create(order=order, session_id="cs_test_1", state="complete", expires_at=timezone.now())
    InboxEvent.objects.create(
        event_id="evt_1", type="charge.updated", livemode=False, payload="{}", order=order, created_at=timezone.now()
    )
    Dispute.objects.create(
        dispute_id="dp_1", payment=order.payments.get(settles_order=True), amount_minor=1, currency="KRW",
        status="lost", reason="fraudulent", opened_at=timezone.now(), is_charge_refundable=False, transaction_count=0,
    )  # fmt: skip
    return order


def pages(order: Order) -> list[str]:
    settled = order.payments.get(settles_order=True)
    paths = [f"jumun_orders/order/{order.pk}/change/", f"jumun_payments/payment/{settled.pk}/refund/"]
    paths += [f"jumun_payments/payment/{settled.pk}/change/", f"jumun_invoices/invoice/{order.invoice.pk}/change/"]
    paths += [f"jumun_payments/quarantinedsnapshot/{QuarantinedSnapshot.objects.get().pk}/change/"]
    paths += [f"jumun_payments/dispute/{Dispute.objects.get().pk}/credit-note/"]
    lists = [model._meta for model in house._registry if model is not User]
    return ["", *paths, *(f"{options.app_label}/{options.model_name}/" for options in lists)]


def test_every_page_of_a_named_site_stays_on_it_and_looks_like_it(admin_client: Client, order: Order) -> None:
    unpaid = place_order()
    for address in [*pages(order), f"jumun_orders/order/{unpaid.pk}/cancel/"]:
        answer = admin_client.get(f"/house/{address}")
        page = answer.content.decode()
        assert answer.status_code == 200, address
        assert "The House" in page, address
        assert re.findall(r'(?:href|action)="(/admin/[^"]*)', page) == [], address
        assert ('href="/static/jumun/backoffice/pages.css"' in page) or not address


def test_what_staff_do_there_leads_back_there(admin_client: Client, order: Order, stripe: Any) -> None:
    unpaid = place_order()
    canceled = admin_client.post(f"/house/jumun_orders/order/{unpaid.pk}/cancel/")
    assert canceled.headers["Location"] == f"/house/jumun_orders/order/{unpaid.pk}/change/"
    row = QuarantinedSnapshot.objects.get()
    done = admin_client.post(f"/house/jumun_payments/quarantinedsnapshot/{row.pk}/resolve/", {"confirmed": "on"})
    assert done.headers["Location"] == f"/house/jumun_payments/quarantinedsnapshot/{row.pk}/change/"
    dispute = Dispute.objects.get()
    credited = admin_client.post(f"/house/jumun_payments/dispute/{dispute.pk}/credit-note/", {"confirmed": "on"})
    assert credited.headers["Location"] == f"/house/jumun_orders/order/{order.pk}/change/"


def test_the_export_form_of_a_named_site_is_its_own(admin_client: Client, order: Order) -> None:
    chosen = {"action": "export_csv", "_selected_action": order.pk}
    page = admin_client.post("/house/jumun_orders/order/", chosen).content.decode()
    assert "The House" in page
    assert 'href="/house/jumun_orders/order/"' in page


def test_a_stranger_gets_the_sites_own_login(client: Client, order: Order) -> None:
    for address in pages(order):
        answer = client.get(f"/house/{address}")
        assert (answer.status_code, answer.headers["Location"].partition("?")[0]) == (302, "/house/login/")


def test_no_template_of_djangos_admin_is_replaced_for_the_whole_project() -> None:
    """A project's other models, and its other sites, keep the admin that the project chose."""
    ours = Path(jumun.__file__).parent
    assert [path for path in ours.rglob("templates/*/*") if path.parent.name in {"admin", "registration"}] == []
