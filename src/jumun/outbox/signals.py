"""Signals of the queues.

- `worker_started`: a process starts to serve them. It is sent in its own thread, so a receiver may take time to load
  what the first row would otherwise wait for.
- `work_added`: rows that are due were committed, in these ``lanes``. It is sent in the thread that added them, so a
  receiver must be quick. If it fails, the rows are found by the next look.
"""

from django.dispatch import Signal

worker_started = Signal()
work_added = Signal()
