"""What other projects hook into. Every signal is sent inside the transaction that made it true, with ``order=``.

A receiver that raises rolls the change back, so keep receivers to database work and enqueue a job for the
rest.

- `order_paid`: Stripe has the money.
- `order_canceled`: the order was cancelled or has expired without payment (``order.state`` tells which).
- `order_refunded`, `order_disputed`: money went back, or the buyer's bank asks for it.
"""

from django.dispatch import Signal

order_paid = Signal()
order_canceled = Signal()
order_refunded = Signal()
order_disputed = Signal()
