"""The one account of the sandbox."""

from typing import Any

from paywright.api.call import Call
from paywright.state.objects import blank

Json = dict[str, Any]


def retrieve(call: Call) -> Json:
    account = blank(
        "account",
        id="acct_1Paywright0000000",
        business_profile={
            "annual_revenue": None,
            "estimated_worker_count": None,
            "mcc": None,
            "minority_owned_business_designation": None,
            "name": call.tx.business_name,
            "product_description": None,
            "support_address": None,
            "support_email": None,
            "support_phone": None,
            "support_url": None,
            "url": None,
        },
        capabilities={"card_payments": "active"},
        charges_enabled=True,
        country="US",
        default_currency="usd",
        details_submitted=True,
        payouts_enabled=True,
        settings=_settings(call.tx.business_name),
        type="standard",
    )
    del account["livemode"]
    return account


def _settings(name: str) -> Json:
    names = dict.fromkeys(["statement_descriptor", "statement_descriptor_kana", "statement_descriptor_kanji"])
    prefixes = {f"statement_descriptor_prefix{suffix}": None for suffix in ("", "_kana", "_kanji")}
    declines = {"avs_failure": False, "cvc_failure": False}
    schedule = {"delay_days": 2, "interval": "daily"}
    return {
        "branding": {"icon": None, "logo": None, "primary_color": None, "secondary_color": None},
        "card_payments": {"decline_on": declines, **prefixes},
        "dashboard": {"display_name": name, "timezone": "Etc/UTC"},
        "payments": names,
        "payouts": {"debit_negative_balances": True, "schedule": schedule, "statement_descriptor": None},
    }
