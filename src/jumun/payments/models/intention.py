from typing import Any

from django.db import models

from jumun.payments.keys import new_key
from jumun.rows import change, find_all


class Intention(models.Model):
    """A row that stands for a call to Stripe, from before the call on: its key and parameters never change, so that
    asking again is safe however often the answer was lost (docs.stripe.com/api/idempotent_requests).
    """

    idempotency_key = models.CharField(max_length=64, unique=True, default=new_key, editable=False)
    # Empty for what we did not ask for.
    params = models.JSONField(default=dict, editable=False)

    class Meta:
        abstract = True

    def freeze(self, params: dict[str, Any]) -> None:
        """Write the parameters down, in the transaction that made the row; they may name its id."""
        change(self, {"params": params}, where={})
        # PostgreSQL's jsonb has an order of keys of its own. What is sent first is what every retry will read.
        [frozen] = find_all(type(self), id=self.pk)
        self.params = frozen.params
