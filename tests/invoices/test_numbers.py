"""Numbers are consecutive whatever happens, and trying the shop out uses up none."""

import os
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta

import pytest
from django.core.checks import run_checks
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from jumun.invoices.models import Invoice, Series
from jumun.payments.merge import apply
from tests.factories import paid_order, place_order
from tests.invoices.crediting import credit
from tests.payments.stripe_says import session_of
from tests.processes import database_url
from tests.races import at_once

pytestmark = pytest.mark.django_db
WRITERS = 24
HOLDS_A_NUMBER = """
import django, sys, time
django.setup()
from django.db import transaction
from jumun.invoices.models import Series
with transaction.atomic():
    print(Series.next_number("INV", 2026), flush=True)
    time.sleep(600)
"""


def year() -> int:
    return timezone.localdate().year


def numbers() -> list[str]:
    return sorted(Invoice.objects.values_list("number", flat=True))


def test_a_test_payment_takes_a_number_of_the_test_series(settings) -> None:
    first = paid_order()
    settings.STRIPE_SECRET_KEY = "sk_live_jumun"
    second = paid_order()
    assert first.invoice.number == f"TEST-INV-{year()}-000001"
    assert second.invoice.number == f"INV-{year()}-000001"
    assert (first.invoice.document.livemode, second.invoice.document.livemode) == (False, True)


def test_the_prefix_is_a_setting(settings) -> None:
    settings.JUMUN = {"INVOICE_PREFIX": "SEOUL"}
    assert paid_order().invoice.number == f"TEST-SEOUL-{year()}-000001"


@pytest.mark.parametrize("prefix", ["TEST-INV", "TEST", "inv", "", "A/B", "A" * 16, "A--B"])
def test_a_prefix_that_could_be_mistaken_is_named_by_the_checks(settings, prefix: str) -> None:
    settings.JUMUN = {"INVOICE_PREFIX": prefix}
    assert "jumun.E021" in [message.id for message in run_checks()]


def test_each_seller_of_a_database_has_series_of_its_own(settings) -> None:
    issued = []
    for code in ("SEOUL", "BUSAN", "SEOUL"):
        settings.JUMUN = {"SELLER": {"CODE": code}}
        invoice = paid_order().invoice
        issued.append((invoice.number, credit(invoice, 1_000, f"re_{invoice.number}").number))
    assert issued == [
        (f"TEST-SEOUL-INV-{year()}-000001", f"TEST-SEOUL-CN-{year()}-000001"),
        (f"TEST-BUSAN-INV-{year()}-000001", f"TEST-BUSAN-CN-{year()}-000001"),
        (f"TEST-SEOUL-INV-{year()}-000002", f"TEST-SEOUL-CN-{year()}-000002"),
    ]


@pytest.mark.parametrize("code", ["TEST", "seoul", "A-B", "A" * 11])
def test_a_sellers_code_that_could_be_mistaken_is_named_by_the_checks(settings, code: str) -> None:
    settings.JUMUN = {"SELLER": {"CODE": code}}
    assert "jumun.E026" in [message.id for message in run_checks()]


def test_invoices_and_credit_notes_cannot_share_their_numbers(settings) -> None:
    settings.JUMUN = {"INVOICE_PREFIX": "DOC", "CREDIT_NOTE_PREFIX": "DOC"}
    assert "jumun.E025" in [message.id for message in run_checks()]


def test_the_demo_seller_issues_no_real_invoices(settings) -> None:
    def told() -> bool:
        return "jumun.E024" in [message.id for message in run_checks()]

    assert not told()
    settings.STRIPE_SECRET_KEY = "sk_live_jumun"
    assert told()
    settings.JUMUN = {"SELLER": {"NAME": "찻집 하늘"}}
    assert not told()


def test_every_year_begins_with_one_in_the_shops_time_zone(settings, monkeypatch) -> None:
    settings.TIME_ZONE = "Asia/Seoul"
    for moment in (datetime(2026, 12, 31, 14, 59, tzinfo=UTC), datetime(2026, 12, 31, 15, 0, tzinfo=UTC)):
        monkeypatch.setattr(timezone, "now", lambda moment=moment: moment)
        paid_order()
    assert numbers() == ["TEST-INV-2026-000001", "TEST-INV-2027-000001"]


def test_the_readers_time_zone_is_not_the_shops(settings, monkeypatch) -> None:
    settings.TIME_ZONE = "Asia/Seoul"
    monkeypatch.setattr(timezone, "now", lambda: datetime(2026, 12, 31, 15, 0, tzinfo=UTC))
    with timezone.override("America/New_York"):
        invoice = paid_order().invoice
        note = credit(invoice, 1_000)
        issued = [invoice, note, note.cancel()]
    assert [document.document.issued_on for document in issued] == [date(2027, 1, 1)] * 3
    assert invoice.document.paid.paid_on == date(2027, 1, 1)
    assert invoice.order.number.startswith("20270101-")
    assert [document.number[-11:] for document in issued] == ["2027-000001", "2027-000001", "2027-000002"]


