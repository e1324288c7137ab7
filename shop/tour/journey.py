"""The steps of the tour: what a customer does from the catalogue to the invoice, and what staff do afterwards.

Each step does one thing over HTTP, checks what came back and returns it. Pages are found by following links and forms,
as a visitor finds them.
"""

import csv
import email.policy
import io
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.parser import BytesParser
from http import HTTPStatus
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from pypdfium2 import PdfDocument

from shop.run.configuration import Configuration
from shop.terminal import gettext_noop
from shop.tour.browser import Browser, Page, autofill, value_of
from shop.tour.expecting import StepFailed, expect, shown, told, until

PAID_CARD, DECLINED_CARD, SECURE_CARD = "4242 4242 4242 4242", "4000 0000 0000 0002", "4000 0025 0000 3155"
CUSTOMER = {
    "name": "홍길동",
    "email": "gildong.hong@example.com",
    "country": "KR",
    "postal-code": "04524",
    "address-level2": "서울특별시",
    "address-line1": "중구 세종대로 110",
    "street-address": "중구 세종대로 110",
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
    "street-address": "99/1 ถนนสุขุมวิท แขวงคลองเตย",
    "tel": "+66 81 234 5678",
}
CARD = {"cc-exp": "12 / 40", "cc-csc": "123", "cc-name": "HONG GILDONG"}

END_OF_MAIL = b"\n" + b"-" * 79
# Of UN/CEFACT's Cross Industry Invoice, the syntax of EN 16931 that the store writes; the prefix is the usual one.
NAMESPACE = "urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:100"
ElementTree.register_namespace("ram", NAMESPACE)

Result = dict[str, Any]


