"""Random histories played at the sandbox: whatever of them comes, in what order and how often, the books end alike.

Each history is real: sessions that expire, cards that decline, 3-D Secure, bank debits, refunds that succeed or fail,
disputes won and lost. What the sandbox tells of it is replayed as the worker would process it, in other orders, with
repetitions and with losses that a reconciliation makes good.
"""

import random
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.test import override_settings
from django.utils import timezone
from hypothesis import HealthCheck, Phase, example, given, note, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from jumun.audit import findings
from jumun.invoices.models import CreditNote, Invoice
from jumun.orders.models import Order
from jumun.outbox.models import Job
from jumun.payments.balance_sums import transactions_of
from jumun.payments.checkout.open import open_checkout
from jumun.payments.merge import MERGED_TYPES, apply
from jumun.payments.models import Checkout, Dispute, Reconciliation, Refund
from jumun.payments.reconcile import reconcile
from jumun.payments.stripe import gateway
from jumun.payments.webhooks.complete import complete
from jumun.payments.webhooks.process import enqueue_completion, is_of_unknown_payment, object_of
from paywright.testing import Paywright
from tests.examples import few
from tests.factories import item, place_order
from tests.payments.disputing import DISPUTED_CARD, INQUIRED_CARD, LOSING, WINNING, answer
from tests.payments.paying import FAILING_REFUND_CARD, PENDING_REFUND_CARD
from tests.payments.test_checkout import URLS

Json = dict[str, Any]

PLAIN_CARD, DECLINED_CARD, CHALLENGED_CARD = "4242424242424242", "4000000000000002", "4000000000003220"
DEBIT_PAID, DEBIT_FAILED = "AT611904300234573201", "AT861904300235473202"


@dataclass(frozen=True)
class Visit:
    """One session: what the buyer tries in it, and how it ends."""

    tries: tuple[str, ...]
    ends: str


ABANDONED = st.builds(
    Visit,
    tries=st.lists(st.sampled_from(["decline", "fail 3DS"]), max_size=2).map(tuple),
    ends=st.sampled_from(["expire", "fail debit"]),
)
LAST = st.builds(
    Visit,
    tries=st.lists(st.sampled_from(["decline", "fail 3DS"]), max_size=1).map(tuple),
    ends=st.sampled_from(
        [
            *("expire", "debit", "3DS", PLAIN_CARD, PLAIN_CARD),
            *(PENDING_REFUND_CARD, FAILING_REFUND_CARD, DISPUTED_CARD, INQUIRED_CARD),
        ]
    ),
)


@dataclass(frozen=True)
class History:
    """What happens to one order: visits of which only the last may pay, then refunds, or an answer to a dispute."""

    abandoned: tuple[Visit, ...]
    last: Visit
    refunds: tuple[int, ...]
    evidence: str


HISTORIES = st.builds(
    History,
    abandoned=st.lists(ABANDONED, max_size=2).map(tuple),
    last=LAST,
    refunds=st.lists(st.integers(1, 5_000), max_size=2).map(tuple),
    evidence=st.sampled_from(["", WINNING, LOSING]),
)


def history(ends: str, *, refunds: tuple[int, ...] = (), evidence: str = "") -> History:
    """One session is abandoned after a decline, the next ends as told."""
    abandoned = Visit(tries=("decline",), ends="expire")
    return History(abandoned=(abandoned,), last=Visit(tries=(), ends=ends), refunds=refunds, evidence=evidence)


