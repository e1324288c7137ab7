"""The demo catalogue, from `catalogue.toml` into the database."""

import tomllib
from pathlib import Path
from typing import Any

from django.db import transaction

from jumun import money
from jumun.conf import jumun
from jumun.storefront.models import Category, Product

CATALOGUE = Path(__file__).with_name("catalogue.toml")
STOCK_QUANTITY = 40
TAX_RATE_PPM = 100_000


@transaction.atomic
def load_demo() -> None:
    """Add what is missing.

    What is there already is the staff's and stays; only a price in another currency than the shop's is replaced.
    """
    catalogue = tomllib.loads(CATALOGUE.read_text(encoding="utf-8"))
    categories = {}
    for position, row in enumerate(catalogue["category"]):
        values = {"name_ko": row["ko"], "name_en": row["en"], "position": position}
        categories[row["slug"]], _ = Category.objects.get_or_create(slug=row["slug"], defaults=values)
    for position, row in enumerate(catalogue["product"]):
        _load_product(row, categories[row["category"]], position)


def price_minor(row: dict[str, Any], currency: str) -> int:
    """The price in ``currency``, as listed for won and for two decimals. Yen and the like cost a tenth of the won."""
    decimals = money.exponent(currency)
    if decimals:
        unit: int = 10 ** (decimals - 2)
        return int(row["price_cents"]) * unit
    return int(row["price_krw"]) // (1 if currency == "KRW" else 10)


def _load_product(row: dict[str, Any], category: Category, position: int) -> None:
    price = {"currency": jumun().currency, "price_minor": price_minor(row, jumun().currency)}
    product, _ = Product.objects.get_or_create(
        sku=row["sku"],
        defaults={
            **price,
            "slug": row["slug"],
            "category": category,
            "name_ko": row["name_ko"],
            "name_en": row["name_en"],
            "description_ko": row["description_ko"].strip(),
            "description_en": row["description_en"].strip(),
            "picture": f"demo/{row['picture']}.svg",
            "position": position,
            "tax_rate_ppm": row.get("tax_rate_ppm", TAX_RATE_PPM),
            "stock_quantity": row.get("stock", STOCK_QUANTITY),
        },
    )
    if product.currency != jumun().currency:
        Product.objects.filter(pk=product.pk).update(**price)
