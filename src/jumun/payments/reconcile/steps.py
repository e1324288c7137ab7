"""What a reconciliation walks through, in this order, each from the newest object to the oldest of the window."""

from dataclasses import dataclass

from jumun.payments.merge import MERGED_TYPES, NOT_IN_THE_BOOKS

# Of types that one listing of events takes (API reference, "List all events").
TYPES_MAX = 20
TYPES = tuple(sorted(MERGED_TYPES - NOT_IN_THE_BOOKS))


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """``resource`` is one of `jumun.payments.stripe.gateway.LISTED`; ``types`` are of events only."""

    name: str
    resource: str
    types: tuple[str, ...] = ()


STEPS = (
    # First what makes orders paid, so that all others find their payment.
    *(
        Step(name=resource, resource=resource)
        for resource in ("checkout.sessions", "charges", "refunds", "disputes", "balance_transactions", "payouts")
    ),
    # Last, when what they tell of is known already.
    *(
        Step(name=f"events.{first}", resource="events", types=TYPES[first : first + TYPES_MAX])
        for first in range(0, len(TYPES), TYPES_MAX)
    ),
)
NAMES = tuple(step.name for step in STEPS)
