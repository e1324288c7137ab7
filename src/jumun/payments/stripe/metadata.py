"""What Stripe's objects carry of ours in their metadata, so that each is known by whoever hears of it.

Several sites may share one account of Stripe, such as staging and a developer's machine: every one of them is told of
every object.
"""

from jumun.conf import jumun
from jumun.orders.models import Order


def names_of(order: Order) -> dict[str, str]:
    """The order's names, and the site that has it."""
    return {"order_reference": order.reference, "order_number": order.number, "site": jumun().site_url}


def is_another_sites(order: Order | None, site: str) -> bool:
    """Whether an object belongs to another site: its order is not known here, and it names a site that is not this one.

    An order that is known here stays this site's when its address changes. Nothing that names no site is another's.
    """
    return order is None and site not in {"", jumun().site_url}
