"""A project's Celery app, as docs/operations.md tells to make it."""

import os

from celery import Celery

from jumun.outbox.celery import BEAT_SCHEDULE

app = Celery("project", broker=os.environ["BROKER_URL"])
app.conf.beat_schedule = BEAT_SCHEDULE
app.conf.broker_connection_retry_on_startup = True
