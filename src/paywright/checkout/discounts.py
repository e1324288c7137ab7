"""Coupons and promotion codes on a session: which may be used, and when."""

from typing import Any

from paywright import errors
from paywright.errors import invalid_request
from paywright.filters import expression
from paywright.store import Transaction

Json = dict[str, Any]


def chosen(tx: Transaction, params: Json) -> Json:
    """Return ``_coupon``, ``_promotion_code`` and ``discounts`` of a new session from its parameters."""
    given = params.get("discounts") or []
    if given and params.get("allow_promotion_codes"):
        raise invalid_request(
            "You may only specify one of these parameters: allow_promotion_codes, discounts.", param="discounts"
        )
    if len(given) > 1:
        raise invalid_request("A Checkout Session takes at most one discount.", param="discounts")
    if not given:
        return {"_coupon": None, "_promotion_code": None, "discounts": []}
    if given[0].get("promotion_code"):
        code = tx.require(given[0]["promotion_code"], "promotion_code", param="discounts[0][promotion_code]")
        return applied(tx, code["promotion"]["coupon"], code["id"])
    if not given[0].get("coupon"):
        raise errors.parameter_missing("discounts[0][coupon]")
    return applied(tx, tx.require(given[0]["coupon"], "coupon", param="discounts[0][coupon]")["id"], None)


def applied(tx: Transaction, coupon: str, promotion_code: str | None) -> Json:
    """The members a session gets from one discount; raise ApiError when the coupon is used up or over."""
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
    least = code["restrictions"]["minimum_amount"] or 0
    return (
        is_usable(coupon, tx.now)
        and (code["expires_at"] is None or code["expires_at"] > tx.now)
        and (code["max_redemptions"] is None or code["times_redeemed"] < code["max_redemptions"])
        and (code["customer"] is None or code["customer"] == session["customer"])
        and coupon["currency"] in (None, session["currency"])
        and session["amount_subtotal"] >= least
    )


def is_usable(coupon: Json, now: int) -> bool:
    """Whether a coupon is neither over nor used up."""
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
