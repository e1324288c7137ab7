"""Compare our books with Stripe's sessions, and bring in what no webhook brought.

The comparison is the one road itself: a session that would change anything, if it were merged, is one that we
missed. Without ``repair`` the merge is rolled back.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from jumun.errors import JumunError, MalformedSnapshot
from jumun.orders.models import Order
from jumun.payments import gateway
from jumun.payments.merge import apply
from jumun.payments.models import QuarantinedSnapshot, Refund


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """Where our books and Stripe's differ. ``repaired`` tells whether they still do."""

    object_id: str
    order_number: str
    problem: str
    repaired: bool


def reconcile(
    *, since: datetime, until: datetime, repair: bool, progress: Callable[[int], None] = lambda _count: None
) -> Iterator[Difference]:
    """Yield where Stripe's sessions made from ``since`` to ``until`` differ, then what staff must still decide.

    ``progress`` is told how many sessions have been compared. Raises `StripeUnavailable` and `StripeRefused`.
    """
    sessions = (session for page in gateway.pages("checkout.sessions", since=since) for session in page)
    for count, session in enumerate(sessions, start=1):
        if difference := _compare(session, repair=repair):
            yield difference
        progress(count)
    for row in QuarantinedSnapshot.objects.filter(resolved_at=None).select_related("order").iterator():
        number = row.order.number if row.order else ""
        yield Difference(object_id=row.object_id, order_number=number, problem=row.reason, repaired=False)


class _NotRepaired(JumunError):
    """Rolls a comparison back."""


def _compare(session: dict[str, Any], *, repair: bool) -> Difference | None:
    reference = session.get("client_reference_id")
    difference = None
    try:
        with transaction.atomic():
            # Locked before it is looked at, so that nobody else's change is taken for a difference.
            Order.objects.select_for_update().filter(reference=reference).first()
            before = _books(reference)
            order = apply(session)
            after = _books(reference)
            if order is not None and before != after:
                problem = f"{_told(before)} here, {_told(after)} by Stripe"
                difference = Difference(
                    object_id=str(session["id"]), order_number=order.number, problem=problem, repaired=repair
                )
            if not repair:
                raise _NotRepaired
    except _NotRepaired:
        pass
    except MalformedSnapshot as error:
        return Difference(object_id=str(session.get("id")), order_number="", problem=str(error), repaired=False)
    return difference


_Books = tuple[str, tuple[Any, ...], tuple[Any, ...], tuple[Any, ...]]


def _books(reference: object) -> _Books | None:
    """What a session can change of its order."""
    order = Order.objects.filter(reference=reference).first() if isinstance(reference, str) else None
    if order is None:
        return None
    checkouts = order.checkouts.order_by("pk").values_list("state", "session_id")
    payments = order.payments.order_by("pk").values_list("payment_intent_id", "status", "settles_order", "card_last4")
    refunds = (
        Refund.objects.filter(payment__order=order).order_by("pk").values_list("status", "amount_minor", "refund_id")
    )
    return order.state, tuple(checkouts), tuple(payments), tuple(refunds)


def _told(books: _Books | None) -> str:
    if books is None:
        return "unknown"
    state, checkouts, payments, refunds = books
    parts = [state, *(f"checkout {checkout[0]}" for checkout in checkouts), *(f"payment {row[1]}" for row in payments)]
    return ", ".join([*parts, *(f"refund {status} {amount_minor}" for status, amount_minor, _ in refunds)])
