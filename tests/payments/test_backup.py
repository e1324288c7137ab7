"""Sell, back up, sell on, lose everything, restore, sell on: no number twice, no money twice, and the gap on record."""

import os
import shutil
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection, connections

from jumun.audit import findings
from jumun.errors import BooksOutdated
from jumun.invoices.models import CreditNote, Invoice, Restoration, SkippedNumbers
from jumun.orders.models import Order
from jumun.outbox.worker import drain
from jumun.payments import gateway
from jumun.payments.checkout import open_checkout
from jumun.payments.models import Payment, Refund
from jumun.payments.refunds import refund
from paywright.testing import Paywright
from tests.factories import place_order
from tests.payments.paying import buy
from tests.payments.test_checkout import URLS, session_id
from tests.postgres import program_folders

pytestmark = pytest.mark.django_db(transaction=True)
FILES = "django.core.files.storage.FileSystemStorage"


@pytest.fixture(autouse=True)
def folder(settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The documents' archive. The programs of the server that the tests run on are on PATH."""
    kept = {"BACKEND": FILES, "OPTIONS": {"location": tmp_path / "documents"}}
    settings.STORAGES = {**settings.STORAGES, "jumun_documents": kept}
    if connection.vendor == "postgresql":
        found = os.pathsep.join(str(one) for one in program_folders())
        monkeypatch.setenv("PATH", f"{os.environ['PATH']}{os.pathsep}{found}")
    return tmp_path / "documents"


@pytest.fixture(autouse=True)
def _files_beside_the_database() -> Iterator[None]:
    yield
    if connection.vendor == "sqlite":
        database = Path(connection.settings_dict["NAME"])
        for path in database.parent.glob(f"{database.name}.before-restore-*"):
            path.unlink()


def backup(to: Path) -> str:
    out = StringIO()
    call_command("backup", str(to), stdout=out)
    return out.getvalue()


def restore(path: Path, *options: str) -> str:
    out = StringIO()
    call_command("restore", str(path), *options, stdout=out, stderr=out)
    return out.getvalue()


def lose_everything(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    if connection.vendor == "sqlite":
        connections.close_all()
        database = Path(connection.settings_dict["NAME"])
        for path in database.parent.glob(f"{database.name}*"):
            path.unlink()
    else:
        with connection.cursor() as cursor:
            cursor.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")


def numbers() -> list[int]:
    return sorted(int(number.rpartition("-")[2]) for number in Invoice.objects.values_list("number", flat=True))


def audited() -> list[tuple[str, str, str]]:
    return [(found.invariant, found.subject, found.problem) for found in findings(files=True)]


def test_after_everything_was_lost_no_number_is_given_twice_and_no_money_moves_twice(
    stripe: Paywright, tmp_path: Path, folder: Path
) -> None:
    payment = buy(stripe)
    waiting = place_order()
    drain()
    backup(tmp_path / "backup.tar")
    for _ in range(2):
        buy(stripe)
    # Both are of orders that the backup knows: one is paid later, of the other a part is refunded.
    open_checkout(waiting, **URLS)
    stripe.pay(session_id(waiting))
    refund(payment, amount_minor=1_000, reason="", by=None)
    drain()
    given = numbers()
    assert given[0] == 1

    lose_everything(folder)
    said = restore(tmp_path / "backup.tar")

    assert "goes on behind what may have been issued since" in said
    # What has happened since is not known yet: nobody pays or is refunded a second time.
    [kept] = Payment.objects.all()
    with pytest.raises(BooksOutdated):
        refund(kept, amount_minor=1_000, reason="", by=None)
    waiting = Order.objects.get(pk=waiting.pk)
    with pytest.raises(BooksOutdated):
        open_checkout(waiting, **URLS)
    drain()
    waiting.refresh_from_db()
    assert waiting.state == Order.State.PAID
    assert [made.amount_minor for made in Refund.objects.all()] == [1_000]
    assert len(list(gateway.refunds_of(kept.payment_intent_id))) == 1

    buy(stripe)
    drain()
    again = numbers()
    assert not set(again[1:]) & set(given)
    assert len(again) == len(set(again)) == 3
    assert CreditNote.objects.get().number.endswith("-000002")
    assert audited() == []
    assert [str(gap) for gap in SkippedNumbers.objects.order_by("pk")] != []
    assert Restoration.objects.get(livemode=False).reconciled_at is not None
