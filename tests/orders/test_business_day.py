"""The shop's days and hours, whichever zone a reader has activated and whatever its clock does at midnight."""

import csv
import io
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from django.core import mail
from django.http import HttpRequest
from django.test import Client, override_settings
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st
from pytest_django.fixtures import Settings

from jumun.backoffice.dashboard import today
from jumun.backoffice.period_form import PeriodForm
from jumun.business_day import business_day, day_start, shop_time
from jumun.exports.documents import issued_between
from jumun.invoices.issue_date import moment_of_issue
from jumun.invoices.models import Invoice
from jumun.orders.models import Order
from jumun.payments.mail import send_dispute_warning
from jumun.payments.management.since import since
from jumun.payments.models import Dispute
from jumun.templatetags.jumun import moment
from tests.factories import paid_order, place_order

# Zone, a day whose clock changes at its beginning or end, and when it begins and ends in UTC.
CHANGES = [
    # 01:00 becomes 00:00: midnight comes twice.
    ("Atlantic/Azores", date(2026, 10, 25), "2026-10-25T00:00", "2026-10-26T01:00"),
    ("Atlantic/Azores", date(2026, 3, 29), "2026-03-29T01:00", "2026-03-30T00:00"),
    # Half an hour, at two.
    ("Australia/Lord_Howe", date(2026, 4, 5), "2026-04-04T13:00", "2026-04-05T13:30"),
    ("Australia/Lord_Howe", date(2026, 10, 4), "2026-10-03T13:30", "2026-10-04T13:00"),
    # 00:00 becomes 01:00: there is no midnight; and in February 00:00 becomes 23:00 of the day before.
    ("America/Sao_Paulo", date(2018, 11, 4), "2018-11-04T03:00", "2018-11-05T02:00"),
    ("America/Sao_Paulo", date(2018, 2, 17), "2018-02-17T02:00", "2018-02-18T03:00"),
    ("America/Havana", date(2026, 11, 1), "2026-11-01T04:00", "2026-11-02T05:00"),
    # The day that Samoa left out.
    ("Pacific/Apia", date(2011, 12, 30), "2011-12-30T10:00", "2011-12-30T10:00"),
    ("Asia/Seoul", date(2026, 11, 23), "2026-11-22T15:00", "2026-11-23T15:00"),
]
ZONES = sorted({zone for zone, *_ in CHANGES})


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def elsewhere(get_response: Callable[[HttpRequest], Any]) -> Callable[[HttpRequest], Any]:
    """A project that shows each reader times in a zone of their own."""

    def middleware(request: HttpRequest) -> Any:
        with timezone.override("Pacific/Honolulu"):
            response = get_response(request)
            if hasattr(response, "render"):
                response.render()
            if response.streaming:
                response.streaming_content = list(response.streaming_content)
            return response

    return middleware


@pytest.mark.parametrize(("zone", "day", "begins", "ends"), CHANGES)
def test_a_day_begins_and_ends_with_its_first_and_last_instant(
    settings: Settings, zone: str, day: date, begins: str, ends: str
) -> None:
    settings.TIME_ZONE = zone
    with timezone.override("Pacific/Honolulu"):
        assert (day_start(day), day_start(day + timedelta(days=1))) == (utc(begins), utc(ends))


@given(
    zone=st.sampled_from(ZONES),
    at=st.integers(1_325_376_000, 2_145_744_000).map(partial(datetime.fromtimestamp, tz=UTC)),
)
def test_every_instant_lies_in_exactly_the_day_that_the_shops_clock_shows(zone: str, at: datetime) -> None:
    with override_settings(TIME_ZONE=zone):
        day = business_day(at)
        assert day_start(day) <= at < day_start(day + timedelta(days=1))
        assert shop_time(at).date() == day


@pytest.mark.parametrize("day", [date.min, date.max])
def test_the_ends_of_the_calendar_are_no_error(settings: Settings, day: date) -> None:
    for settings.TIME_ZONE in ZONES:
        assert day_start(day).tzinfo == UTC


