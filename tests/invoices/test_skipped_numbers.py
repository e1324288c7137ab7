"""A series that goes on further leaves a gap on record; while nobody knows which numbers were given, none is."""

import json
from datetime import datetime, timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from jumun.audit import findings
from jumun.errors import NumbersHeld
from jumun.invoices.models import Restoration, Series, SkippedNumbers
from jumun.invoices.models.series import known_prefixes
from jumun.orders.models import Order
from tests.factories import paid_order, place_order
from tests.payments.stripe_says import session_of

pytestmark = pytest.mark.django_db


def year() -> int:
    return timezone.localdate().year


def skip(*arguments: str, reason: str = "restored from a backup") -> str:
    out = StringIO()
    call_command("invoices", "skip", *arguments, f"--reason={reason}", stdout=out)
    return out.getvalue()


def test_the_series_goes_on_behind_the_number_and_the_gap_is_no_finding_but_a_note() -> None:
    paid_order()
    said = skip("TEST-INV", "7")
    assert f"TEST-INV-{year()}-000002 – TEST-INV-{year()}-000007" in said
    assert paid_order().invoice.number == f"TEST-INV-{year()}-000008"
    assert list(findings()) == []
    out = StringIO()
    call_command("audit", "--json", stdout=out)
    [note] = json.loads(out.getvalue())["notes"]
    assert "restored from a backup" in note
    out = StringIO()
    call_command("audit", stdout=out)
    assert note in out.getvalue()


def test_a_series_that_has_not_begun_begins_behind_it() -> None:
    skip(f"TEST-INV-{year()}", "7")
    assert list(findings()) == []
    assert paid_order().invoice.number == f"TEST-INV-{year()}-000008"
    assert list(findings()) == []


def test_the_series_of_both_modes_and_all_that_have_begun_are_known() -> None:
    Series.go_on_after("OLD", 2020, 7)
    assert known_prefixes() == {"OLD", "INV", "CN", "TEST-INV", "TEST-CN"}


def test_a_gap_that_is_not_on_record_is_still_found() -> None:
    paid_order()
    skip("TEST-INV", "7")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE jumun_invoices_series SET last_number = last_number + 1, step = 1")
    assert [finding.invariant for finding in findings()] == ["I3"]


@pytest.mark.parametrize(
    ("arguments", "refusal"),
    [
        (["TEST-INV", "1"], "nothing was skipped"),
        (["INVOICE", "9"], "There is no series INVOICE"),
        (["inv", "9"], "is not a number series"),
        (["TEST-INV", "0"], "is not a number from 1"),
        (["TEST-INV", "2000000001"], "is not a number from 1"),
        (["TEST-INV", "-9"], "is not a number|required"),
    ],
)
def test_what_cannot_be_skipped_is_refused_with_a_line(arguments: list[str], refusal: str) -> None:
    paid_order()
    with pytest.raises(CommandError, match=refusal):
        skip(*arguments)
    assert not SkippedNumbers.objects.exists()


def test_a_gap_needs_a_reason_and_is_final() -> None:
    with pytest.raises(CommandError, match="reason"):
        skip("TEST-INV", "7", reason=" ")
    skip("TEST-INV", "7")
    with pytest.raises(IntegrityError, match="refused"), transaction.atomic():
        SkippedNumbers.objects.update(last_number=1)
    with pytest.raises(IntegrityError, match="refused"), transaction.atomic():
        SkippedNumbers.objects.all().delete()


def test_a_gap_is_of_one_series_and_year_and_of_its_numbers_alone() -> None:
    for prefix, of_year in (("TEST-INV", 2025), ("TEST-CN", 2026), ("TEST-INV", 2026)):
        Series.go_on_after(prefix, of_year, 1)
    skipped = SkippedNumbers.skip_to("TEST-INV", 2026, 3, reason="restored")
    assert skipped is not None
    assert (str(skipped), skipped.reason) == ("TEST-INV-2026-000002 – TEST-INV-2026-000003", "restored")
    assert sorted(Series.objects.values_list("prefix", "year", "last_number")) == [
        ("TEST-CN", 2026, 1),
        ("TEST-INV", 2025, 1),
        ("TEST-INV", 2026, 3),
    ]
    for number, included in (
        *(("TEST-INV-2026-000001", False), ("TEST-INV-2026-000002", True), ("TEST-INV-2026-000003", True)),
        *(("TEST-INV-2026-000004", False), ("TEST-INV-2025-000002", False), ("TEST-CN-2026-000002", False)),
        *(("TEST-INV-2026-2", False), ("TEST-INV-2026-0000002", False), ("a letter", False)),
    ):
        assert SkippedNumbers.include(number) is included, number


