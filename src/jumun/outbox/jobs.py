from datetime import timedelta

from django.utils import timezone

from jumun.conf import jumun
from jumun.outbox.handlers import job
from jumun.outbox.lanes import Lane
from jumun.outbox.queues import registered_queues


# As `network`, it runs outside a transaction: each batch is committed by itself.
@job("outbox.purge", lane=Lane.UPKEEP, network=True, every_s=3600)
def purge() -> None:
    """Delete rows that were finished long ago; the orders' timelines keep what happened."""
    long_ago = timezone.now() - timedelta(seconds=jumun().finished_work_kept_s)
    for queue in registered_queues():
        while queue.purge(finished_before=long_ago):
            pass
