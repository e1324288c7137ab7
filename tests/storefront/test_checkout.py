import re
import unicodedata
from typing import Any

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from jumun.orders.models import Order
from jumun.storefront.models import Product
from tests.factories import pay
from tests.storefront.shop import ADDRESS, buy, checkout, counts, form_token, product, put

pytestmark = pytest.mark.django_db


def errors(page: str) -> list[str]:
    return re.findall(r'<p class="field-error" id="id_(\w+)_error">', page)


def test_a_filled_in_form_places_the_order_and_leads_to_the_payment(client: Client) -> None:
    put(client, product(name_ko="녹차"), 2)
    put(client, product(name_ko="책", price_minor=17_000, tax_rate_ppm=0))
    answer = checkout(client)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/payment/process/")
    order = Order.objects.get()
    assert (order.total_minor, order.tax_minor, order.language, order.state) == (39_000, 2_000, "ko", "placed")
    assert [(line.name, line.quantity) for line in order.lines.all()] == [("녹차", 2), ("책", 1)]
    assert (order.name, order.email, order.city, order.postal_code) == ("김하늘", "haneul@example.com", "서울", "04524")
    summary = client.get("/payment/process/").content.decode()
    assert order.number in summary
    assert "₩39,000" in summary


def test_a_business_gives_its_number_for_the_invoice(client: Client) -> None:
    put(client, product())
    checkout(client, tax_id=" 1234567891 ")
    assert pay(Order.objects.get()).invoice.document.buyer.tax_id == "123-45-67891"


def test_the_cart_is_empty_afterwards(client: Client) -> None:
    buy(client, product())
    assert "비어 있습니다" in client.get("/cart/").content.decode()


def test_who_goes_back_from_the_payment_finds_the_order(client: Client) -> None:
    order = buy(client, product())
    page = client.get("/checkout/", follow=True).content.decode()
    assert order.number in page
    assert order.get_customer_url() in page
    pay(order)
    assert order.number not in client.get("/cart/").content.decode()


def test_the_order_is_in_the_customers_language(client: Client) -> None:
    put(client, product(name_ko="녹차", name_en="Green tea"))
    client.cookies["django_language"] = "en"
    checkout(client)
    order = Order.objects.get()
    assert (order.language, order.lines.get().name) == ("en", "Green tea")


def test_an_empty_form_names_every_field_that_is_missing(client: Client) -> None:
    put(client, product())
    answer = client.post("/checkout/", {"form_token": form_token(client)})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert set(errors(page)) == {"name", "email", "country", "city", "address", "phone"}
    assert all(f'href="#id_{field}"' in page for field in errors(page)), "the summary links to the fields"
    assert not Order.objects.exists()


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"email": "haneul"}, "email"),
        ({"email": "haneul@example.com\nBcc: all@example.com"}, "email"),
        ({"name": "가" * 201}, "name"),
        ({"address": "가" * 301}, "address"),
        ({"country": "XX"}, "country"),
        ({"country": "EU"}, "country"),
        ({"postal_code": "4524"}, "postal_code"),
        ({"postal_code": ""}, "postal_code"),
        ({"country": "DE", "postal_code": "", "phone": "+49 30 901820"}, "postal_code"),
        ({"phone": "123"}, "phone"),
        ({"phone": "call me"}, "phone"),
        ({"country": "US", "postal_code": "10001", "phone": "010-2345-6789"}, "phone"),
        ({"name": "a\0b"}, "name"),
        *(
            ({"name": blank}, "name")
            for blank in ("\u3164", "\u2800", "\u200b", "\u3000", "\u115f\u1160", "\u202e", "\u0301")
        ),
        ({"address": "\u3164"}, "address"),
        ({"city": "\ufeff"}, "city"),
        ({"phone": "\u200b"}, "phone"),
        ({"email": "\u3164"}, "email"),
        *(({"email": email}, "email") for email in ("me@localhost", "me@com", "é@example.com", '"a b"@example.com')),
        *(({"email": email}, "email") for email in ("me@1.2.3.4", "a..b@example.com", "me@" + "a." * 125 + "com")),
        ({"email": "me@example.com\0"}, "email"),
        ({"postal_code": "100-000"}, "postal_code"),
        ({"tax_id": "a\0"}, "tax_id"),
        ({"country": "GB", "phone": "07400 123456", "tax_id": "XI980780685"}, "tax_id"),
        ({"country": "MC", "postal_code": "98000", "phone": "+377 92052500", "tax_id": "FR53000004606"}, "tax_id"),
        ({"tax_id": "123-45-67890"}, "tax_id"),
        ({"country": "DE", "postal_code": "10119", "phone": "+49 30 901820", "tax_id": "DE136695977"}, "tax_id"),
    ],
)
def test_a_wrong_field_is_explained_and_nothing_is_lost(client: Client, values: dict[str, str], field: str) -> None:
    tea = product()
    put(client, tea, 2)
    answer = checkout(client, **values)
    page = answer.content.decode()
    assert (answer.status_code, errors(page)) == (422, [field])
    assert "세종대로" in page or field == "address"
    assert counts(tea) == (0, 0, 10)
    assert not Order.objects.exists()
    assert "₩22,000" in client.get("/cart/").content.decode()