@dataclass
class Journey:
    """Where the tour is: the page in front of the customer, and what the next steps need to know of the last."""

    configuration: Configuration
    folder: Path
    customer: Browser
    clerk: Browser
    staff: tuple[str, str] = ("", "")
    # What the customer types, by the `autocomplete` of the fields.
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
        """The catalogue."""
        self.page = shown(self.customer.open(f"{self.configuration.store_url}/"))
        articles = {link for link in self.page.links if "/products/" in link}
        expect(articles, "articles in the catalogue", "none")
        return {"url": self.page.url, "articles": len(articles)}

    def add_to_cart(self) -> Result:
        """The first article that is not sold out goes into the cart."""
        article = next(page for page in self._articles() if page.forms("/cart/"))
        answer = self.customer.submit(article, article.form("/cart/"))
        self.page = shown(self.customer.follow(answer))
        expect("/cart/" in self.page.url, "to be shown the cart", self.page.url)
        return {"article": article.url, "status": answer.status}

    def place_order(self) -> Result:
        """The checkout form, filled in as a browser does by itself."""
        checkout = shown(self.customer.open(self.page.link(r"/checkout/$")))
        form = checkout.form("/checkout/")
        answer = self.customer.submit(checkout, form, autofill(form, self.buyer))
        expect(answer.location, "a redirect to the payment", f"{answer.status}: {told(answer)}")
        self.page = shown(self.customer.follow(answer))
        self.order_url = self.page.link("/orders/")
        return {"status": answer.status, "order": self.order_url}

    def go_to_payment_page(self) -> Result:
        """The button sends the customer to the hosted page with 303."""
        answer = self.customer.submit(self.page, self.page.form("/payment/process/"))
        expect(answer.status == HTTPStatus.SEE_OTHER, "303 to the payment page", f"{answer.status}: {told(answer)}")
        leads_to = answer.location or ""
        expect(leads_to.startswith(f"{self.configuration.paywright_url}/"), "an address of Paywright", leads_to)
        self.page = shown(self.customer.open(leads_to))
        return {"status": answer.status, "location": leads_to.partition("#")[0]}

    def pay(self) -> Result:
        """A good card; the answer sends the customer back to the store."""
        answer = self._pay_with(PAID_CARD)
        leads_to = answer.location or ""
        expect(
            leads_to.startswith(self.configuration.store_url),
            "to be sent back to the store",
            f"{answer.status}: {told(answer)}",
        )
        self.page = answer
        return {"card": PAID_CARD, "status": answer.status, "location": leads_to}

    def come_back(self) -> Result:
        """The way back ends on the order's own page."""
        self.page = shown(self.customer.follow(self.page))
        expect(self.page.url.startswith(self.order_url), self.order_url, self.page.url)
        return {"url": self.page.url, "state": self.page.attribute("data-order-state")}

    def webhook_acknowledged(self) -> Result:
        """Every event of the payment was delivered and answered with 2xx, as Stripe's own list of events says."""
        events = until(self._events, _all_acknowledged)
        types = [event["type"] for event in events]
        expect(_all_acknowledged(events), "checkout.session.completed and every other event acknowledged", types)
        return {"events": types}

    def order_paid(self) -> Result:
        """The order's page says so to the customer."""
        self.page = self._order_in_state("paid")
        return {"order": self.page.attribute("data-order-number"), "state": "paid"}

    def save_invoice(self) -> Result:
        """The invoice's number, and its PDF."""
        number, pdf = self.download_invoice()
        self.invoice_pdf = self.save(f"{number}.pdf", pdf)
        return {"number": number, "path": str(self.invoice_pdf), "bytes": len(pdf), "pages": len(PdfDocument(pdf))}

    def download_invoice(self) -> tuple[str, bytes]:
        """Number and PDF of the invoice to which the page in front of the customer links."""
        answer = self.customer.open(self.page.link(r"/invoice\.pdf$"))
        expect(answer.headers.get("content-type") == "application/pdf", "a PDF", answer.headers.get("content-type"))
        number = answer.headers.get("content-disposition", "").partition('filename="')[2].partition(".pdf")[0]
        expect(number and number in pdf_text(answer.body), "its number on the invoice", number)
        return number, answer.body

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
        expect(
            answer.location and "/login/" not in self.page.url, "to be logged in", f"{answer.status}: {told(answer)}"
        )
        return {"user": name, "url": self.page.url}

    def export_csv(self) -> Result:
        """The order list's action "export selected orders as CSV", with what its form proposes."""
        orders = shown(self.clerk.open(self.page.link(r"/jumun_orders/order/$")))
        listed = orders.form_with("_selected_action")
        chosen = {
            "action": value_of(listed, "[name=action] option[value*=csv]"),
            "_selected_action": value_of(listed, "[name=_selected_action]"),
        }
        asked = shown(self.clerk.submit(orders, listed, chosen))
        answer = self.clerk.submit(asked, asked.form_with("_selected_action"))
        expect("text/csv" in answer.headers.get("content-type", ""), "a CSV file", f"{answer.status}: {told(answer)}")
        header, *rows = csv.reader(io.StringIO(answer.body.decode("utf-8-sig")))
        expect(len(rows) == 1, "one order under a header", rows)
        self.csv = self.save("orders.csv", answer.body)
        return {"path": str(self.csv), "bytes": len(answer.body), "rows": len(rows), "columns": len(header)}

    def declined_card(self) -> Result:
        """A second order, whose card is declined: the page says so, and the order is not paid."""
        self.order_again()
        answer = self._pay_with(DECLINED_CARD)
        expect(answer.location is None, "to be told that the card is declined", answer.location)
        expect(answer.soup.select("[role=alert]"), "the reason in an alert", told(answer))
        state = shown(self.customer.open(self.order_url)).attribute("data-order-state")
        expect(state == "placed", "an order that is not paid", state)
        return {"card": DECLINED_CARD, "status": answer.status, "state": state}

    def still_payable(self) -> Result:
        """The declined order can be paid still: its button leads to the payment page again."""
        self.page = shown(self.customer.open(self.order_url))
        return {"state": self.page.attribute("data-order-state"), **self.go_to_payment_page()}

    def secure_card(self) -> Result:
        """A third order, whose card wants 3D Secure: the bank's page comes between, then the order is paid."""
        self.order_again()
        challenge = shown(self.customer.follow(self._pay_with(SECURE_CARD)))
        answer = self.customer.submit(challenge, challenge.form("/3ds/"), {"result": "complete"})
        expect(
            (answer.location or "").startswith(self.configuration.store_url),
            "to be sent back",
            f"{answer.status}: {told(answer)}",
        )
        shown(self.customer.follow(answer))
        self.page = self._order_in_state("paid")
        return {"card": SECURE_CARD, "challenge": challenge.url, "state": "paid"}

    def buy_under_thai_name(self) -> Result:
        """From the catalogue to the paid order."""
        self.buyer = THAI_CUSTOMER
        self.order_again()
        self.pay()
        self.come_back()
        return {"buyer": self.buyer["name"], **self.order_paid()}

    def read_thai_pdf(self) -> Result:
        """Name and address can be read on the paper."""
        self.thai_number, pdf = self.download_invoice()
        text = pdf_text(pdf)
        for typed in self._thai_texts():
            expect(_squeezed(typed) in _squeezed(text), f"{typed} on the invoice", text)
        return {"buyer": self.buyer["name"], "path": str(self.save(f"{self.thai_number}.pdf", pdf)), "text": text}

    def read_thai_xml(self) -> Result:
        """The buyer of the e-invoice: BT-44 is the name, BT-50 the address and BT-52 the city (EN 16931-1)."""
        answer = shown(self.customer.open(self.page.link(r"/invoice\.xml$")))
        document = ElementTree.fromstring(answer.body)  # noqa: S314 (the store's own)
        buyer = next(document.iter(f"{{{NAMESPACE}}}BuyerTradeParty"))
        values = {element.tag.rpartition("}")[2]: element.text for element in buyer.iter()}
        found = [values["Name"], values["LineOne"], values["CityName"]]
        expect(found == self._thai_texts(), ", ".join(self._thai_texts()), found)
        path = self.save(f"{self.thai_number}.xml", answer.body)
        ElementTree.indent(buyer)
        text = ElementTree.tostring(buyer, encoding="unicode").strip()
        return {"buyer": values["Name"], "path": str(path), "text": text}

    def _thai_texts(self) -> list[str]:
        return [THAI_CUSTOMER[purpose] for purpose in ("name", "address-line1", "address-level2")]

    def _articles(self) -> Iterator[Page]:
        for link in self.page.links:
            if "/products/" in link:
                yield shown(self.customer.open(link))
        raise StepFailed(expected="an article that is not sold out", came="none")

    def order_again(self) -> None:
        """From the catalogue to the payment page."""
        for step in (self.browse, self.add_to_cart, self.place_order, self.go_to_payment_page):
            step()

    def _pay_with(self, card: str) -> Page:
        form = self.page.form("/c/pay/")
        known = {**self.buyer, **CARD, "cc-number": card}
        return self.customer.submit(self.page, form, autofill(form, known))

    def _order_in_state(self, wanted: str) -> Page:
        def look() -> Page:
            return shown(self.customer.open(self.order_url))

        page = until(look, lambda page: page.attribute("data-order-state") == wanted)
        state = page.attribute("data-order-state")
        expect(state == wanted, f"the order to be {wanted}", state)
        return page

    def _events(self) -> list[Result]:
        key = self.configuration.environment["STRIPE_SECRET_KEY"]
        answer = self.clerk.session.get(f"{self.configuration.paywright_url}/v1/events", auth=(key, ""))
        answer.raise_for_status()
        found: list[Result] = answer.json()["data"]
        return found

    def _mails(self) -> list[EmailMessage]:
        # Django's file backend writes one file for each mail here, and ends it with a line of dashes.
        written = [
            path.read_bytes().rpartition(END_OF_MAIL) for path in (self.configuration.data / "mail").glob("*.log")
        ]
        parser = BytesParser(EmailMessage, policy=email.policy.default)
        return [parser.parsebytes(message) for message, end, _rest in written if end]

    def save(self, name: str, content: bytes) -> Path:
        """Keep a file in the folder of the tour."""
        path = self.folder / name
        path.write_bytes(content)
        return path


def _all_acknowledged(events: list[Result]) -> bool:
    completed = any(event["type"] == "checkout.session.completed" for event in events)
    return completed and not any(event["pending_webhooks"] for event in events)


def pdf_text(pdf: bytes) -> str:
    """The text of all pages, as a program reads it."""
    return "\n".join(page.get_textpage().get_text_range() for page in PdfDocument(pdf))


def _squeezed(text: str) -> str:
    """Without spaces: where a program sees some between letters of Thai is its own guess."""
    return "".join(text.split())
