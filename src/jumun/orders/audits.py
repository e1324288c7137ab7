from collections.abc import Iterator

from django.db.models import (
    BigIntegerField,
    Case,
    Count,
    Exists,
    ExpressionWrapper,
    F,
    Max,
    OuterRef,
    Q,
    QuerySet,
    Sum,
    When,
)
from django.db.models.expressions import Combinable
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Abs, Cast, Length
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from jumun.audit import invariant, shown
from jumun.money import PPM
from jumun.orders.doubtful_times import LEEWAY, DoubtfulTimes
from jumun.orders.models import PRICE, Order, OrderLine, TimelineEntry
from jumun.orders.timeline import Kind

# As `jumun.orders.numbers.new_reference` makes them: 128 random bits or more, in URL-safe base 64.
ALPHABET = r"^[A-Za-z0-9_-]+$"
LENGTH_MIN = 22

REFERENCE_REMEDY = gettext_lazy(
    "Give the order a new reference (jumun.orders.numbers.new_reference) and send the customer the new address: "
    "whoever guesses this one sees their data."
)
CHANGED_REMEDY = gettext_lazy(
    "Somebody has changed the database behind Jumun's back. Put the row back to what its invoice, its timeline or a "
    "backup says, and find out who changed it."
)

# The timeline entry of each state. The database lets nobody change entries.
_ENTRY_OF_STATE = {
    Order.State.PAID: Kind.PAID,
    Order.State.EXPIRED: Kind.EXPIRED,
    Order.State.CANCELED: Kind.CANCELED,
}
_CLOSING = (Kind.EXPIRED, Kind.CANCELED)


@invariant("I10", remedy=REFERENCE_REMEDY)
def references_cannot_be_guessed() -> Iterator[tuple[str, str]]:
    """Every order has a long reference in the right alphabet; a constraint keeps it unique."""
    measured = Order.objects.alias(length=Length("reference"))
    weak = measured.filter(~Q(reference__regex=ALPHABET) | Q(length__lt=LENGTH_MIN) | Q(reference=F("number")))
    for number in _numbers(weak):
        yield number, _("has a reference that could be guessed")


@invariant("I1", remedy=CHANGED_REMEDY)
def orders_are_what_their_lines_add_up_to() -> Iterator[tuple[str, str]]:
    """Total and tax of an order are the sums of its lines; the total includes the rounding."""
    order = ("order__number", "order__currency", "order__total_minor", "order__tax_minor", "order__rounding_minor")
    sums = OrderLine.objects.order_by().values("order_id", *order)
    sums = sums.annotate(lines_minor=Sum("total_minor"), lines_tax_minor=Sum("tax_minor"))
    positions = sums.annotate(count=Count("pk"), last=Max("position")).exclude(count=F("last"))
    for number in positions.values_list("order__number", flat=True).iterator():
        yield number, _("lacks a line")
    wrong = ~Q(order__total_minor=F("lines_minor") + F("order__rounding_minor"))
    for row in sums.filter(wrong | ~Q(order__tax_minor=F("lines_tax_minor"))).iterator():
        currency = row["order__currency"]
        lines_minor = row["lines_minor"] + row["order__rounding_minor"]
        yield (
            row["order__number"],
            _("is over %(total)s with %(tax)s of tax, but its lines add up to %(lines)s with %(lines_tax)s of tax")
            % {
                "total": shown(row["order__total_minor"], currency),
                "tax": shown(row["order__tax_minor"], currency),
                "lines": shown(lines_minor, currency),
                "lines_tax": shown(row["lines_tax_minor"], currency),
            },
        )
    for number in _numbers(Order.objects.filter(~Exists(OrderLine.objects.filter(order=OuterRef("pk"))))):
        yield number, _("has no lines")
    yield from _lines()


def _lines() -> Iterator[tuple[str, str]]:
    added_minor = Case(
        When(order__prices_include_tax=True, then=0), default=F("tax_minor"), output_field=BigIntegerField()
    )
    # Tax is rounded once for all lines of a rate and spread over them, so a line is at most a unit off.
    whole = PPM + F("tax_rate_ppm")
    measured = OrderLine.objects.alias(
        priced_minor=_integer(PRICE + added_minor),
        off=_integer(2 * Abs(_integer(F("tax_minor") * whole - F("total_minor") * F("tax_rate_ppm")))),
        leeway=_integer(3 * whole),
    )
    wrong = ~Q(total_minor=F("priced_minor")) | Q(off__gt=F("leeway")) | (Q(tax_rate_ppm=0) & ~Q(tax_minor=0))
    for line in measured.filter(wrong).order_by().select_related("order").iterator():
        yield (
            line.order.number,
            _("line %(position)s is over %(total)s with %(tax)s of tax, which its price or tax rate contradicts")
            % {
                "position": line.position,
                "total": shown(line.total_minor, line.order.currency),
                "tax": shown(line.tax_minor, line.order.currency),
            },
        )


