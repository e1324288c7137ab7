"""Limits the unpaid orders of one browser and of one client address, since each order holds goods."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from django.http import HttpRequest
from django.utils import timezone

from jumun.client_address import client_network
from jumun.conf import jumun
from jumun.errors import TooManyUnpaidOrders
from jumun.orders.models import Order
from jumun.storefront.models import Origin


@dataclass(frozen=True, slots=True, kw_only=True)
class Origins:
    """Where a request comes from. An unknown part is empty and has no limit."""

    session: str = ""
    address: str = ""

    @classmethod
    def of(cls, request: HttpRequest) -> "Origins":
        return cls(session=request.session.session_key or "", address=client_network(request))


UNKNOWN = Origins()


def limit(order: Order, origins: Origins) -> None:
    """Count the new ``order`` against its origins, in the transaction that places it.

    Every unpaid order of the last ``ORDER_EXPIRES_S`` counts, expired and canceled ones too: otherwise the same goods
    could be held again at once. Raises `TooManyUnpaidOrders`; the transaction must then roll back.
    """
    now = timezone.now()
    window = timedelta(seconds=jumun().order_expires_s)
    for kind, value, most in _limits(origins):
        # Locks the row until the commit, so that simultaneous orders are counted one after the other.
        origin, _made = Origin.objects.update_or_create(
            kind=kind, key=Origin.key_of(kind, value), defaults={"seen_at": now}
        )
        unpaid = origin.orders.filter(placed_at__gt=now - window).exclude(state=Order.State.PAID)
        placed = list(unpaid.order_by("placed_at").values_list("placed_at", flat=True)[:most])
        if len(placed) == most:
            raise TooManyUnpaidOrders(kind, most, math.ceil((placed[0] + window - now).total_seconds()))
        origin.orders.add(order)


def _limits(origins: Origins) -> Iterator[tuple[str, str, int]]:
    settings = jumun()
    # Always in this order, so that two orders cannot deadlock.
    if origins.address:
        yield Origin.Kind.ADDRESS, origins.address, settings.unpaid_orders_per_address_max
    if origins.session:
        yield Origin.Kind.SESSION, origins.session, settings.unpaid_orders_per_session_max


def forget_old() -> None:
    """Delete origins whose orders no longer count."""
    window = timedelta(seconds=jumun().order_expires_s)
    Origin.objects.filter(seen_at__lt=timezone.now() - window).delete()
