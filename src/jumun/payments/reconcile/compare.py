"""Compare Stripe's objects with our books, one at a time.

The comparison is the repair: the object is merged as always, and what changes is reported. Without ``--repair`` the
transaction is rolled back. Before a dry run compares the next object of an order, it merges the earlier ones again, so
that it reports what the repair would report.
"""

import logging
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from django.db import InterfaceError, OperationalError, transaction

from jumun import money
from jumun.errors import MalformedSnapshot, StripeUnavailable
from jumun.orders.models import Order
from jumun.outbox.lease import storable
from jumun.payments.merge import apply
from jumun.payments.models import Difference, Payment
from jumun.payments.reconcile.compared_rows import Books, rows_around
from jumun.payments.reconcile.differences import differences, payment_of_source
from jumun.payments.reconcile.problem_text import amount_text, stripe_amount_text
from jumun.payments.reconcile.repair import is_ahead, put_back, transaction_with_pause, trial
from jumun.payments.stripe import gateway
from jumun.payments.stripe.metadata import is_another_sites
from jumun.payments.stripe.snapshots import ChargeSnapshot, Metadata, SessionSnapshot, name_of_ours
from jumun.payments.webhooks.complete import completed, fetched

Kind = Difference.Kind
Raw = dict[str, Any]

logger = logging.getLogger("jumun.payments")

# A dry run merges this many objects again. Beyond that it still names every object, but may name a consequence twice.
REPLAYED_MAX = 5_000
# Orders locked at once: nobody should wait long for them.
ORDERS_AT_ONCE = 50


