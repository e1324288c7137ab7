"""Sell, back up, sell on, lose everything, restore, sell on: no number twice, no money twice, and the gap on record."""

import gzip
import hashlib
import io
import json
import os
import shutil
import sqlite3
import stat
import subprocess
import tarfile
import tracemalloc
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, connections
from django.utils import timezone

from jumun.audit import findings
from jumun.errors import BooksOutdated, NumbersHeld
from jumun.invoices import archive
from jumun.invoices.backup import restore as restoring
from jumun.invoices.backup.package import Package
from jumun.invoices.documents.make_pdf import MadePdf
from jumun.invoices.models import CreditNote, Invoice, Restoration, Series, SkippedNumbers
from jumun.orders.models import Order
from jumun.outbox.models import Job
from jumun.outbox.worker import drain
from jumun.payments.checkout.end_unpaid_orders import expire_order
from jumun.payments.checkout.open import open_checkout
from jumun.payments.jobs import reconcile_lately
from jumun.payments.models import Payment, Refund
from jumun.payments.refunds.refund import refund
from jumun.payments.stripe import gateway
from paywright.testing import Paywright
from tests.factories import paid_order, place_order
from tests.payments.paying import URLS, buy, pay_unnoticed, session_id
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
    assert [found.invariant for found in findings() if found.invariant == "I15"] == ["I15"]
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


def test_the_store_goes_on_while_a_backup_is_taken_of_one_moment(stripe: Paywright, tmp_path: Path) -> None:
    """On both databases, with a transaction of somebody else open."""
    Series.next_number("TEST-INV", 2026)
    with closing(connections.create_connection("default")) as other:
        other.set_autocommit(False)
        with other.cursor() as cursor:
            cursor.execute("UPDATE jumun_invoices_series SET last_number = last_number + 1, step = 1")
        backup(tmp_path / "backup.tar")
        other.commit()
    assert Package(tmp_path / "backup.tar").verified().series == {"TEST-INV-2026": 1}


def test_a_backup_is_for_its_owner_alone_and_can_be_checked_with_the_usual_tools(tmp_path: Path) -> None:
    archive.store("invoices/2026/TEST-INV-2026-000001.pdf", b"%PDF one")
    said = backup(tmp_path)
    [path] = tmp_path.glob("*.tar")
    assert path.name in said
    assert "1 documents" in said
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    subprocess.run(["tar", "-xf", path, "-C", tmp_path], check=True)
    subprocess.run(["sha256sum", "--quiet", "-c", "SHA256SUMS"], cwd=tmp_path, check=True)
    manifest = json.loads((tmp_path / "manifest.json").read_bytes())
    assert manifest["vendor"] == connection.vendor
    assert "0001_initial" in manifest["migrations"]["jumun_invoices"]
    [database] = [name for name in manifest["sha256"] if name.startswith("database.")]
    assert hashlib.sha256((tmp_path / database).read_bytes()).hexdigest() == manifest["sha256"][database]
    # Nothing of the settings: neither keys nor passwords.
    for secret in ("sk_test_jumun", "whsec_test", "for the tests only"):
        assert secret.encode() not in path.read_bytes()
        if database.endswith(".gz"):
            assert secret.encode() not in gzip.decompress((tmp_path / database).read_bytes())


def test_a_backup_that_fails_leaves_the_last_one_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive.store("invoices/2026/TEST-INV-2026-000001.pdf", b"%PDF one")
    folder = tmp_path / "backups"
    folder.mkdir()
    backup(folder / "backup.tar")
    before = (folder / "backup.tar").read_bytes()
    monkeypatch.setattr(archive.storage(), "size", lambda _name: 10_000)
    with pytest.raises(CommandError, match="cannot be written"):
        backup(folder / "backup.tar")
    assert [path.name for path in folder.iterdir()] == ["backup.tar"]
    assert (folder / "backup.tar").read_bytes() == before


