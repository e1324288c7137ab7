from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from jumun.backoffice.dashboard import concerns, today, waiting_since
from jumun.backoffice.filters import periods
from jumun.business_day import business_day
from jumun.orders.models import Order
from jumun.outbox.models import Job
from jumun.payments.merge import apply
from jumun.payments.models import Payment
from tests.factories import paid_order, pay, place_order, refund_snapshot
from tests.payments.disputing import dispute_of

pytestmark = pytest.mark.django_db


def test_today_counts_orders_and_takings_by_currency():
    paid_order()
    paid_order()
    paid_order(currency="USD")
    place_order()
    yesterday = place_order()
    Order.objects.filter(pk=yesterday.pk).update(placed_at=timezone.now() - timedelta(days=1, seconds=1))
    figures = today(timezone.now())
    assert (figures.placed_count, figures.paid_count, figures.unpaid_count) == (4, 3, 1)
    assert [(row.currency, row.net_minor) for row in figures.takings] == [("KRW", 22000), ("USD", 11000)]


def test_takings_are_net_of_refunds_and_say_so(admin_client):
    refunded, _kept = paid_order(), paid_order()
    apply(refund_snapshot(refunded.payments.get(), 3_000))
    pay(paid_order())  # a second payment is no takings, and its return no refund of them
    apply(refund_snapshot(Payment.objects.get(rejection_reason="second_payment"), 11_000))
    [krw] = today(timezone.now()).takings
    assert (krw.paid_minor, krw.refunded_minor, krw.net_minor) == (33_000, 3_000, 30_000)
    page = admin_client.get("/admin/", headers={"accept-language": "en"}).content.decode()
    assert "₩30,000" in page
    assert "after ₩3,000 of refunds" in page


def test_takings_are_net_of_disputes_that_were_lost(admin_client):
    for order, status in ((paid_order(), "lost"), (paid_order(), "needs_response")):
        payment = order.payments.get()
        apply(dispute_of(payment, id=f"du_{payment.pk}", status=status, balance_transactions=[]))
    [krw] = today(timezone.now()).takings
    assert (krw.paid_minor, krw.lost_minor, krw.net_minor) == (22_000, 11_000, 11_000)
    page = admin_client.get("/admin/", headers={"accept-language": "en"}).content.decode()
    assert "after ₩11,000 of lost disputes" in page


def test_all_is_well_says_nothing(admin_user):
    paid_order()
    assert concerns(admin_user) == []
    assert waiting_since(timezone.now()) is None


def test_what_got_stuck_is_counted_and_linked_to(admin_user, client):
    pay(place_order(), amount_total=1)
    paid_order()
    Job.objects.filter(kind="invoices.mail").update(state="parked")
    client.force_login(admin_user)
    for concern in concerns(admin_user):
        assert concern.count == 1
        assert "1 result" in client.get(concern.address, headers={"accept-language": "en"}).content.decode()
    assert len(concerns(admin_user)) == 2


def test_what_went_back_by_itself_is_told_for_a_week(admin_user, client):
    pay(paid_order())
    second = Payment.objects.get(rejection_reason="second_payment")
    apply(refund_snapshot(second, 11_000))
    [concern] = concerns(admin_user)
    assert (concern.count, "reason__in" in concern.address) == (1, True)
    client.force_login(admin_user)
    assert "1 result" in client.get(concern.address, headers={"accept-language": "en"}).content.decode()
    second.quarantined.update(resolved_at=timezone.now() - timedelta(days=8))
    assert concerns(admin_user) == []


def test_work_that_nobody_takes_up_is_noticed_after_a_minute(admin_client):
    paid_order()
    assert waiting_since(timezone.now()) is None
    Job.objects.update(run_at=timezone.now() - timedelta(minutes=5))
    assert waiting_since(timezone.now()) is not None
    assert "manage.py work" in admin_client.get("/admin/").content.decode()


def test_the_overview_costs_a_handful_of_queries(admin_client):
    for _ in range(3):
        paid_order()
    with CaptureQueriesContext(connection) as queries:
        assert admin_client.get("/admin/").status_code == 200
    assert len(queries) <= 17


def test_last_month_and_last_year_are_whole_months_and_years():
    found = {name: [str(business_day(at)) for at in period] for name, period in periods(date(2026, 1, 15)).items()}
    assert found["last-month"] == ["2025-12-01", "2026-01-01"]
    assert found["last-year"] == ["2025-01-01", "2026-01-01"]
    assert found["week"] == ["2026-01-09", "2026-01-16"]
