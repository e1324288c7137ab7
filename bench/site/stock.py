"""The order list as Django's admin makes it when it is told what to show, and nothing else."""

from django.contrib import admin

from jumun.orders.models import Order, OrderLine

site = admin.AdminSite("stock")


class Lines(admin.TabularInline):  # type: ignore[type-arg]
    model = OrderLine
    extra = 0


@admin.register(Order, site=site)
class StockOrderAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("number", "name", "email", "total_minor", "state", "placed_at", "paid_at")
    list_filter = ("state", "country", "currency", "livemode")
    search_fields = ("number", "name", "email", "invoice__number", "payments__payment_intent_id")
    date_hierarchy = "placed_at"
    # As many rows as on our pages.
    list_per_page = 50
    inlines = (Lines,)
