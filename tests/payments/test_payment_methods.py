"""However a payment was made, the order's page, the admin, the paper, the e-invoice and the file say it by its name."""

import csv
import io
from typing import Any

import pytest
from django.test import Client

from jumun.exports.csv import stream_csv
from jumun.invoices.documents.einvoice import einvoice
from jumun.invoices.documents.payment_methods import TABLES
from jumun.invoices.documents.printed import printed
from jumun.orders.models import Order
from jumun.payments.merge import apply
from tests.factories import place_order
from tests.payments.stripe_says import session_of

pytestmark = pytest.mark.django_db

VISA = {"brand": "visa", "last4": "4242"}
SHINHAN = {"brand": "shinhan", "last4": "1234"}

# Stripe's ``payment_method_details``, what it is called in Korean and in English, and UNTDID 4461.
METHODS: list[tuple[dict[str, Any], str, str, str]] = [
    ({"type": "card", "card": VISA}, "Visa •••• 4242", "Visa •••• 4242", "48"),
    ({"type": "card", "card": {"brand": "unknown", "last4": "4242"}}, "카드 •••• 4242", "Card •••• 4242", "48"),
    (
        {"type": "card", "card": VISA | {"wallet": {"type": "apple_pay", "apple_pay": {}}}},
        *("Visa •••• 4242 (Apple Pay)", "Visa •••• 4242 (Apple Pay)", "48"),
    ),
    (
        {"type": "card", "card": VISA | {"wallet": {"type": "samsung_pay"}}},
        *("Visa •••• 4242 (삼성페이)", "Visa •••• 4242 (Samsung Pay)", "48"),
    ),
    ({"type": "kr_card", "kr_card": SHINHAN}, "신한카드 •••• 1234", "Shinhan Card •••• 1234", "48"),
    ({"type": "kr_card", "kr_card": {"brand": "bc", "last4": None}}, "BC카드", "BC Card", "48"),
    ({"type": "kr_card", "kr_card": {}}, "카드", "Card", "48"),
    ({"type": "card_present", "card_present": VISA}, "Visa •••• 4242", "Visa •••• 4242", "48"),
    ({"type": "kakao_pay", "kakao_pay": {"buyer_id": None}}, "카카오페이", "Kakao Pay", "68"),
    ({"type": "naver_pay", "naver_pay": {}}, "네이버페이", "Naver Pay", "68"),
    (
        {"type": "naver_pay", "naver_pay": {"funding": {"type": "card", "card": SHINHAN}}},
        *("네이버페이 (신한카드 •••• 1234)", "Naver Pay (Shinhan Card •••• 1234)", "68"),
    ),
    ({"type": "payco", "payco": {}}, "페이코", "PAYCO", "68"),
    ({"type": "samsung_pay", "samsung_pay": {}}, "삼성페이", "Samsung Pay", "68"),
    ({"type": "link", "link": {"country": "KR"}}, "Link", "Link", "68"),
    (
        {"type": "amazon_pay", "amazon_pay": {"funding": {"type": "card", "card": VISA}}},
        *("Amazon Pay (Visa •••• 4242)", "Amazon Pay (Visa •••• 4242)", "68"),
    ),
    (
        {"type": "sepa_debit", "sepa_debit": {"last4": "3201"}},
        *("SEPA 자동이체 •••• 3201", "SEPA Direct Debit •••• 3201", "68"),
    ),
    ({"type": "ideal", "ideal": {"iban_last4": "3201"}}, "iDEAL •••• 3201", "iDEAL •••• 3201", "68"),
    ({"type": "new_pay", "new_pay": {"token": "x"}}, "New Pay", "New Pay", "68"),
    ({"type": "card", "card": VISA | {"brand": "new_brand"}}, "New Brand •••• 4242", "New Brand •••• 4242", "48"),
]


def paid_by(details: dict[str, Any], language: str) -> Order:
    order = place_order(language=language)
    session = session_of(order)
    session["payment_intent"]["latest_charge"]["payment_method_details"] = details
    apply(session)
    order.refresh_from_db()
    return order


@pytest.mark.parametrize(("details", "korean", "english", "code"), METHODS)
@pytest.mark.parametrize("language", ["ko", "en"])
def test_it_is_said_by_its_name(
    admin_client: Client, language: str, details: dict[str, Any], korean: str, english: str, code: str
) -> None:
    order = paid_by(details, language)
    name = korean if language == "ko" else english
    assert name in printed(order.invoice.document)["payment"]["sentence"]
    xml = einvoice(order.invoice.document).decode()
    assert f"<ram:TypeCode>{code}</ram:TypeCode>" in xml
    admin_client.cookies["django_language"] = language
    headers = {"accept-language": language}
    payment = order.payments.get()
    for address in (
        order.get_customer_url(),
        f"/admin/jumun_orders/order/{order.pk}/change/",
        f"/admin/jumun_payments/payment/{payment.pk}/change/",
        f"/admin/jumun_payments/payment/{payment.pk}/refund/",
    ):
        page = admin_client.get(address, headers=headers)
        assert page.status_code == 200
        assert name in page.content.decode(), address


@pytest.mark.parametrize(
    ("method", "korean"),
    [("card", "카드"), ("kr_card", "카드"), ("kakao_pay", "카카오페이"), ("new_pay", "new_pay"), ("=1+1", "'=1+1")],
)
def test_a_file_has_it_in_a_column_of_its_own(method: str, korean: str) -> None:
    paid_by({"type": method, method: SHINHAN}, "ko")
    place_order()

    def column(**options: Any) -> list[str]:
        text = b"".join(stream_csv(Order.objects.all(), **options)).decode()
        header, *rows = csv.reader(io.StringIO(text))
        at = next(at for at, title in enumerate(header) if title in {"payment_method", "결제 수단"})
        return [header[at], *(row[at] for row in rows)]

    assert column() == ["payment_method", method.replace("=", "'="), ""]
    assert column(language="ko") == ["결제 수단", korean, ""]


def test_a_payment_whose_method_is_not_known_is_paid_by_stripe() -> None:
    order = place_order(language="ko")
    apply(session_of(order, payment_intent="pi_bare"))
    assert "Stripe 결제" in printed(order.invoice.document)["payment"]["sentence"]


def test_every_korean_name_has_an_english_one_or_is_read_as_stripe_writes_it() -> None:
    import json

    tables = json.loads(TABLES.read_text(encoding="utf-8"))
    assert tables["ko"]["brands"].keys() <= tables["en"]["brands"].keys()
    assert all(name == name.strip() for table in tables.values() for names in table.values() for name in names.values())
