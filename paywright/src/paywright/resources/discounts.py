"""Coupons and promotion codes."""

from typing import Any

from paywright.api import errors, lists, metadata, supported
from paywright.api.call import Call
from paywright.api.errors import invalid_request
from paywright.money import currencies
from paywright.state import ids
from paywright.state.objects import blank
from paywright.webhooks import events

Json = dict[str, Any]


def create_coupon(call: Call) -> Json:
    params = call.params
    supported.only(
        params, "amount_off currency duration duration_in_months id max_redemptions metadata name percent_off redeem_by"
    )
    _check_worth(params)
    identifier = params.get("id") or ids.random_text(8)
    if call.tx.find(identifier):
        raise invalid_request("Coupon already exists.", code="resource_already_exists", param="id")
    currency = currencies.check_currency(params["currency"], "currency") if params.get("currency") else None
    if params.get("amount_off") and currency:
        currencies.check_fraction(params["amount_off"], currency, "amount_off")
    coupon = blank(
        "coupon",
        id=identifier,
        amount_off=params.get("amount_off"),
        created=call.tx.now,
        currency=currency,
        duration=params.get("duration") or "once",
        duration_in_months=params.get("duration_in_months"),
        max_redemptions=params.get("max_redemptions"),
        metadata=metadata.merged({}, params.get("metadata", {})),
        name=params.get("name"),
        percent_off=params.get("percent_off"),
        redeem_by=params.get("redeem_by"),
        times_redeemed=0,
        valid=True,
    )
    call.tx.insert(coupon)
    events.emit(call.tx, "coupon.created", coupon)
    return coupon


def _check_worth(params: Json) -> None:
    percent, amount = params.get("percent_off"), params.get("amount_off")
    if (percent is None) == (amount is None):
        raise invalid_request("You must pass either percent_off or amount_off, and not both.")
    if percent is not None and not 0 < percent <= 100:
        raise invalid_request("Invalid percent_off: must be greater than 0 and at most 100.", param="percent_off")
    if amount is not None and amount < 1:
        raise errors.too_small("amount_off")
    if amount is not None and not params.get("currency"):
        raise errors.parameter_missing("currency")


def index_coupons(call: Call) -> Json:
    return lists.page(call.tx, "coupon", call.url, call.params)


def create_promotion_code(call: Call) -> Json:
    params = call.params
    supported.only(params, "active code customer expires_at max_redemptions metadata promotion restrictions")
    promotion = params["promotion"]
    if not promotion.get("coupon"):
        raise errors.parameter_missing("promotion[coupon]")
    coupon = call.tx.require(promotion["coupon"], "coupon", param="promotion[coupon]")
    code = params.get("code") or ids.random_text(8).upper()
    if _active_code(call, code):
        raise invalid_request("An active promotion code with `code: " + code + "` already exists.", param="code")
    if params.get("customer"):
        call.tx.require(params["customer"], "customer", param="customer")
    restrictions = params.get("restrictions") or {}
    promotion_code = blank(
        "promotion_code",
        id=ids.new("promo"),
        active=params.get("active", True),
        code=code,
        created=call.tx.now,
        customer=params.get("customer"),
        expires_at=params.get("expires_at"),
        max_redemptions=params.get("max_redemptions"),
        metadata=metadata.merged({}, params.get("metadata", {})),
        promotion={"coupon": coupon["id"], "type": "coupon"},
        restrictions={
            "first_time_transaction": restrictions.get("first_time_transaction", False),
            "minimum_amount": restrictions.get("minimum_amount"),
            "minimum_amount_currency": (restrictions.get("minimum_amount_currency") or "").lower() or None,
        },
        times_redeemed=0,
    )
    call.tx.insert(promotion_code)
    events.emit(call.tx, "promotion_code.created", promotion_code)
    return promotion_code


def _active_code(call: Call, code: str) -> bool:
    found = lists.page(call.tx, "promotion_code", "", {"code": code, "active": True, "limit": 1})
    return bool(found["data"])


def index_promotion_codes(call: Call) -> Json:
    params = dict(call.params)
    supported.only(params, "active code coupon created ending_before limit starting_after")
    if params.get("coupon"):
        params["promotion"] = {"coupon": params.pop("coupon")}
    return lists.page(call.tx, "promotion_code", call.url, params)
