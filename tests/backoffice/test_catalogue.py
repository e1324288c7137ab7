import unicodedata

import pytest
from django.utils import translation

from jumun.backoffice.catalogue_forms import ProductForm
from jumun.storefront.models import Category, Product

pytestmark = pytest.mark.django_db

ADD = "/admin/jumun_storefront/product/add/"
LIST = "/admin/jumun_storefront/product/"
CATEGORY = "/admin/jumun_storefront/category/add/"


@pytest.fixture
def client(staff):
    return staff(is_superuser=True)


@pytest.fixture
def category() -> Category:
    return Category.objects.create(slug="tea", name_ko="차", name_en="Tea")


def form(category: Category, **values: str) -> dict[str, str]:
    return {
        "sku": "TEA-1",
        "slug": "green-tea",
        "category": str(category.pk),
        "name_ko": "녹차",
        "currency": "USD",
        "price": "12.34",
        "tax_rate_percent": "7.5",
        "untaxed_as": "E",
        "stock_quantity": "5",
        "position": "0",
        "active": "on",
    } | values


def test_price_and_tax_rate_are_written_as_people_write_them(client, category):
    assert client.post(ADD, form(category)).status_code == 302
    product = Product.objects.get()
    assert (product.price_minor, product.currency, product.tax_rate_ppm) == (1234, "USD", 75_000)


@pytest.mark.parametrize("rate", ["7.5", "10", "0.1", "0"])
def test_the_form_shows_what_it_was_given(client, category, rate):
    client.post(ADD, form(category, tax_rate_percent=rate))
    page = client.get(f"/admin/jumun_storefront/product/{Product.objects.get().pk}/change/").content.decode()
    assert 'value="12.34"' in page
    assert f'name="tax_rate_percent" value="{rate}"' in page


@pytest.mark.parametrize(
    ("field", "text", "error"),
    [
        ("price", "12.345", "USD has 2 decimals."),
        ("price", "5.000", "USD has 2 decimals."),
        ("price", "free", "Write it like $12,345.60."),
        ("price", "-1", "above zero"),
        ("currency", "ABC", "ISO 4217"),
        ("tax_rate_percent", "101", "less than or equal to 100"),
        ("tax_rate_percent", "0.09", "0, or at least 0.1."),
    ],
)
def test_a_mistake_is_named_and_nothing_is_saved(client, category, field, text, error):
    response = client.post(ADD, form(category, **{field: text}))
    assert response.status_code == 200
    assert error in response.content.decode()
    assert not Product.objects.exists()


def test_a_price_that_stripe_does_not_charge_is_named(client, category):
    refused = client.post(ADD, form(category, currency="KWD", price="1.005"))
    assert "in KWD only if the last digit is 0" in refused.content.decode()
    assert client.post(ADD, form(category, currency="KWD", price="1.010")).status_code == 302


@pytest.mark.parametrize("text", ["32.000", "5.000", "1,000.00", "５．０００"])
@pytest.mark.parametrize(
    ("language", "told"),
    [("en", ["KRW has no decimals.", "Write it like ₩1,234,560."]), ("ko", ["KRW에는 소수점 이하 자리가 없습니다."])],
)
def test_won_with_decimals_are_not_taken_for_a_thousandth(client, category, text, language, told):
    client.cookies["django_language"] = language
    page = client.post(ADD, form(category, currency="KRW", price=text)).content.decode()
    assert all(sentence in page for sentence in told)
    assert not Product.objects.exists()


def test_a_currency_that_stripe_does_not_take_is_named(client, category):
    page = client.post(ADD, form(category, currency="KPW", price="1000")).content.decode()
    assert "Stripe takes no payments in KPW." in page
    assert not Product.objects.exists()


def test_a_price_of_twelve_digits_in_rupiah_is_kept(client, category):
    assert client.post(ADD, form(category, currency="IDR", price="9,999,999,999.99")).status_code == 302
    assert Product.objects.get().price_minor == 999_999_999_999


@pytest.mark.parametrize("language", ["de", "fr", "ko"])
def test_a_price_saved_unchanged_is_unchanged_in_every_locale(client, category, language):
    client.post(ADD, form(category, currency="KWD", price="1.230"))
    saved = Product.objects.get()
    with translation.override(language):
        sent = ProductForm(instance=saved)
        data = {name: sent[name].value() for name in sent.fields} | {"category": category.pk, "description_ko": "x"}
        again = ProductForm(data, instance=saved)
        assert again.is_valid(), again.errors
    assert again.instance.price_minor == 1_230


def test_stock_cannot_be_set_below_what_is_sold_and_reserved(client, category):
    client.post(ADD, form(category))
    Product.objects.update(reserved_quantity=2, sold_quantity=1)
    product = Product.objects.get()
    address = f"/admin/jumun_storefront/product/{product.pk}/change/"
    refused = client.post(address, form(category, stock_quantity="2"))
    assert "At least 3: so many are sold or reserved." in refused.content.decode()
    assert client.post(address, form(category, stock_quantity="3")).status_code == 302


def test_saving_a_product_leaves_alone_what_customers_reserved_meanwhile(client, category):
    client.post(ADD, form(category))
    product = Product.objects.get()
    address = f"/admin/jumun_storefront/product/{product.pk}/change/"
    client.get(address)
    Product.objects.update(reserved_quantity=2)
    client.post(address, form(category, name_en="Green tea", reserved_quantity="0"))
    product.refresh_from_db()
    assert (product.name_en, product.reserved_quantity) == ("Green tea", 2)


BLANK = ["", "\u3164", "\u200b", "\u2800", "\u3000"]


@pytest.mark.parametrize("field", ["name_ko", "sku"])
@pytest.mark.parametrize("blank", BLANK)
def test_a_name_or_number_of_invisible_characters_is_missing(client, category, field, blank):
    response = client.post(ADD, form(category, **{field: blank}))
    assert "This field is required." in response.content.decode()
    assert not Product.objects.exists()


def test_texts_are_stored_composed(client, category):
    typed = unicodedata.normalize("NFD", "우전 녹차")
    lines = f"{typed}\r\n\r\n{typed}"
    client.post(ADD, form(category, name_ko=f"\ufeff{typed}\u3000", name_en="\u3164", description_ko=lines))
    product = Product.objects.get()
    assert (product.name_ko, product.name_en) == ("우전 녹차", "")
    assert product.description_ko == "우전 녹차\n\n우전 녹차"
    client.post(CATEGORY, {"slug": "c", "name_ko": typed, "name_en": "", "position": "0"})
    assert Category.objects.get(slug="c").name_ko == "우전 녹차"


@pytest.mark.parametrize("blank", BLANK)
def test_a_category_has_a_name(client, blank):
    response = client.post(CATEGORY, {"slug": "c", "name_ko": blank, "position": "0"})
    assert "This field is required." in response.content.decode()


@pytest.mark.parametrize("query", [unicodedata.normalize("NFD", "녹차"), "ＴＥＡ－１", "  녹차\u200b", "tea 녹차"])
def test_a_product_is_found_in_any_spelling(client, category, query):
    client.post(ADD, form(category))
    page = client.get(LIST, {"q": query}).content.decode()
    assert "1 product" in page
    assert "TEA-1" in page


@pytest.mark.parametrize("address", ["product", "category"])
def test_a_search_of_a_list_without_matches_is_empty(client, category, address):
    assert client.get(f"/admin/jumun_storefront/{address}/", {"q": "nothing"}).status_code == 200
