"""The cart: articles and quantities in the visitor's session. Prices are read from the database each time."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, cast

from django.contrib.sessions.backends.base import SessionBase

from jumun.conf import jumun
from jumun.errors import AmountOutOfRange, TooManyLines
from jumun.orders.customer_and_items import LINES_MAX, Item
from jumun.orders.totals import check_total
from jumun.storefront.models import Product
from jumun.storefront.summary import Summary

SESSION_CART = "jumun_cart"
QUANTITY_MAX = 99


@dataclass(frozen=True, slots=True, kw_only=True)
class CartLine:
    """One article in the cart, at its present price."""

    product: Product
    quantity: int

    @property
    def item(self) -> Item:
        return self.product.item(self.quantity)

    @property
    def total_minor(self) -> int:
        return self.item.price_minor

    @property
    def is_short(self) -> bool:
        """Whether fewer are free than the visitor wants."""
        return self.quantity > self.product.free_quantity

    @property
    def quantity_max(self) -> int:
        return min(QUANTITY_MAX, self.product.free_quantity)


class Cart:
    """A visitor's cart.

    ``token`` identifies exactly these contents; every change makes a new one. So an order placed with it empties this
    cart and not a later one, the same cart sent twice gives one order, and a form with other contents is noticed.
    """

    def __init__(self, session: SessionBase) -> None:
        self._session = session
        stored = session.get(SESSION_CART) or {}
        self.token: str = stored.get("token") or secrets.token_urlsafe(16)
        self._quantities: dict[str, int] = dict(stored.get("quantities") or {})

    @property
    def article_count(self) -> int:
        return sum(self._quantities.values())

    def quantity_of(self, sku: str) -> int:
        return self._quantities.get(sku, 0)

    @cached_property
    def lines(self) -> list[CartLine]:
        """The lines in the order in which they were added, without articles that are no longer sold."""
        products = {product.sku: product for product in Product.objects.on_sale().filter(sku__in=self._quantities)}
        return [
            CartLine(product=products[sku], quantity=quantity)
            for sku, quantity in self._quantities.items()
            if sku in products
        ]

    @cached_property
    def summary(self) -> Summary:
        """The cart's lines and totals at present prices. Only for a cart that is not empty."""
        return Summary.of([line.item for line in self.lines], jumun().currency)

    @property
    def form_token(self) -> str:
        """What a form sends back, so that exactly what it shows is ordered."""
        return self.summary.signed(self.token)

    @property
    def refusal(self) -> AmountOutOfRange | None:
        """Why Stripe cannot charge the total, if so."""
        try:
            check_total(self.summary.total_minor, self.summary.currency)
        except AmountOutOfRange as error:
            return error
        return None

    @property
    def has_shortage(self) -> bool:
        return any(line.is_short for line in self.lines)

    def change(self, product: Product, quantity: int) -> int:
        """Set the quantity, at most what is free (0 removes the article); return it. Raises `TooManyLines`."""
        quantity = min(quantity, QUANTITY_MAX, product.free_quantity)
        if quantity < 1:
            self.remove(product.sku)
            return 0
        if product.sku not in self._quantities and len(self._quantities) >= LINES_MAX:
            raise TooManyLines(f"a cart holds at most {LINES_MAX} articles")
        self._store({**self._quantities, product.sku: quantity})
        return quantity

    def remove(self, sku: str) -> None:
        self._store({key: quantity for key, quantity in self._quantities.items() if key != sku})

    def drop_vanished(self) -> int:
        """Remove articles that are no longer sold; return how many those were."""
        still_sold = {line.product.sku for line in self.lines}
        vanished = self._quantities.keys() - still_sold
        self._store({sku: quantity for sku, quantity in self._quantities.items() if sku in still_sold})
        return len(vanished)

    def close(self) -> None:
        """Empty the cart after its order was placed."""
        self._session.pop(SESSION_CART, None)
        self._quantities = {}
        self._forget_lines()

    def _store(self, quantities: Mapping[str, int]) -> None:
        if quantities == self._quantities:
            return
        self.token = secrets.token_urlsafe(16)
        self._quantities = dict(quantities)
        self._forget_lines()
        self._session[SESSION_CART] = cast(Any, {"token": self.token, "quantities": self._quantities})

    def _forget_lines(self) -> None:
        self.__dict__.pop("lines", None)
        self.__dict__.pop("summary", None)
