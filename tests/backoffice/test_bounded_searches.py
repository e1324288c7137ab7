"""No address makes the database work for long, and none holds text that a database refuses."""

import importlib
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib import admin
from django.core.exceptions import BadRequest
from django.db import OperationalError, connection, transaction
from django.db.backends.signals import connection_created
from django.test import Client, RequestFactory

from jumun.backoffice.model_admin import SEARCH_MAX_CHARS, SEARCH_MAX_WORDS
from jumun.db import page_queries
from jumun.exports import columns
from jumun.exports import csv as exports
from jumun.exports.csv import stream_csv
from jumun.orders.models import Order
from tests.addresses import every_address
from tests.factories import place_order

pytestmark = pytest.mark.django_db

# In the raw bytes of an address.
DAMAGED = ("%00", "a%00b", "%ED%A0%80", "%ED%BF%BFx")


def lists() -> list[str]:
    return [
        f"/admin/{model._meta.app_label}/{model._meta.model_name}/"
        for model, model_admin in admin.site._registry.items()
        if model_admin.search_fields
    ]


def test_every_list_refuses_a_search_of_too_many_words(staff: Any) -> None:
    client = staff(is_superuser=True)
    assert len(lists()) > 12
    for address in lists():
        words = ["w"] * SEARCH_MAX_WORDS
        assert client.get(address, {"q": " ".join(words)}).status_code == 200, address
        for text in (" ".join([*words, "w"]), "w " * 1900, "\u3000".join(["가"] * 400), "x" * (SEARCH_MAX_CHARS + 1)):
            assert client.get(address, {"q": text}).status_code == 400, address


def test_an_export_and_an_action_refuse_it_too(staff: Any) -> None:
    client = staff(is_superuser=True)
    order = place_order()
    words = "w " * 400
    answer = client.get("/admin/jumun_orders/order/export.csv", {"q": words})
    assert (answer.status_code, answer.content.decode()) == (
        400,
        f"A search may have at most {SEARCH_MAX_WORDS} words and {SEARCH_MAX_CHARS} characters.",
    )
    sent = {"action": "export_csv", "_selected_action": order.pk, "confirmed": "1"}
    assert client.post(f"/admin/jumun_orders/order/?q={words.replace(' ', '+')}", sent).status_code == 400


def test_so_does_a_field_that_completes_what_is_typed(admin_user: Any) -> None:
    request = RequestFactory().get("/")
    request.user = admin_user
    model_admin = admin.site._registry[Order]
    with pytest.raises(BadRequest):
        model_admin.get_search_results(request, Order.objects.all(), "w " * 400)


def test_the_page_says_why_in_the_readers_language(staff: Any) -> None:
    pages = [
        staff(is_superuser=True, language=language)
        .get("/admin/jumun_orders/order/", {"q": "w " * 400})
        .content.decode()
        for language in ("en", "ko")
    ]
    assert "A search may have at most 8 words and 200 characters." in pages[0]
    assert "검색어는 최대 8개 단어, 200자까지 입력할 수 있습니다." in pages[1]


@pytest.mark.parametrize(
    "query", ["p=" + "9" * 30, "o=9999999", "o=-x.1.2", "all=1", "e=1", "p=-1", "o=" + "1." * 500, "_facets=1"]
)
def test_what_else_django_reads_from_the_address_of_a_list_never_fails(staff: Any, query: str) -> None:
    client = staff(is_superuser=True)
    for address in ("/admin/jumun_orders/order/", "/admin/jumun_payments/payment/", "/admin/auth/user/"):
        assert client.get(f"{address}?{query}").status_code in {200, 302, 400}, address


def test_nul_and_half_a_character_in_a_parameter_are_refused_at_every_address(staff: Any, client: Client) -> None:
    superuser = staff(is_superuser=True)
    example = {"object_id": 1, "pk": 1, "id": 1, "reference": "A" * 22, "number": "X-1", "slug": "tea", "url": "x"}
    for number, address in enumerate(every_address()):
        if address.name in {"jumun:healthz", "jumun:readyz"}:  # read no parameter, and come before everything
            continue
        path = address.path(**example, content_type_id=1, app_label="jumun_orders")
        text = DAMAGED[number % len(DAMAGED)]
        who = superuser if path.startswith("/admin/") else client
        assert who.get(f"{path}?q=x&order={text}").status_code == 400, path
        assert who.get(f"{path}?{text}=1").status_code == 400, path


def test_whoever_does_without_the_middleware_is_refused_by_the_lists_themselves(staff: Any, settings: Any) -> None:
    settings.MIDDLEWARE = [name for name in settings.MIDDLEWARE if "query_middleware" not in name]
    client = staff(is_superuser=True)
    for address in lists():
        assert client.get(f"{address}?q=%00").status_code == 400, address


@pytest.mark.parametrize("query", ["q=caf%E9", "q=%F0%9F%8D%B5", "utm=%ED%95%9C", "a=%EF%BF%BD", "a=100%"])
def test_other_characters_are_not_the_middlewares_affair(client: Client, query: str) -> None:
    assert client.get(f"/?{query}").status_code == 200


@pytest.mark.parametrize("object_id", ["%00", "a%00", "%ED%A0%80", "_00", "9" * 40, "-1", "1_2F", "%C0%80"])
def test_no_object_id_fails_a_page(staff: Any, object_id: str) -> None:
    client = staff(is_superuser=True)
    for label in ("jumun_orders/order", "jumun_payments/payment", "jumun_storefront/product", "auth/user"):
        for page in ("change", "history", "delete"):
            assert client.get(f"/admin/{label}/{object_id}/{page}/").status_code in {302, 400, 403, 404}
    assert client.get(f"/admin/r/{object_id}/{object_id}/").status_code == 404


@pytest.fixture
def limited(settings: Any) -> Iterator[None]:
    """A connection as a web process has it, with a limit of a fifth of a second."""
    settings.JUMUN = {**settings.JUMUN, "PAGE_QUERY_TIMEOUT_S": 0.2}
    page_queries._limit(connection=connection)
    yield
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('statement_timeout', '0', false)")


def test_postgresql_cancels_the_query_of_a_page(limited: None) -> None:
    if connection.vendor == "postgresql":
        with pytest.raises(OperationalError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT pg_sleep(60)")
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        assert cursor.fetchone() == (1,)


@pytest.mark.django_db(transaction=True)
def test_an_export_may_take_longer(limited: None, monkeypatch: pytest.MonkeyPatch) -> None:
    place_order()
    if connection.vendor == "postgresql":
        written = columns.rows
        slow = "(SELECT pg_sleep(0.5)) IS NOT NULL"
        monkeypatch.setattr(exports, "rows", lambda *rest, **more: written(*rest, **more).extra(where=[slow]))  # noqa: S610
    assert len(b"".join(stream_csv(Order.objects.all())).splitlines()) == 2


def test_web_processes_alone_are_limited() -> None:
    def is_limited() -> bool:
        return any(receiver[0][0] == "jumun.db.page_queries" for receiver in connection_created.receivers)

    assert not is_limited()
    importlib.import_module("shop.wsgi")
    try:
        assert is_limited()
    finally:
        connection_created.disconnect(dispatch_uid="jumun.db.page_queries")
