"""The cart: which articles and how many, in the visitor's session. Prices are those of the database at each moment."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, cast

from django.contrib.sessions.backends.base import SessionBase

from jumun.conf import jumun
from jumun.db.fast import find_all
from jumun.errors import AmountOutOfRange, TooManyLines
from jumun.orders.place import LINES_MAX, Item, check_total
from jumun.storefront.models import Product
from jumun.storefront.summary import Summary

SESSION_CART = "jumun_cart"
QUANTITY_MAX = 99


@dataclass(frozen=True, slots=True, kw_only=True)
class CartLine:
    """One article in the cart, at the price of this moment."""

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
        """Whether fewer are left than the visitor wants."""
        return self.quantity > self.product.free_quantity

    @property
    def quantity_max(self) -> int:
        return min(QUANTITY_MAX, self.product.free_quantity)


class Cart:
    """A visitor's cart.

    ``token`` names exactly these contents: every change makes another one. An order placed with it empties this cart
    and no later one, sending the same cart again finds that order, and a form that shows other contents is noticed.
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
        """The lines in the order in which they were added, without what is no longer sold."""
        found = find_all(Product, sku=tuple(self._quantities))
        products = {product.sku: product for product in found if product.is_on_sale}
        return [
            CartLine(product=products[sku], quantity=quantity)
            for sku, quantity in self._quantities.items()
            if sku in products
        ]

    @cached_property
    def summary(self) -> Summary:
        """What the cart comes to at the prices of now. Only for a cart that is not empty."""
        return Summary.of([line.item for line in self.lines], jumun().currency)

    @property
    def form_token(self) -> str:
        """What a form carries to order exactly what it shows."""
        return self.summary.signed(self.token)

    @property
    def refusal(self) -> AmountOutOfRange | None:
        """Why the total cannot be paid by card."""
        try:
            check_total(self.summary.total_minor, self.summary.currency)
        except AmountOutOfRange as error:
            return error
        return None

    @property
    def has_shortage(self) -> bool:
        return any(line.is_short for line in self.lines)

    def change(self, product: Product, quantity: int) -> int:
        """Set how many are wanted, up to what is left (0 takes it out); return that. Raises `TooManyLines`."""
        quantity = min(quantity, QUANTITY_MAX, product.free_quantity)
        if quantity < 1:
            self.remove(product.sku)
            return 0
        if product.sku not in self._quantities and len(self._quantities) >= LINES_MAX:
            raise TooManyLines(f"a cart holds at most {LINES_MAX} articles")
        self._store({**self._quantities, product.sku: quantity})
        return quantity

    def remove(self, sku: str) -> None:
        """Take an article out; one that is not in is out already."""
        self._store({key: quantity for key, quantity in self._quantities.items() if key != sku})

    def drop_vanished(self) -> int:
        """Take out what is no longer sold; return how many articles those were."""
        sold_still = {line.product.sku for line in self.lines}
        vanished = self._quantities.keys() - sold_still
        self._store({sku: quantity for sku, quantity in self._quantities.items() if sku in sold_still})
        return len(vanished)

    def close(self) -> None:
        """Forget the cart: it is ordered."""
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
