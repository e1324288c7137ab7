"""The admin in a real browser under the shop's strict Content-Security-Policy."""

import re

import pytest
from django.contrib.auth.models import User

from tests.factories import paid_order, pay, place_order

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True), pytest.mark.long]

LIST = "/admin/jumun_orders/order/"


@pytest.fixture
def complaints(page) -> list[str]:
    """What the browser complains about: refused scripts and styles, missing files."""
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("response", lambda response: complaints.append(response.url) if response.status >= 400 else None)
    return complaints


@pytest.fixture
def admin(page, live_server, complaints):
    User.objects.create_superuser("boss", password="secret")
    page.goto(live_server.url + "/admin/")
    page.fill("#id_username", "boss")
    page.fill("#id_password", "secret")
    page.click("input[type=submit]")
    page.wait_for_selector("#user-tools")
    return page


@pytest.mark.parametrize("width", [1280, 390])
def test_no_page_breaks_the_policy_or_is_wider_than_the_screen(admin, live_server, complaints, width):
    order = paid_order(name="아주 긴 이름을 가진 고객 " * 3)
    pay(order)
    admin.set_viewport_size({"width": width, "height": 900})
    addresses = ["/admin/", LIST, f"{LIST}{order.pk}/change/", "/admin/jumun_storefront/product/add/"]
    addresses += [f"/admin/jumun_{name}/" for name in ("payments/payment", "payments/inboxevent", "outbox/job")]
    addresses += ["/admin/jumun_payments/quarantinedsnapshot/", "/admin/jumun_invoices/invoice/"]
    for address in addresses:
        admin.goto(live_server.url + address)
        admin.wait_for_load_state("networkidle")
        assert admin.evaluate("document.documentElement.scrollWidth") <= width, address
    assert complaints == []


def test_the_language_is_switched_in_the_header(admin, live_server, complaints):
    admin.goto(live_server.url + LIST)
    admin.click(".jumun-language button[lang=en]")
    assert admin.inner_text("h1") == "Orders"
    admin.click(".jumun-language button[lang=ko]")
    assert admin.inner_text("h1") == "주문"
    assert admin.url == live_server.url + LIST
    assert complaints == []


def test_the_filtered_list_is_downloaded_from_its_button(admin, live_server, complaints):
    paid_order()
    place_order()
    admin.goto(live_server.url + LIST + "?state__exact=paid")
    admin.click(".jumun-export summary")
    admin.select_option(".jumun-export select[name=language]", "ko")
    with admin.expect_download() as download:
        admin.click(".jumun-export button")
    assert re.fullmatch(r"orders-\d{4}-\d\d-\d\d\.csv", download.value.suggested_filename)
    content = download.value.path().read_bytes()
    assert content.startswith("\ufeff주문 번호,".encode())
    assert content.count(b"\r\n") == 2
    assert complaints == []


def test_selected_orders_are_downloaded_through_the_action(admin, live_server, complaints):
    chosen = paid_order()
    place_order()
    admin.goto(live_server.url + LIST)
    admin.check(f".action-select[value='{chosen.pk}']")
    admin.select_option("select[name=action]", "export_csv")
    admin.click("button[name=index]")
    with admin.expect_download() as download:
        admin.click(".jumun-export-form button")
    content = download.value.path().read_bytes().decode("utf-8-sig")
    assert content.count("\r\n") == 2
    assert chosen.number in content
    assert complaints == []
