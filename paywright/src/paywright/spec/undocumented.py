"""Operations that are not in the vendored OpenAPI document but are called by Stripe's CLI or its SDKs.

The same compact form as ``tables.json``: what the CLI 1.52 sends (seen on the wire), and the members
of PaymentMethod and of the confirm and cancel calls that Paywright understands.
"""

from typing import Any

Json = dict[str, Any]

_TEXT: Json = {"type": "string"}
_WHOLE: Json = {"type": "integer"}
_EXPAND: Json = {"items": _TEXT}
_ADDRESS: Json = {"properties": dict.fromkeys(("city", "country", "line1", "line2", "postal_code", "state"), _TEXT)}
_BILLING: Json = {"properties": {"address": _ADDRESS, "email": _TEXT, "name": _TEXT, "phone": _TEXT, "tax_id": _TEXT}}
_CARD: Json = {"properties": {"token": _TEXT, "number": _TEXT, "exp_month": _WHOLE, "exp_year": _WHOLE, "cvc": _TEXT}}
_METHODS_LISTED: Json = {
    "type": {"enum": ["card", "sepa_debit"]},
    **dict.fromkeys(("ending_before", "starting_after"), _TEXT),
    "limit": _WHOLE,
    "expand": _EXPAND,
}

PARAMETERS: Json = {
    "POST /v1/payment_methods": {
        "properties": {
            "type": {"enum": ["card", "sepa_debit"]},
            "card": _CARD,
            "sepa_debit": {"properties": {"iban": _TEXT}, "required": ["iban"]},
            "billing_details": _BILLING,
            "metadata": {"map": True},
            "expand": _EXPAND,
        },
        "required": ["type"],
    },
    "GET /v1/payment_methods": {"properties": {"customer": _TEXT, **_METHODS_LISTED}},
    "GET /v1/customers/{customer}/payment_methods": {"properties": _METHODS_LISTED},
    "GET /v1/payment_methods/{payment_method}": {"properties": {"expand": _EXPAND}},
    "POST /v1/payment_methods/{payment_method}/attach": {
        "properties": {"customer": _TEXT, "expand": _EXPAND},
        "required": ["customer"],
    },
    "POST /v1/payment_methods/{payment_method}/detach": {"properties": {"expand": _EXPAND}},
    "POST /v1/payment_intents/{intent}/confirm": {
        "properties": {
            "payment_method": _TEXT,
            "off_session": {"type": "boolean"},
            "error_on_requires_action": {"type": "boolean"},
            "receipt_email": _TEXT,
            "return_url": _TEXT,
            "expand": _EXPAND,
        }
    },
    "POST /v1/payment_intents/{intent}/cancel": {
        "properties": {
            "cancellation_reason": {"enum": ["abandoned", "duplicate", "fraudulent", "requested_by_customer"]},
            "expand": _EXPAND,
        }
    },
    "GET /v1/radar/early_fraud_warnings": {
        "properties": {
            **dict.fromkeys(("charge", "payment_intent", "ending_before", "starting_after"), _TEXT),
            "created": {"anyOf": [{"properties": dict.fromkeys(("gt", "gte", "lt", "lte"), _WHOLE)}, _WHOLE]},
            "limit": _WHOLE,
            "expand": _EXPAND,
        }
    },
    "GET /v1/radar/early_fraud_warnings/{early_fraud_warning}": {"properties": {"expand": _EXPAND}},
    "GET /v1/payment_pages/{session}": {"properties": {"expand": _EXPAND}},
    "POST /v1/payment_pages/{session}/confirm": {
        "properties": {"payment_method": _TEXT, "expected_amount": _WHOLE, "expand": _EXPAND},
        "required": ["payment_method"],
    },
    "POST /v1/events/{id}/retry": {
        "properties": {"webhook_endpoint": _TEXT, "account": _TEXT, "expand": _EXPAND},
    },
    # Every release of the CLI sends a few more; those that matter are named, the others ignored.
    "POST /v1/stripecli/sessions": {
        "properties": dict.fromkeys(("websocket_feature", "forward_to_url", "forward_connect_to_url"), _TEXT),
        "open": True,
    },
}

EXPANSIONS: Json = {
    "radar.early_fraud_warning": {"charge": {"id": ["charge"]}, "payment_intent": {"id": ["payment_intent"]}},
}

RESULTS: dict[str, list[str]] = {
    "GET /v1/radar/early_fraud_warnings": ["list", "radar.early_fraud_warning"],
    "GET /v1/radar/early_fraud_warnings/{early_fraud_warning}": ["radar.early_fraud_warning"],
    "GET /v1/payment_methods": ["list", "payment_method"],
    "GET /v1/customers/{customer}/payment_methods": ["list", "payment_method"],
    "POST /v1/payment_methods": ["payment_method"],
    "POST /v1/payment_methods/{payment_method}/attach": ["payment_method"],
    "POST /v1/payment_methods/{payment_method}/detach": ["payment_method"],
    "GET /v1/payment_methods/{payment_method}": ["payment_method"],
    "POST /v1/payment_intents/{intent}/confirm": ["payment_intent"],
    "POST /v1/payment_intents/{intent}/cancel": ["payment_intent"],
    "GET /v1/payment_pages/{session}": ["checkout.session"],
    "POST /v1/payment_pages/{session}/confirm": ["checkout.session"],
    "POST /v1/events/{id}/retry": ["event"],
    "POST /v1/stripecli/sessions": [],
}
