"""Whether the worker gets on, told to people and to programs."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from jumun.outbox.lanes import Lane
from jumun.outbox.models import Job

pytestmark = pytest.mark.django_db


def status(*options: str) -> tuple[str, int]:
    out = StringIO()
    try:
        call_command("work", "--status", *options, stdout=out)
    except SystemExit as end:
        return out.getvalue(), int(str(end.code))
    return out.getvalue(), 0


def wait(seconds: int) -> None:
    """A job that has been due for so long."""
    Job.objects.create(kind="invoices.mail", lane="mail", key="a", run_at=timezone.now() - timedelta(seconds=seconds))


def test_nothing_to_do_is_well() -> None:
    told, code = status()
    assert code == 0
    assert "mail: the oldest waits for 0 s; 0 in hand, 0 parked" in told


def test_what_waits_and_what_is_parked_are_counted_by_kind() -> None:
    wait(1)
    Job.objects.create(kind="invoices.mail", lane="mail", key="b", state="done")
    Job.objects.create(kind="invoices.archive", lane="documents", key="c")
    Job.objects.create(kind="invoices.archive", lane="documents", key="d", state="parked")
    assert [job.key for job in Job.claim(1)] == ["a"]
    told, _code = status()
    assert "1 in hand" in told
    assert "invoices.archive: 1 waiting, 1 parked" in told
    assert "invoices.mail: 1 waiting, 0 parked" in told


def test_what_waits_too_long_fails_the_check() -> None:
    wait(90)
    told, code = status()
    assert code == 1
    assert "the oldest waits for 90 s" in told
    assert status("--late", "100")[1] == 0


def test_what_is_parked_fails_the_check() -> None:
    Job.objects.create(kind="invoices.mail", lane="mail", key="a", state="parked")
    told, code = status()
    assert code == 1
    assert "1 parked" in told


def test_no_threads_are_no_worker() -> None:
    with pytest.raises(CommandError, match="number of threads"):
        call_command("work", "--concurrency", "0")


def test_readyz_tells_how_long_the_oldest_row_has_waited(client: Client) -> None:
    lanes = dict.fromkeys(Lane.values, 0.0)
    assert client.get("/readyz").json() == {
        "ok": True,
        "oldest_waiting_s": 0,
        "lanes": lanes,
        "late_recurring": [],
    }
    wait(90)
    ready = client.get("/readyz").json()
    assert ready["oldest_waiting_s"] == ready["lanes"].pop("mail") >= 90
    assert set(ready["lanes"].values()) == {0}
