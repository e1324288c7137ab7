"""What becomes of events that could not be processed, and of those that were, long ago."""

import json
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone
from pytest_django.fixtures import Settings

from jumun.audit import findings
from jumun.invoices.models import Invoice
from jumun.orders.models import Order
from jumun.outbox.jobs import purge
from jumun.outbox.models import Job
from jumun.outbox.worker import drain
from jumun.payments.models import InboxEvent
from tests.factories import pay, place_order
from tests.payments.stripe_says import deliver, event, session_of

pytestmark = pytest.mark.django_db


def inbox(*words: str) -> str:
    out = StringIO()
    call_command("inbox", *words, stdout=out)
    return out.getvalue()


def receive(snapshot: dict[str, Any], kind: str = "checkout.session.completed", **changes: Any) -> InboxEvent:
    payload = event(snapshot, kind, **changes)
    assert deliver(payload).status_code == 200
    drain()
    return InboxEvent.objects.get(event_id=json.loads(payload)["id"])


def parked_event(order: Order) -> InboxEvent:
    """As if the event had met a fault which is mended since."""
    kept = receive(session_of(order))
    InboxEvent.objects.filter(pk=kept.pk).update(state="parked", attempts=15, last_error="TypeError: a bug")
    return kept


def test_a_summary_tells_how_many_there_are_and_how_long_they_wait() -> None:
    receive({"object": "customer"}, "customer.created")
    deliver(event(session_of(place_order())))
    InboxEvent.objects.filter(state="ready").update(run_at=timezone.now() - timedelta(seconds=90))
    told = inbox()
    assert [line.split() for line in told.splitlines()[:2]] == [["ignored", "1"], ["ready", "1"]]
    assert "waits for 90 s" in told


def test_without_replay_the_chosen_are_only_listed() -> None:
    kept = parked_event(place_order())
    assert f"{kept.event_id}  " in inbox("--parked")
    assert "parked  TypeError: a bug" in inbox(kept.event_id)
    kept.refresh_from_db()
    assert kept.state == "parked"


def test_parked_events_are_processed_again_and_the_order_tells_by_whom() -> None:
    order = place_order()
    kept = parked_event(order)
    assert "1 will be processed again" in inbox("--replay", "--parked")
    drain()
    kept.refresh_from_db()
    assert (kept.state, kept.attempts) == ("done", 1)
    replayed = order.timeline.get(kind="event_replayed")
    assert (replayed.actor, replayed.source, replayed.details) == (
        "command",
        "manage.py inbox --replay",
        {"event": kept.event_id},
    )


def test_replaying_what_was_processed_changes_nothing() -> None:
    order = place_order()
    kept = receive(session_of(order))
    assert "1 will be processed again" in inbox("--replay", kept.event_id)
    drain()
    assert Invoice.objects.count() == order.payments.count() == 1
    assert list(findings()) == []


def test_an_ignored_event_stays_ignored_while_nothing_merges_it() -> None:
    kept = receive({"object": "customer"}, "customer.created")
    inbox("--replay", "--since", "2020-01-01")
    assert drain() == 1
    kept.refresh_from_db()
    assert kept.state == "ignored"


def test_replay_wants_to_know_which() -> None:
    for words, why in [
        (["--replay"], "needs event ids"),
        (["--replay", "evt_nobody"], "evt_nobody"),
        (["--replay", "--since", "yesterday"], "not a time"),
    ]:
        with pytest.raises(CommandError, match=why):
            inbox(*words)


def test_an_event_of_an_older_version_with_all_that_we_read_is_as_good() -> None:
    order = place_order()
    receive(session_of(order), api_version="2024-06-20")
    order.refresh_from_db()
    assert order.state == "paid"


def test_an_event_of_an_older_version_without_it_is_parked_and_names_both_versions() -> None:
    order = place_order()
    # Sessions had no status before 2021-11.
    session = {name: value for name, value in session_of(order).items() if name != "status"}
    kept = receive(session, api_version="2020-08-27")
    order.refresh_from_db()
    assert (kept.state, order.state) == ("parked", "placed")
    for named in ("status", "2020-08-27", "2026-10-28.endive"):
        assert named in kept.last_error


def test_an_event_of_our_version_does_not_blame_the_version() -> None:
    kept = receive(session_of(place_order(), status=None))
    assert kept.state == "parked"
    assert "API version" not in kept.last_error


@pytest.fixture
def old_work(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Order:
    """A paid order, an ignored event and a parked one, all of them finished longer ago than they are kept."""
    settings.JUMUN = {"FINISHED_WORK_KEPT_S": 3600}
    order = place_order()
    receive(session_of(order))
    receive({"object": "customer"}, "customer.created")
    receive(session_of(place_order(), status=None))
    later = timezone.now() + timedelta(hours=2)
    monkeypatch.setattr(timezone, "now", lambda: later)
    return order


def test_what_was_finished_long_ago_is_purged_and_the_books_stay(old_work: Order) -> None:
    invoices = Invoice.objects.count()
    before = [finding.invariant for finding in findings()]
    purge()
    assert list(InboxEvent.objects.values_list("state", flat=True)) == ["parked"]
    assert not Job.objects.filter(state="done").exists()
    old_work.refresh_from_db()
    assert (old_work.state, Invoice.objects.count()) == ("paid", invoices)
    assert [finding.invariant for finding in findings()] == before == ["I6"]
    assert old_work.timeline.filter(kind="paid", source__startswith="evt_").exists()


def test_what_waits_is_never_purged_however_old(old_work: Order) -> None:
    InboxEvent.objects.update(state="ready")
    Job.objects.update(state="ready")
    purge()
    assert InboxEvent.objects.count() == 3
    assert Job.objects.filter(kind="invoices.mail").exists()


def test_recent_work_is_kept(settings: Settings) -> None:
    receive(session_of(place_order()))
    purge()
    assert InboxEvent.objects.exists()
    assert Job.objects.filter(state="done").exists()


def test_a_purge_goes_on_batch_after_batch(old_work: Order, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("jumun.outbox.lease.PURGE_BATCH", 1)
    purge()
    assert list(InboxEvent.objects.values_list("state", flat=True)) == ["parked"]


def test_an_event_that_comes_again_after_it_was_purged_changes_nothing(old_work: Order) -> None:
    payload = InboxEvent.objects.get(type="checkout.session.completed", state="done").payload.encode()
    purge()
    deliver(payload)
    drain()
    assert old_work.payments.count() == 1
    assert Invoice.objects.filter(order=old_work).count() == 1


def test_a_bank_debit_that_failed_frees_its_order_although_stripe_is_away(settings: Settings) -> None:
    settings.STRIPE_API_BASE = "http://127.0.0.1:9"
    order = place_order()
    session = session_of(order, payment_status="unpaid", payment_intent="pi_debit")
    receive(session)
    assert order.payments.get().status == "processing"
    for kind in ("async_payment_failed", "completed"):
        assert receive(session, f"checkout.session.{kind}").state == "done"
    assert order.payments.get().status == "failed"
    pay(order)
    assert order.state == "paid"