@dataclass(slots=True)
class Comparison:
    """The comparison of one run, and what a dry run has reported so far, by order."""

    repair: bool
    # Whether the run walks through the whole window in this process, so that `charge_ids` is complete.
    is_whole: bool = True
    charge_ids: set[str] = field(default_factory=set)
    _reported: dict[int | None, list[tuple[Raw, bool]]] = field(default_factory=lambda: defaultdict(list))
    _reported_count: int = 0
    # The orders of charges, refunds and disputes that only the dry run knows, by Stripe's id.
    _orders: dict[str, int] = field(default_factory=dict)
    # The PaymentIntents whose session was compared.
    _compared_intents: set[str] = field(default_factory=set)

    def of(self, raw: Raw) -> list[Difference]:
        """The differences between our books and ``raw``. With ``repair`` it is merged, else nothing changes.

        An object that cannot be merged is a difference too, and the run goes on. Raises `StripeUnavailable` if the rest
        of an object must be fetched and Stripe does not answer.
        """
        object_id = storable(str(raw.get("id")))
        if raw.get("object") == "charge":
            self.charge_ids.add(object_id)
        try:
            return [*self._session_of_charge(raw), *self._compared(completed(raw))]
        except MalformedSnapshot as error:
            kind, problem = Kind.MALFORMED, f"Stripe's object cannot be read: {error}"
        except (StripeUnavailable, OperationalError, InterfaceError):
            raise
        except Exception as error:
            logger.exception("%s could not be merged", object_id)
            kind, problem = Kind.NOT_MERGED, storable(f"{type(error).__name__}: {error}")
        return [Difference(kind=kind, object_id=object_id, problem=problem)]

    def after_repair(self, check: Callable[[], Iterator[Difference]]) -> Iterator[Difference]:
        """What ``check`` finds in our books as the repair would leave them. ``check`` must not call Stripe."""
        # Objects of no order of ours stand under ``None``.
        pks = list(self._reported)
        orders = Order.objects.filter(pk__in=[pk for pk in pks if pk is not None])
        numbers: dict[int | None, str] = dict(orders.values_list("pk", "number"))
        changed = {numbers.get(pk, "") for pk in pks}
        yield from (found for found in check() if found.order_number not in changed)
        for at in range(0, len(pks), ORDERS_AT_ONCE):
            group = pks[at : at + ORDERS_AT_ONCE]
            of_group = {numbers.get(pk, "") for pk in group}
            yield from (found for found in self._check_after(group, check) if found.order_number in of_group)

    def _compared(self, raw: Raw) -> list[Difference]:
        merged = self._merge(raw)
        if merged.is_ahead:
            # ``raw`` may be older than our row. An object that is fetched now cannot be.
            raw = fetched(raw)
            merged = self._merge(raw, known=merged.before)
        number = merged.order.number if merged.order else ""
        found = [*differences(merged.before, merged.after, number, repaired=self.repair)]
        if found and not self.repair:
            self._remember(raw, merged)
        return [*found, *merged.contradictions, *_not_ours(raw)]

    def _merge(self, raw: Raw, *, known: Books | None = None) -> "_Merged":
        """Merge ``raw``, and roll it back unless it repairs something.

        ``known`` are the books before ``raw`` was fetched. Rows that have not changed since, and are further along than
        ``raw``, take over its state.
        """
        with transaction_with_pause():
            # Locked first, so that nobody else's change looks like a difference.
            order = self._order_of(raw)
            self._replay(order.pk if order else None)
            before = rows_around(order, raw)
            order = apply(raw) or order
            contradictions = _contradictions(raw, order)
            ahead = is_ahead(raw) or bool(contradictions)
            is_present_state = known is not None and known.items() <= before.items()
            if ahead and is_present_state:
                put_back(raw)
                # What follows from Stripe's state and is missing here, such as a credit note.
                apply(raw)
            is_certain = is_present_state or not ahead
            after = rows_around(order, raw) if is_certain else before
            if not (self.repair and is_certain):
                transaction.set_rollback(True)
            return _Merged(
                order=order,
                before=before,
                after=after,
                is_ahead=ahead,
                contradictions=contradictions if is_certain else [],
            )

    def _order_of(self, raw: Raw) -> Order | None:
        """Lock the order that an object names, or that its payment belongs to."""
        orders = Order.objects.select_for_update(no_key=True)
        if payment := _payment_of(raw):
            return orders.filter(pk=payment.order_id).first()
        if raw.get("object") == "balance_transaction":
            order_pk = self._orders.get(str(raw.get("source")))
            return orders.filter(pk=order_pk).first() if order_pk else None
        references = (
            name_of_ours(raw.get("client_reference_id")),
            Metadata.within(raw).order_reference,
            Metadata.within(raw.get("payment_intent")).order_reference,
        )
        return orders.filter(reference=next(filter(None, references), "")).first()

    def _remember(self, raw: Raw, merged: "_Merged") -> None:
        if self._reported_count >= REPLAYED_MAX:
            return
        self._reported_count += 1
        self._reported[merged.order.pk if merged.order else None].append((raw, merged.is_ahead))
        if merged.order:
            sources = (row["charge"] if key.part == "payment" else key.name for key, row in merged.after.items())
            self._orders |= dict.fromkeys(sources, merged.order.pk)

    def _replay(self, order_pk: int | None) -> None:
        """Merge again what a dry run has reported about this order."""
        for raw, was_ahead in self._reported.get(order_pk, ()):
            apply(raw)
            if was_ahead:
                put_back(raw)
                apply(raw)

    def _check_after(self, order_pks: list[int | None], check: Callable[[], Iterator[Difference]]) -> list[Difference]:
        try:
            with trial(keep=False):
                for pk in sorted(order_pks, key=lambda pk: pk or 0):
                    if pk is not None:
                        Order.objects.select_for_update(no_key=True).get(pk=pk)
                    self._replay(pk)
                return list(check())
        except (OperationalError, InterfaceError):
            raise
        except Exception:
            # Somebody has changed one of these orders since it was compared.
            logger.exception("what was compared could not be merged again")
            return list(check())

    def _session_of_charge(self, raw: Raw) -> Iterator[Difference]:
        """Compare the session of a charge that its payment lacks: a session pays an order, a charge does not.

        The session may be older than the window, or of an order that is not here.
        """
        intent = raw.get("payment_intent")
        intent_id = str(intent.get("id") if isinstance(intent, dict) else intent or "")
        if raw.get("object") == "checkout.session":
            self._compared_intents.add(intent_id)
            return
        if raw.get("object") != "charge" or not intent_id or intent_id in self._compared_intents:
            return
        paid = Payment.objects.filter(payment_intent_id=intent_id, status=Payment.Status.PAID)
        if not _is_charge_of_ours(raw) or paid.exists():
            return
        for session in gateway.sessions_of(intent_id):
            self._compared_intents.add(intent_id)
            yield from self._compared(completed(session))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Merged:
    """The rows around an object before and after its merge. ``is_ahead`` where ours were further along."""

    order: Order | None
    before: Books
    after: Books
    is_ahead: bool
    contradictions: list[Difference]


