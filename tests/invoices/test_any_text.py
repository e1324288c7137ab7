"""Whatever people type is paid, invoiced, archived, mailed, exported and found, as they typed it."""

import dataclasses
import re
import subprocess
import sys
import unicodedata
from pathlib import Path
from typing import Any

import facturx
import pytest
from django.core import mail as django_mail
from django.test import Client
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from jumun.audit import findings
from jumun.exports.documents import files, issued_between
from jumun.invoices import archive
from jumun.invoices.documents.document import Document, as_typed, canonical_json, from_json
from jumun.invoices.documents.einvoice import einvoice
from jumun.invoices.documents.einvoice_scope import NOT_XML
from jumun.invoices.models import ArchivedPdf, Invoice
from jumun.outbox.models import Job
from jumun.outbox.worker import drain
from tests.factories import item, paid_order, pay, stored_order
from tests.invoices import en16931
from tests.invoices.documents import BUYER, document, line
from tests.invoices.en16931 import NAMESPACES
from tests.invoices.engine_faults import FAULTS, template
from tests.invoices.mail_server import mail_server
from tests.processes import store_environment

PANICS = ",46߀߁߂߃߅߉ߊߌߏߐߔߘߚߛߜߝߟߣߤߨߩ߲߫߬߭߯߰߱ߴ"
URDU = "گلی نمبر ۵، محلّہ شریفُ الدّین، نزد مسجدِ اقصیٰ، لاہور ۵۴۰۰۰ پاکستان"
NAMES = ("กี", "शर्मा", "கி", "ខ្មែរ", "محمَّد", "张伟", "👩\u200d👧 Kim", "ߒߞߏ", PANICS, "김하늘", "Nguyễn Thị Ánh")


def names_in(xml: bytes) -> list[str]:
    """BT-44, the buyer's name, and BT-50, the first line of the address."""
    tree = etree.fromstring(xml)
    found: Any = tree.xpath("//ram:BuyerTradeParty/ram:Name/text()", namespaces=NAMESPACES)
    found += tree.xpath("//ram:BuyerTradeParty//ram:LineOne/text()", namespaces=NAMESPACES)
    return list(found)


