"""Invoices in the admin: the e-invoice, the archive of a period, and the mail once more."""

import io
import zipfile

import pytest
from django.core import mail
from django.utils import timezone

from jumun.invoices import archive
from jumun.outbox.worker import drain
from tests.factories import paid_order
from tests.invoices.crediting import credit

pytestmark = pytest.mark.django_db

LIST = "/admin/jumun_invoices/invoice/"
ZIP = LIST + "invoices.zip?first=2000-01-01&last=2100-01-01"
VIEW, EXPORT, CHANGE = (f"jumun_invoices.{name}_invoice" for name in ("view", "export", "change"))


def test_staff_download_the_invoices_of_a_period(staff):
    order = paid_order()
    response = staff(VIEW, EXPORT).get(ZIP)
    assert response["Content-Disposition"] == 'attachment; filename="invoices-2000-01-01-2100-01-01.zip"'
    assert "no-store" in response["Cache-Control"]
    names = zipfile.ZipFile(io.BytesIO(b"".join(response.streaming_content))).namelist()
    assert {name.rpartition("/")[2] for name in names} >= {f"{order.invoice.number}.pdf", "index.csv"}


@pytest.mark.parametrize("permissions", [(), (VIEW,), (EXPORT,)])
def test_without_both_permissions_there_is_neither_file_nor_form(staff, permissions):
    client = staff(*permissions)
    assert client.get(ZIP).status_code == 403
    assert b"invoices.zip" not in client.get(LIST).content


def test_the_form_proposes_the_last_month(staff):
    page = staff(VIEW, EXPORT).get(LIST).content.decode()
    assert f'action="{LIST}invoices.zip"' in page
    assert 'name="first" value="20' in page


@pytest.mark.parametrize("query", ["", "?first=2026-01-01", "?first=x&last=y", "?first=2026-02-01&last=2026-01-01"])
def test_a_period_that_is_none_is_refused(staff, query):
    response = staff(VIEW, EXPORT).get(LIST + "invoices.zip" + query)
    assert (response.status_code, response["Content-Type"]) == (400, "text/plain; charset=utf-8")


def test_the_archive_is_only_ever_read(staff):
    assert staff(VIEW, EXPORT).post(ZIP).status_code == 405


def test_staff_read_the_e_invoice_or_why_there_is_none(staff, settings):
    with_one = paid_order().invoice
    settings.JUMUN = {"SELLER": {"NAME": "Without a number"}}
    without = paid_order().invoice
    client = staff(VIEW)
    assert client.get(f"{LIST}{with_one.pk}/invoice.xml").content == with_one.xml()
    refused = client.get(f"{LIST}{without.pk}/invoice.xml")
    assert refused.status_code == 404
    assert "tax identifier of the seller" in refused.content.decode()
    assert f"{with_one.pk}/invoice.xml" in client.get(f"{LIST}{with_one.pk}/change/").content.decode()
    assert f"{without.pk}/invoice.xml" not in client.get(f"{LIST}{without.pk}/change/").content.decode()
    assert staff().get(f"{LIST}{with_one.pk}/invoice.xml").status_code == 403


def test_staff_see_whether_the_archived_pdf_is_intact(staff):
    invoice = paid_order().invoice
    client = staff(VIEW)
    address = f"{LIST}{invoice.pk}/change/"
    assert "intact" not in client.get(address).content.decode()
    drain()
    assert f"{invoice.archived.name} (site layout, intact)" in client.get(address).content.decode()
    archive.storage().delete(invoice.archived.name)
    assert "(site layout, missing or damaged)" in client.get(address).content.decode()


def test_the_mail_is_sent_again_once_with_the_kept_pdf(staff, monkeypatch):
    order = paid_order()
    drain()
    first = mail.outbox.pop()
    client = staff(VIEW, CHANGE)
    now = timezone.now()
    with monkeypatch.context() as clock:
        clock.setattr(timezone, "now", lambda: now)  # one is sent a minute
        for _ in range(2):  # a double click
            sent = client.post(
                LIST, {"action": "send_again", "_selected_action": order.invoice.pk, "index": 0}, follow=True
            )
            assert "1 document will be sent again." in sent.content.decode()
    drain()
    (again,) = mail.outbox
    assert (again.to, again.subject) == (first.to, first.subject)
    assert again.attachments[0].content == first.attachments[0].content == order.invoice.pdf()
    # A mail reader hides a second message with the same id.
    assert again.extra_headers["Message-ID"] != first.extra_headers["Message-ID"]


def test_so_are_those_of_a_credit_note_and_its_cancellation(staff):
    note = credit(paid_order(language="en").invoice, 1_000)
    issued = {"creditnote": note, "cancellation": note.cancel()}
    drain()
    mail.outbox.clear()
    for model, document in issued.items():
        client = staff(f"jumun_invoices.view_{model}", f"jumun_invoices.change_{model}")
        address = f"/admin/jumun_invoices/{model}/"
        client.post(address, {"action": "send_again", "_selected_action": document.pk, "index": 0})
    drain()
    sent = {(message.subject.partition(" for order")[0], message.attachments[0].filename) for message in mail.outbox}
    assert sent == {
        ("Your refund", f"{note.number}.pdf"),
        ("Your refund", f"{issued['cancellation'].number}.pdf"),
    }


def test_who_may_only_look_cannot_send(staff):
    order = paid_order()
    drain()
    mail.outbox.clear()
    client = staff(VIEW)
    client.post(LIST, {"action": "send_again", "_selected_action": order.invoice.pk, "index": 0})
    drain()
    assert mail.outbox == []
    assert "send_again" not in client.get(LIST).content.decode()