@pytest.mark.parametrize(
    ("country", "postal_code", "phone", "stored"),
    [
        ("KR", "04524", "010-2345-6789", "+821023456789"),
        ("KR", "04524", "02-120-1234", "+8221201234"),
        ("KR", "04524", "+49 30 901820", "+4930901820"),
        ("US", "10001", "(212) 555-2368", "+12125552368"),
        ("GB", "SW1A 1AA", "07400 123456", "+447400123456"),
        ("HK", "", "2123 4567", "+85221234567"),
    ],
)
def test_a_telephone_number_is_stored_as_the_world_dials_it(
    client: Client, country: str, postal_code: str, phone: str, stored: str
) -> None:
    put(client, product())
    assert checkout(client, country=country, postal_code=postal_code, phone=phone).status_code == 303
    assert Order.objects.get().phone == stored


@pytest.mark.parametrize(
    ("field", "typed", "stored"),
    [
        ("name", unicodedata.normalize("NFD", "김하늘"), "김하늘"),
        ("name", "\ufeff㈜하늘\u3000", "㈜하늘"),
        ("name", "김\x01하늘", "김하늘"),
        ("address", "세종대로 110\r\n101호", "세종대로 110 101호"),
        ("postal_code", "０４５２４", "04524"),
        ("postal_code", "٠٤٥٢٤", "04524"),
        ("postal_code", "\u202a04524\u202c", "04524"),
        ("email", "ｈａｎｅｕｌ＠ｅｘａｍｐｌｅ．ｃｏｍ", "haneul@example.com"),
        ("email", " haneul@하늘.한국 ", "haneul@하늘.한국"),
        ("email", "\u200bhaneul@example.com\u200b", "haneul@example.com"),
        ("phone", "０１０－２３４５－６７８９", "+821023456789"),
        ("phone", "०१०-२३४५-६७८९", "+821023456789"),
        ("phone", "٠١٠٢٣٤٥٦٧٨٩", "+821023456789"),
        ("phone", "\u202a010-2345-6789\u202c", "+821023456789"),
        ("tax_id", "１２３－４５－６７８９１", "123-45-67891"),
        ("tax_id", "\u3164", ""),
    ],
)
def test_what_any_keyboard_types_is_stored_in_one_spelling(client: Client, field: str, typed: str, stored: str) -> None:
    put(client, product())
    assert checkout(client, **{field: typed}).status_code == 303
    assert getattr(Order.objects.get(), field) == stored


@pytest.mark.parametrize(
    ("values", "stored"),
    [
        ({"country": "JP", "postal_code": "１５０ー０００１", "phone": "03-1234-5678"}, "150-0001"),
        ({"country": "JP", "postal_code": "1500001", "phone": "03-1234-5678"}, "1500001"),
        ({"country": "GB", "postal_code": "ＳＷ１Ａ　１ＡＡ", "phone": "07400 123456"}, "SW1A 1AA"),
    ],
)
def test_a_foreign_postal_code_is_stored_in_ascii(client: Client, values: dict[str, str], stored: str) -> None:
    put(client, product())
    assert checkout(client, **values).status_code == 303
    assert Order.objects.get().postal_code == stored


def test_a_form_with_a_mistake_shows_decomposed_text_composed(client: Client) -> None:
    put(client, product())
    page = checkout(client, name=unicodedata.normalize("NFD", "김하늘"), email="x").content.decode()
    assert 'value="김하늘"' in page
    assert 'value="김하늘"' in client.get("/checkout/").content.decode(), "the draft too"


def test_full_width_digits_are_a_quantity(client: Client) -> None:
    tea = product()
    client.post("/cart/add/", {"sku": tea.sku, "quantity": "３"})
    checkout(client)
    assert Order.objects.get().lines.get().quantity == 3


@pytest.mark.parametrize(
    ("language", "words"), [("ko", "사용할 수 없는 이메일 주소입니다"), ("en", "This e-mail address cannot be used")]
)
def test_an_address_that_stripe_refuses_is_explained_beside_its_field(
    client: Client, language: str, words: str
) -> None:
    put(client, product())
    client.cookies["django_language"] = language
    page = checkout(client, email="me@localhost").content.decode()
    explained = re.search(r'<p class="field-error" id="id_email_error">([^<]+)', page)
    assert explained
    assert words in explained[1]
    assert 'value="me@localhost"' in page


def test_what_was_typed_survives_a_detour(client: Client) -> None:
    put(client, product())
    checkout(client, phone="1")
    client.get("/cart/")
    assert "세종대로 110" in client.get("/checkout/").content.decode()


def test_what_was_typed_is_forgotten_with_the_order(client: Client) -> None:
    tea = product()
    buy(client, tea)
    put(client, tea)
    assert "세종대로 110" not in client.get("/checkout/").content.decode()


