import re

import pytest
from django.test import Client

from jumun.countries import country_choices
from tests.factories import place_order
from tests.storefront.shop import product, put

pytestmark = pytest.mark.django_db

HANGUL = re.compile(r"[가-힣]+")


def test_the_shop_speaks_korean_to_koreans_and_english_to_others(client: Client) -> None:
    assert '<html lang="ko">' in client.get("/", headers={"Accept-Language": "ko-KR"}).content.decode()
    assert '<html lang="en">' in client.get("/", headers={"Accept-Language": "en-US"}).content.decode()
    assert '<html lang="ko">' in client.get("/").content.decode()


def test_the_language_can_be_switched_on_every_page(client: Client) -> None:
    tea = product()
    answer = client.post("/i18n/setlang/", {"language": "en", "next": tea.get_absolute_url()}, follow=True)
    assert answer.redirect_chain == [(tea.get_absolute_url(), 302)]
    assert "Add to cart" in answer.content.decode()


def test_english_pages_have_no_korean_in_them(client: Client) -> None:
    client.cookies["django_language"] = "en"
    tea = product()
    put(client, tea)
    order = place_order(name="Ada", address="1 Main Street", city="London", country="GB", language="en")
    order.lines.update(name="Green tea")
    pages = ["/", tea.get_absolute_url(), "/cart/", "/checkout/", order.get_customer_url(), "/nowhere/"]
    pages += [f"/payment/{page}/?order={order.reference}" for page in ("process", "canceled")]
    for path in pages:
        page = client.get(path).content.decode()
        assert set(HANGUL.findall(page)) == {"한국어"}, path


@pytest.mark.parametrize(
    ("language", "first", "korea"), [("ko", "가나", "대한민국"), ("en", "Afghanistan", "South Korea")]
)
def test_countries_are_named_and_sorted_in_the_language(language: str, first: str, korea: str) -> None:
    choices = country_choices(language)
    names = dict(choices)
    assert (choices[0][1], names["KR"]) == (first, korea)
    assert 240 <= len(choices) <= 252
    assert not {"EU", "UN", "ZZ", "001"} & names.keys()


def test_accents_do_not_send_a_country_to_the_end() -> None:
    names = [name for _code, name in country_choices("en")]
    assert names.index("Åland Islands") < names.index("Albania") < names.index("Zambia")
