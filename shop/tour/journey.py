"""The steps of the tour: what a customer does from the catalogue to the invoice, and what staff do afterwards.

Each step does one thing over HTTP, checks what it receives and returns it. It finds pages by links and forms, as a
visitor does.
"""

import csv
import email
import email.policy
import io
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from email.message import EmailMessage
from http import HTTPStatus
from pathlib import Path
from typing import Any, TypeVar

from lxml import etree
from pypdfium2 import PdfDocument

from shop.run.configuration import Configuration
from shop.terminal import gettext_noop
from shop.tour.browser import Browser, Page, autofill, value_of

PAID_CARD, DECLINED_CARD, SECURE_CARD = "4242 4242 4242 4242", "4000 0000 0000 0002", "4000 0025 0000 3155"
CARD = {"cc-exp": "12 / 40", "cc-csc": "123", "cc-name": "HONG GILDONG"}
# What customers type, by the `autocomplete` of the fields.
CUSTOMER = {
    "name": "홍길동",
    "email": "gildong.hong@example.com",
    "country": "KR",
    "postal-code": "04524",
    "address-level2": "서울특별시",
    "address-line1": "중구 세종대로 110",
    "tel": "+82 2-120-1234",
}
# Thai writes vowels and tones above and below its letters, and the invoice's main font has no Thai at all.
THAI_CUSTOMER = {
    "name": "กิตติพงษ์ ศรีสุข",
    "email": "kittipong@example.com",
    "country": "TH",
    "postal-code": "10110",
    "address-level2": "กรุงเทพมหานคร",
    "address-line1": "99/1 ถนนสุขุมวิท แขวงคลองเตย",
    "tel": "+66 81 234 5678",
}
THAI_TEXTS = [THAI_CUSTOMER[purpose] for purpose in ("name", "address-line1", "address-level2")]
# What a page says of the order it shows.
STATE = "data-order-state"
END_OF_MAIL = b"\n" + b"-" * 79

# The worker looks for work several times a second; a machine under load gets more time than that.
WAIT_S = 20.0

Result = dict[str, Any]
T = TypeVar("T")


class StepFailed(Exception):
    def __init__(self, *, expected: str, received: object) -> None:
        super().__init__(f"expected {expected}, received {received}")
        self.expected = expected
        self.received = str(received)


def expect(holds: object, expected: str, received: object) -> None:
    """Raise `StepFailed` unless it holds. A page that was received is reported by its status and its first words."""
    if not holds:
        if isinstance(received, Page):
            received = f"{received.status}: {' '.join(received.text.split())[:300]}"
        raise StepFailed(expected=expected, received=received)


def shown(page: Page) -> Page:
    """The page, if it is one; raises `StepFailed` for an error page."""
    expect(page.status == HTTPStatus.OK, f"200 from {page.url}", page)
    return page


def until(look: Callable[[], T], found: Callable[[T], Any]) -> T:
    """Look again and again until it is found; return what was seen last, found or not."""
    give_up = time.monotonic() + WAIT_S
    while not found(seen := look()) and time.monotonic() < give_up:
        time.sleep(0.05)
    return seen


