from datetime import timedelta

from django.utils import timezone

from jumun.conf import jumun
from jumun.outbox.handlers import job
from jumun.outbox.lanes import Lane
from jumun.outbox.queues import registered_queues


# Not in one transaction: each batch is committed by itself.
@job("outbox.purge", lane=Lane.UPKEEP, network=True, every_s=3600)
def purge() -> None:
    """Delete what was finished long ago, whose traces are in the orders' timelines."""
    long_ago = timezone.now() - timedelta(seconds=jumun().finished_work_kept_s)
    for queue in registered_queues():
        while queue.purge(finished_before=long_ago):
            pass
