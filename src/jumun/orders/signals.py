"""Signals for other projects. Each is sent with ``order=``, inside the transaction that made it true.

A receiver that raises rolls the change back. So do only database work in receivers, and enqueue a job for the rest.

- `order_paid`: Stripe has the money. If ``order.closed_at`` is set, the order had expired or been canceled before. A
  receiver that cannot supply the order raises `jumun.errors.OrderRefused` or a subclass: then the money is refunded,
  and an order that was still open is canceled.
- `order_canceled`: the order was canceled or has expired without payment (``order.state`` tells which).
- `order_refunded`: money was refunded; ``restocked`` maps article numbers to the quantities put back into stock.
- `order_disputed`: the customer's bank has opened a dispute.
"""

from django.dispatch import Signal

order_paid = Signal()
order_canceled = Signal()
order_refunded = Signal()
order_disputed = Signal()
