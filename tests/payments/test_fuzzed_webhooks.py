"""Whatever comes to the webhook: never a 5xx, never a worker that stops, and never a change of the books that the event
does not prove.
"""

import copy
import json
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jumun import money
from jumun.audit import findings
from jumun.invoices.models import CreditNote, Invoice
from jumun.orders.models import Order
from jumun.outbox.process import process
from jumun.payments.models import BalanceTransaction, Dispute, InboxEvent, Payment, Payout, QuarantinedSnapshot, Refund
from paywright.testing import Paywright
from tests.factories import paid_order, place_order, refund_snapshot
from tests.payments.stripe_says import charge_of, event, session_of, signature

pytestmark = [pytest.mark.django_db, pytest.mark.long]

# Each example is rolled back, so the fixtures may serve all of them.
some = settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])

ADDRESS = "/payment/webhooks/"
BOOKS = (Payment, Invoice, Refund, CreditNote, Dispute, BalanceTransaction, Payout)


@contextmanager
def undone() -> Iterator[None]:
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def post(payload: bytes, header: str, **environ: Any) -> int:
    """The answer's status; an exception of the view would be raised here."""
    client = Client(enforce_csrf_checks=True)
    environ = {"content_type": "application/json", "HTTP_STRIPE_SIGNATURE": header} | environ
    return client.generic("POST", ADDRESS, payload, **environ).status_code


# What a header may hold when a server hands it to Django: text in Latin-1.
header_text = st.text(st.characters(max_codepoint=255), max_size=200)


@some
@given(
    payload=st.binary(max_size=300),
    header=header_text | st.just("signed"),
    content_type=header_text,
    length=st.none() | st.integers(-(10**12), 10**12).map(str) | header_text,
)
def test_noise_is_refused_and_leaves_nothing(
    payload: bytes, header: str, content_type: str, length: str | None
) -> None:
    header = signature(payload) if header == "signed" else header
    environ = {} if length is None else {"CONTENT_LENGTH": length}
    with undone():
        assert post(payload, header, content_type=content_type, **environ) in {400, 413}
        assert not InboxEvent.objects.exists()


def nested(depth: int) -> Any:
    value: Any = []
    for _ in range(depth):
        value = {"a": [value]}
    return value


HOSTILE: tuple[Any, ...] = (
    *(None, True, False, "", "x", [], {}, [None], {"object": {}}, -1, 0, 1, 0.5, 2**31, 2**53, 2**63, 10**30),
    *(
        1e308,
        float("nan"),
        float("inf"),
        "\x00",
        "\ud800",
        "\udfff\ud800",
        "\u202e",
        "한" * 300,
        "9" * 5000,
        "1e3",
        "١٢",
    ),
    *(nested(30), nested(200), [1] * 500, {"id": {"id": {"id": 1}}}, {"data": None}, {"id": ["pi_1"]}),
    *("pi_1", "paid", "complete", "succeeded", "usd", "KRW", "checkout.session", "charge", "refund", "dispute"),
)
hostile = st.sampled_from(HOSTILE) | st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=6,
)


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The way to each member and element of a JSON value."""
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, child in children:
        yield (*path, name)
        yield from places(child, (*path, name))


GONE = object()


def changed(body: dict[str, Any], path: tuple[Any, ...], value: Any) -> dict[str, Any]:
    body = copy.deepcopy(body)
    holder: Any = body
    for name in path[:-1]:
        holder = holder[name]
    if value is GONE:
        del holder[path[-1]]
    else:
        holder[path[-1]] = value
    return body


def written(body: dict[str, Any], doubled: str, encoding: str, ascii_only: bool) -> bytes:
    """The body as JSON, with one member twice, in an encoding that may not be Stripe's."""
    text = json.dumps(body, ensure_ascii=ascii_only)
    if doubled and doubled in body:
        text = text[:-1] + f", {json.dumps(doubled)}: {json.dumps(body[doubled])}}}"
    return text.encode(encoding, "surrogatepass")


