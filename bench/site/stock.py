"""The order list as Django's admin makes it when it is told what to show, and nothing else."""

from typing import TYPE_CHECKING

from django.contrib import admin

from jumun.orders.models import Order, OrderLine

if TYPE_CHECKING:
    OrderModelAdmin = admin.ModelAdmin[Order]
    LineInline = admin.TabularInline[OrderLine, Order]
else:
    OrderModelAdmin, LineInline = admin.ModelAdmin, admin.TabularInline

site = admin.AdminSite("stock")


class Lines(LineInline):
    model = OrderLine
    extra = 0


class StockOrderAdmin(OrderModelAdmin):
    list_display = ("number", "name", "email", "total_minor", "state", "placed_at", "paid_at")
    list_filter = ("state", "country", "currency", "livemode")
    search_fields = ("number", "name", "email", "invoice__number", "payments__payment_intent_id")
    date_hierarchy = "placed_at"
    # As many rows as on our pages.
    list_per_page = 50
    inlines = (Lines,)


site.register(Order, StockOrderAdmin)
