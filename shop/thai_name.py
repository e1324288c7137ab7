"""The tour's last steps: a customer with a Thai name and address buys, and the invoice and its XML say both as typed.

Thai writes vowels and tones above and below its letters, and the invoice's main font has no Thai at all.
"""

from collections.abc import Callable, Iterator
from xml.etree import ElementTree

from shop.expecting import expect
from shop.journey import Journey, Result
from shop.language import gettext_noop
from shop.pdf_text import pdf_text

BUYER = {
    "name": "กิตติพงษ์ ศรีสุข",
    "email": "kittipong@example.com",
    "country": "TH",
    "postal-code": "10110",
    "address-level2": "กรุงเทพมหานคร",
    "address-line1": "99/1 ถนนสุขุมวิท แขวงคลองเตย",
    "street-address": "99/1 ถนนสุขุมวิท แขวงคลองเตย",
    "tel": "+66 81 234 5678",
}
# Of UN/CEFACT's Cross Industry Invoice, the syntax of EN 16931 that the store writes.
NAMESPACE = "urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:100"
# The prefix that everybody gives it.
ElementTree.register_namespace("ram", NAMESPACE)


def steps(journey: Journey) -> Iterator[tuple[str, Callable[[], Result]]]:
    """Name and action of every step, in order."""
    visit = _Visit(journey)
    yield gettext_noop("buy under a Thai name"), visit.buy
    yield gettext_noop("Thai name on the PDF"), visit.save_pdf
    yield gettext_noop("Thai name in the XML"), visit.save_xml


class _Visit:
    def __init__(self, journey: Journey) -> None:
        self._journey = journey
        self._number = ""

    def buy(self) -> Result:
        """From the catalogue to the paid order."""
        journey = self._journey
        journey.buyer = BUYER
        journey.order_again()
        journey.pay()
        journey.come_back()
        return {"buyer": BUYER["name"], **journey.order_paid()}

    def save_pdf(self) -> Result:
        """Name and address can be read on the paper."""
        self._number, pdf = self._journey.download_invoice()
        path = self._journey.save(f"{self._number}.pdf", pdf)
        text = pdf_text(pdf)
        for typed in (BUYER["name"], BUYER["address-line1"], BUYER["address-level2"]):
            expect(_squeezed(typed) in _squeezed(text), f"{typed} on the invoice", text)
        return {"buyer": BUYER["name"], "path": str(path), "text": text}

    def save_xml(self) -> Result:
        """The buyer of the e-invoice: BT-44 is the name, BT-50 the address and BT-52 the city (EN 16931-1)."""
        journey = self._journey
        link = journey.page.link(r"/invoice\.xml$")
        answer = journey.customer.open(link)
        expect(answer.headers.get("content-type") == "application/xml", f"XML from {link}", answer.status)
        document = ElementTree.fromstring(answer.body)  # noqa: S314 (the store's own)
        buyer = document.find(f".//{{{NAMESPACE}}}BuyerTradeParty")
        assert buyer is not None  # noqa: S101 (the syntax demands one)
        values = {element.tag.rpartition("}")[2]: element.text for element in buyer.iter()}
        found = [values["Name"], values["LineOne"], values["CityName"]]
        wanted = [BUYER["name"], BUYER["address-line1"], BUYER["address-level2"]]
        expect(found == wanted, ", ".join(wanted), found)
        path = journey.save(f"{self._number}.xml", answer.body)
        ElementTree.indent(buyer)
        text = ElementTree.tostring(buyer, encoding="unicode")
        return {"buyer": values["Name"], "path": str(path), "text": text.strip()}


def _squeezed(text: str) -> str:
    """Without spaces: where a program sees some between letters of Thai is its own guess."""
    return "".join(text.split())