@pytest.mark.django_db
@pytest.mark.parametrize("name", NAMES)
def test_a_name_in_any_script_is_paid_frozen_printed_mailed_and_exported(
    settings, admin_client, tmp_path: Path, name: str
) -> None:
    kept = {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": tmp_path}}
    settings.STORAGES = {**settings.STORAGES, "jumun_documents": kept}
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST = "127.0.0.1"
    with mail_server() as server:
        settings.EMAIL_PORT = server.port
        order = paid_order(name=name, address=URDU, lines=[item(name=f"{name} 컵")])
        invoice = order.invoice
        drain()
        (sent,) = server.accepted
    assert not Job.objects.exclude(state="done").filter(kind__startswith="invoices.").exists()
    document = invoice.document
    assert (document.buyer.name, document.buyer.address_lines, document.lines[0].description) == (
        *(name, (URDU,), f"{name} 컵"),
    )
    content = Client().get(invoice.get_customer_url()).content
    assert [part.get_content() for part in sent.iter_attachments()] == [content]
    _name, xml = facturx.get_xml_from_pdf(content, check_xsd=True)
    assert names_in(xml) == names_in(invoice.xml()) == [name, URDU]
    assert name.encode() in xml
    assert en16931.violations(xml) == []
    exported = {file.name: b"".join(file.chunks) for file in files(issued_between(*[document.issued_on] * 2))}
    assert name in exported["index.csv"].decode("utf-8-sig")
    assert content in exported.values()
    page = admin_client.get("/admin/jumun_orders/order/", {"q": name}).content.decode()
    assert order.number in page
    assert list(findings(files=True)) == []


@pytest.mark.django_db
def test_a_name_in_pieces_is_frozen_in_one() -> None:
    """As macOS writes it, in a row that no form has checked; with a control character, which XML forbids."""
    name = unicodedata.normalize("NFD", "김하늘 Änne") + "\x01"
    invoice = pay(stored_order(name=name)).invoice
    assert invoice.document.buyer.name == "김하늘 Änne\x01"
    assert invoice.pdf().startswith(b"%PDF-")
    assert "\x01" not in invoice.xml().decode()
    assert names_in(invoice.xml())[0] == "김하늘 Änne"


@pytest.mark.django_db
def test_a_long_text_and_lines_in_a_text_are_kept(settings) -> None:
    settings.JUMUN = {"SELLER": {"NAME": "상점 " * 2_000 + "끝", "TAX_ID": "120-81-47521"}}
    invoice = paid_order(address="12층\n테헤란로").invoice
    assert invoice.document.seller.name == "상점 " * 2_000 + "끝"
    assert invoice.document.buyer.address_lines == ("12층\n테헤란로",)
    assert names_in(invoice.xml())[1] == invoice.document.buyer.address_lines[0]
    assert invoice.pdf().startswith(b"%PDF-")


@pytest.mark.django_db(transaction=True)
def test_neither_the_engine_nor_the_xml_library_is_loaded_where_orders_are_paid(tmp_path: Path) -> None:
    script = (
        "import sys, django\ndjango.setup()\nfrom tests.factories import paid_order\n"
        "invoice = paid_order(name='กี').invoice\nassert invoice.pdf().startswith(b'%PDF-')\n"
        "assert not {'typst', 'drafthorse', 'lxml'} & set(sys.modules)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], env=store_environment(tmp_path), capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert Invoice.objects.get().archived is not None


anything = st.text(st.characters(), max_size=60)


@given(anything, anything, anything)
def test_any_text_can_be_frozen_and_read_back(name: str, address: str, description: str) -> None:
    typed = as_typed(bought(name, address, description))
    frozen = canonical_json(typed)
    assert from_json(frozen) == typed
    assert frozen.encode()
    assert "\0" not in frozen, "PostgreSQL has no such character in a text"
    for before, after in ((name, typed.buyer.name), (description, typed.lines[0].description)):
        assert after == unicodedata.normalize("NFC", re.sub("[\ud800-\udfff]", "\ufffd", before))


@given(anything, anything, anything)
def test_the_e_invoice_leaves_out_what_xml_forbids_and_nothing_else(name: str, address: str, description: str) -> None:
    typed = as_typed(bought(f"Kim {name}", f"1 {address}", description))
    xml = einvoice(typed)
    expected = (NOT_XML.sub("", text) for text in (typed.buyer.name, typed.buyer.address_lines[0]))
    # XML knows one line end (section 2.11).
    assert names_in(xml) == [re.sub("\r\n?", "\n", text) for text in expected]
    assert not NOT_XML.search(xml.decode())


def bought(name: str, address: str, description: str) -> Document:
    buyer = dataclasses.replace(BUYER, name=name, address_lines=(address,))
    return document(line(description=description), buyer=buyer, notes=(description,))


@pytest.mark.django_db
def test_a_text_that_ends_the_engine_leaves_an_invoice_in_another_layout(
    settings, admin_client, tmp_path: Path, caplog
) -> None:
    """By the site's own template, which panics: an order is paid, archived and mailed all the same."""
    site_template(settings, tmp_path, FAULTS["panics"])
    invoice = paid_order(name="김하늘").invoice
    drain()
    assert ArchivedPdf.objects.get().layout == "plain"
    page = admin_client.get(f"/admin/jumun_invoices/invoice/{invoice.pk}/change/").content.decode()
    assert "단순 레이아웃" in page
    (sent,) = django_mail.outbox
    assert sent.attachments[0].content == invoice.pdf() == invoice.archived.content()
    (reported,) = [record.getMessage() for record in caplog.records if record.getMessage().startswith("the PDF of")]
    assert re.fullmatch(
        f"the PDF of {invoice.number} has the layout 'plain': "
        r"The PDF engine failed: PanicException in pdf\.py, line \d+\.?",
        reported,
    )
    # What is lost is made in the same layout again, even where the site's would do by now.
    settings.TEMPLATES = [{**settings.TEMPLATES[0], "DIRS": []}]
    kept = invoice.pdf()
    archive.storage().delete(invoice.archived.name)
    assert invoice.pdf() == kept
    invoice.keep_pdf()
    assert invoice.archived.content() == kept


@pytest.mark.django_db
def test_a_broken_template_is_told_to_staff_and_does_its_work_once_it_is_repaired(settings, tmp_path: Path) -> None:
    path = site_template(settings, tmp_path, "#nothing_of_that_name")
    invoice = paid_order().invoice
    drain()
    parked = Job.objects.filter(state="parked")
    assert {job.kind for job in parked} == {"invoices.archive", "invoices.mail"}
    assert all("unknown variable: nothing_of_that_name" in job.last_error for job in parked)
    assert django_mail.outbox == []
    response = Client().get(invoice.get_customer_url())
    assert response.status_code == 503
    assert invoice.number in response.content.decode()
    assert ArchivedPdf.objects.count() == 0
    path.write_text(path.read_text().replace("#nothing_of_that_name", "= #data.number"))
    Job.objects.filter(state="parked").update(state="ready", attempts=0, run_at=timezone.now(), finished_at=None)
    drain()
    assert ArchivedPdf.objects.get().layout == "site"
    assert django_mail.outbox[0].attachments[0].content == invoice.pdf()


def site_template(settings, folder: Path, source: str) -> Path:
    (folder / "jumun").mkdir()
    settings.TEMPLATES = [{**settings.TEMPLATES[0], "DIRS": [folder]}]
    return template(folder / "jumun", source)
