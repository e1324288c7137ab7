from collections.abc import Iterator

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet
from django.db.models.fields.json import KeyTextTransform, KeyTransform
from django.db.models.functions import Upper
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from jumun.audit import invariant
from jumun.orders.doubtful_times import LEEWAY, DoubtfulTimes
from jumun.orders.models import Order, TimelineEntry
from jumun.orders.timeline import Kind
from jumun.payments.audits.remedies import UNFOUNDED_REMEDY
from jumun.payments.models import Checkout, Payment, QuarantinedSnapshot

CHUNK = 1000


@invariant("I9", remedy=gettext_lazy("Expire all but one of them at Stripe; an open one can be paid."))
def orders_have_one_open_checkout() -> Iterator[tuple[str, str]]:
    """The database promises it too; somebody may have dropped the constraint."""
    checkouts = Checkout.objects.filter(state__in=Checkout.UNFINISHED).order_by().values("order__number")
    for row in checkouts.annotate(count=Count("pk")).filter(count__gt=1):
        yield row["order__number"], _("has %(count)s open checkouts") % {"count": row["count"]}


@invariant("I9", remedy=UNFOUNDED_REMEDY)
def checkouts_match_their_order() -> Iterator[tuple[str, str]]:
    """A checkout agrees with its order, its session and the timeline."""
    state = Checkout.State
    checkouts = Checkout.objects.order_by().defer("params", "url")
    for checkout, number in _with_order(checkouts.filter(order__state=Order.State.PAID, state__in=Checkout.UNFINISHED)):
        yield checkout, _("is open, but its order %(order)s is paid") % {"order": number}
    nameless = Q(session_id=None, state__in=(state.OPEN, state.COMPLETE))
    named = Q(session_id__isnull=False, state__in=(state.CREATING, state.REFUSED))
    for checkout, number in _with_order(checkouts.filter(nameless | named)):
        yield checkout, _("has another state than its session of order %(order)s") % {"order": number}
    expired = _has_session_entry(Kind.CHECKOUT_EXPIRED)
    wrong = Q(state=state.EXPIRED) & ~expired | Q(state__in=(state.OPEN, state.COMPLETE)) & expired
    for checkout, number in _with_order(checkouts.filter(wrong, session_id__isnull=False)):
        yield checkout, _("has another state than the timeline of order %(order)s says") % {"order": number}
    reported_by = (Payment, QuarantinedSnapshot)
    unreported = [~Exists(model._default_manager.filter(order=OuterRef("order"))) for model in reported_by]
    for checkout, number in _with_order(checkouts.filter(*unreported, state=state.COMPLETE)):
        yield checkout, _("is complete, but there is no payment of order %(order)s") % {"order": number}
    # Stripe puts the mode into the ids of sessions.
    mixed = Q(order__livemode=True, session_id__startswith="cs_test_")
    mixed |= Q(order__livemode=False, session_id__startswith="cs_live_")
    for checkout, number in _with_order(checkouts.filter(mixed)):
        yield checkout, _("has another mode, test or live, than order %(order)s") % {"order": number}
    early = Q(created_at__lt=F("order__placed_at") - LEEWAY) | Q(expires_at__lt=F("created_at"))
    doubtful = DoubtfulTimes()
    for row in checkouts.filter(early).select_related("order").iterator(chunk_size=CHUNK):
        if row.order.placed_at in doubtful or row.created_at in doubtful:
            continue
        order = {"order": row.order.number}
        yield str(row), _("is older than order %(order)s, or expired before it was made") % order


def _with_order(checkouts: QuerySet[Checkout]) -> Iterator[tuple[str, str]]:
    for checkout in checkouts.select_related("order").iterator(chunk_size=CHUNK):
        yield str(checkout), checkout.order.number


def _has_session_entry(kind: Kind) -> Exists:
    entries = TimelineEntry.objects.filter(order=OuterRef("order"), kind=kind)
    return Exists(entries.annotate(named=KeyTextTransform("checkout", "details")).filter(named=OuterRef("session_id")))


@invariant("I9", remedy=UNFOUNDED_REMEDY)
def checkouts_match_their_request() -> Iterator[tuple[str, str]]:
    requested = (
        Checkout.objects.order_by()
        .exclude(params={})
        .annotate(
            reference=KeyTextTransform("client_reference_id", "params"),
            number=KeyTextTransform("order_number", KeyTransform("metadata", "params")),
            currency=Upper(KeyTextTransform("currency", _first_price())),
            named=KeyTextTransform("checkout", KeyTransform("metadata", "params")),
        )
    )
    expected = {"reference": "order__reference", "number": "order__number", "currency": "order__currency"}
    wrong = Q(named=None)
    for name, own in expected.items():
        wrong |= ~Q(**{name: F(own)}) | Q(**{name: None})
    for checkout, number in _with_order(requested.filter(wrong).defer("params", "url")):
        yield checkout, _("is of order %(order)s, but Stripe was asked for a session of another") % {"order": number}


def _first_price() -> KeyTransform:
    # All lines of an order have the order's currency.
    return KeyTransform("price_data", KeyTransform(0, KeyTransform("line_items", "params")))


@invariant("I9", remedy=UNFOUNDED_REMEDY)
def opened_sessions_have_a_checkout() -> Iterator[tuple[str, str]]:
    opened = TimelineEntry.objects.filter(kind=Kind.CHECKOUT_OPENED).order_by()
    opened = opened.annotate(named=KeyTextTransform("checkout", "details"))
    kept = Checkout.objects.filter(order=OuterRef("order"), session_id=OuterRef("named"))
    missing = opened.filter(~Exists(kept), named__isnull=False)
    for session_id, number in missing.values_list("named", "order__number").iterator():
        yield (
            session_id,
            _("was opened, according to the timeline of order %(order)s, but is not a checkout of it")
            % {"order": number},
        )
