"""Compare objects of Stripe's with our books, one at a time.

The comparison is the repair: the object is merged by the one road, what changes is told, and without ``--repair`` the
transaction is rolled back. What a dry run has told of an order is merged again before the order's next object is
compared, so that it tells what the repair would tell.
"""

import logging
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from django.db import InterfaceError, OperationalError, transaction

from jumun import money
from jumun.errors import JumunError, MalformedSnapshot, StripeUnavailable
from jumun.orders.models import Order
from jumun.outbox.lease import storable
from jumun.payments.amount_text import amount_text, stripe_amount_text
from jumun.payments.merge import apply
from jumun.payments.models import Difference, Payment
from jumun.payments.reconcile.books import Books, books_around
from jumun.payments.reconcile.differences import differences
from jumun.payments.reconcile.found import Found
from jumun.payments.reconcile.room import leaving_room
from jumun.payments.reconcile.rows_ahead import is_ahead, put_back
from jumun.payments.stripe import gateway
from jumun.payments.stripe.metadata import is_another_sites
from jumun.payments.stripe.snapshots import ChargeSnapshot, Metadata, SessionSnapshot, name_of_ours
from jumun.payments.webhooks.complete import completed, fetched

Kind = Difference.Kind
Raw = dict[str, Any]

logger = logging.getLogger("jumun.payments")

# Of objects that a dry run merges again. Beyond these it still names everything, though less exactly.
REHEARSED_MAX = 5_000
# At once, so that nobody waits for long for the orders that are locked meanwhile.
REHEARSED_AT_ONCE = 50


class _DryRun(JumunError):
    """Rolls back what was only tried."""


@contextmanager
def tried(*, keep: bool) -> Iterator[None]:
    """A transaction that ends in a rollback unless its effect is to be kept."""
    try:
        with leaving_room(), transaction.atomic():
            yield
            if not keep:
                raise _DryRun
    except _DryRun:
        pass


