"""Who sells."""

from dataclasses import dataclass, field

from paywright.money.fees import Fees


@dataclass(frozen=True)
class Business:
    """The name on the hosted page, and what payments cost."""

    name: str = "Paywright"
    fees: Fees = field(default_factory=Fees)
