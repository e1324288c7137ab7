"""Lists that belong to an object and are sent only when asked for: a session's line items, a charge's refunds."""

from typing import Any

from orjson import loads

from paywright.state.filters import expression
from paywright.state.store import Transaction

Json = dict[str, Any]

FIRST_PAGE = 10


def sublist(tx: Transaction, doc: Json, member: str) -> Json | list[Json] | None:
    """Return ``doc``'s list ``member`` (its first page, where Stripe pages it), or None when it has no such list."""
    if (doc.get("object"), member) == ("checkout.session", "line_items"):
        return _page(doc["_line_items"], f"/v1/checkout/sessions/{doc['id']}/line_items")
    if (doc.get("object"), member) == ("charge", "refunds"):
        return _page(refunds_of(tx, doc["id"]), f"/v1/charges/{doc['id']}/refunds")
    if doc.get("object") == "item" and member in ("discounts", "taxes"):
        return list(doc[f"_{member}"])
    if doc.get("object") == "customer" and member in ("sources", "subscriptions", "tax_ids"):
        return _page([], f"/v1/customers/{doc['id']}/{member}")
    return None


def _page(items: list[Json], url: str) -> Json:
    return {"object": "list", "data": items[:FIRST_PAGE], "has_more": len(items) > FIRST_PAGE, "url": url}


def refunds_of(tx: Transaction, charge: str) -> list[Json]:
    """All refunds of a charge, newest first."""
    rows = tx.sql.execute(
        f"SELECT doc FROM object WHERE kind = 'refund' AND {expression('charge')} = ?"  # noqa: S608 (a constant)
        " ORDER BY created DESC, seq DESC",
        (charge,),
    )
    return [loads(row[0]) for row in rows]


def breakdown(session: Json) -> Json:
    """``total_details.breakdown`` of a session: its discount, and each of its tax rates, summed over the items."""
    items = session["_line_items"]
    shares = [share for item in items for share in item["_discounts"]]
    discounts = [{**shares[0], "amount": sum(share["amount"] for share in shares)}] if shares else []
    taxes: dict[str, Json] = {}
    for tax in (tax for item in items for tax in item["_taxes"]):
        known = taxes.setdefault(tax["rate"]["id"], {**tax, "amount": 0, "taxable_amount": 0})
        known["amount"] += tax["amount"]
        known["taxable_amount"] += tax["taxable_amount"]
    return {"discounts": discounts, "taxes": list(taxes.values())}
