"""What an address asks for and no filter offers is refused: never an empty file, never the whole list."""

import pytest

from jumun.payments.models import BalanceTransaction
from jumun.storefront.models import Category
from tests.factories import paid_order, place_order

pytestmark = pytest.mark.django_db

ORDERS = "/admin/jumun_orders/order/"
EXPORT = ORDERS + "export.csv"
UNKNOWN = [
    *("state__exact=bogus", "state=bogus", "state__in=paid,bogus", "state__exact=", "state__exact=PAID"),
    *("state__exact=paid&state__exact=bogus", "state__isnull=maybe", "state__exact=paid%20"),
    *("placed=bogus", "placed=", "placed_at__gte=2026-13-01", "placed_at__gte=yesterday", "placed_at__year=x"),
    *("country=XX", "country=", "country=de", "currency=BTC", "livemode__exact=2", "livemode__exact=yes"),
    *("total_minor__gte=much", "total_minor__gte=1e3", "nonsense=1", "state__in__in=1", "state__nonsense=paid"),
]


@pytest.fixture
def client(staff):
    return staff(is_superuser=True, language="en")


@pytest.mark.parametrize("query", UNKNOWN)
def test_an_export_says_400_and_why(client, query):
    paid_order()
    place_order(country="DE", currency="EUR")
    response = client.get(f"{EXPORT}?{query}")
    assert (response.status_code, response["Content-Type"]) == (400, "text/plain; charset=utf-8")
    assert response.content


@pytest.mark.parametrize("query", UNKNOWN)
def test_a_list_says_400(client, query):
    paid_order()
    place_order(country="DE", currency="EUR")
    response = client.get(f"{ORDERS}?{query}")
    assert response.status_code == 400
    assert "This request was not understood" in response.content.decode()


def test_the_reason_names_the_value_and_the_filter_in_the_readers_language(staff):
    answers = [
        staff(is_superuser=True, language=language).get(f"{EXPORT}?state__exact=bogus").content.decode()
        for language in ("en", "ko")
    ]
    assert answers == [
        "'bogus' is not a value of the filter state__exact.",
        "'bogus'은(는) 필터 state__exact의 값이 아닙니다.",
    ]


@pytest.mark.parametrize("query", ["currency=KRW", "country=KR", "currency=KRW&state__exact=paid"])
def test_a_filter_with_a_single_value_that_is_not_shown_holds_all_the_same(client, query):
    paid_order()
    assert client.get(f"{EXPORT}?{query}").status_code == 200
    other = {"currency=KRW": "currency=USD", "country=KR": "country=US"}.get(query, "currency=USD&state__exact=paid")
    assert client.get(f"{EXPORT}?{other}").status_code == 400


def test_an_action_on_an_unknown_filter_exports_nothing(client):
    order = paid_order()
    sent = {"action": "export_csv", "_selected_action": order.pk, "select_across": "1", "confirmed": "1"}
    assert client.post(f"{ORDERS}?state__exact=bogus", sent).status_code == 400


@pytest.mark.parametrize(
    "address",
    [
        *("jumun_invoices/invoice/?issued=bogus", "jumun_invoices/creditnote/?issued=2026-01-01"),
        *("jumun_payments/payment/?status__exact=bogus", "jumun_payments/refund/?status__exact=bogus"),
        *("jumun_payments/dispute/?todo=bogus", "jumun_payments/checkout/?state__exact=bogus"),
        *("jumun_payments/inboxevent/?state__exact=bogus", "jumun_payments/quarantinedsnapshot/?reason__in=a,amount"),
        *("jumun_payments/quarantinedsnapshot/?resolved_at__isempty=perhaps", "jumun_payments/payout/?currency=XXX"),
        *("jumun_payments/balancetransaction/?reporting_category=bogus", "jumun_outbox/job/?state__exact=bogus"),
        *("jumun_payments/reconciliation/?repair__exact=7", "jumun_storefront/product/?category__id__exact=99999"),
        *("jumun_storefront/product/?active__exact=x", "jumun_invoices/series/?nonsense=1"),
        "jumun_invoices/invoice/invoices.zip?first=2026-01-01&last=2026-01-31&state=paid",
        "jumun_invoices/invoice/invoices.zip?first=2026-02-30&last=2026-03-01",
    ],
)
def test_every_other_list_and_file_does_the_same(client, address):
    Category.objects.create(slug="tea", name_ko="차", name_en="Tea")
    assert client.get(f"/admin/{address}").status_code == 400


def test_what_is_offered_narrows_a_list_even_where_there_is_no_choice(client):
    tea = Category.objects.create(slug="tea", name_ko="차", name_en="Tea")
    BalanceTransaction.objects.create(
        transaction_id="txn_1", type="charge", reporting_category="charge", amount_minor=1, fee_minor=0, net_minor=1,
        currency="KRW", created_at="2026-01-01T00:00Z", available_at="2026-01-02T00:00Z",
    )  # fmt: skip
    assert client.get(f"/admin/jumun_storefront/product/?category__id__exact={tea.pk}").status_code == 200
    listed = "/admin/jumun_payments/balancetransaction/"
    assert client.get(f"{listed}?currency=KRW&reporting_category=charge").status_code == 200
    assert client.get(f"{listed}?currency=USD&reporting_category=charge").status_code == 400
