"""Articles to be bought."""

from jumun.storefront.models import Category, Product


def articles(count: int, *, stock: int = 10**8) -> list[Product]:
    """So many articles, of which ``stock`` pieces are there, made unless they are there already."""
    shelf, _ = Category.objects.get_or_create(slug="bench")
    same = {"category": shelf, "name_ko": "백자 머그컵", "price_minor": 5500, "currency": "KRW"}
    return [
        Product.objects.get_or_create(
            sku=f"CUP-{number}", defaults={**same, "slug": f"cup-{number}", "stock_quantity": stock}
        )[0]
        for number in range(count)
    ]