@dataclass(slots=True)
class Comparison:
    """One run's comparison, and what a dry run has found so far, by the order that it belongs to."""

    repair: bool
    # Whether the run has walked through the whole window in this process, so that `charges` are all of it.
    is_whole: bool = True
    charges: set[str] = field(default_factory=set)
    _rehearsed: dict[int | None, list[tuple[Raw, bool]]] = field(default_factory=lambda: defaultdict(list))
    _rehearsed_count: int = 0
    # The orders of charges, refunds and disputes that only the rehearsal knows.
    _orders: dict[str, int] = field(default_factory=dict)
    # PaymentIntents whose session was compared.
    _seen: set[str] = field(default_factory=set)

    def of(self, raw: Raw) -> list[Found]:
        """Where our books differ from what ``raw`` tells; with ``repair`` it is merged, else nothing changes.

        One that cannot be merged is a difference too, and keeps nobody from comparing the others. Raises
        `StripeUnavailable` where an object must be completed and Stripe does not answer.
        """
        object_id = storable(str(raw.get("id")))
        if raw.get("object") == "charge":
            self.charges.add(object_id)
        try:
            found = [*self._session_of_charge(raw)]
            return found + self._compared(completed(raw))
        except MalformedSnapshot as error:
            return [Found(kind=Kind.MALFORMED, object_id=object_id, problem=f"Stripe's object cannot be read: {error}")]
        except (StripeUnavailable, OperationalError, InterfaceError):
            raise
        except Exception as error:
            logger.exception("%s could not be merged", object_id)
            problem = storable(f"{type(error).__name__}: {error}")
            return [Found(kind=Kind.NOT_MERGED, object_id=object_id, problem=problem)]

    def _compared(self, raw: Raw) -> list[Found]:
        joined = self._join(raw)
        if joined.is_ahead:
            # The snapshot may be older than our row. One that was made after we read the row cannot be.
            raw = fetched(raw)
            joined = self._join(raw, known=joined.before)
        number = joined.order.number if joined.order else ""
        found = [*differences(joined.before, joined.after, number, repaired=self.repair)]
        if found and not self.repair:
            self._keep(raw, joined)
        return [*found, *joined.contradictions, *_elsewhere(raw)]

    def _keep(self, raw: Raw, joined: "_Joined") -> None:
        """Remember what a dry run has told, and rolled back."""
        if self._rehearsed_count >= REHEARSED_MAX:
            return
        self._rehearsed_count += 1
        self._rehearsed[joined.order.pk if joined.order else None].append((raw, joined.is_ahead))
        if joined.order:
            sources = (row["charge"] if key.part == "payment" else key.name for key, row in joined.after.items())
            self._orders |= dict.fromkeys(sources, joined.order.pk)

    def _join(self, raw: Raw, *, known: Books | None = None) -> "_Joined":
        """Merge ``raw``. ``known`` are the books as they were before ``raw`` was fetched: where they have not changed
        since and are ahead of it, they are put back.
        """
        joined: list[_Joined] = []
        try:
            with leaving_room(), transaction.atomic():
                # Locked before it is looked at, so that nobody else's change is taken for a difference.
                order = self._order_of(raw)
                self._rehearse(order.pk if order else None)
                before = books_around(order, raw)
                order = apply(raw) or order
                contradictions = _contradictions(raw, order)
                ahead = is_ahead(raw) or bool(contradictions)
                is_certain = known is not None and known.items() <= before.items()
                if ahead and is_certain:
                    put_back(raw)
                    # What Stripe's state asks for and nobody has written down yet, such as a credit note.
                    apply(raw)
                is_told = is_certain or not ahead
                joined.append(
                    _Joined(
                        order=order,
                        before=before,
                        after=books_around(order, raw) if is_told else before,
                        is_ahead=ahead,
                        contradictions=contradictions if is_told else [],
                    )
                )
                # Where our row is ahead, nothing is kept before the snapshot is certainly Stripe's present state.
                if not self.repair or not is_told:
                    raise _DryRun
        except _DryRun:
            pass
        return joined[0]

    def _order_of(self, raw: Raw) -> Order | None:
        """The order that an object names, or that its payment belongs to, locked."""
        orders = Order.objects.select_for_update(no_key=True)
        if known := _known_payment(raw):
            return orders.filter(pk=known.order_id).first()
        if raw.get("object") == "balance_transaction":
            order_pk = self._orders.get(str(raw.get("source")))
            return orders.filter(pk=order_pk).first() if order_pk else None
        references = (
            name_of_ours(raw.get("client_reference_id")),
            Metadata.within(raw).order_reference,
            Metadata.within(raw.get("payment_intent")).order_reference,
        )
        return orders.filter(reference=next(filter(None, references), "")).first()

    def _rehearse(self, order_pk: int | None) -> None:
        """Merge again what a dry run has told of the order before; nothing where it was repaired."""
        for raw, was_ahead in self._rehearsed.get(order_pk, ()):
            apply(raw)
            if was_ahead:
                put_back(raw)
                apply(raw)

    def rehearsed(self, check: Callable[[], Iterator[Found]]) -> Iterator[Found]:
        """What ``check`` finds in our books as they would be after the repair. No calls to Stripe may be in it."""
        pks = [pk for pk in self._rehearsed if pk is not None]
        numbers = dict(Order.objects.filter(pk__in=pks).values_list("pk", "number"))
        touched = {*numbers.values(), *([""] if None in self._rehearsed else [])}
        yield from (found for found in check() if found.order_number not in touched)
        groups: list[list[int | None]] = [[None]] if None in self._rehearsed else []
        groups += [list(pks[at : at + REHEARSED_AT_ONCE]) for at in range(0, len(pks), REHEARSED_AT_ONCE)]
        for group in groups:
            names = {numbers.get(pk, "") if pk is not None else "" for pk in group}
            yield from [found for found in self._after(group, check) if found.order_number in names]

    def _after(self, order_pks: list[int | None], check: Callable[[], Iterator[Found]]) -> list[Found]:
        found: list[Found] = []
        try:
            with tried(keep=False):
                for pk in sorted(order_pks, key=lambda pk: pk or 0):
                    if pk is not None:
                        Order.objects.select_for_update(no_key=True).get(pk=pk)
                    self._rehearse(pk)
                found += check()
        except (OperationalError, InterfaceError):
            raise
        except Exception:
            # Somebody has changed one of the orders meanwhile, so that it is no longer as it was compared.
            logger.exception("what was compared could not be merged again")
            return list(check())
        return found

    def _session_of_charge(self, raw: Raw) -> Iterator[Found]:
        """A charge pays nothing; its session does, which may be older than the window or of an order that is not here.

        Remembers which sessions were compared.
        """
        intent = raw.get("payment_intent")
        intent_id = str(intent.get("id") if isinstance(intent, dict) else intent or "")
        if raw.get("object") == "checkout.session":
            self._seen.add(intent_id)
            return
        if raw.get("object") != "charge" or not intent_id or intent_id in self._seen or not _takes_our_money(raw):
            return
        if Payment.objects.filter(payment_intent_id=intent_id, status=Payment.Status.PAID).exists():
            return
        for session in gateway.sessions_of(intent_id):
            self._seen.add(intent_id)
            yield from self._compared(completed(session))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Joined:
    """The books around an object before and after it was merged; ``is_ahead`` where ours were further than it."""

    order: Order | None
    before: Books
    after: Books
    is_ahead: bool
    contradictions: list[Found]


