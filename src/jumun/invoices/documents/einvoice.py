"""The e-invoice: EN 16931 in UN/CEFACT's syntax (Factur-X 1.0 / ZUGFeRD 2, profile "EN 16931"). No Django.

BT-n and BR-n in comments are the terms and rules of EN 16931-1. Amounts of a credit note (type 381) are positive there.
"""

from decimal import Decimal

from drafthorse.models.accounting import ApplicableTradeTax
from drafthorse.models.document import Document as CrossIndustryInvoice
from drafthorse.models.note import IncludedNote
from drafthorse.models.party import PostalTradeAddress, TaxRegistration, TradeParty
from drafthorse.models.payment import PaymentMeans, PaymentTerms
from drafthorse.models.tradelines import LineItem
from lxml import etree

from jumun import money
from jumun.invoices.documents.document import Document, Line, Party, TaxSubtotal
from jumun.invoices.documents.einvoice_scope import EInvoiceError, check, writable
from jumun.invoices.documents.labels import labels_of
from jumun.invoices.documents.payment_methods import brand_name, is_card, method_text
from jumun.tax_ids import is_vat_id

PROFILE = "urn:cen.eu:en16931:2017"
SCHEMA = "FACTUR-X_EN16931"  # drafthorse's name for the XML schema that it ships
# UNTDID 1001: commercial invoice, credit note and, for the reversal of a credit note, debit note.
TYPE_CODES = {"invoice": "380", "credit_note": "381", "cancellation": "383"}
BANK_CARD, ONLINE_PAYMENT = "48", "68"  # UNTDID 4461
PIECE = "C62"  # UN/ECE recommendation 20: "one"
PRICE_DECIMALS = 8
EXEMPTION_CODES = {"AE": "VATEX-EU-AE", "K": "VATEX-EU-IC", "G": "VATEX-EU-G", "O": "VATEX-EU-O"}


def einvoice(document: Document) -> bytes:
    """The XML of `document`, valid against the XML schema. Raises `EInvoiceError`.

    The texts are the frozen ones, without the few characters that XML excludes.
    """
    check(document)
    document = writable(document)
    sign = -1 if document.kind == "credit_note" else 1
    invoice = CrossIndustryInvoice()
    invoice.context.guideline_parameter.id = PROFILE
    invoice.header.id = document.number
    invoice.header.type_code = TYPE_CODES[document.kind]
    invoice.header.issue_date_time = document.issued_on
    for text in _notes(document):
        note = IncludedNote()
        note.content = text
        invoice.header.notes.add(note)
    _agreement(invoice, document)
    _delivery(invoice, document)
    for line in document.lines:
        invoice.trade.items.add(_line(line, document, sign))
    _settlement(invoice, document, sign)
    try:
        xml: bytes = invoice.serialize(schema=SCHEMA)
    except etree.XMLSyntaxError as error:  # invalid against the schema
        raise EInvoiceError(f"The document cannot be written as XML: {error}") from error
    return xml


def _notes(document: Document) -> list[str]:
    test = [] if document.livemode else [labels_of(document)["test"]]
    return [*test, *(note for note in document.notes if note)]


def _agreement(invoice: CrossIndustryInvoice, document: Document) -> None:
    agreement = invoice.trade.agreement
    outside_scope = any(subtotal.tax_category == "O" for subtotal in document.taxes)  # BR-O-02: no VAT identifiers
    _party(agreement.seller, document.seller, is_seller=True, with_vat_id=not outside_scope)
    _party(agreement.buyer, document.buyer, is_seller=False, with_vat_id=not outside_scope)
    if document.order_number:
        agreement.seller_order.issuer_assigned_id = document.order_number


def _party(target: TradeParty, party: Party, *, is_seller: bool, with_vat_id: bool) -> None:
    target.name = party.name
    if is_seller and party.registration:
        target.description = " · ".join(party.registration)
    _address(target.address, party)
    if is_seller and (party.email or party.phone):
        target.contact.person_name = party.name
        target.contact.telephone.number = party.phone
        target.contact.email.address = party.email
    if party.email:
        target.electronic_address.uri_ID = ("EM", party.email)
    if party.tax_id:
        _tax_id(target, party, is_seller=is_seller, with_vat_id=with_vat_id)


def _address(target: PostalTradeAddress, party: Party) -> None:
    first, second, *rest = (*party.address_lines, "", "")
    target.postcode = party.postal_code
    target.line_one = first
    target.line_two = second
    target.line_three = ", ".join(line for line in rest if line)
    target.city_name = party.city
    target.country_id = party.country
    target.country_subdivision = party.region


