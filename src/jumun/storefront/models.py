from typing import Self

from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _

from jumun.conf import jumun
from jumun.money import PPM
from jumun.orders.customer_and_items import Item
from jumun.orders.models import Order, TaxCategory
from jumun.storefront.bilingual import Bilingual


class Category(models.Model):
    """A group of products with a page of its own."""

    slug = models.SlugField(_("page address"), unique=True)
    name_ko = models.CharField(_("name (Korean)"), max_length=100)
    name_en = models.CharField(_("name (English)"), max_length=100, blank=True)
    position = models.PositiveSmallIntegerField(_("position"), default=0)

    name = Bilingual()

    class Meta:
        verbose_name = _("category")
        verbose_name_plural = _("categories")
        ordering = ["position", "slug"]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("jumun:category", args=[self.slug])


class ProductQuerySet(models.QuerySet["Product"]):
    def on_sale(self) -> Self:
        """Products that visitors can see: active, and priced in the shop's currency."""
        return self.filter(active=True, currency=jumun().currency)


class Product(models.Model):
    """An article for sale. Its price includes tax.

    ``stock_quantity`` counts everything ever received: sold + reserved + free. Only `jumun.storefront.stock` changes
    ``reserved`` and ``sold``; the database refuses a change that would make ``free`` negative.
    """

    sku = models.CharField(_("article number"), max_length=64, unique=True)
    slug = models.SlugField(_("page address"), unique=True)
    category = models.ForeignKey(Category, models.PROTECT, related_name="products", verbose_name=_("category"))
    name_ko = models.CharField(_("name (Korean)"), max_length=200)
    name_en = models.CharField(_("name (English)"), max_length=200, blank=True)
    description_ko = models.TextField(_("description (Korean)"), blank=True)
    description_en = models.TextField(_("description (English)"), blank=True)
    price_minor = models.BigIntegerField(_("price, tax included"))
    currency = models.CharField(_("currency"), max_length=3)
    tax_rate_ppm = models.PositiveIntegerField(_("tax rate (ppm)"), default=100_000)
    # Why the rate is 0: an invoice must state it.
    untaxed_as = models.CharField(
        _("without tax because it is"),
        max_length=1,
        choices=[(choice.value, choice.label) for choice in (TaxCategory.EXEMPT, TaxCategory.ZERO_RATED)],
        default=TaxCategory.EXEMPT,
    )
    picture = models.CharField(_("picture (static file)"), max_length=200, blank=True)
    position = models.PositiveSmallIntegerField(_("position"), default=0)
    active = models.BooleanField(_("for sale"), default=True)

    stock_quantity = models.PositiveIntegerField(_("stock"), default=0)
    reserved_quantity = models.PositiveIntegerField(_("reserved"), default=0, editable=False)
    sold_quantity = models.PositiveIntegerField(_("sold"), default=0, editable=False)

    name = Bilingual()
    description = Bilingual()

    objects = ProductQuerySet.as_manager()

    class Meta:
        verbose_name = _("product")
        verbose_name_plural = _("products")
        ordering = ["category__position", "position", "sku"]
        constraints = [
            models.CheckConstraint(condition=Q(price_minor__gt=0), name="jumun_product_price_positive"),
            models.CheckConstraint(condition=Q(tax_rate_ppm__lte=PPM), name="jumun_product_tax_rate"),
            # PositiveIntegerField keeps each of the three from being negative on SQLite and PostgreSQL.
            models.CheckConstraint(
                condition=Q(stock_quantity__gte=F("reserved_quantity") + F("sold_quantity")),
                name="jumun_product_free_not_negative",
                violation_error_message=_("More is sold and reserved than that."),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("jumun:product", args=[self.slug])

    @property
    def is_on_sale(self) -> bool:
        """As `ProductQuerySet.on_sale`."""
        return self.active and self.currency == jumun().currency

    @property
    def free_quantity(self) -> int:
        """The quantity that can still be ordered."""
        return self.stock_quantity - self.reserved_quantity - self.sold_quantity

    def item(self, quantity: int) -> Item:
        """An order line in the active language, at the present price."""
        return Item(
            sku=self.sku,
            name=self.name,
            unit_price_minor=self.price_minor,
            quantity=quantity,
            tax_rate_ppm=self.tax_rate_ppm,
            tax_category="S" if self.tax_rate_ppm else self.untaxed_as,
        )


class Reservation(models.Model):
    """Goods reserved for one order: held, then released or sold. A released order that is paid late sells them again.

    Orders that were not placed in the storefront have none, so they move no stock.
    """

    class State(models.TextChoices):
        HELD = "held", _("held")
        RELEASED = "released", _("released")
        SOLD = "sold", _("sold")

    order = models.ForeignKey(Order, models.CASCADE, related_name="reservations", verbose_name=_("order"))
    product = models.ForeignKey(Product, models.PROTECT, related_name="reservations", verbose_name=_("product"))
    # As on the order's line: it stays when the product gets another number.
    sku = models.CharField(_("article number"), max_length=64)
    quantity = models.PositiveIntegerField(_("quantity"))
    # How many of those sold are for sale again.
    returned_quantity = models.PositiveIntegerField(_("back in stock"), default=0)
    state = models.CharField(_("state"), max_length=8, choices=State, default=State.HELD)

    class Meta:
        verbose_name = _("reservation")
        verbose_name_plural = _("reservations")
        ordering = ["product"]
        constraints = [
            models.UniqueConstraint(fields=["order", "product"], name="jumun_reservation_once"),
            models.CheckConstraint(condition=Q(quantity__gte=1), name="jumun_reservation_quantity"),
            models.CheckConstraint(
                condition=Q(returned_quantity=0) | Q(state="sold", returned_quantity__lte=F("quantity")),
                name="jumun_reservation_returned",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.product}"

    def return_to_stock(self, quantity: int) -> int:
        """Put goods that were sold back on sale, at most all of them; return how many. Call it in a transaction."""
        row = Reservation.objects.select_for_update().get(pk=self.pk)
        back = min(quantity, row.quantity - row.returned_quantity)
        Reservation.objects.filter(pk=self.pk).update(returned_quantity=F("returned_quantity") + back)
        Product.objects.filter(pk=self.product_id).update(sold_quantity=F("sold_quantity") - back)
        return back


class Origin(models.Model):
    """A browser or a client's address that has placed orders recently; see `jumun.storefront.unpaid_order_limit`."""

    class Kind(models.TextChoices):
        SESSION = "session", _("browser")
        ADDRESS = "address", _("address")

    kind = models.CharField(_("kind"), max_length=8, choices=Kind)
    # A keyed hash: the database does not tell whose it is.
    key = models.CharField(_("key"), max_length=64)
    seen_at = models.DateTimeField(_("last order"), db_index=True)
    orders = models.ManyToManyField(Order, related_name="+", verbose_name=_("orders"))

    class Meta:
        verbose_name = _("origin of orders")
        verbose_name_plural = _("origins of orders")
        constraints = [models.UniqueConstraint(fields=["kind", "key"], name="jumun_origin_once")]

    def __str__(self) -> str:
        return f"{self.kind} {self.key[:8]}"

    @staticmethod
    def key_of(kind: str, value: str) -> str:
        """The hash of a session's key or of an address."""
        return salted_hmac("jumun.storefront.origin", f"{kind}:{value}", algorithm="sha256").hexdigest()