class Player:
    """Plays a history at the sandbox; our books hear nothing of it."""

    def __init__(self, stripe: Paywright, order: Order) -> None:
        self.stripe = stripe
        self.order = order
        self.params: Json = {}

    def play(self, history: History) -> None:
        open_checkout(self.order, **URLS)
        checkout = self.order.checkouts.get()
        self.params = checkout.params
        sessions = [str(checkout.session_id), *(self._another() for _ in history.abandoned)]
        # As it is while the answer to the first call has not come: the row knows of no session.
        Checkout.objects.filter(pk=checkout.pk).update(state="creating", session_id=None, url="")
        for session_id, visit in zip(sessions, (*history.abandoned, history.last), strict=True):
            self._visit(session_id, visit)
        self.stripe.advance("1h")
        self._afterwards(history)
        self.stripe.advance("1h")

    def _another(self) -> str:
        """A session that another row of ours had asked for; what became of that row is not the question here."""
        metadata = self.params["metadata"] | {"checkout": ""}
        made = gateway.create_session(self.params | {"metadata": metadata}, idempotency_key=str(uuid.uuid4()))
        return str(made["id"])

    def _visit(self, session_id: str, visit: Visit) -> None:
        for attempt in visit.tries:
            if attempt == "decline":
                self.stripe.pay(session_id, card=DECLINED_CARD)
            else:
                self.stripe.pay(session_id, card=CHALLENGED_CARD, three_d_secure="fail")
        if visit.ends == "expire":
            gateway.expire_session(session_id)
        elif visit.ends.endswith("debit"):
            self.stripe.pay(session_id, iban=DEBIT_PAID if visit.ends == "debit" else DEBIT_FAILED)
        elif visit.ends == "3DS":
            self.stripe.pay(session_id, card=CHALLENGED_CARD, three_d_secure="complete")
        else:
            self.stripe.pay(session_id, card=visit.ends)

    def _afterwards(self, history: History) -> None:
        for dispute in self.listed("disputes"):
            if history.evidence:
                answer(self.stripe, dispute["id"], history.evidence)
        # Stripe refunds nothing of a disputed charge, but of one that is only asked about.
        if not all(dispute["is_charge_refundable"] for dispute in self.listed("disputes")):
            return
        for charge in self.listed("charges"):
            if charge["status"] == "succeeded":
                for amount in history.refunds:
                    self.stripe.refund(charge["payment_intent"], amount=amount)

    def listed(self, resource: str) -> list[Json]:
        since = timezone.now() - timedelta(days=2)
        return [found for page in gateway.pages(resource, since=since) for found in page]


def books_of(order: Order) -> Json:
    """What the books say of an order, without moments, numbers and rows' keys."""
    order.refresh_from_db()
    refunds = Refund.objects.filter(payment__order=order)
    notes = CreditNote.objects.standing().filter(invoice__order=order)
    return {
        "order": (order.state, Invoice.objects.filter(order=order).count()),
        "checkouts": sorted(order.checkouts.values_list("state", "session_id")),
        "payments": sorted(
            order.payments.values_list("payment_intent_id", "status", "settles_order", "card_last4", "charge_id")
        ),
        "refunds": sorted(refunds.values_list("refund_id", "status", "amount_minor")),
        "disputes": sorted(
            Dispute.objects.filter(payment__order=order).values_list(
                *("dispute_id", "status", "amount_minor", "reason", "due_at", "is_charge_refundable")
            )
        ),
        "credited": sum(notes.values_list("amount_minor", flat=True)),
        "balance": sorted(transactions_of(order).values_list("transaction_id", "amount_minor", "fee_minor")),
    }


