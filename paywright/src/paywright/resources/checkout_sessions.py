"""Checkout Sessions, ``mode=payment`` (https://docs.stripe.com/api/checkout/sessions)."""

from typing import Any

from paywright.api import errors, lists, metadata, supported
from paywright.api.addresses import check_email, is_web_address
from paywright.api.call import Call
from paywright.api.errors import invalid_request
from paywright.checkout import discounts, shipping
from paywright.checkout.custom_fields import custom_fields
from paywright.checkout.lifecycle import expire_session
from paywright.checkout.line_items import priced_items
from paywright.checkout.totals import total_up
from paywright.money import currencies
from paywright.money.stripe_limits import PUBLISHED_MINIMUM
from paywright.state import ids
from paywright.state.objects import blank

Json = dict[str, Any]

LINE_ITEMS_MAX = 100
LIFETIME_S = 86_400
LIFETIME_MIN_S = 1_800
REFERENCE_LENGTH_MAX = 200

_ECHOED = (
    "allow_promotion_codes billing_address_collection cancel_url client_reference_id customer_creation"
    " customer_email integration_identifier locale origin_context submit_type success_url"
    " allowed_payment_method_types excluded_payment_method_types shipping_address_collection"
).split()


_CUSTOM_TEXTS = ("after_submit", "shipping_address", "submit", "terms_of_service_acceptance")
_SUPPORTED = " ".join(_ECHOED) + (
    " branding_settings custom_fields custom_text customer discounts expires_at line_items metadata mode"
    " payment_intent_data payment_method_types phone_number_collection shipping_options ui_mode"
)


def create(call: Call) -> Json:
    params, tx = call.params, call.tx
    supported.only(params, _SUPPORTED)
    _check_mode(params)
    _check_urls(params)
    customer = _customer(call)
    items = priced_items(tx, params["line_items"])
    session = _fresh(call, customer)
    options = shipping.options(tx, params.get("shipping_options") or [], items[0]["currency"])
    session.update(
        amount_subtotal=sum(item["amount_subtotal"] for item in items),
        currency=items[0]["currency"],
        shipping_options=options,
        shipping_cost=shipping.cost(options[0] if options else None),
        _line_items=items,
    )
    session.update(discounts.chosen(tx, params, session))
    total_up(tx, session)
    session["payment_status"] = "unpaid" if session["amount_total"] else "no_payment_required"
    session["payment_method_types"] = method_types(params, session["currency"])
    _check_total(session["amount_total"], session["currency"])
    tx.insert(session)
    tx.later(session["expires_at"] - tx.now, "expire_session", session["id"])
    return session


def _fresh(call: Call, customer: Json | None) -> Json:
    """A session without its amounts."""
    params, tx = call.params, call.tx
    session_id = ids.checkout_session()
    session = blank(
        "checkout.session",
        id=session_id,
        created=tx.now,
        **{name: params[name] for name in _ECHOED if name in params},
    )
    session.update(
        {
            "automatic_tax": {"enabled": False, "liability": None, "provider": None, "status": None},
            "branding_settings": _branding(params.get("branding_settings") or {}, tx.business_name),
            "custom_fields": custom_fields(params.get("custom_fields") or []),
            "custom_text": _custom_text(params.get("custom_text") or {}),
            "customer": customer["id"] if customer else None,
            "customer_creation": None if customer else params.get("customer_creation", "if_required"),
            "customer_details": _prefilled(customer, params.get("customer_email")),
            "expires_at": _expiry(params.get("expires_at"), tx.now),
            "invoice_creation": _invoice_creation(),
            "metadata": metadata.merged({}, params.get("metadata", {})),
            "mode": "payment",
            "payment_method_collection": "if_required",
            "payment_method_options": {"card": {"request_three_d_secure": "automatic"}},
            "phone_number_collection": {"enabled": (params.get("phone_number_collection") or {}).get("enabled", False)},
            "status": "open",
            "ui_mode": "hosted_page",
            "url": f"{tx.base_url}/c/pay/{session_id}#fid{ids.random_text(60)}",
            "_payment_intent_data": _intent_data(params.get("payment_intent_data") or {}),
        }
    )
    return session


def _branding(given: Json, name: str) -> Json:
    """Only the name is shown on our page; the rest is kept for the asking."""
    return {
        "background_color": given.get("background_color", "#ffffff"),
        "border_style": given.get("border_style", "rounded"),
        "button_color": given.get("button_color", "#3442c9"),
        "display_name": given.get("display_name") or name,
        "font_family": given.get("font_family", "default"),
        "icon": given.get("icon"),
        "logo": given.get("logo"),
    }


def _custom_text(given: Json) -> Json:
    return {name: given.get(name) for name in _CUSTOM_TEXTS}


def method_types(params: Json, currency: str) -> list[str]:
    """Which kinds of payment the page offers: cards, and SEPA debits in euro, less what was ruled out."""
    possible = ["card", "sepa_debit"] if currency == "eur" else ["card"]
    allowed = params.get("allowed_payment_method_types") or params.get("payment_method_types") or possible
    excluded = params.get("excluded_payment_method_types") or []
    left = [kind for kind in possible if kind in allowed and kind not in excluded]
    if not left:
        raise invalid_request(
            f"No payment method is left for this session: Paywright offers {', '.join(possible)} in {currency}.",
            code="payment_method_unavailable",
        )
    return left