def test_memory_does_not_grow_with_the_documents(tmp_path: Path) -> None:
    for number in range(40):
        archive.store(f"invoices/2026/TEST-INV-2026-{number:06}.pdf", os.urandom(1024 * 1024))
    tracemalloc.start()
    backup(tmp_path / "backup.tar")
    Package(tmp_path / "backup.tar").verified()
    _now, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak_bytes < 12 * 1024 * 1024


def cut_short(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def lose_the_end(path: Path) -> None:
    # A tar ends with blocks of zeros; before them is the manifest.
    content = path.read_bytes().rstrip(b"\0")
    path.write_bytes(content[: content.rindex(b"manifest.json")])


def flip_a_bit_of_the_database(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[2_000] ^= 1
    path.write_bytes(content)


def flip_a_bit_of_a_document(path: Path) -> None:
    path.write_bytes(path.read_bytes().replace(b"%PDF one", b"%PDF two"))


def drop_a_document(path: Path) -> None:
    with tarfile.open(path) as tar:
        parts = [(part, tar.extractfile(part).read()) for part in tar if not part.name.startswith("documents/")]
    with tarfile.open(path, "w") as tar:
        for part, content in parts:
            tar.addfile(part, io.BytesIO(content))


def be_no_backup(path: Path) -> None:
    path.write_bytes(b"no backup" * 1000)


def vanish(path: Path) -> None:
    path.unlink()


@pytest.mark.parametrize(
    "damage",
    [
        cut_short,
        lose_the_end,
        flip_a_bit_of_the_database,
        flip_a_bit_of_a_document,
        drop_a_document,
        be_no_backup,
        vanish,
    ],
)
def test_a_damaged_backup_is_refused_with_a_line_before_anything_is_touched(tmp_path: Path, damage: Any) -> None:
    archive.store("invoices/2026/TEST-INV-2026-000001.pdf", b"%PDF one")
    backup(tmp_path / "backup.tar")
    order = place_order()
    damage(tmp_path / "backup.tar")
    with pytest.raises(CommandError) as refusal:
        restore(tmp_path / "backup.tar", "--replace")
    assert "\n" not in str(refusal.value)
    assert str(tmp_path / "backup.tar") in str(refusal.value)
    assert Order.objects.get() == order
    assert not Restoration.objects.exists()


def changed(path: Path, **values: Any) -> Path:
    """The backup with other words in its manifest."""
    with tarfile.open(path) as tar:
        parts = [(part, tar.extractfile(part).read()) for part in tar]
    with tarfile.open(path, "w") as tar:
        for part, content in parts:
            is_manifest = part.name == "manifest.json"
            written = json.dumps(json.loads(content) | values).encode() if is_manifest else content
            part.size = len(written)
            tar.addfile(part, io.BytesIO(written))
    return path


@pytest.mark.parametrize(
    ("values", "refusal"),
    [
        ({"vendor": "oracle"}, "The backup is of oracle"),
        ({"format": 2}, "format 2"),
        ({"migrations": {"jumun_orders": ["0001_initial", "0099_later"]}}, "newer version of Jumun.*0099_later"),
        ({"migrations": {"elsewhere": ["0099_later"]}, "document_count": -1}, "damaged"),
        ({"taken_at": "yesterday"}, "damaged"),
    ],
)
def test_what_this_version_cannot_restore_is_refused(tmp_path: Path, values: dict[str, Any], refusal: str) -> None:
    backup(tmp_path / "backup.tar")
    with pytest.raises(CommandError, match=refusal):
        restore(changed(tmp_path / "backup.tar", **values))
    assert not Restoration.objects.exists()


def test_a_store_in_business_is_replaced_only_where_that_is_asked_for(
    stripe: Paywright, tmp_path: Path, folder: Path
) -> None:
    Order.objects.get(pk=place_order().pk)
    backup(tmp_path / "backup.tar")
    place_order()
    with pytest.raises(CommandError, match="--replace replaces it"):
        restore(tmp_path / "backup.tar")
    assert Order.objects.count() == 2
    said = restore(tmp_path / "backup.tar", "--replace")
    assert Order.objects.count() == 1
    if connection.vendor == "sqlite":
        # What was there is kept, whole.
        kept = Path(said.partition("is kept as ")[2].partition(".\n")[0])
        with closing(sqlite3.connect(kept)) as before:
            assert before.execute("SELECT count(*) FROM jumun_orders_order").fetchone() == (2,)


def test_while_somebody_uses_the_database_nothing_is_restored(tmp_path: Path) -> None:
    backup(tmp_path / "backup.tar")
    with closing(connections.create_connection("default")) as other:
        with other.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM jumun_orders_order")
            cursor.fetchall()
        with pytest.raises(CommandError, match="in use"):
            restore(tmp_path / "backup.tar", "--replace")
    place_order()
    assert not Restoration.objects.exists()


def test_a_restore_that_fails_half_way_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    backup(tmp_path / "backup.tar")
    order = place_order()
    # The last statement of all, after the dump itself has gone in.
    monkeypatch.setattr(
        restoring, "_HOLD", restoring._HOLD.replace("jumun_invoices_restoration", "jumun_no_such_table")
    )
    with pytest.raises((CommandError, sqlite3.OperationalError), match="jumun_no_such_table"):
        restore(tmp_path / "backup.tar", "--replace")
    assert Order.objects.get() == order


def test_the_series_goes_on_behind_the_archive_the_replaced_database_and_the_operator(
    stripe: Paywright, tmp_path: Path
) -> None:
    year = timezone.localdate().year
    backup(tmp_path / "backup.tar")
    archive.store(f"invoices/{year}/TEST-INV-{year}-000007.pdf", b"%PDF seven")
    Series.next_numbers("TEST-CN", year, count=5)
    restore(tmp_path / "backup.tar", "--replace", "--series", "INV=12", "--series", f"TEST-OLD-{year}=3")
    # What the keys in force can be asked about; the other mode waits for its own.
    assert Series.next_number("TEST-INV", year) == f"TEST-INV-{year}-000008"
    assert Series.next_number("TEST-CN", year) == f"TEST-CN-{year}-000006"
    assert Series.next_number("TEST-OLD", year) == f"TEST-OLD-{year}-000004"
    assert Restoration.objects.get(livemode=True).known_numbers["INV-" + str(year)] == 12
    assert Restoration.objects.get(livemode=True).numbers_known_at is None
    # The customer's document is where it was.
    assert archive.fetch(f"invoices/{year}/TEST-INV-{year}-000007.pdf") == b"%PDF seven"


def test_while_stripe_is_away_nothing_is_issued_and_the_worker_makes_up_for_it(
    stripe: Paywright, tmp_path: Path, settings: Any
) -> None:
    backup(tmp_path / "backup.tar")
    order = pay_unnoticed(stripe)
    settings.STRIPE_API_BASE = "http://127.0.0.1:9"
    said = restore(tmp_path / "backup.tar", "--replace")
    assert "Stripe could not be asked" in said
    with pytest.raises(NumbersHeld):
        paid_order()
    settings.STRIPE_API_BASE = stripe.api_base
    Job.make_due("payments.reconcile")
    drain()
    assert not Order.objects.filter(pk=order.pk, reference=order.reference).exists()
    # One may have been issued since; the order that is lost is for reconciliation to name.
    assert paid_order().invoice.number.endswith("-000002")


def test_a_payment_page_that_the_books_have_forgotten_is_closed(stripe: Paywright, tmp_path: Path) -> None:
    order = place_order()
    backup(tmp_path / "backup.tar")
    open_checkout(order, **URLS)
    forgotten = session_id(order)
    restore(tmp_path / "backup.tar", "--replace")
    assert gateway.retrieve_session(forgotten)["status"] == "expired"
    reconcile_lately()
    open_checkout(Order.objects.get(), **URLS)
    assert session_id(Order.objects.get()) != forgotten


def test_ids_that_are_given_again_confuse_no_refund_with_another(stripe: Paywright, tmp_path: Path) -> None:
    """Both refunds have the same id and amount; the first is known to Stripe alone."""
    payment = buy(stripe)
    backup(tmp_path / "backup.tar")
    lost = refund(payment, amount_minor=1_000, reason="", by=None)
    restore(tmp_path / "backup.tar", "--replace")
    # Somebody made a row before our books were compared: it is not what Stripe tells of.
    payment = Payment.objects.get()
    mine = Refund.objects.create(
        pk=lost.pk, payment=payment, amount_minor=1_000, currency="KRW", params={"metadata": {"refund": "mine"}}
    )
    reconcile_lately()
    mine.refresh_from_db()
    assert (mine.refund_id, mine.status) == (None, "creating")
    assert Refund.objects.get(refund_id=lost.refund_id).pk != mine.pk


def test_an_order_that_was_paid_since_does_not_expire_before_stripe_is_asked(stripe: Paywright, tmp_path: Path) -> None:
    order = place_order()
    backup(tmp_path / "backup.tar")
    open_checkout(order, **URLS)
    stripe.pay(session_id(order))
    restore(tmp_path / "backup.tar", "--replace")
    Order.objects.update(expires_at=timezone.now() - timedelta(minutes=1))
    with pytest.raises(BooksOutdated):
        expire_order(Order.objects.get())
    reconcile_lately()
    assert Order.objects.get().state == Order.State.PAID


def test_a_pdf_whose_record_was_lost_stays_the_one_that_its_customer_has(
    stripe: Paywright, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The PDF engine died when it was made, so its layout is another than it would be now."""
    invoice = buy(stripe).order.invoice
    backup(tmp_path / "backup.tar")
    plain = MadePdf(content=invoice.render_as("plain"), layout="plain")
    with monkeypatch.context() as patched:
        patched.setattr(Invoice, "make_pdf", lambda _invoice: plain)
        downloaded = invoice.pdf()
    restore(tmp_path / "backup.tar", "--replace")
    assert Invoice.objects.get().archived is None
    drain()
    assert Invoice.objects.get().archived.content() == downloaded
    assert audited() == []


def test_another_document_under_a_number_is_kept_beside_it_and_the_log_tells(
    stripe: Paywright, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    name = "invoices/2026/TEST-INV-2026-000001.pdf"
    archive.store(name, b"%PDF of the backup")
    backup(tmp_path / "backup.tar")
    archive.replace(name, b"%PDF that was issued since")
    said = restore(tmp_path / "backup.tar", "--replace")
    assert archive.fetch(name) == b"%PDF of the backup"
    kept = said.partition("it is kept as ")[2].partition(".pdf")[0] + ".pdf"
    assert archive.fetch(kept) == b"%PDF that was issued since"
    assert archive.store(name, b"%PDF another") != name
    assert "another document as" in caplog.text
    assert archive.fetch(name) == b"%PDF of the backup"


def test_without_the_programs_of_postgresql_a_line_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if connection.vendor != "postgresql":
        assert backup(tmp_path / "backup.tar")
        return
    older = tmp_path / "pg_dump"
    older.write_text('#!/bin/sh\necho "pg_dump (PostgreSQL) 9.6"\n')
    older.chmod(0o755)
    for path, said in ((str(tmp_path), "pg_dump is 9 and the server is"), ("/nowhere", "pg_dump is not on PATH")):
        monkeypatch.setenv("PATH", path)
        with pytest.raises(CommandError, match=said):
            backup(tmp_path / "backup.tar")
    assert not (tmp_path / "backup.tar").exists()
