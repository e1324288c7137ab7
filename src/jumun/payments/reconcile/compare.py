"""Compare one object of Stripe's with our books.

The comparison is the one road itself: an object that would change anything, if it were merged, is one that we missed.
"""

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db import InterfaceError, OperationalError, transaction

from jumun.errors import JumunError, MalformedSnapshot, StripeUnavailable
from jumun.orders.models import Order
from jumun.outbox.lease import storable
from jumun.payments.complete import completed
from jumun.payments.merge import apply
from jumun.payments.models import Difference, Payment
from jumun.payments.reconcile.books import FOLLOWING, Books, books_around
from jumun.payments.reconcile.room import leaving_room
from jumun.payments.snapshots import Metadata, name_of_ours

Kind = Difference.Kind

logger = logging.getLogger("jumun.payments")


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """One difference, on its way into the report."""

    kind: str
    object_id: str
    order_number: str = ""
    problem: str
    repaired: bool = False


class _NotRepaired(JumunError):
    """Rolls a comparison back."""


def compare(raw: dict[str, Any], *, repair: bool) -> list[Found]:
    """Where our books differ from what ``raw`` tells; with ``repair`` it is merged, else nothing changes.

    One that cannot be merged is a difference too, and keeps nobody from comparing the others. Raises
    `StripeUnavailable` where an object must be completed and Stripe does not answer.
    """
    object_id = str(raw.get("id"))
    try:
        raw = completed(raw)
        order, before, after = _merged(raw, repair=repair)
    except MalformedSnapshot as error:
        return [Found(kind=Kind.MALFORMED, object_id=object_id, problem=str(error))]
    except (StripeUnavailable, OperationalError, InterfaceError):
        raise
    except Exception as error:
        logger.exception("%s could not be merged", object_id)
        problem = storable(f"{type(error).__name__}: {error}")
        return [Found(kind=Kind.NOT_MERGED, object_id=object_id, problem=problem)]
    return list(_differences(before, after, order.number if order else "", repaired=repair))


def _merged(raw: dict[str, Any], *, repair: bool) -> tuple[Order | None, Books, Books]:
    """The books around an object before and after it is merged."""
    kept: list[tuple[Order | None, Books, Books]] = []
    try:
        with leaving_room(), transaction.atomic():
            # Locked before it is looked at, so that nobody else's change is taken for a difference.
            order = _order_of(raw)
            before = books_around(order, raw)
            order = apply(raw) or order
            kept.append((order, before, books_around(order, raw)))
            if not repair:
                raise _NotRepaired
    except _NotRepaired:
        pass
    return kept[0]


def _order_of(raw: dict[str, Any]) -> Order | None:
    """The order that an object names, or that its payment belongs to, locked."""
    intent = raw.get("payment_intent")
    references = (
        name_of_ours(raw.get("client_reference_id")),
        Metadata.within(raw).order_reference,
        Metadata.within(intent).order_reference,
    )
    reference = next(filter(None, references), "")
    if isinstance(intent, dict):
        intent = intent.get("id")
    known = Payment.objects.filter(payment_intent_id=intent).first() if isinstance(intent, str) else None
    orders = Order.objects.select_for_update(no_key=True)
    return orders.filter(pk=known.order_id).first() if known else orders.filter(reference=reference).first()


def _differences(before: Books, after: Books, order_number: str, *, repaired: bool) -> Iterator[Found]:
    """One for each row that is not the same; what merely follows from another row's difference is not told."""
    changed = [(part, key) for part in after for key in after[part] if before[part].get(key) != after[part][key]]
    leading = [(part, key) for part, key in changed if part not in FOLLOWING]
    for part, key in leading or changed:
        old, new = before[part].get(key), after[part][key]
        yield Found(
            kind=f"{part}_missing" if old is None else f"{part}_differs",
            object_id=key,
            order_number=order_number,
            problem=_problem(old, new),
            repaired=repaired,
        )


def _problem(old: dict[str, Any] | None, new: dict[str, Any]) -> str:
    told = [name for name in new if old is None or old[name] != new[name]]
    at_stripe = ", ".join(f"{name} {new[name]}" for name in told)
    here = "nothing" if old is None else ", ".join(f"{name} {old[name]}" for name in told)
    return f"{here} here, {at_stripe} by Stripe"