def retrieve(call: Call) -> Json:
    return call.tx.require(call.path["session"], "checkout.session", param="session", in_path=True)


def index(call: Call) -> Json:
    supported.only(
        call.params, "created customer customer_details ending_before limit payment_intent starting_after status"
    )
    return lists.page(call.tx, "checkout.session", call.url, call.params)


def update(call: Call) -> Json:
    session = retrieve(call)
    supported.only(call.params, "metadata")
    if "metadata" in call.params:
        session["metadata"] = metadata.merged(session["metadata"], call.params["metadata"])
    return call.tx.save(session)


def expire(call: Call) -> Json:
    session = retrieve(call)
    if session["status"] != "open":
        raise invalid_request(
            'Only Checkout Sessions with a status in ["open"] can be expired. '
            f"This Checkout Session has a status of `{session['status']}`.",
            stored=True,
        )
    return expire_session(call.tx, session)


def line_items(call: Call) -> Json:
    items: list[Json] = retrieve(call)["_line_items"]
    return lists.slice_page(items, call.url, call.params)


def _check_mode(params: Json) -> None:
    if not params.get("mode"):
        raise errors.parameter_missing("mode")
    if params["mode"] != "payment":
        raise invalid_request(f"Paywright supports mode=payment only, not {params['mode']}.", param="mode")
    if params.get("ui_mode") not in (None, "hosted_page"):
        raise invalid_request("Paywright supports ui_mode=hosted_page only.", param="ui_mode")
    if not params.get("line_items"):
        raise errors.parameter_missing("line_items")
    if len(params["line_items"]) > LINE_ITEMS_MAX:
        raise invalid_request(f"A Checkout Session takes at most {LINE_ITEMS_MAX} line items.", param="line_items")
    if len(params.get("client_reference_id") or "") > REFERENCE_LENGTH_MAX:
        raise invalid_request(
            f"Invalid string: client_reference_id must be at most {REFERENCE_LENGTH_MAX} characters",
            param="client_reference_id",
        )


def _check_urls(params: Json) -> None:
    if not params.get("success_url"):
        raise errors.parameter_missing("success_url")
    for name in ("success_url", "cancel_url"):
        url = params.get(name)
        if url is not None and not is_web_address(url):
            raise invalid_request("Not a valid URL", code="url_invalid", param=name)


def _customer(call: Call) -> Json | None:
    identifier = call.params.get("customer")
    if identifier and call.params.get("customer_email"):
        raise invalid_request("You may only specify one of these parameters: customer, customer_email.")
    check_email(call.params.get("customer_email"), "customer_email")
    return call.tx.require(identifier, "customer", param="customer") if identifier else None


def _prefilled(customer: Json | None, email: str | None) -> Json | None:
    if customer is None and email is None:
        return None
    known = customer or {}
    return {
        "address": known.get("address"),
        "business_name": None,
        "email": known.get("email") or email,
        "individual_name": None,
        "name": known.get("name"),
        "phone": known.get("phone"),
        "tax_exempt": "none",
        "tax_ids": None,
    }


def _expiry(asked: int | None, now: int) -> int:
    if asked is None:
        return now + LIFETIME_S
    subject = "The `expires_at` timestamp must be"
    if asked < now + LIFETIME_MIN_S:
        raise invalid_request(f"{subject} at least 30 minutes from Checkout Session creation.", param="expires_at")
    if asked >= now + LIFETIME_S:
        raise invalid_request(f"{subject} less than 24 hours from Checkout Session creation.", param="expires_at")
    return asked


def _check_total(total: int, currency: str) -> None:
    if total == 0:
        return
    try:
        currencies.check_amount(total, currency, "line_items")
    except errors.ApiError as refusal:
        if refusal.body.get("code") == "amount_too_small" and currency in PUBLISHED_MINIMUM:
            least = currencies.display(PUBLISHED_MINIMUM[currency], currency)
            # The wording is unverified: docs/fidelity.md.
            refusal.body["message"] = f"The Checkout Session's total amount due must add up to at least {least}"
        refusal.body.pop("param", None)
        raise


_INTENT_DATA = (
    "description metadata receipt_email setup_future_usage shipping statement_descriptor statement_descriptor_suffix"
    " transfer_group"
)


def _intent_data(given: Json) -> Json:
    supported.only({k: v for k, v in given.items() if (k, v) != ("capture_method", "automatic_async")}, _INTENT_DATA)
    check_email(given.get("receipt_email"), "payment_intent_data[receipt_email]")
    return {**given, "metadata": metadata.merged({}, given.get("metadata", {}), "payment_intent_data[metadata]")}


def _invoice_creation() -> Json:
    data = dict.fromkeys(["account_tax_ids", "custom_fields", "description", "footer", "issuer", "rendering_options"])
    return {"enabled": False, "invoice_data": {**data, "metadata": {}}}
