"""The columns of an export, as data: a column that is added here is in the file, in every language.

Every source is a field path or an expression on `Order`, so that one query reads whole rows of either shape. A column's
kind says how both databases make its cells: see `cells`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

from django.db.models import (
    BigIntegerField,
    Case,
    Exists,
    F,
    FilteredRelation,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    When,
)
from django.db.models.expressions import Combinable
from django.utils.functional import Promise, lazy
from django.utils.translation import get_language, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from jumun.exports.cells import AMOUNT, CODE, FILLED_IN, RATE, TIME, Kind, Word
from jumun.invoices.documents.payment_methods import method_name, named_methods
from jumun.invoices.models import CreditNote
from jumun.orders.models import Order, TaxCategory
from jumun.payments.models import Dispute, Refund


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """``key`` is its stable name for programs, ``title`` its name for people."""

    key: str
    title: Promise
    source: str | Combinable
    kind: Kind = CODE

    def in_words(self, *, for_people: bool) -> Self:
        """The column with its words in the active language if ``for_people``, else as they are stored."""
        return replace(self, kind=self.kind.in_words(for_people=for_people))


_ORDER = (
    Column(key="order_number", title=_("Order number"), source="number"),
    Column(key="state", title=_("State"), source="state", kind=Word(dict(Order.State.choices))),
    Column(
        key="livemode",
        title=_("Real money"),
        source="livemode",
        kind=Word({True: _("yes"), False: _("no, a test")}),
    ),
    Column(key="placed_at", title=_("Placed at"), source="placed_at", kind=TIME),
    Column(key="paid_at", title=_("Paid at"), source="paid_at", kind=TIME),
    Column(key="closed_at", title=_("Closed at"), source="closed_at", kind=TIME),
)
_CUSTOMER = (
    Column(key="customer_name", title=_("Customer"), source="name", kind=FILLED_IN),
    Column(key="customer_email", title=_("E-mail"), source="email", kind=FILLED_IN),
    Column(key="customer_phone", title=_("Phone"), source="phone", kind=FILLED_IN),
    Column(key="address", title=_("Address"), source="address", kind=FILLED_IN),
    Column(key="postal_code", title=_("Postal code"), source="postal_code", kind=FILLED_IN),
    Column(key="city", title=_("City"), source="city", kind=FILLED_IN),
    Column(key="country", title=_("Country"), source="country", kind=FILLED_IN),
    Column(key="tax_id", title=_("Tax identifier"), source="tax_id", kind=FILLED_IN),
)


def _sum_of(found: QuerySet[Any], grouped_by: str) -> Case:
    """The sum of the ``found`` rows, added up only for the few orders that have any: the database tests all at once."""
    sums = found.order_by().values(grouped_by).annotate(sum=Sum("amount_minor")).values("sum")
    return Case(When(Exists(found.order_by()), then=Subquery(sums)), default=0, output_field=BigIntegerField())


# Only of the payment that settled the order: a second payment is not part of the total.
_OF_SETTLING = {"payment": OuterRef("settling__pk")}
_REFUNDED = _sum_of(Refund.objects.filter(**_OF_SETTLING, status=Refund.Status.SUCCEEDED), "payment")
_LOST_IN_DISPUTES = _sum_of(Dispute.objects.filter(**_OF_SETTLING, status=Dispute.Status.LOST), "payment")
_CREDITED = _sum_of(CreditNote.objects.standing().filter(invoice=OuterRef("invoice__pk")), "invoice")
# Credit notes are not subtracted: each one is for a refund or a lost dispute, which are.
_NET_TAKINGS = Case(
    When(state=Order.State.PAID, then=F("total_minor") - _REFUNDED - _LOST_IN_DISPUTES),
    default=0,
    output_field=BigIntegerField(),
)
CURRENCY = Column(key="currency", title=_("Currency"), source="currency")
_TOTALS = (
    Column(key="net", title=_("Net"), source=F("total_minor") - F("rounding_minor") - F("tax_minor"), kind=AMOUNT),
    Column(key="tax", title=_("Tax"), source="tax_minor", kind=AMOUNT),
    Column(key="rounding", title=_("Rounding"), source="rounding_minor", kind=AMOUNT),
    Column(key="total", title=_("Total"), source="total_minor", kind=AMOUNT),
    Column(key="refunded", title=pgettext_lazy("amount", "Refunded"), source=_REFUNDED, kind=AMOUNT),
)
_LINE = (
    Column(key="line_position", title=_("Line"), source="lines__position"),
    Column(key="sku", title=_("SKU"), source="lines__sku", kind=FILLED_IN),
    Column(key="article", title=_("Item"), source="lines__name", kind=FILLED_IN),
    Column(key="quantity", title=_("Quantity"), source="lines__quantity"),
    Column(key="unit_price", title=_("Unit price"), source="lines__unit_price_minor", kind=AMOUNT),
    Column(
        key="prices_include_tax",
        title=_("Prices include tax"),
        source="prices_include_tax",
        kind=Word({True: _("yes"), False: _("no")}),
    ),
    Column(key="line_discount", title=_("Discount"), source="lines__discount_minor", kind=AMOUNT),
    Column(
        key="tax_category",
        title=_("Tax category"),
        source="lines__tax_category",
        kind=Word(dict(TaxCategory.choices)),
    ),
    Column(key="tax_rate_percent", title=_("Tax rate (%)"), source="lines__tax_rate_ppm", kind=RATE),
    Column(
        key="line_net",
        title=_("Line net"),
        source=F("lines__total_minor") - F("lines__tax_minor"),
        kind=AMOUNT,
    ),
    Column(key="line_tax", title=_("Line tax"), source="lines__tax_minor", kind=AMOUNT),
    Column(key="line_total", title=_("Line total"), source="lines__total_minor", kind=AMOUNT),
)


def _named(code: str) -> str:
    return method_name(code, (get_language() or "en").partition("-")[0])


_method_name: Callable[[str], str] = lazy(_named, str)
_PAYMENT = (
    # Stripe may report any text, so it gets the formula guard.
    Column(key="card_brand", title=_("Card brand"), source="settling__card_brand", kind=FILLED_IN),
    Column(key="card_last4", title=_("Last four digits"), source="settling__card_last4", kind=FILLED_IN),
    Column(key="stripe_payment_id", title=_("Stripe payment"), source="settling__payment_intent_id"),
    Column(key="invoice_number", title=_("Invoice number"), source="invoice__number"),
    Column(key="invoice_issued_at", title=_("Invoice issued at"), source="invoice__issued_at", kind=TIME),
    Column(
        key="payment_method",
        title=_("Payment method"),
        source="settling__method",
        kind=Word({code: _method_name(code) for code in sorted(named_methods())}),
    ),
)

# Last, so that programs that count columns find the others in their old places.
_TAKINGS = (
    Column(key="lost_in_disputes", title=_("Lost in disputes"), source=_LOST_IN_DISPUTES, kind=AMOUNT),
    Column(key="credited", title=_("Credited"), source=_CREDITED, kind=AMOUNT),
    Column(key="net_takings", title=_("Net takings"), source=_NET_TAKINGS, kind=AMOUNT),
)

# The file of lines has no order totals: a reader who adds them up would count them once for each line.
ORDER_COLUMNS = (*_ORDER, *_CUSTOMER, CURRENCY, *_TOTALS, *_PAYMENT, *_TAKINGS)
LINE_COLUMNS = (*_ORDER, *_CUSTOMER, CURRENCY, *_LINE, *_PAYMENT)


def rows(
    orders: QuerySet[Order], cells: Sequence[str | Combinable], *, per_line: bool
) -> QuerySet[Order, tuple[Any, ...]]:
    """One query for all ``cells``, oldest order first. ``orders`` must not be sliced."""
    order_by = ["pk", "lines__position"] if per_line else ["pk"]
    # A query of values allows neither.
    plain = orders.select_related(None).prefetch_related(None)
    if plain.query.distinct:
        # A search over several tables is distinct, which would add the columns of ORDER BY to every row.
        plain = Order._base_manager.using(orders.db).filter(pk__in=plain.order_by().values("pk"))
    # A constraint allows at most one such payment, so a second payment does not repeat the order.
    settling = FilteredRelation("payments", condition=Q(payments__settles_order=True))
    return plain.alias(settling=settling).order_by(*order_by).values_list(*cells)
