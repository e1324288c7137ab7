"""Our metadata on Stripe's objects: what we write there, and what we read back.

Several sites may share one Stripe account, such as staging and a developer's machine. Stripe notifies each of them of
every object.
"""

import re
from dataclasses import dataclass
from typing import Self

from jumun.conf import jumun
from jumun.orders.models import Order

# Order references, and the names of our intentions. A value of any other form is not ours.
_OURS = re.compile(r"[A-Za-z0-9_-]{1,64}")


def stripe_metadata(order: Order) -> dict[str, str]:
    """The metadata that each of our objects at Stripe carries: its order, and the site that has the order."""
    return {"order_reference": order.reference, "order_number": order.number, "site": jumun().site_url}


@dataclass(frozen=True, slots=True, kw_only=True)
class Metadata:
    """Our part of an object's metadata. A field is empty where it names nothing of ours.

    Others who use the same Stripe account write metadata of their own, perhaps under the same keys: any text of up to
    500 characters (docs.stripe.com/metadata).
    """

    order_reference: str
    # Unlike the reference, the number may be shown.
    order_number: str
    # The site that has the order, exactly as reported. It is compared and never stored.
    site: str
    # The name of the intention (`jumun.payments.models.Intention`) that requested the session, or the refund.
    checkout: str
    refund: str

    @classmethod
    def within(cls, raw: object) -> Self:
        """Read the metadata of a Stripe object. Never raises."""
        found = raw.get("metadata") if isinstance(raw, dict) else None
        metadata = found if isinstance(found, dict) else {}
        site = metadata.get("site")
        return cls(
            order_reference=name_of_ours(metadata.get("order_reference")),
            order_number=name_of_ours(metadata.get("order_number")),
            site=site if isinstance(site, str) else "",
            checkout=name_of_ours(metadata.get("checkout")),
            refund=name_of_ours(metadata.get("refund")),
        )


def name_of_ours(value: object) -> str:
    """``value`` if it has the form of our names, else an empty string."""
    return value if isinstance(value, str) and _OURS.fullmatch(value) else ""


def is_another_sites(order: Order | None, site: str) -> bool:
    """Whether an object belongs to another site: it names a site other than this one, and this site has no such order.

    An order that is known here still belongs to this site after the site's address has changed.
    """
    return order is None and site not in {"", jumun().site_url}
