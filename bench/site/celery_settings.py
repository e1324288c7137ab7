"""The bench's settings in a project that has Celery: web processes send its messages too."""

from bench.site.settings import *  # noqa: F403
from tests.outbox import celery_app  # noqa: F401
