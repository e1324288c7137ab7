"""What the holder of a lease may do, and nobody else."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.utils import timezone

from jumun.outbox.models import Job
from tests.outbox.test_jobs import kinds  # noqa: F401 (a fixture)

pytestmark = pytest.mark.django_db


def claimed() -> Job:
    Job.enqueue("test.note", key="a", text="hello")
    [job] = Job.claim(10)
    return job


def test_a_stale_holder_renews_nothing(kinds: Iterator[list[str]]) -> None:  # noqa: F811
    stale = claimed()
    Job.objects.update(run_at=timezone.now() - timedelta(seconds=1))
    [present] = Job.claim(10)
    until = Job.objects.get().run_at
    Job.renew([stale])
    assert Job.objects.get().run_at == until
    Job.objects.update(run_at=timezone.now())
    Job.renew([present])
    assert Job.objects.get().run_at > timezone.now() + timedelta(seconds=1)
