"""Charges."""

from typing import Any

from paywright.api import errors, lists, metadata, supported
from paywright.api.call import Call
from paywright.api.errors import no_such
from paywright.money import currencies
from paywright.payments.cards import AUTHENTICATION, CARDS, by_token
from paywright.payments.charges import failed_charge, successful_charge
from paywright.payments.confirm import SETTLES_AFTER_S, needs_authentication
from paywright.payments.methods import CardEntry, new_method
from paywright.webhooks import events

Json = dict[str, Any]


def create(call: Call) -> Json:
    """A charge without a PaymentIntent, from a test token: the old way, which Stripe's CLI still uses."""
    params = call.params
    supported.only(params, "amount currency source description metadata receipt_email shipping customer")
    for name in ("amount", "currency", "source"):
        if params.get(name) is None:
            raise errors.parameter_missing(name)
    terms = _terms(call)
    card = by_token(params["source"]) if isinstance(params["source"], str) else None
    if card is None:
        raise no_such("token", str(params["source"])[:100], param="source")
    method = new_method(call.tx, CardEntry(card, 12, 2034))
    why = card.decline or (AUTHENTICATION if needs_authentication(CARDS[method["_number"]]) else None)
    if why:
        charge = failed_charge(call.tx, terms, method, why)
        events.emit(call.tx, "charge.failed", charge)
        raise errors.card_declined(why, charge=charge["id"])
    charge = successful_charge(call.tx, terms, method)
    events.emit(call.tx, "charge.succeeded", charge)
    call.tx.later(SETTLES_AFTER_S, "settle_charge", charge["id"])
    return charge


def _terms(call: Call) -> Json:
    """What a charge takes over from a PaymentIntent, given directly."""
    params = call.params
    currency = currencies.check_currency(params["currency"], "currency")
    if params["amount"] < 1:
        raise errors.too_small("amount")
    currencies.check_amount(params["amount"], currency, "amount")
    if params.get("customer"):
        call.tx.require(params["customer"], "customer", param="customer")
    echoed = ("amount", "customer", "description", "receipt_email", "shipping")
    return {
        "id": None,
        "currency": currency,
        "metadata": metadata.merged({}, params.get("metadata", {})),
        "statement_descriptor_suffix": None,
        "transfer_group": None,
        **{name: params.get(name) for name in echoed},
    }


def retrieve(call: Call) -> Json:
    return call.tx.require(call.path["charge"], "charge", param="charge", in_path=True)


def index(call: Call) -> Json:
    return lists.page(call.tx, "charge", call.url, call.params)


def update(call: Call) -> Json:
    charge = retrieve(call)
    supported.only(call.params, "description metadata receipt_email")
    before = dict(charge)
    if "metadata" in call.params:
        charge["metadata"] = metadata.merged(charge["metadata"], call.params["metadata"])
    for member in ("description", "receipt_email"):
        if member in call.params:
            charge[member] = call.params[member]
    changed = {name: before[name] for name in charge if charge[name] != before[name]}
    call.tx.save(charge)
    if changed:
        events.emit(call.tx, "charge.updated", charge, previous=changed)
    return charge
