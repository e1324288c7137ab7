from typing import Any, ClassVar

from django.db import models

from jumun.db.fast import change, find_all
from jumun.payments.keys import new_key


class Intention(models.Model):
    """A row that stands for a call to Stripe, from before the call on: its key and parameters never change, so that
    asking again is safe however often the answer was lost (docs.stripe.com/api/idempotent_requests).
    """

    idempotency_key = models.CharField(max_length=64, unique=True, default=new_key, editable=False)
    # Empty for what we did not ask for.
    params = models.JSONField(default=dict, editable=False)

    # The key of the metadata under which Stripe's object carries the row's name.
    NAMED_AS: ClassVar[str]

    class Meta:
        abstract = True

    def is_named(self, name: str) -> bool:
        """Whether ``name``, of the metadata of an object of Stripe's, is what this row asked for it to be called.

        A random name, which is frozen in the parameters. After a restored backup the ids of rows are given again.
        """
        metadata = self.params.get("metadata")
        return bool(name) and isinstance(metadata, dict) and metadata.get(self.NAMED_AS) == name

    def freeze(self, params: dict[str, Any]) -> None:
        """Write the parameters down, in the transaction that made the row; they may name its id."""
        change(self, {"params": params}, where={})
        # PostgreSQL's jsonb has an order of keys of its own. What is sent first is what every retry will read.
        [frozen] = find_all(type(self), id=self.pk)
        self.params = frozen.params
