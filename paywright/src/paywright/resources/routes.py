"""Every operation of ``/v1`` and the function that carries it out, keyed as in Stripe's OpenAPI document."""

from collections.abc import Callable
from typing import Any

from paywright.api.call import Call
from paywright.resources import (
    account,
    balance,
    charges,
    checkout_sessions,
    cli_sessions,
    customers,
    discounts,
    disputes,
    events,
    fraud_warnings,
    payment_intents,
    payment_methods,
    payment_pages,
    products,
    refunds,
    tax_rates,
    webhook_endpoints,
)

Json = dict[str, Any]
Handler = Callable[[Call], Json]

ROUTES: dict[str, Handler] = {
    "GET /v1/account": account.retrieve,
    "GET /v1/balance": balance.balance,
    "GET /v1/balance_transactions": balance.index_transactions,
    "GET /v1/balance_transactions/{id}": balance.retrieve_transaction,
    "GET /v1/charges": charges.index,
    "POST /v1/charges": charges.create,
    "GET /v1/charges/{charge}": charges.retrieve,
    "POST /v1/charges/{charge}": charges.update,
    "GET /v1/checkout/sessions": checkout_sessions.index,
    "POST /v1/checkout/sessions": checkout_sessions.create,
    "GET /v1/checkout/sessions/{session}": checkout_sessions.retrieve,
    "POST /v1/checkout/sessions/{session}": checkout_sessions.update,
    "POST /v1/checkout/sessions/{session}/expire": checkout_sessions.expire,
    "GET /v1/checkout/sessions/{session}/line_items": checkout_sessions.line_items,
    "GET /v1/coupons": discounts.index_coupons,
    "POST /v1/coupons": discounts.create_coupon,
    "GET /v1/customers": customers.index,
    "POST /v1/customers": customers.create,
    "DELETE /v1/customers/{customer}": customers.delete,
    "GET /v1/customers/{customer}": customers.retrieve,
    "POST /v1/customers/{customer}": customers.update,
    "GET /v1/disputes": disputes.index,
    "GET /v1/disputes/{dispute}": disputes.retrieve,
    "POST /v1/disputes/{dispute}": disputes.update,
    "POST /v1/disputes/{dispute}/close": disputes.close,
    "GET /v1/events": events.index,
    "GET /v1/events/{id}": events.retrieve,
    "POST /v1/events/{id}/retry": events.retry,
    "GET /v1/payment_intents": payment_intents.index,
    "POST /v1/payment_intents": payment_intents.create,
    "GET /v1/payment_intents/{intent}": payment_intents.retrieve,
    "POST /v1/payment_intents/{intent}": payment_intents.update,
    "POST /v1/payment_intents/{intent}/cancel": payment_intents.cancel,
    "POST /v1/payment_intents/{intent}/confirm": payment_intents.confirm_again,
    "GET /v1/customers/{customer}/payment_methods": payment_methods.index_of_customer,
    "GET /v1/payment_methods": payment_methods.index,
    "POST /v1/payment_methods": payment_methods.create,
    "GET /v1/payment_methods/{payment_method}": payment_methods.retrieve,
    "POST /v1/payment_methods/{payment_method}/attach": payment_methods.attach,
    "POST /v1/payment_methods/{payment_method}/detach": payment_methods.detach,
    "GET /v1/payment_pages/{session}": payment_pages.retrieve,
    "POST /v1/payment_pages/{session}/confirm": payment_pages.confirm,
    "GET /v1/payouts": balance.index_payouts,
    "POST /v1/payouts": balance.create_payout,
    "GET /v1/payouts/{payout}": balance.retrieve_payout,
    "POST /v1/payouts/{payout}": balance.update_payout,
    "GET /v1/prices": products.index_prices,
    "POST /v1/prices": products.create_price,
    "GET /v1/products": products.index_products,
    "POST /v1/products": products.create_product,
    "GET /v1/promotion_codes": discounts.index_promotion_codes,
    "POST /v1/promotion_codes": discounts.create_promotion_code,
    "GET /v1/radar/early_fraud_warnings": fraud_warnings.index,
    "GET /v1/radar/early_fraud_warnings/{early_fraud_warning}": fraud_warnings.retrieve,
    "GET /v1/refunds": refunds.index,
    "POST /v1/refunds": refunds.create,
    "GET /v1/refunds/{refund}": refunds.retrieve,
    "POST /v1/refunds/{refund}": refunds.update,
    "POST /v1/refunds/{refund}/cancel": refunds.cancel,
    "POST /v1/stripecli/sessions": cli_sessions.create,
    "GET /v1/tax_rates": tax_rates.index,
    "POST /v1/tax_rates": tax_rates.create,
    "GET /v1/webhook_endpoints": webhook_endpoints.index,
    "POST /v1/webhook_endpoints": webhook_endpoints.create,
    "GET /v1/webhook_endpoints/{webhook_endpoint}": webhook_endpoints.retrieve,
    "POST /v1/webhook_endpoints/{webhook_endpoint}": webhook_endpoints.update,
    "DELETE /v1/webhook_endpoints/{webhook_endpoint}": webhook_endpoints.delete,
}


def match(method: str, path: str) -> tuple[str, dict[str, str]] | None:
    """Return the operation of a request and the ids in its path, or None."""
    parts = tuple(path.strip("/").split("/"))
    for operation, pattern in _BY_SHAPE.get((method, len(parts)), ()):
        if all(p == q or (q and p.startswith("{")) for p, q in zip(pattern, parts, strict=True)):
            return operation, {p.strip("{}"): q for p, q in zip(pattern, parts, strict=True) if p.startswith("{")}
    return None


def _by_shape() -> dict[tuple[str, int], list[tuple[str, tuple[str, ...]]]]:
    shapes: dict[tuple[str, int], list[tuple[str, tuple[str, ...]]]] = {}
    for operation in sorted(ROUTES, key=lambda name: name.count("{")):
        method, _, path = operation.partition(" ")
        pattern = tuple(path.strip("/").split("/"))
        shapes.setdefault((method, len(pattern)), []).append((operation, pattern))
    return shapes


_BY_SHAPE = _by_shape()
