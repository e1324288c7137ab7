from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from jumun.storefront.models import Category, Product, ProductQuerySet

PRODUCTS_PER_PAGE = 24
RELATED_MAX = 4


@require_safe
def catalogue(request: HttpRequest) -> HttpResponse:
    return _shelf(request, Product.objects.on_sale(), chosen=None)


@require_safe
def category(request: HttpRequest, slug: str) -> HttpResponse:
    chosen = get_object_or_404(Category, slug=slug)
    return _shelf(request, chosen.products.on_sale(), chosen=chosen)


def _shelf(request: HttpRequest, products: ProductQuerySet, *, chosen: Category | None) -> HttpResponse:
    page = Paginator(products.select_related("category"), PRODUCTS_PER_PAGE).get_page(request.GET.get("page"))
    context = {"categories": Category.objects.all(), "chosen": chosen, "page": page}
    return render(request, "jumun/storefront/catalogue.html", context)


@require_safe
def product(request: HttpRequest, slug: str) -> HttpResponse:
    found = get_object_or_404(Product.objects.on_sale().select_related("category"), slug=slug)
    related = found.category.products.on_sale().exclude(pk=found.pk)[:RELATED_MAX]
    return render(request, "jumun/storefront/product.html", {"product": found, "related": related})
