"""What is a right by itself is on no page of view-only staff: neither as text nor as the answer to a filter."""

from io import StringIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import quote

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.contenttypes.models import ContentType
from django.core.management import call_command
from django.db import connection, models
from django.test import Client, RequestFactory

from jumun import orders
from jumun.actor import _cause_of
from jumun.orders.models import Order
from tests.addresses import every_address
from tests.backoffice.everything import SESSION_URL, all_view_permissions, everything, permission, rows
from tests.factories import item, paid_order, place_order

pytestmark = pytest.mark.django_db

KEYS = "pi_1_secret_kT9x sk_test_51abc rk_live_9def whsec_9aZ"


def leak(order: Order) -> str:
    """References of this and of another order in some of the ways in which a text may hold them."""
    other = place_order()
    return (
        f"{order.reference} order-{other.reference}-2 {SESSION_URL} {quote(SESSION_URL, safe='')} "
        f"http://shop/payment/canceled/%3Forder%3D{other.reference} {KEYS}"
    )


def secrets() -> list[str]:
    found = list(Order.objects.values_list("reference", flat=True))
    return [*found, "cs_test_b1Zx", "fidkdWxOYHwn", "kT9x", "51abc", "9def", "9aZ"]


def test_no_page_of_view_only_staff_holds_a_reference_or_a_payment_pages_address(staff: Any) -> None:
    everything(leak)
    client = staff(*all_view_permissions())
    pks = {model._meta.label_lower.replace(".", "_"): row.pk for model, row in rows().items()}
    seen = 0
    for address in every_address():
        name = address.name.removeprefix("admin:")
        of = next((label for label in pks if name.startswith(f"{label}_")), None)
        if not address.name.startswith("admin:jumun_") or of is None or name.endswith(("_pdf", "_xml", "_zip")):
            continue
        model = apps.get_model(*of.rsplit("_", 1))
        for row in model._default_manager.all()[: None if "<" in address.route else 1]:
            page = client.get(address.path(object_id=row.pk, pk=row.pk)).content.decode()
            seen += '<div id="content"' in page
            assert [secret for secret in secrets() if secret in page] == [], address
    assert seen > 60


def test_the_customers_page_is_linked_to_for_those_who_may_change_orders(staff: Any) -> None:
    order = paid_order()
    address = f"/admin/jumun_orders/order/{order.pk}/change/"
    may = staff("jumun_orders.view_order", "jumun_orders.change_order").get(address).content.decode()
    assert f'href="{order.get_customer_url()}"' in may


def test_the_admins_redirects_lead_no_staff_to_a_customers_page(staff: Any) -> None:
    everything()
    clients = [staff(), staff(is_superuser=True)]
    for content_type in ContentType.objects.all():
        for row in (content_type.model_class() or Order)._default_manager.all()[:2]:
            for client in clients:
                answer = client.get(f"/admin/r/{content_type.pk}/{row.pk}/")
                assert "/orders/" not in answer.headers.get("Location", ""), content_type


def test_the_inbox_command_prints_no_reference() -> None:
    everything(leak)
    out = StringIO()
    call_command("inbox", "evt_1", "--parked", stdout=out)
    assert "evt_1" in out.getvalue()
    assert [secret for secret in secrets() if secret in out.getvalue()] == []


def test_a_timeline_never_stores_the_address_of_a_customers_page(client: Client) -> None:
    order = place_order()
    request = client.get(order.get_customer_url() + "?returned=1").wsgi_request
    assert _cause_of(request).source == "GET /orders/…/"


# Filters


def test_only_what_the_filters_offer_may_be_asked_of_any_column(admin_user: Any) -> None:
    request = RequestFactory().get("/")
    request.user = admin_user
    for model, model_admin in admin.site._registry.items():
        allowed = {lookup for lookup in every_lookup(model) if model_admin.lookup_allowed(lookup, "1", request)}
        filters = {
            getattr(item, "parameter_name", item[0] if isinstance(item, tuple) else item)
            for item in model_admin.list_filter
        }
        extra = {"reason__in"} if model.__name__ == "QuarantinedSnapshot" else set()
        columns = {lookup.partition("__")[0] for lookup in allowed - extra}
        assert columns <= filters, model
        assert {lookup.rpartition("__")[2] for lookup in allowed - extra} <= {"exact", "isnull", *filters}, model


def every_lookup(model: type[models.Model], depth: int = 2) -> set[str]:
    """Of its columns and of those of its relations, there and back."""
    found = set()
    for field in model._meta.get_fields():
        name = field.name
        related = getattr(field, "related_model", None)
        if related and depth > 1:
            found |= {f"{name}__{lookup}" for lookup in every_lookup(related, depth - 1)}
        if isinstance(field, models.Field):
            found |= {name, *(f"{name}__{lookup}" for lookup in field.get_lookups())}
            found |= {f"{name}__{step}__gte" for step in ("year", "month", "day", "length", "lower", "md5")}
    return found


