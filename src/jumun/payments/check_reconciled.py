from jumun.errors import BooksOutdated
from jumun.invoices.models import Restoration
from jumun.orders.models import Order


def check_reconciled(order: Order) -> None:
    """Raise `BooksOutdated` for an order that may have been paid or refunded after the backup that was restored."""
    if Restoration.is_unreconciled(livemode=order.livemode, since=order.placed_at):
        raise BooksOutdated("a backup was restored, and Stripe has not been asked yet what has happened since")
