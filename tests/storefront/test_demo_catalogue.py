from pathlib import Path
from xml.etree import ElementTree

import pytest
from django.contrib.staticfiles import finders
from django.test import Client
from pytest_django.fixtures import Settings

from jumun.storefront.models import Category, Product
from shop.demo.load import load_demo

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _loaded() -> None:
    load_demo()


def test_there_is_a_small_shop_in_both_languages() -> None:
    assert Category.objects.count() >= 4
    products = Product.objects.on_sale()
    assert products.count() >= 12
    for product in products:
        texts = [product.name_ko, product.name_en, product.description_ko, product.description_en]
        assert all(texts), product.sku
        assert product.name_ko != product.name_en


def test_every_product_has_a_picture_of_its_own() -> None:
    pictures = set(Product.objects.values_list("picture", flat=True))
    assert len(pictures) == Product.objects.count()
    for picture in pictures:
        found = finders.find(picture)
        assert found, picture
        ElementTree.parse(found)  # noqa: S314  (our own drawings)
        assert "style" not in Path(found).read_text(encoding="utf-8")


def test_one_is_nearly_sold_out_one_is_and_one_is_exempt_from_tax(client: Client) -> None:
    free = [product.free_quantity for product in Product.objects.all()]
    assert 0 in free
    assert any(0 < quantity <= 3 for quantity in free)
    assert Product.objects.filter(tax_rate_ppm=0).count() == 1
    assert client.get("/").content.decode().count("품절") == 1


def test_loading_again_keeps_what_staff_and_customers_changed() -> None:
    Product.objects.filter(sku="TEA-YUJA").update(price_minor=1, name_ko="새 이름", sold_quantity=3)
    Product.objects.get(sku="BOOK-TEA").delete()
    load_demo()
    yuja = Product.objects.get(sku="TEA-YUJA")
    assert (yuja.price_minor, yuja.name_ko, yuja.sold_quantity) == (1, "새 이름", 3)
    assert Product.objects.filter(sku="BOOK-TEA").exists()


@pytest.mark.parametrize(("currency", "price"), [("EUR", "€18.00"), ("USD", "$18.00"), ("JPY", "¥2,400")])
def test_another_currency_has_prices_of_its_own(client: Client, settings: Settings, currency: str, price: str) -> None:
    settings.JUMUN = {"CURRENCY": currency}
    load_demo()
    page = client.get("/products/celadon-tea-cup/", headers={"Accept-Language": "en"}).content.decode()
    assert price in page
