"""Coupons and promotion codes on a session: which may be used, and when."""

from typing import Any

from paywright.api import errors
from paywright.api.errors import invalid_request
from paywright.state.filters import expression
from paywright.state.store import Transaction

Json = dict[str, Any]


def chosen(tx: Transaction, params: Json, session: Json) -> Json:
    """Return ``_coupon``, ``_promotion_code`` and ``discounts`` of a new session, whose items are priced already."""
    given = params.get("discounts") or []
    if given and params.get("allow_promotion_codes"):
        raise invalid_request(
            "You may only specify one of these parameters: allow_promotion_codes, discounts.", param="discounts"
        )
    if len(given) > 1:
        raise invalid_request("A Checkout Session takes at most one discount.", param="discounts")
    if not given:
        return {"_coupon": None, "_promotion_code": None, "discounts": []}
    return _given(tx, given[0], session)


def _given(tx: Transaction, discount: Json, session: Json) -> Json:
    """A coupon or a promotion code named by the merchant."""
    if discount.get("coupon") and discount.get("promotion_code"):
        raise invalid_request(
            "You may only specify one of these parameters: coupon, promotion_code.", param="discounts[0]"
        )
    if discount.get("promotion_code"):
        param = "discounts[0][promotion_code]"
        code = tx.require(discount["promotion_code"], "promotion_code", param=param)
        if not code["active"] or not _fits(tx, code, session):
            # The wording is ours; Stripe refuses such a code too.
            raise invalid_request("This promotion code cannot be redeemed for this session.", param=param)
        return applied(tx, code["promotion"]["coupon"], code["id"])
    if not discount.get("coupon"):
        raise errors.parameter_missing("discounts[0][coupon]")
    coupon = tx.require(discount["coupon"], "coupon", param="discounts[0][coupon]")
    if not _is_in_currency(coupon, session):
        raise invalid_request(
            f"The coupon {coupon['id']} is in `{coupon['currency']}`, the session in `{session['currency']}`.",
            param="discounts[0][coupon]",
        )
    return applied(tx, coupon["id"], None)


def applied(tx: Transaction, coupon: str, promotion_code: str | None) -> Json:
    """The members a session gets from one discount; raise ApiError when the coupon is used up or expired."""
    if not is_usable(tx.get(coupon), tx.now):
        raise invalid_request(f"Coupon {coupon} is expired and cannot be applied.", code="coupon_expired")
    return {
        "_coupon": coupon,
        "_promotion_code": promotion_code,
        "discounts": [{"coupon": None if promotion_code else coupon, "promotion_code": promotion_code}],
    }


def by_code(tx: Transaction, code: str, session: Json) -> Json | None:
    """Return the active promotion code a buyer typed, or None when it is not good for this session."""
    row = tx.sql.execute(
        f"SELECT id FROM object WHERE kind = 'promotion_code' AND {expression('code')} = ? COLLATE NOCASE"  # noqa: S608
        f" AND {expression('active')} = 1 ORDER BY seq DESC LIMIT 1",
        (code.strip()[:100],),
    ).fetchone()
    found = tx.get(row[0]) if row else None
    return found if found and _fits(tx, found, session) else None


def _fits(tx: Transaction, code: Json, session: Json) -> bool:
    coupon = tx.get(code["promotion"]["coupon"])
    least, least_in = (code["restrictions"][name] for name in ("minimum_amount", "minimum_amount_currency"))
    return (
        is_usable(coupon, tx.now)
        and (code["expires_at"] is None or code["expires_at"] > tx.now)
        and (code["max_redemptions"] is None or code["times_redeemed"] < code["max_redemptions"])
        and (code["customer"] is None or code["customer"] == session["customer"])
        and _is_in_currency(coupon, session)
        and least_in in (None, session["currency"])
        and session["amount_subtotal"] >= (least or 0)
    )


def _is_in_currency(coupon: Json, session: Json) -> bool:
    """Whether a fixed amount off is in the session's currency; a percentage fits all."""
    return coupon["amount_off"] is None or coupon["currency"] == session["currency"]


def is_usable(coupon: Json, now: int) -> bool:
    """Whether a coupon is neither expired nor used up."""
    over = coupon["redeem_by"] is not None and coupon["redeem_by"] <= now
    used_up = coupon["max_redemptions"] is not None and coupon["times_redeemed"] >= coupon["max_redemptions"]
    return not over and not used_up


def redeem(tx: Transaction, session: Json) -> None:
    """Count the use of a completed session's discount."""
    for identifier in (session["_coupon"], session["_promotion_code"]):
        if identifier:
            used = tx.get(identifier)
            used["times_redeemed"] += 1
            if used["object"] == "coupon":
                used["valid"] = is_usable(used, tx.now)
            tx.save(used)
