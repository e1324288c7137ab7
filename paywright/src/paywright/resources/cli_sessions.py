"""``stripe listen`` announces itself here and then opens a websocket (see ``paywright.webhooks.listeners``)."""

from typing import Any

from paywright.api.call import Call
from paywright.api.versions import API_VERSION, VERSION_WITHOUT_HEADER
from paywright.state import ids
from paywright.webhooks.events import LISTENER

Json = dict[str, Any]

PATH = "/_paywright/listen"
RECONNECT_DELAY_S = 60


def create(call: Call) -> Json:
    """Answer as the CLI expects (pkg/stripeauth of github.com/stripe/stripe-cli)."""
    params = call.params
    secret = ids.webhook_secret()
    listener = call.tx.insert(
        {
            "id": f"cliws_{ids.random_text(20)}",
            "object": LISTENER,
            "created": call.tx.now,
            "enabled_events": ["*"],
            # Enabled while its websocket is open.
            "status": "disabled",
            "forwards": bool(params.get("forward_to_url") or params.get("forward_connect_to_url")),
            "_secrets": [{"secret": secret, "until": None}],
        }
    )
    return {
        "object": "stripecli.session",
        "default_version": VERSION_WITHOUT_HEADER,
        "display_connect_filter_warning": False,
        "latest_version": API_VERSION,
        "reconnect_delay": RECONNECT_DELAY_S,
        "secret": secret,
        "websocket_authorized_feature": params.get("websocket_feature") or "webhooks",
        "websocket_id": listener["id"],
        "websocket_url": call.tx.base_url.replace("http", "ws", 1) + PATH,
    }