def _tax_id(target: TradeParty, party: Party, *, is_seller: bool, with_vat_id: bool) -> None:
    is_vat = is_vat_id(party.tax_id, party.country)
    if not (is_vat and with_vat_id):
        # BT-30 (BR-CO-26) or BT-47 where there is no VAT identifier (BT-31, BT-48).
        target.legal_organization.id = party.tax_id
    if with_vat_id and (is_seller or is_vat):
        target.tax_registrations.add(TaxRegistration(id=("VA" if is_vat else "FC", party.tax_id)))


def _delivery(invoice: CrossIndustryInvoice, document: Document) -> None:
    intra_community = any(subtotal.tax_category == "K" for subtotal in document.taxes)
    supplied_on = document.supplied_on or (document.issued_on if intra_community else None)
    if intra_community:  # BR-IC-11 and -12: when and where to
        _address(invoice.trade.delivery.ship_to.address, document.buyer)
    if supplied_on:
        invoice.trade.delivery.event.occurrence = supplied_on


def _line(line: Line, document: Document, sign: int) -> LineItem:
    net = _amount(sign * line.net_minor, document)
    quantity = sign * line.quantity
    price = net / quantity if quantity else Decimal(0)
    if price < 0:  # BR-27: a price is never negative, a quantity may be
        price, quantity = -price, -quantity
    item = LineItem()
    item.document.line_id = str(line.position)
    item.product.name = line.description or line.sku or str(line.position)  # BR-25
    if line.sku:
        item.product.seller_assigned_id = line.sku
    item.agreement.net.amount = _plain(round(price, PRICE_DECIMALS))
    item.delivery.billed_quantity = (Decimal(quantity), PIECE)
    tax = item.settlement.trade_tax
    tax.type_code = "VAT"
    tax.category_code = line.tax_category
    if line.tax_category != "O":  # BR-O-05
        tax.rate_applicable_percent = _percent(line.tax_rate_ppm)
    item.settlement.monetary_summation.total_amount = net
    return item


def _settlement(invoice: CrossIndustryInvoice, document: Document, sign: int) -> None:
    settlement = invoice.trade.settlement
    settlement.currency_code = document.currency
    for subtotal in document.taxes:
        settlement.trade_tax.add(_tax(subtotal, document, sign))
    total = _amount(sign * document.total_minor, document)
    sums = settlement.monetary_summation
    sums.line_total = sums.tax_basis_total = _amount(sign * document.net_minor, document)
    sums.tax_total = (_amount(sign * document.tax_minor, document), document.currency)
    sums.grand_total = total
    if document.paid:
        sums.prepaid_total = total
        settlement.payment_reference = document.paid.stripe_id
        settlement.payment_means.add(_payment_means(document))
    elif total > 0:  # BR-CO-25: what is still due has terms
        terms = PaymentTerms()
        terms.description = labels_of(document)["open"]
        settlement.terms.add(terms)
    sums.due_amount = Decimal(0) if document.paid else total
    if document.refers_to:
        settlement.invoice_referenced_document.issuer_assigned_id = document.refers_to
        if document.refers_to_issued_on:
            settlement.invoice_referenced_document.issue_date_time = document.refers_to_issued_on


def _payment_means(document: Document) -> PaymentMeans:
    paid = document.paid
    means = PaymentMeans()
    if paid and is_card(paid):
        means.type_code = BANK_CARD
        means.information.add(brand_name(paid, document.language) or "card")
        if paid.card_last4:
            means.financial_card.id = paid.card_last4
    else:
        means.type_code = ONLINE_PAYMENT
        means.information.add((paid and method_text(paid, document.language)) or "Stripe")
    return means


def _tax(subtotal: TaxSubtotal, document: Document, sign: int) -> ApplicableTradeTax:
    tax = ApplicableTradeTax()
    tax.calculated_amount = _amount(sign * subtotal.tax_minor, document)
    tax.type_code = "VAT"
    tax.basis_amount = _amount(sign * subtotal.net_minor, document)
    tax.category_code = subtotal.tax_category
    reason = labels_of(document).get(f"statement_{subtotal.tax_category}")
    if reason and subtotal.tax_category != "Z":  # BR-Z-10
        tax.exemption_reason = reason
    if subtotal.tax_category in EXEMPTION_CODES:
        tax.exemption_reason_code = EXEMPTION_CODES[subtotal.tax_category]
    if subtotal.tax_category != "O":
        tax.rate_applicable_percent = _percent(subtotal.tax_rate_ppm)
    return tax


def _amount(amount_minor: int, document: Document) -> Decimal:
    amount = money.to_decimal(amount_minor, document.currency)
    return round(amount, 2) if money.exponent(document.currency) == 3 else amount


def _percent(rate_ppm: int) -> Decimal:
    return _plain(Decimal(rate_ppm) / 10_000)


def _plain(number: Decimal) -> Decimal:
    """Without trailing zeros and exponent: XML Schema's decimal has no exponent."""
    normal = number.normalize()
    return normal.quantize(Decimal(1)) if normal == normal.to_integral() else normal
