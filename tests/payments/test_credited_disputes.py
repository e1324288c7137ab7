"""A credit note for a lost dispute speaks of no refund, and is taken back if the bank decides anew."""

from typing import Any

import pytest
from django.core import mail
from django.test import Client

from jumun.audit import findings
from jumun.invoices.documents.printed import printed
from jumun.invoices.models import Cancellation, CreditNote
from jumun.orders.models import Order
from jumun.payments.merge import apply
from jumun.payments.refunds.lost_dispute import credit_lost
from tests.factories import paid_order
from tests.payments.balance import movement
from tests.payments.disputing import dispute_of
from tests.payments.paying import work

pytestmark = pytest.mark.django_db

REFUNDED = {"en": "efund", "ko": "환불"}
# What is said of the lack of a refund, and how Korean calls a credit note.
NO_REFUND = {"en": ("No refund comes in addition",), "ko": ("별도의 환불은 없습니다", "환불 인보이스")}
BY_THE_BANK = {"en": "returned", "ko": "반환"}
languages = pytest.mark.parametrize("language", ["en", "ko"])


def credited(language: str = "en") -> tuple[Order, CreditNote]:
    """An order whose payment was disputed and lost, with its credit note."""
    order = paid_order(language=language)
    apply(dispute_of(order.payments.get(), status="lost"))
    return order, credit_lost(order.payments.get().disputes.get())


def without(text: str, phrases: tuple[str, ...]) -> str:
    for phrase in phrases:
        text = text.replace(phrase, "")
    return text


def assert_tells(text: str, language: str) -> None:
    assert BY_THE_BANK[language] in text.casefold()
    assert REFUNDED[language] not in without(text, NO_REFUND[language])


@languages
def test_its_paper_says_that_the_bank_has_the_money(language: str) -> None:
    _order, note = credited(language)
    said = printed(note.document)
    assert_tells(" ".join([said["status"], *said["payment"].values()]), language)
    assert said["payment"]["reference"] == "du_1"


@languages
def test_its_mail_says_the_same(language: str) -> None:
    _order, note = credited(language)
    work()
    [message] = [message for message in mail.outbox if note.number in message.body]
    html = message.alternatives[0].content  # type: ignore[attr-defined]
    for text in (f"{message.subject} {message.body}", html):
        assert_tells(text, language)


@languages
def test_the_orders_page_says_the_same(client: Client, language: str) -> None:
    order, note = credited(language)
    page = client.get(order.get_customer_url(), headers={"Accept-Language": language}).content.decode()
    assert note.number in page
    section = page[page.index('aria-labelledby="refunds"') :].partition("</section>")[0]
    assert_tells(section.replace('"refunds"', ""), language)


def win(order: Order, **changes: Any) -> None:
    """The bank gives the money of a dispute back that it had found against the shop before."""
    withdrawn = dispute_of(order.payments.get())["balance_transactions"]
    back = movement("txn_back", order.total_minor, source="du_1", category="dispute_reversal")
    apply(dispute_of(order.payments.get(), status="won", balance_transactions=[*withdrawn, back], **changes))


@languages
def test_a_dispute_won_after_all_takes_its_note_back(client: Client, language: str) -> None:
    order, note = credited(language)
    for _ in range(2):
        win(order)
    cancellation = Cancellation.objects.get()
    assert cancellation.credit_note == note
    said = printed(cancellation.document)
    assert REFUNDED[language] not in without(said["payment"]["sentence"], NO_REFUND[language])
    work()
    [message] = [message for message in mail.outbox if cancellation.number in message.body]
    assert "bank did not take" not in message.body
    assert [row for row in findings() if row.invariant == "I2"] == []


def test_a_note_that_stands_although_its_dispute_was_won_is_found() -> None:
    order, note = credited()
    order.payments.get().disputes.update(status="won")
    assert [row.subject for row in findings() if row.invariant == "I2"] == [note.number]