def _known_payment(raw: Raw) -> Payment | None:
    if raw.get("object") == "balance_transaction":
        return _payment_of_source(raw.get("source"))
    intent = raw.get("payment_intent")
    if isinstance(intent, dict):
        intent = intent.get("id")
    return Payment.objects.filter(payment_intent_id=intent).first() if isinstance(intent, str) else None


def _payment_of_source(source: object) -> Payment | None:
    if not isinstance(source, str) or not source:
        return None
    payments = Payment.objects.all()
    for name in ("charge_id", "refunds__refund_id", "disputes__dispute_id"):
        if found := payments.filter(**{name: source}).first():
            return found
    return None


def _takes_our_money(charge: Raw) -> bool:
    """Whether a charge went through and names an order of this site."""
    names = Metadata.within(charge)
    if charge.get("status") != "succeeded" or not names.order_reference:
        return False
    order = Order.objects.filter(reference=names.order_reference).first()
    return not is_another_sites(order, names.site)


def _contradictions(raw: Raw, order: Order | None) -> list[Found]:
    """Where Stripe contradicts what is final here, and no row can be put back: documents were issued for it."""
    payment = _known_payment(raw)
    check = {"checkout.session": _not_paid_by, "charge": _not_over_as_much_as}.get(str(raw.get("object")))
    told = check(payment, raw) if payment and order and check else None
    if payment is None or order is None or told is None:
        return []
    kind, problem = told
    return [Found(kind=kind, object_id=payment.payment_intent_id, order_number=order.number, problem=problem)]


def _not_paid_by(payment: Payment, raw: Raw) -> tuple[str, str] | None:
    session = SessionSnapshot.parse(raw)
    if payment.status != Payment.Status.PAID or session.is_paid or not session.is_status_known:
        return None
    paid = amount_text(payment.amount_minor, payment.currency)
    return (
        Kind.PAYMENT_NOT_AT_STRIPE,
        f"{paid} paid here; at Stripe the session is {session.status} and {session.payment_status}",
    )


def _not_over_as_much_as(payment: Payment, raw: Raw) -> tuple[str, str] | None:
    charge = ChargeSnapshot.parse(raw)
    here = (payment.amount_minor * money.stripe_scale(payment.currency), payment.currency)
    if not charge.has_succeeded or here == (charge.amount, charge.currency):
        return None
    paid = amount_text(payment.amount_minor, payment.currency)
    return Kind.PAYMENT_DIFFERS, f"{paid} here; {stripe_amount_text(charge.amount, charge.currency)} at Stripe"


def _elsewhere(raw: Raw) -> Iterator[Found]:
    """A sale on the same account that is not this site's, or what it cost."""
    if raw.get("object") == "charge" and raw.get("status") == "succeeded":
        names = Metadata.within(raw)
        if _known_payment(raw) is not None or _takes_our_money(raw):
            return
        amount, currency = raw.get("amount"), str(raw.get("currency"))
        if isinstance(amount, int):
            where = "another site's order" if names.order_reference else "no order of this shop"
            problem = f"{stripe_amount_text(amount, currency)} for {where}"
            yield Found(kind=Kind.NOT_OURS, object_id=str(raw["id"]), problem=problem, amount=amount, currency=currency)
