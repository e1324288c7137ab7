import re
from dataclasses import dataclass
from typing import Self

from jumun.payments.stripe.snapshots.within import object_within

# Order references, and the ids of our rows. Whatever has another form names nothing of ours.
_OURS = re.compile(r"[A-Za-z0-9_-]{1,64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Metadata:
    """What of an object's metadata is ours; each is empty where nothing of ours is named.

    Others who use the same Stripe account write metadata of their own, perhaps under the same keys: any text of up to
    500 characters (docs.stripe.com/metadata).
    """

    order_reference: str
    # The number, unlike the reference, may be shown.
    order_number: str
    # Which of the sites that share the account has the order, word for word: it is compared and never stored.
    site: str
    # The intentions of ours that asked for the session, or for the refund: `jumun.payments.models.Intention`.
    checkout: str
    refund: str

    @classmethod
    def within(cls, raw: object) -> Self:
        """Of an object of Stripe's. Never raises."""
        site = object_within(raw, "metadata", "site")
        return cls(
            order_reference=name_of_ours(object_within(raw, "metadata", "order_reference")),
            order_number=name_of_ours(object_within(raw, "metadata", "order_number")),
            site=site if isinstance(site, str) else "",
            checkout=name_of_ours(object_within(raw, "metadata", "checkout")),
            refund=name_of_ours(object_within(raw, "metadata", "refund")),
        )


def name_of_ours(value: object) -> str:
    """``value`` if it has the form of our names, else nothing."""
    return value if isinstance(value, str) and _OURS.fullmatch(value) else ""
