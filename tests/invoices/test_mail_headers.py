"""Headers that every mail server takes, whatever script the shop and its domain are written in."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from jumun.mail import message_id
from jumun.outbox.models import Job
from jumun.outbox.worker import drain
from tests.factories import paid_order
from tests.invoices.mail_server import MailServer, mail_server

pytestmark = pytest.mark.django_db

ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
# RFC 5322, section 3.6.4, without what is obsolete.
MESSAGE_ID = re.compile(rf"<{ATOM}(\.{ATOM})*@{ATOM}(\.{ATOM})*>")


@pytest.fixture
def server(settings: Any) -> Iterator[MailServer]:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST = "127.0.0.1"
    with mail_server() as server:
        settings.EMAIL_PORT = server.port
        yield server


def test_a_shop_with_a_korean_name_and_domain(server: MailServer, settings: Any) -> None:
    settings.DEFAULT_FROM_EMAIL = "'주문' 가게 <shop@예시.한국>"
    settings.JUMUN = settings.JUMUN | {"SELLER": {"NAME": "주문 가게", "EMAIL": "shop@예시.한국"}}
    order = paid_order(email="haneul@고객.한국")
    number = order.invoice.number
    drain()
    (mail,) = server.accepted
    raw = server.raw[0].partition(b"\r\n\r\n")[0]
    assert raw.isascii()
    assert f"Message-ID: <{number}.{order.invoice.document_sha256[:16]}@xn--vv4b11d.xn--3e0b707e>".encode() in raw
    (sender,), (recipient,) = mail["From"].addresses, mail["To"].addresses
    assert (sender.display_name, sender.addr_spec) == ("'주문' 가게", "shop@xn--vv4b11d.xn--3e0b707e")
    assert recipient.addr_spec == "haneul@xn--i49alo.xn--3e0b707e"
    assert not Job.objects.filter(state="parked").exists()


@pytest.mark.parametrize(
    "email",
    [
        "shop@예시.한국",
        "가게 <shop@예시.한국>",
        "shop@example.com",
        "shop@a..b",
        "nobody",
        "",
        "a@<b>",
        f"a@{'가' * 70}.kr",
    ],
)
@pytest.mark.parametrize(
    "name", ["INV-2026-000001.0123abcd", "송장-1", "A..B", ".A.", "a b\r\nBcc: <c@d>", 'é@\\"', "."]
)
def test_a_message_id_is_valid_whatever_it_is_made_of(email: str, name: str, settings: Any) -> None:
    settings.JUMUN = settings.JUMUN | {"SELLER": {"EMAIL": email}}
    assert MESSAGE_ID.fullmatch(message_id(name))


def test_two_names_never_have_one_message_id() -> None:
    names = ["송장-1", "송장-2", "A..B", "A.B", "A.%2EB", "A B", "A%20B"]
    assert len({message_id(name) for name in names}) == len(names)
