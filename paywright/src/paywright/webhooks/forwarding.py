"""``--forward-to``: one webhook endpoint that gets every event, as ``stripe listen`` does."""

from paywright.resources.webhook_endpoints import new_endpoint
from paywright.state.store import FORWARD_SETTING, Store, Transaction


def set_forward(store: Store, url: str | None, secret: str) -> None:
    """Make ``--forward-to`` the endpoint that gets every event, or disable the endpoint of an earlier run."""
    with store.transaction() as tx:
        known = tx.find(store.setting(FORWARD_SETTING, ""))
        if url is None:
            _disable(tx, known)
        elif known is None:
            made = new_endpoint(tx, url=url, enabled_events=["*"], secret=secret)
            store.set_setting(FORWARD_SETTING, made["id"])
        else:
            # Undo whatever a client or a test changed meanwhile.
            secrets = [{"secret": secret, "until": None}]
            known.update(url=url, status="enabled", enabled_events=["*"], api_version=None, _secrets=secrets)
            tx.save(known)


def _disable(tx: Transaction, endpoint: dict[str, object] | None) -> None:
    if endpoint is not None:
        tx.save({**endpoint, "status": "disabled"})
