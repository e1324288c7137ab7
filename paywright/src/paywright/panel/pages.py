"""An overview, and a page for each payment that other dashboards can link to."""

from typing import Any

from orjson import loads
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from paywright.hosted.offers import FIRST_CARDS, MORE_CARDS
from paywright.hosted.texts import texts
from paywright.panel.render import language_of, render
from paywright.sandbox.faults import API, DELIVERY, Faults
from paywright.sandbox.stories import STORIES
from paywright.state.store import Store, Transaction
from paywright.webhooks.events import with_pending

Json = dict[str, Any]

ROWS = 20


class Pages:
    """The pages below ``/_paywright``."""

    def __init__(self, store: Store, faults: Faults) -> None:
        self.store = store
        self.faults = faults

    def routes(self) -> list[Route]:
        return [
            Route("/_paywright/", self.overview),
            Route("/_paywright/payments/{intent}", self.payment),
        ]

    async def overview(self, request: Request) -> Response:
        words = texts(language_of(request))
        with self.store.transaction() as tx:
            context = {
                "sessions": _newest(tx, "checkout.session"),
                "payments": _newest(tx, "payment_intent"),
                "events": [with_pending(tx, event) for event in _newest(tx, "event")],
                "attempts": _attempts(tx, None),
                "now": tx.now,
                "offset_s": self.store.clock.offset_s,
                "fees": self.store.fees.shown(),
                "faults": [fault.shown() for fault in self.faults.active],
                "fault_kinds": {**DELIVERY, **API},
                "stories": sorted(STORIES),
                "cards": [(number, words[key]) for number, key in FIRST_CARDS],
                "more_cards": [
                    (words[group], [(number, words[key]) for number, key in rows]) for group, rows in MORE_CARDS.items()
                ],
            }
        return render(request, "overview.html", context)

    async def payment(self, request: Request) -> Response:
        with self.store.transaction() as tx:
            intent = tx.find(request.path_params["intent"], "payment_intent")
            if intent is None:
                return render(request, "missing.html", {"id": request.path_params["intent"]}, status=404)
            related = _related(tx, intent)
            events = [with_pending(tx, event) for event in _events_about(tx, related)]
            context = {
                "intent": intent,
                "charges": [doc for doc in related if doc["object"] == "charge"],
                "others": [doc for doc in related if doc["object"] in ("refund", "dispute")],
                "session": tx.find(intent.get("_session") or ""),
                "events": events,
                "attempts": _attempts(tx, [event["id"] for event in events]),
            }
        return render(request, "payment.html", context)


def _newest(tx: Transaction, kind: str) -> list[Json]:
    rows = tx.sql.execute("SELECT doc FROM object WHERE kind = ? ORDER BY created DESC, seq DESC LIMIT ?", (kind, ROWS))
    return [loads(row[0]) for row in rows]


def _related(tx: Transaction, intent: Json) -> list[Json]:
    found = [intent]
    for kind in ("charge", "refund", "dispute"):
        rows = tx.sql.execute(
            f"SELECT doc FROM object WHERE kind = '{kind}' AND json_extract(doc, '$.payment_intent') = ?"  # noqa: S608
            " ORDER BY created, seq",
            (intent["id"],),
        )
        found += [loads(row[0]) for row in rows]
    session = tx.find(intent.get("_session") or "")
    return [*found, session] if session else found


def _events_about(tx: Transaction, related: list[Json]) -> list[Json]:
    """Events are looked for from the payment's creation on, so that the search stays short."""
    known = {doc["id"] for doc in related}
    rows = tx.sql.execute(
        "SELECT doc FROM object WHERE kind = 'event' AND created >= ? ORDER BY created, seq LIMIT 2000",
        (related[0]["created"],),
    )
    events = [loads(row[0]) for row in rows]
    return [event for event in events if event["data"]["object"].get("id") in known]


def _attempts(tx: Transaction, events: list[str] | None) -> list[Json]:
    chosen = "" if events is None else f"WHERE d.event IN ({','.join('?' * len(events))})"
    rows = tx.sql.execute(
        "SELECT a.at, a.status, a.took_ms, a.outcome, d.event, d.state, d.attempts FROM attempt a"  # noqa: S608
        f" JOIN delivery d ON d.id = a.delivery {chosen} ORDER BY a.id DESC LIMIT ?",
        [*(events or []), ROWS * 5 if events is not None else ROWS],
    )
    names = ("at", "status", "took_ms", "outcome", "event", "state", "attempts")
    found = [dict(zip(names, row, strict=True)) for row in rows]
    for attempt in found:
        event = tx.find(attempt["event"])
        attempt["type"] = event["type"] if event else ""
    return found
