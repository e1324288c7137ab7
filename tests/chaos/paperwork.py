"""What staff do besides refunding amounts: cancel orders, refund pieces, have events processed again."""

import random
from collections.abc import Iterable, Iterator

from tests.chaos.steps import Arrive, Buyer, Cancel, PayLate, RefundLines, Replay, Step

# A step and when it is: after how many orders.
Placed = tuple[float, Step]


def paperwork(draw: random.Random, placed: Iterable[Placed]) -> Iterator[Placed]:
    """Staff's steps beside those that are planned already."""
    for position, step in list(placed):
        match step:
            case Arrive(buyer):
                yield from _on_arrival(draw, position, buyer)
            case PayLate(buyer):
                # Pays and is cancelled within the same seconds, after the session and the order are over.
                if draw.random() < 0.5:
                    yield position, _cancel(draw, buyer)


def _on_arrival(draw: random.Random, position: float, buyer: Buyer) -> Iterator[Placed]:
    later = position + draw.uniform(8, 30)
    if draw.random() < (0.1 if buyer.tries else 0.5):
        yield position + 0.5, _cancel(draw, buyer)
    if draw.random() < 0.15:
        yield later, RefundLines(buyer, draw.randrange(3), restock=draw.random() < 0.6, clerks=draw.choice([1, 1, 3]))
    if draw.random() < 0.1:
        yield later, Replay(buyer)


def _cancel(draw: random.Random, buyer: Buyer) -> Cancel:
    return Cancel(buyer, round(draw.uniform(0, 4), 3))
