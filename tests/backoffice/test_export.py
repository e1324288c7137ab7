"""Taking orders away as a file: a permission of its own, the whole filter, and clear refusals."""

import csv
import io
import re

import pytest

from tests.factories import item, paid_order, place_order

pytestmark = pytest.mark.django_db

LIST = "/admin/jumun_orders/order/"
EXPORT = LIST + "export.csv"
PERMISSIONS = ("jumun_orders.view_order", "jumun_orders.export_order")


@pytest.fixture
def client(staff):
    return staff(*PERMISSIONS)


def rows(response) -> list[dict[str, str]]:
    assert response.status_code == 200, response.content[:500]
    text = b"".join(response.streaming_content).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_the_file_holds_the_whole_filter_and_not_only_the_page(client):
    for _ in range(3):
        paid_order()
    place_order()
    assert len(rows(client.get(EXPORT))) == 4
    assert {row["state"] for row in rows(client.get(EXPORT + "?state__exact=paid&p=1"))} == {"paid"}


def test_a_search_narrows_the_file_as_it_narrows_the_list(client):
    order = paid_order(email="anna@example.com")
    paid_order()
    (row,) = rows(client.get(EXPORT + "?q=anna@example.com"))
    assert row["order_number"] == order.number


def test_shape_language_and_bom_are_chosen_in_the_address(client):
    place_order(lines=[item(sku="A"), item(sku="B")])
    response = client.get(EXPORT + "?shape=lines&language=ko&bom=1")
    content = b"".join(response.streaming_content)
    assert content.startswith(b"\xef\xbb\xbf\xec\xa3\xbc\xeb\xac\xb8")  # the BOM, then 주문
    assert content.count(b"\r\n") == 3


def test_the_file_is_saved_under_a_dated_name_and_kept_by_nobody_on_the_way(client):
    response = client.get(EXPORT)
    assert re.fullmatch(r'attachment; filename="orders-\d{4}-\d\d-\d\d\.csv"', response["Content-Disposition"])
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    assert "no-store" in response["Cache-Control"]
    lines = client.get(EXPORT + "?shape=lines")
    assert 'filename="order-lines-' in lines["Content-Disposition"]


@pytest.mark.parametrize("query", ["shape=bogus", "language=xx", "nonsense=1", "placed=bogus"])
def test_what_cannot_be_understood_is_refused_and_never_becomes_the_whole_list(client, query):
    place_order()
    response = client.get(f"{EXPORT}?{query}")
    assert response.status_code == 400
    assert response["Content-Type"] == "text/plain; charset=utf-8"


@pytest.mark.parametrize("permissions", [(), PERMISSIONS[:1], PERMISSIONS[1:]])
def test_without_both_permissions_there_is_neither_file_nor_button_nor_action(staff, permissions):
    order = place_order()
    client = staff(*permissions)
    assert client.get(EXPORT).status_code == 403
    asked = client.post(LIST, {"action": "export_csv", "_selected_action": order.pk, "index": 0})
    assert "text/csv" not in asked.get("Content-Type", "")
    assert b"export" not in client.get(LIST).content.lower()


def test_the_button_on_the_list_carries_the_filter_along(client):
    paid_order()
    page = client.get(LIST + "?state__exact=paid&q=haneul").content.decode()
    assert f'action="{EXPORT}"' in page
    assert '<input type="hidden" name="state__exact" value="paid">' in page
    assert '<input type="hidden" name="q" value="haneul">' in page


def test_the_action_asks_for_the_shape_and_then_gives_the_selected_orders(client):
    chosen, other = place_order(), place_order()
    form = {"action": "export_csv", "_selected_action": chosen.pk, "index": 0}
    asked = client.post(LIST, form)
    assert 'name="shape"' in asked.content.decode()
    sent = {key: value for key, value in form.items() if key != "index"}
    numbers = [row["order_number"] for row in rows(client.post(LIST, sent | {"confirmed": "1", "shape": "orders"}))]
    assert numbers == [chosen.number]
    assert other.number not in numbers


def test_all_pages_selected_means_the_whole_filter(client):
    paid = [paid_order().number for _ in range(2)]
    unpaid = place_order()
    sent = {"action": "export_csv", "_selected_action": unpaid.pk, "select_across": "1", "confirmed": "1"}
    found = rows(client.post(LIST + "?state__exact=paid", sent))
    assert sorted(row["order_number"] for row in found) == sorted(paid)


def test_an_export_is_only_ever_read(client):
    assert client.post(EXPORT).status_code == 405
