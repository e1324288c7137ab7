"""Lists that are too long to be counted, as staff see them."""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from jumun.backoffice import large_list
from jumun.orders.models import Order
from tests.factories import paid_order, place_order

pytestmark = pytest.mark.django_db
LIST = "/admin/jumun_orders/order/"


@pytest.fixture
def client(staff):
    return staff(is_superuser=True)


@pytest.fixture
def few_are_counted(monkeypatch):
    monkeypatch.setattr(large_list, "COUNTED_MAX", 60)


@pytest.fixture
def orders(few_are_counted):
    """130 of them, oldest first: three pages."""
    pattern = place_order()
    copies = [Order.objects.get(pk=pattern.pk) for _ in range(129)]
    for index, copy in enumerate(copies):
        copy.pk, copy.number, copy.reference = None, f"N{index:03d}", f"R{index}"
    Order.objects.bulk_create(copies)
    return list(Order.objects.order_by("placed_at", "pk").values_list("number", flat=True))


def numbers(client, query: str = "") -> list[str]:
    page = client.get(LIST + query).content.decode()
    return re.findall(r"order/\d+/change/[^>]*>([^<]+)<span", page)


def test_every_order_is_on_one_page_newest_first(client, orders):
    shown = [number for page in ("1", "2", "3") for number in numbers(client, f"?p={page}")]
    assert shown == orders[::-1]


def test_a_gap_in_the_ids_hides_no_order(client, orders):
    Order.objects.filter(number__in=orders[10:40]).delete()
    pages = [numbers(client, f"?p={page}") for page in ("1", "2", "3")]
    assert {number for page in pages for number in page} == {*orders[:10], *orders[40:]}


def test_a_filter_that_leaves_more_than_are_counted_says_so(client, orders):
    page = client.get(LIST + "?state__exact=placed").content.decode()
    assert "There are more than these 60" in page
    assert len(numbers(client, "?state__exact=placed&p=2")) == 10


def test_a_filter_that_leaves_few_is_counted(client, orders):
    paid_order()
    page = client.get(LIST + "?state__exact=paid").content.decode()
    assert "There are more" not in page
    assert "1 order" in page


def test_two_words_must_both_be_found_and_quotes_keep_them_together(client, db):
    anna = place_order(name="Anna Müller", email="anna@example.com")
    place_order(name="Anna Schmidt", email="schmidt@example.com")
    assert numbers(client, "?q=anna+müller") == [anna.number]
    assert numbers(client, "?q=%22anna+müller%22") == [anna.number]
    assert numbers(client, "?q=%22müller+anna%22") == []


def test_a_search_and_a_filter_go_together(client, db):
    place_order(name="Anna")
    paid = paid_order(name="Anna")
    assert numbers(client, "?q=anna&state__exact=paid") == [paid.number]


@pytest.mark.parametrize("query", ["", "?p=3", "?q=N12", "?state__exact=placed"])
def test_no_page_counts_or_sorts_the_whole_table(client, orders, query):
    with CaptureQueriesContext(connection) as captured:
        client.get(LIST + query)
    counting = [each["sql"] for each in captured if "COUNT(" in each["sql"] and "jumun_orders_order" in each["sql"]]
    assert [sql for sql in counting if "LIMIT 61" not in sql] == []
