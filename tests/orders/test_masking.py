"""What is a right by itself is hidden in texts from elsewhere."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from jumun.orders import masking
from jumun.orders.masking import masked
from tests.factories import place_order, stored_order

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "around",
    [
        *("{}", "x{}", "{}x", "_{}-", "order={}", "\\u003d{}", "%3D{}", "\\n{}\\n", '"{}"', "/orders/{}/invoice.pdf"),
        *("{0}{0}", "{0}-{0}", "<b>{}</b>", "김{}늘"),
    ],
)
def test_a_reference_is_hidden_whatever_it_stands_in(around: str) -> None:
    order = place_order()
    assert order.reference not in masked(around.format(order.reference))
    assert masked(around.format("A" * 22)) == around.format("A" * 22)


def test_a_longer_reference_of_a_projects_own_is_hidden_where_it_stands_alone() -> None:
    reference = stored_order(reference="long_" + "R" * 40).reference
    assert masked(f"?order={reference}&x") == "?order=…&x"


def test_what_is_longer_than_any_reference_is_hidden_unread() -> None:
    assert masked(f"{'a' * 128} {'a' * 129}") == f"{'a' * 128} …"


def test_a_large_text_takes_few_queries_and_little_time() -> None:
    words = " ".join(f"evt_{number:024}" for number in range(300))
    with CaptureQueriesContext(connection) as queries:
        assert masked(words) == words
        assert masked("a" * 1_000_000) == masking.MASK
        assert masked("a." * 500_000) == "a." * 500_000
        assert masked("no such place") == "no such place"
    assert len(queries) <= 5