@pytest.mark.parametrize(
    "query",
    [
        *("form_token__regex=^a", "form_token__isnull=0", "form_token=a", "reference__startswith=A", "reference=A"),
        *(
            "reference__in=A,B",
            "reference__gte=A",
            "reference__length__gte=1",
            "id__gte=1",
            "pk__in=1,2",
            "email__contains=a",
        ),
        *("checkouts__url__contains=a", "checkouts__session_id=cs_test_1", "checkouts__params__contains=a"),
        *(
            "invoice__document_json__contains=a",
            "payments__quarantined__snapshot__contains=a",
            "timeline__source__contains=a",
        ),
        *("_to_field=reference", "_to_field=form_token&_popup=1", "state__regex=paid", "state__in=paid", "state=paid"),
        *("placed_at__year=2026", "customer=1", "o__regex=1", "q__regex=1", "&".join(["currency=KRW"] * 60)),
    ],
)
def test_an_unlisted_lookup_of_orders_is_refused_and_answers_nothing(staff: Any, query: str) -> None:
    place_order()
    client = staff("jumun_orders.view_order", "jumun_orders.export_order")
    page = client.get(f"/admin/jumun_orders/order/?{query}")
    file = client.get(f"/admin/jumun_orders/order/export.csv?{query}")
    action = client.post(f"/admin/jumun_orders/order/?{query}", {"action": "export_csv", "_selected_action": "1"})
    assert (page.status_code, file.status_code, action.status_code) == (400, 400, 400)


def test_the_refusal_names_the_filter_in_the_readers_language(staff: Any) -> None:
    pages = [
        staff("jumun_orders.view_order", language=language).get("/admin/jumun_orders/order/?reference__lt=b").content
        for language in ("en", "ko")
    ]
    assert "This list has no filter reference__lt." in pages[0].decode()
    assert "이 목록에는 필터 reference__lt이(가) 없습니다." in pages[1].decode()


@pytest.mark.parametrize(
    "address",
    [
        *("jumun_payments/payment/?order__reference__startswith=A", "jumun_payments/checkout/?url__contains=cs_"),
        *("jumun_payments/checkout/?params__client_reference_id=A", "jumun_payments/inboxevent/?payload__contains=A"),
        *(
            "jumun_payments/inboxevent/?order__form_token__gt=a",
            "jumun_payments/quarantinedsnapshot/?snapshot__regex=a",
        ),
        *(
            "jumun_payments/refund/?by__password__startswith=a",
            "jumun_payments/refund/?payment__order__email__contains=a",
        ),
        *(
            "jumun_invoices/invoice/?order__reference__lt=a",
            "jumun_outbox/job/?args__contains=a",
            "auth/user/?password__lt=a",
        ),
        *("auth/user/?email__startswith=a", "auth/group/?user__password__lt=a", "auth/group/?name__regex=a"),
        *("jumun_storefront/category/?products__stock_quantity__gt=1", "jumun_storefront/product/?sku__regex=a"),
    ],
)
def test_so_is_one_of_any_other_list(staff: Any, address: str) -> None:
    assert staff(is_superuser=True).get(f"/admin/{address}").status_code == 400


def test_no_list_is_searched_or_sorted_by_a_secret(admin_user: Any) -> None:
    request = RequestFactory().get("/")
    request.user = admin_user
    for model, model_admin in admin.site._registry.items():
        columns = [str(getattr(name, "admin_order_field", name)) for name in model_admin.get_list_display(request)]
        for name in [*model_admin.get_search_fields(request), *columns, *model_admin.get_ordering(request)]:
            assert not {"reference", "form_token", "url", "params", "payload", "snapshot", "password", "args"} & {
                *name.strip("=^-").split("__")
            }, model


def test_a_search_answers_nothing_about_what_its_reader_may_not_see(staff: Any) -> None:
    order = everything()
    payment = order.payments.get(settles_order=True)
    searches: list[tuple[type[models.Model], str, str]] = [
        (type(payment), order.email, "jumun_orders.view_order"),
        (type(order.invoice), order.email, "jumun_orders.view_order"),
        (Order, payment.payment_intent_id, "jumun_payments.view_payment"),
        (Order, order.invoice.number, "jumun_invoices.view_invoice"),
    ]
    for model, word, needed in searches:
        address = f"/admin/{model._meta.app_label}/{model._meta.model_name}/?q={quote(word)}"
        counts = [
            staff(permission("view", model), *more).get(address).context["cl"].result_count for more in ((), (needed,))
        ]
        assert counts[0] == 0, model
        assert counts[1] > 0, model


def test_a_forms_token_is_stored_as_a_hash_alone() -> None:
    order = Order.place(lines=[item()], customer=place_order().customer, form_token="a-token-of-a-form")
    stored = Order.objects.values_list("form_token", flat=True).get(pk=order.pk)
    assert "a-token-of-a-form" not in str(stored)
    assert Order.of_form("a-token-of-a-form") == order
    assert Order.of_form(stored) is None
    assert Order.of_form("") is None


def test_tokens_of_orders_that_wait_are_hashed_by_the_migration() -> None:
    import importlib.util

    waiting, paid = place_order(), paid_order()
    for order in (waiting, paid):
        Order.objects.filter(pk=order.pk).update(form_token=f"plain-{order.pk}")
    [path] = (Path(orders.__file__).parent / "migrations").glob("*_hashed_form_tokens.py")
    spec = importlib.util.spec_from_file_location("hashed_form_tokens", path)
    migration = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(migration)
    migration.hash_tokens(apps, SimpleNamespace(connection=connection))
    assert Order.of_form(f"plain-{waiting.pk}") == waiting
    assert Order.of_form(f"plain-{paid.pk}") is None