@pytest.mark.parametrize(
    ("late_s", "day"), [(30, date(2026, 12, 30)), (90, date(2026, 12, 31)), (24 * 3600 + 90, date(2026, 12, 31))]
)
def test_who_waits_for_a_number_over_midnight_has_no_earlier_date_than_who_came_first(
    settings, monkeypatch, late_s: int, day: date
) -> None:
    """A minute before the 31st in Seoul; and where the year ends meanwhile, the number is one of the old year."""
    settings.TIME_ZONE = "Asia/Seoul"
    clock = [datetime(2026, 12, 30, 14, 59, tzinfo=UTC)]
    monkeypatch.setattr(timezone, "now", lambda: clock[0])
    taken = Series.next_link

    def wait(prefix: str, year: int) -> tuple[str, str]:
        clock[0] += timedelta(seconds=late_s)
        return taken(prefix, year)

    monkeypatch.setattr(Series, "next_link", wait)
    invoice = paid_order().invoice
    assert (invoice.number, invoice.document.issued_on) == ("TEST-INV-2026-000001", day)
    assert timezone.localdate(invoice.issued_at, timezone=timezone.get_default_timezone()) == day


def test_a_payment_that_is_rolled_back_gives_its_number_back() -> None:
    order = place_order()
    with transaction.atomic():
        apply(session_of(order))
        transaction.set_rollback(True)
    assert paid_order().invoice.number.endswith("-000001")


def test_the_number_is_taken_last_so_that_others_wait_for_the_commit_alone() -> None:
    order = place_order()
    with CaptureQueriesContext(connection) as captured, transaction.atomic():
        apply(session_of(order))
    statements = [query["sql"] for query in captured]
    taken = next(n for n, statement in enumerate(statements) if "jumun_invoices_series" in statement)
    # What follows is what carries the number, and all that is written is new: no row that somebody else may hold.
    after = [statement for statement in statements[taken + 1 :] if "SAVEPOINT" not in statement]
    changed = [statement for statement in after if statement.startswith("UPDATE")]
    assert [statement.split()[1] for statement in changed] == ["jumun_invoices_series"], changed
    assert {statement.split()[0] for statement in after} <= {"INSERT", "SELECT", "UPDATE"}, after
    assert not any("FOR UPDATE" in statement for statement in after)


@pytest.mark.django_db(transaction=True)
def test_24_payments_at_once_have_24_consecutive_numbers() -> None:
    orders = [place_order() for _ in range(WRITERS)]
    at_once(WRITERS, lambda index: apply(session_of(orders[index])))
    assert numbers() == [f"TEST-INV-{year()}-{number:06d}" for number in range(1, WRITERS + 1)]


@pytest.mark.django_db(transaction=True)
def test_a_killed_process_gives_its_number_back() -> None:
    Series.next_number("INV", 2026)
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": "tests.settings", "DATABASE_URL": database_url()}
    victim = subprocess.Popen([sys.executable, "-c", HOLDS_A_NUMBER], env=environment, stdout=subprocess.PIPE)
    assert victim.stdout
    with victim.stdout:
        assert victim.stdout.readline().strip() == b"INV-2026-000002"
        victim.kill()
        victim.wait()
    assert Series.next_number("INV", 2026) == "INV-2026-000002"


def test_the_next_number_takes_as_long_after_a_million(django_assert_num_queries) -> None:
    Series.objects.create(prefix="INV", year=2026, last_number=1_000_000)
    with django_assert_num_queries(1):
        assert Series.next_number("INV", 2026) == "INV-2026-1000001"


def test_many_numbers_are_taken_at_once_and_follow_each_other(django_assert_num_queries) -> None:
    assert Series.next_numbers("INV", 2026, count=3) == [f"INV-2026-00000{number}" for number in (1, 2, 3)]
    assert Series.next_number("INV", 2026) == "INV-2026-000004"
    with django_assert_num_queries(1):
        assert Series.next_numbers("INV", 2026, count=2) == ["INV-2026-000005", "INV-2026-000006"]


@pytest.mark.django_db(transaction=True)
def test_the_first_numbers_of_a_year_are_taken_by_many_at_once() -> None:
    taken: list[str] = []

    def take(_index: int) -> None:
        with transaction.atomic():
            taken.append(Series.next_number("INV", 2027))

    at_once(8, take)
    assert sorted(taken) == [f"INV-2027-{number:06d}" for number in range(1, 9)]


@pytest.mark.parametrize("count", [0, -1])
def test_no_fewer_than_one_number_is_taken(count: int) -> None:
    with pytest.raises(ValueError, match="at least one"):
        Series.next_numbers("INV", 2026, count=count)
    assert Series.next_number("INV", 2026) == "INV-2026-000001"


@pytest.mark.django_db(transaction=True)
def test_writers_of_many_numbers_and_of_one_leave_no_gap_between_them() -> None:
    taken: list[str] = []

    def take(index: int) -> None:
        for turn in range(3):
            with transaction.atomic():
                numbers = Series.next_numbers("INV", 2026, count=1 + (index + turn) % 5)
                if (index + turn) % 4 == 0:
                    transaction.set_rollback(True)
                else:
                    taken.extend(numbers)

    at_once(8, take)
    assert sorted(taken) == [f"INV-2026-{number:06d}" for number in range(1, len(taken) + 1)]