@pytest.mark.django_db
@pytest.mark.parametrize(("zone", "day", "begins", "ends"), CHANGES[:-2])
def test_nothing_of_the_day_is_lost_or_counted_twice(
    client: Client,
    admin_client: Client,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    zone: str,
    day: date,
    begins: str,
    ends: str,
) -> None:
    settings.TIME_ZONE = zone
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, f"{__name__}.elsewhere"]
    start, end = utc(begins), utc(ends)
    hours = int((end - start) / timedelta(minutes=30))
    inside = [start + timedelta(minutes=30 * half) for half in range(hours)] + [end - timedelta(seconds=1)]
    for at in [start - timedelta(seconds=1), *inside, end]:
        Order.objects.filter(pk=place_order().pk).update(placed_at=at)
    for now in (start, start + timedelta(minutes=90), end - timedelta(seconds=1)):
        monkeypatch.setattr(timezone, "now", lambda now=now: now)
        assert today(now).placed_count == len(inside) + 1  # and that of tomorrow
        page = admin_client.get("/admin/jumun_orders/order/?placed=today").content.decode()
        assert f"{day} 23:" in page
        assert f"{day - timedelta(days=1)} " not in page
    # Last: within a test's transaction PostgreSQL's export leaves its settings behind.
    listed = admin_client.get("/admin/jumun_orders/order/export.csv?placed=today")
    rows = list(csv.DictReader(io.StringIO(b"".join(listed).decode())))
    assert listed["Content-Disposition"].endswith(f'orders-{day}.csv"')
    assert len(rows) == len(inside)
    assert {row["placed_at"][:10] for row in rows} == {str(day)}


@pytest.mark.django_db
def test_invoices_of_a_day_are_those_that_bear_it(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.TIME_ZONE = "Atlantic/Azores"
    day = date(2026, 10, 25)
    for at in ("2026-10-24T23:59:59", "2026-10-25T00:00", "2026-10-25T00:59", "2026-10-25T01:30", "2026-10-26T00:59"):
        monkeypatch.setattr(timezone, "now", lambda at=at: utc(at))
        with timezone.override("Pacific/Honolulu"):
            paid_order()
    with timezone.override("Asia/Seoul"):
        invoices, *_ = issued_between(day, day)
        found = list(invoices)
    assert len(found) == 4
    assert all(issued.document.issued_on == day for issued in found)
    assert Invoice.objects.order_by("pk")[0].document.issued_on == date(2026, 10, 24)


@pytest.mark.django_db
def test_pages_and_mails_show_the_shops_time(client: Client, admin_client: Client, settings: Settings) -> None:
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, f"{__name__}.elsewhere"]
    order = paid_order()
    at = utc("2026-11-23T15:30")
    Order.objects.filter(pk=order.pk).update(placed_at=at, paid_at=at)
    shown = client.get(f"/orders/{order.reference}/", headers={"Accept-Language": "en"}).content.decode()
    assert "Nov 24, 2026 00:30" in shown
    payment = order.payments.get()
    payment.paid_at = at
    payment.save(update_fields=["paid_at"])
    for address in (
        f"jumun_orders/order/{order.pk}/change/",
        "jumun_orders/order/",
        f"jumun_payments/payment/{payment.pk}/change/",
    ):
        assert "2026-11-24 00:30" in admin_client.get(f"/admin/{address}").content.decode()
    with timezone.override("Pacific/Honolulu"):
        assert moment(at) == "2026. 11. 24. 00:30"
        assert since("2026-11-24T00:30") == at
        assert moment_of_issue(2020) == utc("2020-12-31T14:59:59.999999")
        assert PeriodForm.last_month()["last"] == business_day().replace(day=1) - timedelta(days=1)
        dispute = Dispute(
            dispute_id="dp_1", payment=payment, amount_minor=1, currency="KRW", status="needs_response", due_at=at,
            reason="fraudulent",
        )  # fmt: skip
        send_dispute_warning(dispute)
    assert "2026-11-24 00:30" in mail.outbox[-1].body