class AnyHistory(TestCase):
    """Hypothesis makes up the history, and the orders in which it is told."""

    @pytest.fixture(autouse=True)
    def sandbox(self, paywright_server: Paywright) -> Iterator[None]:
        self.stripe = paywright_server
        values = {"STRIPE_SECRET_KEY": self.stripe.secret_key, "STRIPE_API_BASE": self.stripe.api_base}
        with override_settings(**values), pytest.MonkeyPatch.context() as patch:
            patch.setattr("jumun.payments.stripe.rate_limit.TEST_PER_S", 10_000)
            yield

    # Few at random, and not made smaller, for each costs dozens of calls to the sandbox.
    @settings(
        few,
        phases=(Phase.explicit, Phase.reuse, Phase.generate),
        suppress_health_check=list(HealthCheck),
    )
    @given(history=HISTORIES, seed=st.integers(0, 1_000))
    @example(history=history(PENDING_REFUND_CARD, refunds=(4_000, 3_000)), seed=1)
    @example(history=history(FAILING_REFUND_CARD, refunds=(4_000,)), seed=2)
    @example(history=history(DISPUTED_CARD, evidence=WINNING), seed=3)
    @example(history=history(INQUIRED_CARD, refunds=(1_000,), evidence=LOSING), seed=4)
    @example(history=history("debit"), seed=5)
    def test_ends_as_stripe_has_it(self, history: History, seed: int) -> None:
        note(repr(history))
        self.stripe.reset()
        player = Player(self.stripe, place_order(currency="EUR", language="en", lines=[item()]))
        player.play(history)
        events = [event for event in player.listed("events") if event["type"] in MERGED_TYPES]
        told = [object_of(event["type"], event) for event in events]
        chance = random.Random(seed)  # noqa: S311 (a shuffle)
        ends = [self._end(player.order, arrival, told, chance) for arrival in _arrivals(told, chance)]
        for end in ends[1:]:
            assert end == ends[0]
        _compare(ends[0], player)

    def _end(self, order: Order, arrival: list[Json], told: list[Json], chance: random.Random) -> Json:
        """The books after ``arrival`` was processed, what it left out fetched, and a reconciliation made good what it
        lacked; then all is undone.

        Where nothing was lost, there is nothing to be made good.
        """
        with transaction.atomic():
            for snapshot in arrival:
                if not is_of_unknown_payment(snapshot):
                    apply(snapshot)
                enqueue_completion(snapshot)
                if chance.random() < 0.5:
                    _complete_what_is_lacking()
            _complete_what_is_lacking()
            before = books_of(order)
            run = Reconciliation.begin(since=timezone.now() - timedelta(days=2), repair=True)
            reconcile(run)
            end = books_of(order)
            if len(arrival) >= len(told):
                assert before == end
            assert [row for row in run.differences.filter(repaired=False) if row.kind != "refund_failed"] == []
            assert list(findings()) == []
            transaction.set_rollback(True)
        return end


def _complete_what_is_lacking() -> None:
    """As the worker does, at some time or other after the event."""
    waiting = Job.objects.filter(kind="payments.complete", state="ready")
    for job in waiting:
        complete(**job.args)
    waiting.update(state="done")


def _arrivals(told: list[Json], chance: random.Random) -> Iterator[list[Json]]:
    """As it happened; shuffled and some of it twice; shuffled and half of it lost."""
    yield list(reversed(told))
    yield chance.sample([*told, *told[: len(told) // 2]], len(told) + len(told) // 2)
    yield chance.sample(told, len(told) // 2)


def _compare(end: Json, player: Player) -> None:
    """The sandbox's own truth."""
    sessions, intents = player.listed("checkout.sessions"), player.listed("charges")
    is_paid = any(session["payment_status"] == "paid" for session in sessions)
    assert end["order"] == ("paid", 1) if is_paid else ("placed", 0)
    [(state, session_id)] = end["checkouts"]
    assert state == next(session["status"] for session in sessions if session["id"] == session_id)
    succeeded = {charge["id"] for charge in intents if charge["status"] == "succeeded"}
    assert {row[4] for row in end["payments"] if row[1] == "paid"} == succeeded
    refunds = player.listed("refunds")
    assert end["refunds"] == sorted((row["id"], row["status"], row["amount"]) for row in refunds)
    assert end["credited"] == sum(row["amount"] for row in refunds if row["status"] == "succeeded")
    disputes = player.listed("disputes")
    assert [row[:3] for row in end["disputes"]] == sorted((row["id"], row["status"], row["amount"]) for row in disputes)
    moved = player.listed("balance_transactions")
    assert end["balance"] == sorted((row["id"], row["amount"], row["fee"]) for row in moved)
