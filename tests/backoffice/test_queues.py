"""What staff can do about work that got stuck."""

import pytest
from django.contrib.admin.models import LogEntry
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from jumun.outbox.models import Job
from jumun.payments.models import InboxEvent, QuarantinedSnapshot
from tests.factories import paid_order, pay, place_order

pytestmark = pytest.mark.django_db

JOBS = "/admin/jumun_outbox/job/"
EVENTS = "/admin/jumun_payments/inboxevent/"
QUARANTINED = "/admin/jumun_payments/quarantinedsnapshot/"


def act(client, address: str, action: str, *rows):
    return client.post(address, {"action": action, "_selected_action": [row.pk for row in rows], "index": 0})


@pytest.fixture
def parked_job() -> Job:
    paid_order()
    Job.objects.exclude(kind="invoices.mail").delete()
    Job.objects.update(state="parked", attempts=15, last_error="ConnectionRefusedError", finished_at=timezone.now())
    return Job.objects.get()


def test_a_parked_job_is_tried_again_from_the_start(parked_job, staff):
    act(staff("jumun_outbox.view_job", "jumun_outbox.change_job"), JOBS, "try_again", parked_job)
    parked_job.refresh_from_db()
    assert (parked_job.state, parked_job.attempts, parked_job.finished_at) == ("ready", 0, None)
    assert [job.pk for job in Job.claim(10)] == [parked_job.pk]


def test_a_job_that_is_done_is_never_run_twice(parked_job, staff):
    Job.objects.update(state="done")
    act(staff("jumun_outbox.view_job", "jumun_outbox.change_job"), JOBS, "try_again", parked_job)
    parked_job.refresh_from_db()
    assert parked_job.state == "done"


def test_looking_at_jobs_is_not_the_permission_to_run_them(parked_job, staff):
    client = staff("jumun_outbox.view_job")
    assert b"try_again" not in client.get(JOBS).content
    act(client, JOBS, "try_again", parked_job)
    parked_job.refresh_from_db()
    assert parked_job.state == "parked"


def test_a_parked_event_is_tried_again(staff):
    event = InboxEvent.objects.create(
        event_id="evt_1", type="charge.updated", livemode=False, payload="{}", created_at=timezone.now(), state="parked"
    )
    client = staff("jumun_payments.view_inboxevent", "jumun_payments.change_inboxevent")
    act(client, EVENTS, "try_again", event)
    event.refresh_from_db()
    assert event.state == "ready"


def test_an_events_payload_is_shown_line_by_line_and_as_text(staff):
    event = InboxEvent.objects.create(
        event_id="evt_1",
        type="charge.updated",
        livemode=False,
        payload='{"name":"<b>김하늘</b>"}',
        created_at=timezone.now(),
    )
    page = staff("jumun_payments.view_inboxevent").get(f"{EVENTS}{event.pk}/change/").content.decode()
    assert "{\n  &quot;name&quot;: &quot;&lt;b&gt;김하늘&lt;/b&gt;&quot;\n}" in page


def test_a_list_of_events_does_not_read_their_bodies(staff):
    for number in range(3):
        InboxEvent.objects.create(
            event_id=f"evt_{number}", type="charge.updated", livemode=False, payload="{}", created_at=timezone.now()
        )
    client = staff("jumun_payments.view_inboxevent")
    with CaptureQueriesContext(connection) as queries:
        assert client.get(EVENTS).content.count(b"evt_") >= 3
    assert not any("payload" in query["sql"] for query in queries)


def test_a_payment_set_aside_is_marked_as_dealt_with_once(staff):
    pay(place_order(), amount_total=1)
    row = QuarantinedSnapshot.objects.get()
    client = staff("jumun_payments.view_quarantinedsnapshot", "jumun_payments.change_quarantinedsnapshot")
    act(client, QUARANTINED, "resolve", row)
    row.refresh_from_db()
    first = row.resolved_at
    assert first is not None
    act(client, QUARANTINED, "resolve", row)
    row.refresh_from_db()
    assert row.resolved_at == first


def test_looking_at_what_was_set_aside_is_not_the_permission_to_close_it(staff):
    pay(place_order(), amount_total=1)
    row = QuarantinedSnapshot.objects.get()
    act(staff("jumun_payments.view_quarantinedsnapshot"), QUARANTINED, "resolve", row)
    row.refresh_from_db()
    assert row.resolved_at is None


def test_staff_have_a_processed_event_processed_again_and_it_is_written_down(staff):
    order = paid_order()
    event = InboxEvent.objects.create(
        event_id="evt_1",
        type="charge.updated",
        livemode=False,
        payload="{}",
        created_at=timezone.now(),
        state="done",
        order=order,
    )
    client = staff("jumun_payments.view_inboxevent", "jumun_payments.change_inboxevent")
    act(client, EVENTS, "try_again", event)
    event.refresh_from_db()
    assert event.state == "ready"
    told = order.timeline.get(kind="event_replayed")
    assert (told.actor, told.actor_name, told.details) == ("staff", "staff0", {"event": "evt_1"})
    assert LogEntry.objects.get().user.get_username() == "staff0"
