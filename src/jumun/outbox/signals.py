"""`worker_started`: a process begins to serve the queues. Sent in a thread of its own, beside the work: a receiver may
take its time to load what the first row would otherwise wait for.
"""

from django.dispatch import Signal

worker_started = Signal()
