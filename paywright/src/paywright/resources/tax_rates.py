"""Tax rates."""

from typing import Any

from paywright.api import lists, metadata, supported
from paywright.api.call import Call
from paywright.api.errors import invalid_request
from paywright.state import ids
from paywright.state.objects import blank
from paywright.webhooks import events

Json = dict[str, Any]


def create(call: Call) -> Json:
    params = call.params
    supported.only(
        params, "active country description display_name inclusive jurisdiction metadata percentage state tax_type"
    )
    if not 0 <= params["percentage"] <= 100:
        raise invalid_request("Invalid percentage: must be between 0 and 100.", param="percentage")
    rate = blank(
        "tax_rate",
        id=ids.new("txr"),
        active=params.get("active", True),
        country=params.get("country"),
        created=call.tx.now,
        description=params.get("description"),
        display_name=params["display_name"],
        inclusive=params["inclusive"],
        jurisdiction=params.get("jurisdiction"),
        metadata=metadata.merged({}, params.get("metadata", {})),
        percentage=params["percentage"],
        rate_type="percentage",
        state=params.get("state"),
        tax_type=params.get("tax_type"),
    )
    call.tx.insert(rate)
    events.emit(call.tx, "tax_rate.created", rate)
    return rate


def index(call: Call) -> Json:
    return lists.page(call.tx, "tax_rate", call.url, call.params)
