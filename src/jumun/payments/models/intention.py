import uuid
from typing import Any, ClassVar

from django.db import models

from jumun.errors import BooksOutdated
from jumun.invoices.models import Restoration
from jumun.orders.models import Order


def new_key() -> str:
    """A new idempotency key; Stripe recommends UUIDs."""
    return str(uuid.uuid4())


class Intention(models.Model):
    """A row that stands for a call to Stripe, written before the call. Its key and parameters never change, so the call
    can safely be repeated, however often its answer was lost (docs.stripe.com/api/idempotent_requests).
    """

    idempotency_key = models.CharField(max_length=64, unique=True, default=new_key, editable=False)
    # Empty where Jumun did not make the object, as a refund in Stripe's dashboard.
    params = models.JSONField(default=dict, editable=False)

    # The metadata key under which Stripe's object carries the row's random name. The name is frozen in the parameters.
    # A row's id cannot be its name: a restored database gives the same ids again.
    NAMED_AS: ClassVar[str]

    class Meta:
        abstract = True

    def is_named(self, name: str) -> bool:
        """Whether ``name``, from the metadata of a Stripe object, is this row's name."""
        metadata = self.params.get("metadata")
        return bool(name) and isinstance(metadata, dict) and metadata.get(self.NAMED_AS) == name

    def freeze(self, params: dict[str, Any]) -> None:
        """Write the row with its parameters."""
        self.params = params
        self.save()
        # PostgreSQL's jsonb orders keys in its own way. The first call must send what every retry will read.
        self.refresh_from_db(fields=["params"])


def check_reconciled(order: Order) -> None:
    """Raise `BooksOutdated` for an order that may have been paid or refunded after the backup that was restored.

    Before any intention for the order is written down.
    """
    if Restoration.is_unreconciled(livemode=order.livemode, since=order.placed_at):
        raise BooksOutdated("a backup was restored, and Stripe has not been asked yet what has happened since")