def _payment_of(raw: Raw) -> Payment | None:
    if raw.get("object") == "balance_transaction":
        return payment_of_source(raw.get("source"))
    intent = raw.get("payment_intent")
    if isinstance(intent, dict):
        intent = intent.get("id")
    return Payment.objects.filter(payment_intent_id=intent).first() if isinstance(intent, str) else None


def _is_charge_of_ours(charge: Raw) -> bool:
    """Whether a charge succeeded and names an order of this site."""
    metadata = Metadata.within(charge)
    if charge.get("status") != "succeeded" or not metadata.order_reference:
        return False
    order = Order.objects.filter(reference=metadata.order_reference).first()
    return not is_another_sites(order, metadata.site)


def _contradictions(raw: Raw, order: Order | None) -> list[Difference]:
    """What Stripe contradicts and nobody can put back, because documents were issued for it."""
    payment = _payment_of(raw)
    check = {"checkout.session": _not_paid_by, "charge": _differs_from_charge}.get(str(raw.get("object")))
    contradiction = check(payment, raw) if payment and order and check else None
    if payment is None or order is None or contradiction is None:
        return []
    kind, problem = contradiction
    return [Difference(kind=kind, object_id=payment.payment_intent_id, order_number=order.number, problem=problem)]


def _not_paid_by(payment: Payment, raw: Raw) -> tuple[str, str] | None:
    session = SessionSnapshot.parse(raw)
    if payment.status != Payment.Status.PAID or session.is_paid or not session.is_status_known:
        return None
    paid = amount_text(payment.amount_minor, payment.currency)
    return (
        Kind.PAYMENT_NOT_AT_STRIPE,
        f"{paid} paid here; at Stripe the session is {session.status} and {session.payment_status}",
    )


def _differs_from_charge(payment: Payment, raw: Raw) -> tuple[str, str] | None:
    charge = ChargeSnapshot.parse(raw)
    here = (payment.amount_minor * money.stripe_scale(payment.currency), payment.currency)
    if not charge.has_succeeded or here == (charge.amount, charge.currency):
        return None
    paid = amount_text(payment.amount_minor, payment.currency)
    return Kind.PAYMENT_DIFFERS, f"{paid} here; {stripe_amount_text(charge.amount, charge.currency)} at Stripe"


def _not_ours(raw: Raw) -> Iterator[Difference]:
    """A sale of another shop or site on the same account."""
    if raw.get("object") != "charge" or raw.get("status") != "succeeded" or not isinstance(raw.get("amount"), int):
        return
    if _payment_of(raw) is None and not _is_charge_of_ours(raw):
        amount, currency = raw["amount"], str(raw.get("currency"))
        seller = "another site's order" if Metadata.within(raw).order_reference else "no order of this shop"
        problem = f"{stripe_amount_text(amount, currency)} for {seller}"
        yield Difference(
            kind=Kind.NOT_OURS, object_id=str(raw["id"]), problem=problem, amount=amount, currency=currency
        )