def test_a_series_is_skipped_forward_alone_and_by_one_number_at_least() -> None:
    assert SkippedNumbers.skip_to("TEST-INV", 2026, 0, reason="restored") is None
    assert not Series.objects.exists()
    assert str(SkippedNumbers.skip_to("TEST-INV", 2026, 1, reason="restored")) == "TEST-INV-2026-000001"
    for number in (0, 1):
        assert SkippedNumbers.skip_to("TEST-INV", 2026, number, reason="restored") is None
    assert Series.next_number("TEST-INV", 2026) == "TEST-INV-2026-000002"


def test_a_gap_that_cannot_be_put_on_record_is_none() -> None:
    Series.go_on_after("TEST-INV", 2026, 1)
    with pytest.raises(IntegrityError):
        SkippedNumbers.skip_to("TEST-INV", 2026, 9, reason=None)
    assert Series.next_number("TEST-INV", 2026) == "TEST-INV-2026-000002"


def restored(*, livemode: bool = False, hours_ago: int = 1, **values: datetime | None) -> Restoration:
    taken_at = timezone.now() - timedelta(hours=hours_ago)
    return Restoration.objects.create(livemode=livemode, taken_at=taken_at, **values)


def test_a_restored_backup_is_reconciled_once_its_numbers_are_known_and_all_since_is_brought_in() -> None:
    now = timezone.now()
    restored(livemode=True, hours_ago=9, numbers_known_at=now)
    restored(hours_ago=8, reconciled_at=now)
    assert Restoration.unreconciled(livemode=False) is None
    older, newer = (restored(hours_ago=hours, numbers_known_at=now) for hours in (3, 2))
    held = restored()
    assert Restoration.unreconciled(livemode=False) == older
    Restoration.note_reconciled(livemode=False, since=older.taken_at)
    for row in (older, newer, held):
        row.refresh_from_db()
    assert [row.reconciled_at is None for row in (older, newer, held)] == [True, False, True]
    reconciled_at = newer.reconciled_at
    Restoration.note_reconciled(livemode=False, since=now - timedelta(hours=9))
    newer.refresh_from_db()
    assert newer.reconciled_at == reconciled_at
    assert Restoration.unreconciled(livemode=False) == held
    assert Restoration.unreconciled(livemode=True) is not None


def test_only_what_was_made_before_a_restored_backup_of_its_mode_is_unreconciled() -> None:
    now = timezone.now()
    restored(livemode=True)
    restored(reconciled_at=now)
    assert not Restoration.is_unreconciled(livemode=False, since=now)
    restoration = restored()
    assert Restoration.is_unreconciled(livemode=False, since=restoration.restored_at)
    assert not Restoration.is_unreconciled(livemode=False, since=restoration.restored_at + timedelta(seconds=1))


@pytest.mark.parametrize("has_begun", [True, False])
def test_after_a_restored_backup_no_number_is_given_until_the_numbers_are_known(has_begun: bool) -> None:
    from jumun.payments.merge import apply

    if has_begun:
        paid_order()
    restoration = restored()
    order = place_order()
    with pytest.raises(NumbersHeld, match=f"TEST-INV-{year()}"):
        apply(session_of(order))
    order.refresh_from_db()
    assert order.state == Order.State.PLACED
    Restoration.objects.filter(pk=restoration.pk).update(numbers_known_at=timezone.now())
    apply(session_of(order))
    assert order.__class__.objects.get(pk=order.pk).invoice.number == f"TEST-INV-{year()}-00000{1 + has_begun}"


def test_a_restored_backup_of_the_other_mode_holds_nobody_up() -> None:
    restored(livemode=True)
    assert Series.next_number("TEST-INV", 2026) == "TEST-INV-2026-000001"
    with pytest.raises(NumbersHeld):
        Series.next_number("INV", 2026)
