"""What the accountant takes home: every invoice of the period as PDF and XML, and an index that names them all."""

import csv
import hashlib
import io
import tracemalloc
import zipfile
from collections.abc import Iterator
from datetime import UTC, date, datetime
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from jumun.exports import documents
from jumun.exports.documents import File, issued_between
from jumun.exports.download import zip_response
from jumun.exports.zip import zipped
from jumun.invoices.models import Invoice
from tests.factories import paid_order
from tests.invoices.crediting import credit

pytestmark = pytest.mark.django_db
ALWAYS = (date(2000, 1, 1), date(2100, 1, 1))


def archive(first: date, last: date) -> zipfile.ZipFile:
    content = b"".join(zip_response(first, last).streaming_content)
    found = zipfile.ZipFile(io.BytesIO(content))
    assert found.testzip() is None
    return found


def index(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def test_each_invoice_is_there_as_paper_and_as_data_and_in_the_index() -> None:
    orders = [paid_order(name=name) for name in ("김하늘", "=1+1")]
    found = archive(*ALWAYS)
    rows = index(found.read("index.csv"))
    assert [row["number"] for row in rows] == [order.invoice.number for order in orders]
    assert [row["customer_name"] for row in rows] == ["김하늘", "'=1+1"]
    assert {row["total"] for row in rows} == {"11000"}
    for row, order in zip(rows, orders, strict=True):
        assert found.read(row["pdf"]) == order.invoice.pdf()
        assert found.read(row["xml"]) == order.invoice.xml()
        assert row["document_sha256"] == hashlib.sha256(order.invoice.document_json.encode()).hexdigest()
    assert len(found.namelist()) == 5


def test_credit_notes_and_cancellations_are_there_too() -> None:
    note = credit(paid_order().invoice, 4_000)
    issued = [note.invoice, note, note.cancel()]
    found = archive(*ALWAYS)
    rows = index(found.read("index.csv"))
    assert [(row["number"], row["kind"], row["corrects"], row["total"]) for row in rows] == [
        (issued[0].number, "invoice", "", "11000"),
        (issued[1].number, "credit_note", issued[0].number, "-4000"),
        (issued[2].number, "cancellation", issued[1].number, "4000"),
    ]
    for row, document in zip(rows, issued, strict=True):
        assert (found.read(row["pdf"]), found.read(row["xml"])) == (document.pdf(), document.xml())


def test_a_business_is_named_by_its_tax_identifier_which_starts_no_formula() -> None:
    paid_order(tax_id="1208147521")
    paid_order(country="US", tax_id="=1+1")
    rows = index(archive(*ALWAYS).read("index.csv"))
    assert [row["customer_tax_id"] for row in rows] == ["120-81-47521", "'=1+1"]


def test_without_an_e_invoice_the_index_says_so(settings) -> None:
    settings.JUMUN = {"SELLER": {"NAME": "Without a number"}}
    paid_order()
    (row,) = index(archive(*ALWAYS).read("index.csv"))
    assert (row["xml"], row["pdf"][-4:]) == ("", ".pdf")


def test_days_are_those_of_the_shops_calendar_and_both_ends_count(monkeypatch) -> None:
    # 2026-12-31 00:00 and 23:59 in Seoul, and the minutes before and after.
    moments = [(30, 14, 59), (30, 15, 0), (31, 14, 59), (31, 15, 0)]
    for day, hour, minute in moments:
        moment = datetime(2026, 12, day, hour, minute, tzinfo=UTC)
        monkeypatch.setattr(timezone, "now", lambda moment=moment: moment)
        paid_order()
    found = issued_between(date(2026, 12, 31), date(2026, 12, 31))
    assert [invoice.document.issued_on for invoice in chain(*found)] == [date(2026, 12, 31)] * 2


def test_real_and_test_invoices_are_never_mixed(settings) -> None:
    trial = paid_order().invoice
    settings.STRIPE_SECRET_KEY = "sk_live_jumun"
    real = paid_order().invoice
    assert list(chain(*issued_between(*ALWAYS))) == [real]
    settings.STRIPE_SECRET_KEY = "sk_test_jumun"
    assert list(chain(*issued_between(*ALWAYS))) == [trial]


def test_all_days_that_there_are_can_be_asked_for() -> None:
    invoice = paid_order().invoice
    assert list(chain(*issued_between(date.min, date.max))) == [invoice]


def test_an_empty_period_is_an_index_without_rows() -> None:
    found = archive(date(2001, 1, 1), date(2001, 1, 2))
    assert (found.namelist(), index(found.read("index.csv"))) == (["index.csv"], [])


def test_memory_does_not_grow_with_the_number_of_files() -> None:
    def made(count: int) -> int:
        files = (File(name=f"{n}.pdf", dated=date(2026, 1, 1), chunks=iter([bytes(100_000)])) for n in range(count))
        tracemalloc.start()
        total = sum(len(piece) for piece in zipped(files))
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert total > count * 100_000
        return peak

    assert made(200) < made(10) + 500_000


def _empty(count: int) -> Iterator[File]:
    return (File(name=f"{n:06d}.xml", dated=date(2026, 1, 31), chunks=iter([b""])) for n in range(count))


def test_an_archive_may_hold_more_files_than_the_first_zip_could_count() -> None:
    count = 65_600
    found = zipfile.ZipFile(io.BytesIO(b"".join(zipped(_empty(count)))))
    assert (len(found.namelist()), found.namelist()[-1]) == (count, f"{count - 1:06d}.xml")
    assert found.read(f"{count - 1:06d}.xml") == b""


def test_memory_holds_nothing_of_a_file_that_has_left() -> None:
    tracemalloc.start()
    assert sum(map(len, zipped(_empty(20_000)))) > 20_000
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 500_000


def test_a_file_in_the_archive_has_its_day_its_owner_and_its_content() -> None:
    chunks = ["한글 ".encode() * 1_000, b"", bytes(range(256)) * 300]
    for name, packed in (("2026-11/한글.xml", True), ("2026-11/a.pdf", False)):
        file = File(name=name, dated=date(2026, 11, 28), chunks=iter(chunks))
        found = zipfile.ZipFile(io.BytesIO(b"".join(zipped([file]))))
        assert found.testzip() is None
        (entry,) = found.infolist()
        assert (entry.filename, entry.date_time, entry.external_attr >> 16) == (name, (2026, 11, 28, 0, 0, 0), 0o100600)
        assert (found.read(name), entry.compress_size < entry.file_size) == (b"".join(chunks), packed)


def test_the_command_writes_the_same_files_into_a_folder(tmp_path: Path, capsys) -> None:
    invoice = paid_order().invoice
    folder = tmp_path / "new" / "invoices"
    for _ in range(2):  # again over itself
        call_command("invoices", "export", "--from", "2000-01-01", "--to", "2100-01-01", str(folder))
    (row,) = index((folder / "index.csv").read_bytes())
    assert (folder / row["pdf"]).read_bytes() == Invoice.objects.get().pdf()
    assert (folder / row["xml"]).read_bytes() == invoice.xml()
    assert sorted(path.suffix for path in folder.rglob("*.*")) == [".csv", ".pdf", ".xml"]
    output = capsys.readouterr()
    assert (output.out, output.err) == ("1 documents\n1 documents\n", "")  # no bar where nobody watches


@pytest.mark.parametrize("fault", [KeyboardInterrupt, OSError(28, "no space left")])
def test_an_interrupted_export_leaves_no_index_and_no_half_file(tmp_path: Path, monkeypatch, fault: Any) -> None:
    export = ("invoices", "export", "--from", "2000-01-01", "--to", "9999-12-31", str(tmp_path))
    paid_order()
    call_command(*export)
    assert (tmp_path / "index.csv").exists()

    def broken(_index: Any) -> Iterator[bytes]:
        yield b"half an index"
        raise fault

    monkeypatch.setattr(documents, "pieces", broken)
    with pytest.raises(CommandError, match=r"no index\.csv|no space left"):
        call_command(*export)
    assert not (tmp_path / "index.csv").exists()
    assert not list(tmp_path.rglob("*.partial"))


@pytest.mark.parametrize(
    ("first", "last", "complaint"),
    [
        ("2026-02-30", "2026-12-31", "no day"),
        ("yesterday", "2026-12-31", "no day"),
        ("2026-12-31", "2026-01-01", "before"),
    ],
)
def test_the_command_names_a_mistake(tmp_path: Path, first: str, last: str, complaint: str) -> None:
    with pytest.raises(CommandError, match=complaint):
        call_command("invoices", "export", "--from", first, "--to", last, str(tmp_path / "out"))
    assert not (tmp_path / "out").exists()


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(CommandError, match="cannot be written"):
        call_command("invoices", "export", "--from", "2026-01-01", "--to", "2026-12-31", str(tmp_path / "file"))


def test_on_a_terminal_the_command_shows_how_far_it_is(tmp_path: Path, monkeypatch) -> None:
    paid_order()
    paid_order()
    terminal = io.StringIO()
    monkeypatch.setattr(terminal, "isatty", lambda: True)
    call_command("invoices", "export", "--from", "2000-01-01", "--to", "2100-01-01", str(tmp_path), stderr=terminal)
    shown = terminal.getvalue().split("\r")
    assert [line.split()[-1] for line in shown[1:]] == ["1/2", "1/2", "2/2", "2/2", "2/2"]
    assert "░" not in shown[-1]
