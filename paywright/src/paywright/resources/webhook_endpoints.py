"""Webhook endpoints; the secret is in the answer of ``create`` alone."""

from typing import Any
from urllib.parse import urlsplit

from paywright.api import errors, lists, metadata, supported
from paywright.api.addresses import is_web_address
from paywright.api.call import Call
from paywright.api.errors import invalid_request
from paywright.state import ids
from paywright.state.objects import blank
from paywright.state.store import Transaction
from paywright.webhooks.targets import TargetRefused

Json = dict[str, Any]


def create(call: Call) -> Json:
    params = call.params
    supported.only(params, "api_version description enabled_events metadata url")
    endpoint = new_endpoint(
        call.tx,
        url=_url(call, params.get("url")),
        enabled_events=params.get("enabled_events") or [],
        secret=ids.webhook_secret(),
    )
    endpoint["api_version"] = params.get("api_version")
    endpoint["description"] = params.get("description")
    endpoint["metadata"] = metadata.merged({}, params.get("metadata", {}))
    call.tx.save(endpoint)
    return {**endpoint, "secret": endpoint["_secrets"][0]["secret"]}


def new_endpoint(tx: Transaction, *, url: str, enabled_events: list[str], secret: str) -> Json:
    """Insert an enabled endpoint."""
    return tx.insert(
        blank(
            "webhook_endpoint",
            id=ids.new("we"),
            created=tx.now,
            enabled_events=enabled_events,
            metadata={},
            status="enabled",
            url=url,
            _secrets=[{"secret": secret, "until": None}],
        )
    )


def retrieve(call: Call) -> Json:
    identifier = call.path["webhook_endpoint"]
    return call.tx.require(identifier, "webhook_endpoint", param="webhook_endpoint", in_path=True)


def index(call: Call) -> Json:
    return lists.page(call.tx, "webhook_endpoint", call.url, call.params)


def update(call: Call) -> Json:
    endpoint = retrieve(call)
    params = call.params
    if params.get("url"):
        endpoint["url"] = _url(call, params["url"])
    if params.get("enabled_events"):
        endpoint["enabled_events"] = params["enabled_events"]
    if "description" in params:
        endpoint["description"] = params["description"]
    if "disabled" in params:
        endpoint["status"] = "disabled" if params["disabled"] else "enabled"
    if "metadata" in params:
        endpoint["metadata"] = metadata.merged(endpoint["metadata"], params["metadata"])
    return call.tx.save(endpoint)


def delete(call: Call) -> Json:
    endpoint = retrieve(call)
    call.tx.sql.execute("DELETE FROM object WHERE id = ?", (endpoint["id"],))
    return {"id": endpoint["id"], "object": "webhook_endpoint", "deleted": True}


def _url(call: Call, url: str | None) -> str:
    if not url:
        raise errors.parameter_missing("url")
    if not is_web_address(url):
        raise invalid_request("Not a valid URL", code="url_invalid", param="url")
    try:
        call.tx.targets.check(urlsplit(url).hostname or "")
    except TargetRefused as refusal:
        raise invalid_request(str(refusal), code="url_invalid", param="url") from None
    return url
