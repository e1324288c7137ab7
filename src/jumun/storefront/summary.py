"""What the checkout page shows of an order, and what has changed since: customers pay what they saw (invariant I16)."""

from collections.abc import Iterator, Sequence
from dataclasses import astuple, dataclass
from typing import Self

from django.core import signing
from django.utils.translation import gettext as _

from jumun.orders.customer_and_items import Item
from jumun.orders.models import TaxCategory
from jumun.orders.totals import amounts_of, totals_of
from jumun.templatetags.jumun import money, percent

SALT = "jumun.storefront.summary"


@dataclass(frozen=True, slots=True)
class SummaryLine:
    """One article with its present price (tax included), name and tax."""

    sku: str
    name: str
    quantity: int
    unit_price_minor: int
    tax_rate_ppm: int
    tax_category: str
    total_minor: int

    @property
    def tax(self) -> str:
        """The rate, or why it is 0."""
        return percent(self.tax_rate_ppm) if self.tax_rate_ppm else str(TaxCategory(self.tax_category).label)


@dataclass(frozen=True, slots=True)
class Summary:
    """Everything that decides what the customer pays for these items."""

    currency: str
    lines: tuple[SummaryLine, ...]
    tax_minor: int
    rounding_minor: int
    total_minor: int

    @classmethod
    def of(cls, items: Sequence[Item], currency: str) -> Self:
        amounts = amounts_of(items, currency)
        totals = totals_of(amounts, currency)
        lines = tuple(
            SummaryLine(
                item.sku,
                item.name,
                item.quantity,
                item.unit_price_minor,
                item.tax_rate_ppm,
                item.tax_category or "",
                line.total_minor,
            )
            for item, line in zip(items, amounts, strict=True)
        )
        return cls(currency, lines, totals.tax_minor, totals.rounding_minor, totals.total_minor)

    def signed(self, token: str) -> str:
        """The cart's token and this summary as a signed text for a form; see `read_signed`."""
        return signing.dumps([token, *astuple(self)], salt=SALT, compress=True)

    def changes_to(self, now: Self) -> Iterator[str]:
        """Sentences in the active language, one for each difference between this summary and ``now``."""
        after = {line.sku: line for line in now.lines}
        before = {line.sku: line for line in self.lines}
        for sku, line in before.items():
            if sku in after:
                yield from _changes(line, after[sku], self.currency, now.currency)
            else:
                yield _("%(name)s is no longer in your order.") % {"name": line.name}
        for sku, line in after.items():
            if sku not in before:
                yield _("%(name)s was added to your order.") % {"name": line.name}
        tax = money(self.tax_minor, self.currency), money(now.tax_minor, now.currency)
        if tax[0] != tax[1]:
            yield _("Included tax changed: %(old)s → %(new)s") % {"old": tax[0], "new": tax[1]}
        total = money(self.total_minor, self.currency), money(now.total_minor, now.currency)
        if total[0] != total[1]:
            yield _("Total changed: %(old)s → %(new)s") % {"old": total[0], "new": total[1]}


def read_signed(text: str) -> tuple[str, Summary | None]:
    """The token and the summary of a form. A text without our signature is a token without a summary."""
    try:
        token, currency, lines, *totals = signing.loads(text, salt=SALT)
    except signing.BadSignature:
        return text, None
    return token, Summary(currency, tuple(SummaryLine(*line) for line in lines), *totals)


def _changes(before: SummaryLine, after: SummaryLine, old_currency: str, new_currency: str) -> Iterator[str]:
    if before.name != after.name:
        yield _("%(old)s has a new name: %(new)s") % {"old": before.name, "new": after.name}
    if before.quantity != after.quantity:
        values = {"name": after.name, "old": before.quantity, "new": after.quantity}
        yield _("%(name)s: quantity changed, %(old)s → %(new)s") % values
    price = money(before.unit_price_minor, old_currency), money(after.unit_price_minor, new_currency)
    if price[0] != price[1]:
        values = {"name": after.name, "old": price[0], "new": price[1]}
        yield _("%(name)s: price changed, %(old)s → %(new)s") % values
    if before.tax != after.tax:
        yield _("%(name)s: tax changed, %(old)s → %(new)s") % {"name": after.name, "old": before.tax, "new": after.tax}
