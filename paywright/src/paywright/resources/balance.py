"""The balance, its transactions, and payouts."""

from typing import Any

from paywright.api import errors, lists, metadata, supported
from paywright.api.call import Call
from paywright.api.errors import invalid_request
from paywright.money import currencies
from paywright.money.balance import balances
from paywright.money.payouts import manual_payout
from paywright.webhooks import events

Json = dict[str, Any]


def balance(call: Call) -> Json:
    sums = balances(call.tx)
    return {
        "object": "balance",
        "available": _amounts(sums, "available"),
        "livemode": False,
        "pending": _amounts(sums, "pending"),
    }


def _amounts(sums: dict[tuple[str, str], int], status: str) -> list[Json]:
    known = sorted({currency for currency, _ in sums}) or ["usd"]
    amounts = [(currency, sums.get((currency, status), 0)) for currency in known]
    return [{"amount": a, "currency": currency, "source_types": {"card": a}} for currency, a in amounts]


def retrieve_transaction(call: Call) -> Json:
    return call.tx.require(call.path["id"], "balance_transaction", param="id", in_path=True)


def index_transactions(call: Call) -> Json:
    params = dict(call.params)
    if params.get("payout"):
        payout = call.tx.require(params["payout"], "payout", param="payout")
        if not payout["automatic"]:
            raise invalid_request(
                "Balance transaction history can only be filtered on automatic transfers, not manual.", param="payout"
            )
    return lists.page(call.tx, "balance_transaction", call.url, params)


def create_payout(call: Call) -> Json:
    params = call.params
    supported.only(params, "amount currency description metadata method source_type statement_descriptor")
    currency = currencies.check_currency(params["currency"], "currency")
    if params["amount"] < 1:
        raise errors.too_small("amount")
    if params["amount"] % currencies.PAYOUT_STEP.get(currency, 1):
        raise invalid_request(f"Payouts in {currency} must be whole units: a multiple of 100.", param="amount")
    return manual_payout(
        call.tx,
        amount=params["amount"],
        currency=currency,
        available=balances(call.tx).get((currency, "available"), 0),
        metadata=metadata.merged({}, params.get("metadata", {})),
        **{n: params[n] for n in ("description", "method", "source_type", "statement_descriptor") if params.get(n)},
    )


def retrieve_payout(call: Call) -> Json:
    return call.tx.require(call.path["payout"], "payout", param="payout", in_path=True)


def index_payouts(call: Call) -> Json:
    supported.only(call.params, "created ending_before limit starting_after status")
    return lists.page(call.tx, "payout", call.url, call.params)


def update_payout(call: Call) -> Json:
    payout = retrieve_payout(call)
    if "metadata" in call.params:
        before = {"metadata": payout["metadata"]}
        payout["metadata"] = metadata.merged(payout["metadata"], call.params["metadata"])
        call.tx.save(payout)
        events.emit(call.tx, "payout.updated", payout, previous=before)
    return payout