def _integer(expression: Combinable) -> "ExpressionWrapper[Combinable]":
    return ExpressionWrapper(expression, output_field=BigIntegerField())


@invariant("I1", remedy=CHANGED_REMEDY)
def orders_are_as_their_timeline_says() -> Iterator[tuple[str, str]]:
    """State, amount and times of an order are those that its timeline recorded."""
    for state, kind in _ENTRY_OF_STATE.items():
        for number in _numbers(Order.objects.filter(~_has_entry(kind), state=state)):
            yield number, _("is %(state)s, but its timeline does not say so") % {"state": state.label}
    ended = _has_entry(*_ENTRY_OF_STATE.values())
    for number in _numbers(Order.objects.filter(ended, state=Order.State.PLACED)):
        yield number, _("is awaiting payment, but its timeline says that it was paid or closed")
    for number in _numbers(Order.objects.filter(_has_entry(Kind.PAID), state__in=Order.CLOSED)):
        yield number, _("is closed, but its timeline says that it was paid")
    yield from _amounts()
    yield from _times()


def _amounts() -> Iterator[tuple[str, str]]:
    recorded = Cast(KeyTextTransform("amount_minor", "details"), BigIntegerField())
    entries = TimelineEntry.objects.filter(kind__in=(Kind.PLACED, Kind.PAID)).annotate(recorded_minor=recorded)
    differing = entries.exclude(recorded_minor=F("order__total_minor")).order_by()
    for number, total_minor, currency, recorded_minor in differing.values_list(
        "order__number", "order__total_minor", "order__currency", "recorded_minor"
    ).iterator():
        amounts = {"total": shown(total_minor, currency), "recorded": shown(recorded_minor or 0, currency)}
        yield number, _("is over %(total)s, but its timeline says %(recorded)s") % amounts


def _times() -> Iterator[tuple[str, str]]:
    doubtful = DoubtfulTimes()
    placed = TimelineEntry.objects.filter(kind=Kind.PLACED).order_by()
    for number in _of_orders(placed.filter(_is_apart("order__placed_at"))):
        yield number, _("was placed at another time than its timeline says")
    paid = TimelineEntry.objects.filter(kind=Kind.PAID).order_by()
    early = paid.filter(order__paid_at__gt=F("at") + LEEWAY)
    for number, at in early.values_list("order__number", "at").iterator():
        if at not in doubtful:
            yield number, _("was paid later than its timeline says")
    closed = TimelineEntry.objects.filter(kind__in=_CLOSING).order_by()
    for number in _of_orders(closed.filter(_is_apart("order__closed_at") | Q(order__closed_at=None))):
        yield number, _("was closed at another time than its timeline says")
    for number in _numbers(Order.objects.filter(~_has_entry(*_CLOSING), closed_at__isnull=False)):
        yield number, _("has a time at which it was closed, but its timeline does not say so")
    ending = Order.objects.filter(expires_at__lt=F("placed_at") - LEEWAY).order_by()
    for number, placed_at in ending.values_list("number", "placed_at").iterator():
        if placed_at not in doubtful:
            yield number, _("expires before it was placed")


def _is_apart(field: str) -> Q:
    """Whether the order's time differs from that of the entry written with it."""
    return Q(**{f"{field}__gt": F("at") + LEEWAY}) | Q(**{f"{field}__lt": F("at") - LEEWAY})


def _has_entry(*kinds: str) -> Exists:
    return Exists(TimelineEntry.objects.filter(order=OuterRef("pk"), kind__in=kinds))


def _numbers(orders: QuerySet[Order]) -> Iterator[str]:
    return orders.order_by().values_list("number", flat=True).iterator()


def _of_orders(entries: QuerySet[TimelineEntry]) -> Iterator[str]:
    return entries.values_list("order__number", flat=True).iterator()