@pytest.mark.parametrize(
    ("languages", "country"),
    [
        ("ko-KR,ko;q=0.9,en-US;q=0.8", "KR"),
        ("ko", "KR"),
        ("en-GB", "GB"),
        ("de", "DE"),
        ("en-150,fr-CH", "CH"),
        ("", "KR"),
    ],
)
def test_the_likely_country_is_chosen_beforehand(client: Client, languages: str, country: str) -> None:
    put(client, product())
    page = client.get("/checkout/", headers={"Accept-Language": languages}).content.decode()
    assert re.findall(r'<option value="(\w\w)" selected', page) == [country]


def test_the_same_form_sent_again_leads_to_the_same_order(client: Client) -> None:
    tea = product()
    put(client, tea, 2)
    token = form_token(client)
    for _ in range(3):
        answer = checkout(client, form_token=token)
        assert (answer.status_code, answer.headers["Location"]) == (303, "/payment/process/")
    assert Order.objects.count() == 1
    assert counts(tea) == (0, 2, 8)


def test_an_old_form_does_not_empty_a_new_cart(client: Client) -> None:
    tea = product()
    put(client, tea)
    token = form_token(client)
    checkout(client, form_token=token)
    put(client, tea, 3)
    checkout(client, form_token=token)
    assert "₩33,000" in client.get("/cart/").content.decode()
    assert Order.objects.count() == 1


def test_a_cart_changed_in_another_tab_is_not_ordered_unseen(client: Client) -> None:
    tea = product()
    put(client, tea, 1)
    token = form_token(client)
    client.post("/cart/change/", {"sku": tea.sku, "quantity": 5})
    answer = checkout(client, form_token=token)
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "다시 주문해 주세요" in page
    assert "₩55,000" in page
    assert not Order.objects.exists()
    assert checkout(client).status_code == 303
    assert Order.objects.get().total_minor == 55_000


@pytest.mark.parametrize("token", ["", "1", "x" * 500, "a\0b"])
def test_a_form_token_that_the_shop_did_not_give_places_nothing(client: Client, token: str) -> None:
    put(client, product())
    answer = client.post("/checkout/", ADDRESS | {"form_token": token})
    assert answer.status_code == 409
    assert "다시 주문해 주세요" in answer.content.decode()
    assert not Order.objects.exists()


def test_what_sold_out_meanwhile_is_told_with_what_is_left(client: Client) -> None:
    cup, tea = product(name_ko="찻잔"), product(name_ko="녹차", stock_quantity=5)
    put(client, cup)
    put(client, tea, 4)
    token = form_token(client)
    buy(Client(), tea, 3)
    answer = checkout(client, form_token=token)
    page = answer.content.decode()
    assert answer.status_code == 409
    assert re.search(r"녹차:\s*2개 남음", page)
    assert "세종대로 110" in page
    assert counts(cup) == (0, 0, 10)
    client.post("/cart/change/", {"sku": tea.sku, "quantity": 2})
    assert checkout(client).status_code == 303
    assert counts(tea) == (0, 5, 0)


def test_what_is_no_longer_sold_is_not_ordered_silently(client: Client) -> None:
    tea, cup = product(), product()
    put(client, tea)
    put(client, cup)
    token = form_token(client)
    tea.active = False
    tea.save()
    answer = checkout(client, form_token=token)
    assert answer.status_code == 409
    assert "더 이상 판매하지 않는 상품 1개" in answer.content.decode()
    assert not Order.objects.exists()
    assert checkout(client).status_code == 303


def test_more_than_stripe_charges_at_once_is_refused(client: Client) -> None:
    put(client, product(price_minor=60_000_000), 2)
    answer = checkout(client)
    assert answer.status_code == 422
    assert "나누어 주문해" in answer.content.decode()
    assert not Order.objects.exists()


def test_there_is_no_checkout_of_an_empty_cart(client: Client) -> None:
    assert client.get("/checkout/").headers["Location"] == "/cart/"
    assert client.post("/checkout/", ADDRESS).headers["Location"] == "/cart/"


def test_a_shop_in_euro_orders_in_euro(client: Client, settings: Settings) -> None:
    settings.JUMUN = {"CURRENCY": "EUR"}
    order = buy(client, product(currency="EUR", price_minor=1_850), 2)
    assert (order.currency, order.total_minor) == ("EUR", 3_700)


@pytest.mark.parametrize("row", [{"name_ko": "\u3164", "name_en": "\u3164"}, {"tax_rate_ppm": 19}])
def test_a_row_that_no_form_has_checked_is_told_and_logged(
    client: Client, row: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    odd = product()
    Product.objects.filter(pk=odd.pk).update(**row)
    put(client, odd)
    answer = checkout(client)
    assert answer.status_code == 422
    assert "주문할 수 없는 상품이 있습니다" in answer.content.decode()
    assert not Order.objects.exists()
    assert "a cart cannot be ordered" in caplog.text