@dataclass
class Journey:
    """Where the tour is: the page in front of the customer, and what the next steps need to know of the last."""

    configuration: Configuration
    folder: Path
    customer: Browser
    clerk: Browser
    staff: tuple[str, str] = ("", "")
    buyer: Mapping[str, str] = field(default_factory=lambda: CUSTOMER)
    page: Page = field(init=False)
    order_url: str = ""
    invoice_pdf: Path | None = None
    csv: Path | None = None
    thai_number: str = ""

    def steps(self) -> Iterator[tuple[str, Callable[[], Result]]]:
        """Name and action of every step, in order."""
        yield gettext_noop("browse"), self.browse
        yield gettext_noop("add to cart"), self.add_to_cart
        yield gettext_noop("place the order"), self.place_order
        yield gettext_noop("go to the payment page"), self.go_to_payment_page
        yield gettext_noop("pay with 4242"), self.pay
        yield gettext_noop("return"), self.come_back
        yield gettext_noop("webhook acknowledged"), self.webhook_acknowledged
        yield gettext_noop("order paid"), self.order_paid
        yield gettext_noop("invoice"), self.save_invoice
        yield gettext_noop("invoice by mail"), self.receive_mail
        yield gettext_noop("staff log in"), self.log_in
        yield gettext_noop("export as CSV"), self.export_csv
        yield gettext_noop("declined card"), self.declined_card
        yield gettext_noop("still payable"), self.still_payable
        yield gettext_noop("3D Secure card"), self.secure_card
        yield gettext_noop("buy under a Thai name"), self.buy_under_thai_name
        yield gettext_noop("Thai name on the PDF"), self.read_thai_pdf
        yield gettext_noop("Thai name in the XML"), self.read_thai_xml

    def browse(self) -> Result:
        self._open(f"{self.configuration.store_url}/")
        articles = self._articles()
        expect(articles, "articles in the catalogue", "none")
        return {"url": self.page.url, "articles": len(set(articles))}

    def add_to_cart(self) -> Result:
        """The first article that is not sold out."""
        for article in self._articles():
            self._open(article)
            if self.page.forms("/cart/"):
                answer = self._submit("/cart/")
                self._follow(answer)
                expect("/cart/" in self.page.url, "to be shown the cart", self.page.url)
                return {"article": article, "status": answer.status}
        raise StepFailed(expected="an article that is not sold out", received="none")

    def place_order(self) -> Result:
        self._open(self.page.link(r"/checkout/$"))
        answer = self._submit("/checkout/", self.buyer)
        expect(answer.location, "a redirect to the payment", answer)
        self._follow(answer)
        self.order_url = self.page.link("/orders/")
        return {"status": answer.status, "order": self.order_url}

    def go_to_payment_page(self) -> Result:
        """The button sends the customer to the hosted page with 303."""
        answer = self._submit("/payment/process/")
        expect(answer.status == HTTPStatus.SEE_OTHER, "303 to the payment page", answer)
        leads_to = answer.location or ""
        expect(leads_to.startswith(f"{self.configuration.paywright_url}/"), "an address of Paywright", leads_to)
        self._open(leads_to)
        return {"status": answer.status, "location": leads_to.partition("#")[0]}

    def pay(self) -> Result:
        """A good card; the answer sends the customer back to the store."""
        self.page = self._pay_with(PAID_CARD)
        self._expect_way_back(self.page)
        return {"card": PAID_CARD, "status": self.page.status, "location": self.page.location}

    def come_back(self) -> Result:
        """The way back ends on the order's own page."""
        self._follow(self.page)
        expect(self.page.url.startswith(self.order_url), self.order_url, self.page.url)
        return {"url": self.page.url, "state": self.page.attribute(STATE)}

    def webhook_acknowledged(self) -> Result:
        """Every event of the payment was delivered and answered with 2xx, as Stripe's own list of events says."""
        events = until(self._events, _all_acknowledged)
        types = [event["type"] for event in events]
        expect(_all_acknowledged(events), "checkout.session.completed and every other event acknowledged", types)
        return {"events": types}

    def order_paid(self) -> Result:
        """The order's page says so to the customer."""
        state = until(self._look_at_order, lambda state: state == "paid")
        expect(state == "paid", "the order to be paid", state)
        return {"order": self.page.attribute("data-order-number"), "state": "paid"}

    def save_invoice(self) -> Result:
        number, pdf = self._download_invoice()
        self.invoice_pdf = self._save(f"{number}.pdf", pdf)
        return {"number": number, "path": str(self.invoice_pdf), "bytes": len(pdf), "pages": len(PdfDocument(pdf))}

    def receive_mail(self) -> Result:
        """One mail to the customer, with the very same PDF."""
        mails = until(self._mails, bool)
        expect(len(mails) == 1, "one mail", len(mails))
        attached = [part for part in mails[0].iter_attachments() if part.get_content_type() == "application/pdf"]
        assert self.invoice_pdf  # noqa: S101 (the step before has saved it)
        same = [part.get_content() == self.invoice_pdf.read_bytes() for part in attached]
        expect(same == [True], "the invoice attached", [part.get_filename() for part in attached])
        return {"to": mails[0]["to"], "subject": mails[0]["subject"], "attachment": attached[0].get_filename()}

    def log_in(self) -> Result:
        """The admin's front page, as the staff user."""
        form = shown(self.clerk.follow(self.clerk.open(f"{self.configuration.store_url}/admin/")))
        name, password = self.staff
        answer = self.clerk.submit(form, form.form("/login/"), {"username": name, "password": password})
        self.page = shown(self.clerk.follow(answer))
        expect(answer.location and "/login/" not in self.page.url, "to be logged in", answer)
        return {"user": name, "url": self.page.url}

    def export_csv(self) -> Result:
        """The order list's action "export selected orders as CSV", with what its form proposes."""
        orders = shown(self.clerk.open(self.page.link(r"/jumun_orders/order/$")))
        listed = orders.form_with("_selected_action")
        chosen = {
            "action": value_of(listed, "[name=action] option[value*=csv]"),
            "_selected_action": value_of(listed, "[name=_selected_action]"),
        }
        proposal = shown(self.clerk.submit(orders, listed, chosen))
        answer = self.clerk.submit(proposal, proposal.form_with("_selected_action"))
        expect("text/csv" in answer.headers.get("content-type", ""), "a CSV file", answer)
        header, *rows = csv.reader(io.StringIO(answer.body.decode("utf-8-sig")))
        expect(len(rows) == 1, "one order under a header", rows)
        self.csv = self._save("orders.csv", answer.body)
        return {"path": str(self.csv), "bytes": len(answer.body), "rows": len(rows), "columns": len(header)}

    def declined_card(self) -> Result:
        """A second order, whose card is declined: the page says so, and the order is not paid."""
        self.order_again()
        answer = self._pay_with(DECLINED_CARD)
        expect(answer.location is None, "to be told that the card is declined", answer.location)
        expect(answer.soup.select("[role=alert]"), "the reason in an alert", answer)
        state = self._look_at_order()
        expect(state == "placed", "an order that is not paid", state)
        return {"card": DECLINED_CARD, "status": answer.status, "state": state}

    def still_payable(self) -> Result:
        """The declined order can be paid still: its button leads to the payment page again."""
        return {"state": self._look_at_order(), **self.go_to_payment_page()}

    def secure_card(self) -> Result:
        """A third order, whose card wants 3D Secure: the bank's page comes between, then the order is paid."""
        self.order_again()
        challenge = self._follow(self._pay_with(SECURE_CARD))
        answer = self.customer.submit(challenge, challenge.form("/3ds/"), {"result": "complete"})
        self._expect_way_back(answer)
        self._follow(answer)
        return {"card": SECURE_CARD, "challenge": challenge.url, "state": self.order_paid()["state"]}

    def buy_under_thai_name(self) -> Result:
        """From the catalogue to the paid order."""
        self.buyer = THAI_CUSTOMER
        self.order_again()
        self.pay()
        self.come_back()
        return {"buyer": self.buyer["name"], **self.order_paid()}

    def read_thai_pdf(self) -> Result:
        """Name and address can be read on the paper."""
        self.thai_number, pdf = self._download_invoice()
        text = _text_of(pdf)
        for typed in THAI_TEXTS:
            expect(_squeezed(typed) in _squeezed(text), f"{typed} on the invoice", text)
        return {"buyer": self.buyer["name"], "path": str(self._save(f"{self.thai_number}.pdf", pdf)), "text": text}

    def read_thai_xml(self) -> Result:
        """The buyer of the e-invoice: BT-44 is the name, BT-50 the address and BT-52 the city (EN 16931-1)."""
        answer = shown(self.customer.open(self.page.link(r"/invoice\.xml$")))
        [buyer] = etree.fromstring(answer.body).iter("{*}BuyerTradeParty")
        found = [value.text for value in buyer.iter("{*}Name", "{*}LineOne", "{*}CityName")]
        expect(found == THAI_TEXTS, ", ".join(THAI_TEXTS), found)
        path = self._save(f"{self.thai_number}.xml", answer.body)
        etree.indent(buyer)
        etree.cleanup_namespaces(buyer)
        text = etree.tostring(buyer, encoding="unicode", with_tail=False)
        return {"buyer": self.buyer["name"], "path": str(path), "text": text}

    def order_again(self) -> None:
        """From the catalogue to the payment page."""
        for step in (self.browse, self.add_to_cart, self.place_order, self.go_to_payment_page):
            step()

    def _open(self, url: str) -> Page:
        self.page = shown(self.customer.open(url))
        return self.page

    def _follow(self, answer: Page) -> Page:
        self.page = shown(self.customer.follow(answer))
        return self.page

    def _look_at_order(self) -> str | None:
        return self._open(self.order_url).attribute(STATE)

    def _articles(self) -> list[str]:
        return [link for link in self.page.links if "/products/" in link]

    def _submit(self, part: str, known: Mapping[str, str] | None = None) -> Page:
        form = self.page.form(part)
        return self.customer.submit(self.page, form, autofill(form, known or {}))

    def _pay_with(self, card: str) -> Page:
        return self._submit("/c/pay/", {**self.buyer, **CARD, "cc-number": card})

    def _expect_way_back(self, answer: Page) -> None:
        leads_to = answer.location or ""
        expect(leads_to.startswith(self.configuration.store_url), "to be sent back to the store", answer)

    def _download_invoice(self) -> tuple[str, bytes]:
        """Number and PDF of the invoice to which the page in front of the customer links."""
        answer = self.customer.open(self.page.link(r"/invoice\.pdf$"))
        expect(answer.headers.get("content-type") == "application/pdf", "a PDF", answer.headers.get("content-type"))
        number = answer.headers.get("content-disposition", "").partition('filename="')[2].partition(".pdf")[0]
        expect(number and number in _text_of(answer.body), "its number on the invoice", number)
        return number, answer.body

    def _events(self) -> list[Result]:
        key = self.configuration.environment["STRIPE_SECRET_KEY"]
        answer = self.customer.session.get(f"{self.configuration.paywright_url}/v1/events", auth=(key, ""))
        answer.raise_for_status()
        found: list[Result] = answer.json()["data"]
        return found

    def _mails(self) -> list[EmailMessage]:
        # Django's file backend writes one file for each mail here, and ends it with a line of dashes.
        files = (path.read_bytes() for path in (self.configuration.data / "mail").glob("*.log"))
        written = [file.rpartition(END_OF_MAIL)[0] for file in files]
        return [email.message_from_bytes(mail, policy=email.policy.default) for mail in written if mail]

    def _save(self, name: str, content: bytes) -> Path:
        path = self.folder / name
        path.write_bytes(content)
        return path


def _all_acknowledged(events: list[Result]) -> bool:
    completed = any(event["type"] == "checkout.session.completed" for event in events)
    return completed and not any(event["pending_webhooks"] for event in events)


def _text_of(pdf: bytes) -> str:
    return "\n".join(page.get_textpage().get_text_range() for page in PdfDocument(pdf))


def _squeezed(text: str) -> str:
    """Without spaces: where a program sees some between letters of Thai is its own guess."""
    return "".join(text.split())
