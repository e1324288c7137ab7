import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from tests.storefront.shop import category, product

pytestmark = pytest.mark.django_db

KOREAN = {"Accept-Language": "ko-KR"}
ENGLISH = {"Accept-Language": "en-GB"}


def text(client: Client, path: str, language: dict[str, str] = KOREAN) -> str:
    answer = client.get(path, headers=language)
    assert answer.status_code == 200, path
    return answer.content.decode()


def test_the_catalogue_shows_names_and_prices_in_both_languages(client: Client) -> None:
    product(name_ko="하동 녹차", name_en="Hadong tea", price_minor=32_000)
    assert all(word in text(client, "/") for word in ("하동 녹차", "₩32,000"))
    assert all(word in text(client, "/", ENGLISH) for word in ("Hadong tea", "₩32,000"))


def test_a_name_in_one_language_is_shown_in_both(client: Client) -> None:
    product(name_ko="하동 녹차", name_en="")
    assert "하동 녹차" in text(client, "/", ENGLISH)


def test_a_category_shows_its_own_products_only(client: Client) -> None:
    product(name_ko="녹차")
    product(name_ko="찻잔", category=category("cups", name_ko="잔"))
    shown = text(client, "/categories/cups/")
    assert "찻잔" in shown
    assert "녹차" not in shown


def test_many_products_come_in_pages(client: Client) -> None:
    for number in range(30):
        product(name_ko=f"차 {number:02}", position=number)
    assert "차 23" in text(client, "/")
    assert "차 24" not in text(client, "/")
    assert "차 24" in text(client, "/?page=2")
    assert "차 24" in text(client, "/?page=99")


def test_the_product_page_tells_price_tax_and_text(client: Client) -> None:
    tea = product(price_minor=24_000, description_ko="두 손에 꼭 들어오는 잔.\n\n120ml")
    shown = text(client, tea.get_absolute_url())
    assert all(word in shown for word in ("₩24,000", "10%", "두 손에 꼭 들어오는 잔.", "120ml"))


def test_what_is_exempt_from_tax_says_so(client: Client) -> None:
    assert "면세" in text(client, product(tax_rate_ppm=0).get_absolute_url())


def test_the_last_pieces_are_counted(client: Client) -> None:
    tea = product(stock_quantity=5, reserved_quantity=2, sold_quantity=1)
    assert "2개 남음" in text(client, tea.get_absolute_url())


def test_what_is_sold_out_cannot_be_put_into_the_cart(client: Client) -> None:
    shown = text(client, product(stock_quantity=1, sold_quantity=1).get_absolute_url())
    assert "품절" in shown
    assert "/cart/add/" not in shown


@pytest.mark.parametrize("hidden", [{"active": False}, {"currency": "EUR"}])
def test_what_is_not_for_sale_is_not_shown(client: Client, hidden: dict[str, object]) -> None:
    secret = product(name_ko="비밀", **hidden)
    assert "비밀" not in text(client, "/")
    assert client.get(secret.get_absolute_url()).status_code == 404


def test_a_shop_in_euro_shows_cents(client: Client, settings: Settings) -> None:
    settings.JUMUN = {"CURRENCY": "EUR"}
    product(currency="EUR", price_minor=1_850)
    assert "€18.50" in text(client, "/", ENGLISH)


def test_what_staff_type_cannot_break_the_page(client: Client) -> None:
    product(name_ko="<script>alert(1)</script>")
    assert "<script>alert" not in text(client, "/")
