"""An order beside the frozen document of its invoice."""

from collections.abc import Iterator
from decimal import Decimal

from jumun.invoices.models import Invoice
from jumun.payments.amount_text import amount_text


def lines_that_differ(invoice: Invoice) -> Iterator[str]:
    """Where the order, or one of its lines, is not what the invoice says."""
    document, order = invoice.document, invoice.order
    if (order.total_minor, order.currency) != (document.total_minor, document.currency):
        here = amount_text(order.total_minor, order.currency)
        yield f"the order is over {here}, its invoice over {amount_text(document.total_minor, document.currency)}"
    frozen = {line.position: line for line in document.lines}
    lines = {line.position: line for line in order.lines.all()}
    for position in sorted({*frozen, *lines}):
        then, now = frozen.get(position), lines.get(position)
        if then is None or now is None:
            yield f"line {position} is {'on the invoice' if then else 'in the order'} only"
            continue
        said = {
            "article number": (then.sku, now.sku),
            "quantity": (str(then.quantity), str(now.quantity)),
            "tax category": (then.tax_category, now.tax_category),
            "tax rate": (_percent(then.tax_rate_ppm), _percent(now.tax_rate_ppm)),
            "unit price": (
                amount_text(then.unit_price_minor, document.currency),
                amount_text(now.unit_price_minor, order.currency),
            ),
            "discount": (
                amount_text(then.discount_minor, document.currency),
                amount_text(now.discount_minor, order.currency),
            ),
            "tax": (amount_text(then.tax_minor, document.currency), amount_text(now.tax_minor, order.currency)),
            "total": (amount_text(then.total_minor, document.currency), amount_text(now.total_minor, order.currency)),
        }
        for name, (on_invoice, in_order) in said.items():
            if on_invoice != in_order:
                yield f"line {position}: {name} {in_order} in the order, {on_invoice} on its invoice"


def _percent(rate_ppm: int) -> str:
    return f"{Decimal(rate_ppm).scaleb(-4).normalize():f} %"