def bodies() -> list[dict[str, Any]]:
    """Events that would change the books if they were left as they are; each is of an order of its own."""
    paid = paid_order().payments.get()
    with_charge = place_order()
    dispute = {
        "id": "dp_1",
        "object": "dispute",
        "status": "needs_response",
        "livemode": False,
        "amount": 11000,
        "currency": "krw",
        "payment_intent": paid.payment_intent_id,
        "charge": "ch_1",
        "reason": "general",
        "is_charge_refundable": False,
        "created": 1_790_000_000,
        "evidence_details": {"due_by": 1_790_500_000},
        "balance_transactions": [],
    }
    payout = {"id": "po_1", "object": "payout", "amount": 1, "currency": "krw", "livemode": False, "status": "paid"}
    raws = [
        event(session_of(place_order())),
        event(session_of(place_order(), payment_intent="pi_bare")),
        event(charge_of(with_charge, "pi_2", amount_refunded=100), "charge.refunded"),
        event(refund_snapshot(paid, 1000), "refund.created"),
        event(dispute, "charge.dispute.created"),
        event(payout | {"created": 1, "arrival_date": 1}, "payout.paid"),
    ]
    return [json.loads(raw) for raw in raws]


def counts() -> list[int]:
    return [model._default_manager.count() for model in BOOKS]


def work_off() -> None:
    """As the worker's lane for events does; the mails and PDFs that follow are no affair of this test."""
    for kept in InboxEvent.claim(10):
        process(kept)


def test_signed_but_hostile_json_changes_no_books(stripe: Paywright) -> None:
    events = bodies()
    before = counts()
    seen: Counter[str] = Counter()

    @settings(max_examples=100)
    @given(data=st.data())
    def send(data: st.DataObject) -> None:
        body = data.draw(st.sampled_from(events))
        path = data.draw(st.sampled_from(list(places(body))))
        body = changed(body, path, data.draw(st.just(GONE) | hostile))
        doubled = data.draw(st.sampled_from(["", "id", "type", "data", "livemode"]))
        encoding = data.draw(st.sampled_from(["utf-8"] * 6 + ["utf-16", "utf-8-sig", "utf-32"]))
        payload = written(body, doubled, encoding, data.draw(st.booleans()))
        with undone():
            status = post(payload, signature(payload))
            assert status in {200, 400}
            work_off()
            kept = InboxEvent.objects.first()
            assert (kept is not None) == (status == 200)
            if kept:
                assert kept.state != "ready" or kept.last_error, "it was tried"
            if counts() != before:
                assert_it_says_so(json.loads(payload)["data"]["object"])
                assert list(findings()) == []
            seen[kept.state if kept else "refused"] += 1

    send()
    # A fuzzer that never gets past the door, or harms nothing, tests nothing.
    assert seen.keys() >= {"refused", "parked", "done"}, seen


def assert_it_says_so(snapshot: dict[str, Any]) -> None:
    """What the books hold now is what the object says, to the unit: the change was to something that nobody reads."""
    intent = snapshot.get("payment_intent")
    intent_id = intent.get("id") if isinstance(intent, dict) else intent
    for payment in Payment.objects.filter(status="paid", settles_order=True):
        order = payment.order
        if snapshot["object"] == "checkout.session" and intent_id == payment.payment_intent_id:
            assert snapshot["client_reference_id"] == order.reference
            assert snapshot["amount_total"] == money.to_stripe(order.total_minor, order.currency)
            assert snapshot["currency"].upper() == order.currency
            assert snapshot["livemode"] is order.livemode
            assert (snapshot["status"], snapshot["payment_status"]) == ("complete", "paid")
    for refund in Refund.objects.all():
        assert refund.amount_minor <= refund.payment.amount_minor
    assert not QuarantinedSnapshot.objects.filter(order__state=Order.State.PLACED, reason="second_payment").exists()


@pytest.mark.parametrize(
    "field", ["amount_total", "currency", "livemode", "client_reference_id", "status", "payment_status"]
)
def test_no_hostile_value_of_a_field_that_binds_pays_the_order(field: str) -> None:
    order = place_order()
    session = session_of(order)
    for value in (GONE, *HOSTILE):
        if value in (session[field], "KRW"):  # which are right
            continue
        with undone():
            sent = {name: what for name, what in (session | {field: value}).items() if what is not GONE}
            payload = event(sent)
            # Not even JSON's parser takes what is nested so deeply, or a number of so many digits.
            assert post(payload, signature(payload)) in {200, 400}
            work_off()
            order.refresh_from_db()
            assert order.state == "placed", value
            assert not Invoice.objects.exists()
