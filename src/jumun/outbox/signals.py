"""What goes on around the queues.

- `worker_started`: a process begins to serve them. Sent in a thread of its own, beside the work: a receiver may take
  its time to load what the first row would otherwise wait for.
- `work_added`: rows that are due were committed, in these ``lanes``. Sent by whoever added them: a receiver must be
  quick, and its failure hurts nobody.
"""

from django.dispatch import Signal

worker_started = Signal()
work_added = Signal()
