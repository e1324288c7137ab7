"""Stripe's objects with any words in them: each is merged or set aside for staff, and is in no other row's way."""

import copy
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jumun.audit import findings
from jumun.backoffice.quarantine_page import Reported
from jumun.exports.csv import stream_csv
from jumun.invoices.documents.printed import printed
from jumun.orders.models import Order
from jumun.outbox.process import process
from jumun.payments.models import Dispute, InboxEvent, Payout, QuarantinedSnapshot, Refund
from jumun.payments.webhooks.receive import store
from tests.examples import half
from tests.factories import paid_order, place_order, refund_snapshot
from tests.payments.balance import movement, payout_of
from tests.payments.disputing import dispute_of
from tests.payments.stripe_says import event, session_of

pytestmark = [pytest.mark.django_db, pytest.mark.long, pytest.mark.once]

# Any code points, also those that no database and no encoding takes.
text = st.text(st.characters() | st.sampled_from("\x00\ud800\udfff\n\r\t\xa0\u202e\u200b=+-@'\"<>&%{}"), max_size=500)
codes = st.from_regex(r"[a-z_]{1,60}", fullmatch=True)
words = text | codes | st.sampled_from(["", "x" * 500, "본점\n서울", "paid", "succeeded"])
# In metadata there are only texts; whoever sends anything else must be in nobody's way either.
metadata = st.dictionaries(
    st.sampled_from(["site", "refund", "checkout", "order_number", "note"]) | codes,
    words | st.none() | st.integers() | st.lists(st.none(), max_size=1),
    max_size=6,
)
# A status that decides about money, and one that is only shown.
statuses = st.sampled_from(["pending", "requires_action", "succeeded", "canceled", "failed"]) | words


@st.composite
def payment_method_details(draw: st.DrawFn) -> dict[str, Any]:
    kind = draw(st.sampled_from(["card", "kr_card", "kakao_pay", "naver_pay", "sepa_debit"]) | words)
    card = {"brand": draw(words | st.none()), "last4": draw(words | st.none()), "country": draw(words)}
    wallet = draw(st.none() | st.fixed_dictionaries({"type": words}))
    return {
        "type": kind,
        kind: draw(st.sampled_from([card | {"wallet": wallet}, {"funding": {"card": card}}, {}, None])),
    }


@contextmanager
def undone() -> Iterator[None]:
    """All is rolled back at the end. Not a transaction of its own, in which PostgreSQL would begin no export."""
    before = connection.savepoint()
    try:
        yield
    finally:
        connection.savepoint_rollback(before)


class Told:
    """What Stripe tells of some orders, with words that Hypothesis chooses."""

    def __init__(self, draw: st.DrawFn) -> None:
        self.draw = draw
        self.order = place_order()
        self.paid = paid_order().payments.get()
        self.innocent = place_order()

    def events(self) -> list[tuple[str, dict[str, Any]]]:
        return [
            ("checkout.session.completed", self._session()),
            ("charge.updated", self._charge()),
            ("refund.updated", self._refund(1_000)),
            ("charge.dispute.updated", self._dispute()),
            ("payout.failed", self._payout()),
        ]

    def _session(self) -> dict[str, Any]:
        session = copy.deepcopy(session_of(self.order))
        intent = session["payment_intent"]
        intent |= {"description": self.draw(words), "status": "succeeded", "metadata": self.draw(metadata)}
        intent["latest_charge"] |= {"payment_method_details": self.draw(payment_method_details())}
        names = {"order_reference": self.order.reference}
        return session | {"metadata": self.draw(metadata) | names, "customer_details": {"name": self.draw(words)}}

    def _charge(self) -> dict[str, Any]:
        transaction = movement("txn_1", 11_000, source=str(self.paid.charge_id), category="charge", fee=500)
        return {
            **{"id": self.paid.charge_id, "object": "charge", "status": "succeeded", "livemode": False},
            **{"amount": 11_000, "currency": "krw", "payment_intent": self.paid.payment_intent_id},
            "metadata": self.draw(metadata) | {"order_reference": self.paid.order.reference},
            "payment_method_details": self.draw(payment_method_details()),
            "balance_transaction": transaction | {"type": self.draw(words), "description": self.draw(words)},
            "refunds": {"data": [self._refund(2_000)]},
            **{name: self.draw(words) for name in ("description", "failure_message", "statement_descriptor")},
        }

    def _refund(self, amount_minor: int) -> dict[str, Any]:
        said = {name: self.draw(words) for name in ("reason", "failure_reason", "description")}
        told = {"metadata": self.draw(metadata), "status": self.draw(statuses)}
        return refund_snapshot(self.paid, amount_minor, **said, **told)

    def _dispute(self) -> dict[str, Any]:
        said = {name: self.draw(words) for name in ("reason", "network_reason_code", "status")}
        return dispute_of(self.paid, metadata=self.draw(metadata), balance_transactions=[], **said)

    def _payout(self) -> dict[str, Any]:
        names = ("failure_message", "description", "status", "reconciliation_status", "statement_descriptor")
        return payout_of(metadata=self.draw(metadata), **{name: self.draw(words) for name in names})


@settings(half, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_any_words_are_merged_or_set_aside_and_the_next_order_is_paid(
    data: st.DataObject, admin_client: Client
) -> None:
    with undone():
        told = Told(data.draw)
        bodies = [event(snapshot, kind) for kind, snapshot in told.events()]
        for body in data.draw(st.permutations([*bodies, event(session_of(told.innocent))])):
            store(body)
        while rows := InboxEvent.claim(10):
            for row in rows:
                process(row)
        assert {row.last_error for row in InboxEvent.objects.all()} == {""}
        assert {row.state for row in InboxEvent.objects.all()} == {"done"}
        for order in (told.order, told.innocent):
            order.refresh_from_db()
            assert order.state == "paid"
        assert (Refund.objects.count(), Dispute.objects.count(), Payout.objects.count()) == (2, 1, 1)
        assert set(QuarantinedSnapshot.objects.values_list("reason", flat=True)) <= {"unknown_status", "refund_failed"}
        for kept in QuarantinedSnapshot.objects.all():
            assert kept.object_id in kept.snapshot
            Reported.read(kept.snapshot).status.encode()
        assert list(findings()) == []
        # Pages and files take longer than all the rest.
        if data.draw(st.integers(0, 9)) == 9:
            _is_shown(told, admin_client)


def _is_shown(told: Told, client: Client) -> None:
    addresses = [
        told.order.get_customer_url(),
        told.paid.order.get_customer_url(),
        f"/admin/jumun_orders/order/{told.paid.order_id}/change/",
        f"/admin/jumun_payments/payout/{Payout.objects.get().pk}/change/",
        f"/admin/jumun_payments/dispute/{Dispute.objects.get().pk}/change/",
        *(f"/admin/jumun_payments/refund/{row.pk}/change/" for row in Refund.objects.all()),
    ]
    assert [client.get(address).status_code for address in addresses] == [200] * len(addresses)
    json.dumps(printed(told.order.invoice.document)).encode()
    for language in (None, "ko"):
        b"".join(stream_csv(Order.objects.all(), language=language)).decode()
