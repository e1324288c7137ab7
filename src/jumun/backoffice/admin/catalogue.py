"""The storefront's products; imported only if that app is installed."""

from typing import Any

from django.contrib import admin
from django.db.models import F, QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from jumun.backoffice import markup
from jumun.backoffice.catalogue_forms import CategoryForm, ProductForm
from jumun.backoffice.filters import RelatedFilter
from jumun.backoffice.model_admin import ModelAdmin
from jumun.storefront.models import Category, Product


@admin.register(Category)
class CategoryAdmin(ModelAdmin):
    form = CategoryForm
    list_display = ("name_ko", "name_en", "slug", "position")
    prepopulated_fields = {"slug": ("name_en",)}


FREE = F("stock_quantity") - F("reserved_quantity") - F("sold_quantity")


@admin.register(Product)
class ProductAdmin(ModelAdmin):
    form = ProductForm
    list_display = ("title", "sku", "category", "price", "free", "active")
    list_select_related = ("category",)
    list_filter = (("category", RelatedFilter), "active")
    search_fields = ("sku", "name_ko", "name_en")
    readonly_fields = ("reserved_quantity", "sold_quantity")
    show_facets = admin.ShowFacets.NEVER
    fieldsets = (
        (None, {"fields": ("sku", "slug", "category", "active", "position", "picture")}),
        (_("Texts"), {"fields": ("name_ko", "name_en", "description_ko", "description_en")}),
        (_("Price"), {"fields": ("currency", "price", "tax_rate_percent", "untaxed_as")}),
        (_("Stock"), {"fields": ("stock_quantity", "reserved_quantity", "sold_quantity")}),
    )

    @admin.display(description=_("name"))
    def title(self, product: Product) -> str:
        return product.name

    @admin.display(description=_("price"), ordering="price_minor")
    def price(self, product: Product) -> SafeString:
        return markup.amount(product.price_minor, product.currency)

    @admin.display(description=_("left to sell"), ordering=FREE)
    def free(self, product: Product) -> int:
        return product.free_quantity

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        """Locks the product while a form is checked and saved, so that its stock does not change in between."""
        product = super().get_object(request, object_id, from_field)
        if product is None or request.method != "POST":
            return product
        return self._locked(product)

    def _locked(self, product: Product) -> Product | None:
        rows: QuerySet[Product] = Product.objects.select_for_update(of=("self",))
        return rows.filter(pk=product.pk).first()

    def save_model(self, request: HttpRequest, obj: Product, form: ProductForm, change: bool) -> None:
        """Does not save what customers change: the reserved and sold quantities."""
        if not change:
            obj.save()
            return
        names = {field.name for field in obj._meta.concrete_fields if field.editable and not field.primary_key}
        obj.save(update_fields=names)
