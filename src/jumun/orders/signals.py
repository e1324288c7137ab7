"""What other projects hook into. Every signal is sent inside the transaction that made it true, with ``order=``.

A receiver that raises rolls the change back, so keep receivers to database work and enqueue a job for the
rest.

- `order_paid`: Stripe has the money. An order that had expired or been cancelled before (``order.closed_at`` is set)
  was paid all the same: a receiver that can no longer supply it raises `jumun.errors.OrderRefused` or one of its
  kinds, and the money goes back instead. An order that was still waiting is cancelled by that.
- `order_canceled`: the order was cancelled or has expired without payment (``order.state`` tells which).
- `order_refunded`: money went back; ``restocked`` maps article numbers to the pieces that staff put back into stock.
- `order_disputed`: the buyer's bank asks for the money.
"""

from django.dispatch import Signal

order_paid = Signal()
order_canceled = Signal()
order_refunded = Signal()
order_disputed = Signal()
