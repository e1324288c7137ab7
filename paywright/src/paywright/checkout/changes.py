"""What a buyer changes on the page before paying."""

from typing import Any

from paywright.checkout import discounts, shipping
from paywright.checkout.totals import total_up
from paywright.money import currencies
from paywright.payments.methods import billing_details
from paywright.state.store import Transaction

Json = dict[str, Any]


def set_promotion(tx: Transaction, session: Json, code: Json) -> bool:
    """Apply a promotion code to an open session. Return False, unchanged, if the rest is too small to charge."""
    before = {name: session[name] for name in ("_coupon", "_promotion_code", "discounts")}
    session.update(discounts.applied(tx, code["promotion"]["coupon"], code["id"]))
    total_up(tx, session)
    fits = not session["amount_total"] or currencies.is_chargeable(session["amount_total"], session["currency"])
    if not fits:
        session.update(before)
    _recount(tx, session)
    return fits


def remove_promotion(tx: Transaction, session: Json) -> None:
    """Remove the discount from an open session."""
    session.update(_coupon=None, _promotion_code=None, discounts=[])
    _recount(tx, session)


def choose_shipping(tx: Transaction, session: Json, rate: str) -> None:
    """Choose one of the session's options by its rate's id; another id changes nothing."""
    for option in session["shipping_options"]:
        if option["shipping_rate"] == rate:
            session["shipping_cost"] = shipping.cost(option)
            _recount(tx, session)


def _recount(tx: Transaction, session: Json) -> None:
    """Compute the total again; a PaymentIntent from an earlier attempt gets the new amount."""
    total_up(tx, session)
    session["payment_status"] = "unpaid" if session["amount_total"] else "no_payment_required"
    tx.save(session)
    intent = tx.find(session["payment_intent"] or "")
    if intent is not None:
        intent["amount"] = session["amount_total"]
        tx.save(intent)


def note_answers(session: Json, values: dict[str, str]) -> None:
    """Keep the answers to custom fields, and the address to ship to."""
    for custom in session["custom_fields"]:
        custom[custom["type"]]["value"] = values.get(f"custom_{custom['key']}") or None
    if session["shipping_address_collection"]:
        given = {name.removeprefix("address_"): value for name, value in values.items()}
        address = billing_details({"address": given})["address"]
        details = {"address": {**address, "country": values["country"]}, "name": values["name"]}
        session["collected_information"] = {
            "business_name": None,
            "individual_name": None,
            "shipping_details": details,
        }
