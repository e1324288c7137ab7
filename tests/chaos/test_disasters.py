"""The simulator's disasters do what they say, and what they lead to is noticed."""

import sqlite3
from contextlib import closing, nullcontext
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.chaos import disasters, mistakes, plan, staff, stranger
from tests.chaos.clock import SharedClock
from tests.chaos.gone import given_twice, is_in_gap, is_of_gone, unnamed
from tests.chaos.mails import mails
from tests.chaos.paper import numbers
from tests.chaos.people import Lost, Seen
from tests.chaos.steps import (
    AnotherAccount,
    Arrive,
    BackUp,
    LoseEverything,
    Refund,
    Stockpile,
    WrongClock,
    WrongSecret,
)
from tests.chaos.truth import Truth
from tests.chaos.wrong_clock import AHEAD_MAX, standing_still

ALL = (WrongClock, WrongSecret, AnotherAccount, Stockpile, BackUp, LoseEverything)
NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)


def test_a_plan_has_every_disaster_and_a_short_one_has_a_quick_one() -> None:
    assert {type(step) for step in plan.make(7, 60).steps} >= set(ALL)
    assert [step.ahead_min for step in plan.make(7, 12).steps if isinstance(step, ALL)] == [disasters.BEHIND_MIN]
    # Nobody's notifications arrive, so none is refused.
    assert WrongSecret not in {type(step) for step in plan.make(7, 60, webhooks=False).steps}


@pytest.mark.parametrize("seed", range(5))
def test_a_backup_is_there_before_everything_is_lost(seed: int) -> None:
    for orders in (disasters.ORDERS_MIN, 60, 300):
        steps = plan.make(seed, orders).steps
        [backed_up, lost] = [number for number, step in enumerate(steps) if isinstance(step, BackUp | LoseEverything)]
        assert isinstance(steps[backed_up], BackUp)
        assert any(isinstance(step, Arrive) for step in steps[backed_up:lost])
        assert any(isinstance(step, Arrive) for step in steps[lost:])


def test_all_else_of_a_seed_stays_the_same_whatever_disasters_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    steps = [step for step in plan.make(7, 60).steps if not isinstance(step, ALL)]
    monkeypatch.setattr(plan, "disasters", lambda *_given: ())
    assert plan.make(7, 60).steps == steps


def test_there_is_enough_for_everybody_besides_what_a_stranger_may_hold() -> None:
    made = plan.make(7, 60)
    wanted = sum(dict(step.buyer.basket).get(made.coveted, 0) for step in made.steps if isinstance(step, Arrive))
    assert made.stock[made.coveted] >= wanted + disasters.ORDERS_MAX * disasters.PIECES_MAX
    assert {step.slug for step in made.steps if isinstance(step, Stockpile)} == {made.coveted}


def test_everybody_comes_from_an_address_of_their_own() -> None:
    addresses = [step.buyer.client_address for step in plan.make(7, 600).steps if isinstance(step, Arrive)]
    assert len(set(addresses)) == 600
    assert stranger.ADDRESS not in addresses


def test_a_wrong_clock_is_wrong_for_every_process_and_right_again(tmp_path: Path) -> None:
    clock, other = SharedClock(tmp_path / "clock"), SharedClock(tmp_path / "clock")
    clock.advance(60)
    clock.set_wrong(-3600)
    assert other.now() - datetime.now(UTC) == pytest.approx(timedelta(seconds=60 - 3600), abs=timedelta(seconds=5))
    assert other.time() - datetime.now(UTC).timestamp() == pytest.approx(-3600, abs=5)
    clock.set_wrong(0)
    assert other.offset_s == 60


class Tables:
    """Tables in memory, read as `Books` reads the store's."""

    def __init__(self, *statements: str) -> None:
        self._connection = sqlite3.connect(":memory:")
        for statement in statements:
            self._connection.execute(statement)

    def __del__(self) -> None:
        self._connection.close()

    def rows(self, query: str) -> list[Any]:
        return self._connection.execute(query).fetchall()

    def column(self, query: str) -> set[Any]:
        return {value for (value,) in self.rows(query)}

    def count(self, query: str) -> int:
        return int(self.rows(query)[0][0])


def test_work_that_waits_for_a_time_of_the_wrong_clock_is_noticed() -> None:
    soon, never = (f"{NOW + AHEAD_MAX + timedelta(seconds=more):%Y-%m-%d %H:%M:%S}" for more in (-5, 5))
    books: Any = Tables(
        "CREATE TABLE jumun_outbox_job (key, state, run_at)",
        "CREATE TABLE jumun_payments_inboxevent (event_id, state, run_at)",
        f"INSERT INTO jumun_outbox_job VALUES ('hourly', 'ready', '{soon}'), ('stuck', 'ready', '{never}')",
        f"INSERT INTO jumun_outbox_job VALUES ('over', 'done', '{never}')",
        f"INSERT INTO jumun_payments_inboxevent VALUES ('evt_stuck', 'ready', '{never}')",
    )
    assert [row for row, _run_at in standing_still(books, NOW)] == ["stuck", "evt_stuck"]


def paywright_with(path: Path, *statuses: int) -> Path:
    """The part of Paywright's books that tells how attempts were answered."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE attempt (id INTEGER PRIMARY KEY, status INTEGER)")
        connection.execute("INSERT INTO attempt (status) VALUES (200)")
        connection.commit()
        connection.executemany("INSERT INTO attempt (status) VALUES (?)", [(status,) for status in statuses])
        connection.commit()
    return path


@pytest.mark.parametrize(
    ("answers", "warnings", "problems"),
    [
        ([400] * mistakes.TOLD_FROM, [mistakes.REFUSED], []),
        ([400] * (mistakes.TOLD_FROM - 1), [], []),
        ([400] * mistakes.TOLD_FROM, [], ["8 events were refused, and /readyz warns of nothing but []"]),
        ([400, 200], [], ["1 events were accepted under a secret that did not sign them"]),
    ],
)
def test_a_secret_that_is_wrong_in_silence_is_noticed(
    answers: list[int], warnings: list[str], problems: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world: Any = SimpleNamespace(
        deployed_with=lambda **_changed: nullcontext(), paywright_state=paywright_with(tmp_path / "state", *answers)
    )
    monkeypatch.setattr(mistakes, "last_attempt", lambda _path: 1)
    monkeypatch.setattr(mistakes, "_warnings", lambda _world: warnings)
    seen = Seen()
    mistakes.wrong_secret(world, seen, WrongSecret(0))
    assert seen.wrong == problems
    assert seen.outcomes["events refused under a wrong secret"] == answers.count(HTTPStatus.BAD_REQUEST)


@pytest.mark.parametrize(("status", "is_wrong"), [("creating", False), ("refused", True)])
def test_a_refund_that_another_account_has_decided_is_noticed(
    status: str, is_wrong: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    books: Any = Tables(
        "CREATE TABLE jumun_payments_refund (id, status)",
        "CREATE TABLE jumun_orders_order (reference, state)",
        "INSERT INTO jumun_payments_refund VALUES (1, 'refused')",
        "INSERT INTO jumun_orders_order VALUES ('paid', 'paid'), ('open', 'placed')",
    )
    asked = []

    def refund(_world: Any, _seen: Seen, step: Refund) -> None:
        asked.append(step.buyer.number)
        books.rows(f"INSERT INTO jumun_payments_refund VALUES (2, '{status}')")

    world: Any = SimpleNamespace(
        another_account=lambda: nullcontext("http://127.0.0.1"),
        deployed_with=lambda **_changed: nullcontext(),
        other_account_state=tmp_path / "state",
    )
    monkeypatch.setattr(mistakes, "Books", lambda _world: books)
    monkeypatch.setattr(staff, "refund", refund)
    seen = Seen(orders={4: "paid", 5: "open"})
    mistakes.another_account(world, seen, AnotherAccount(0))
    assert asked == [4]
    assert seen.wrong == (["refund 2 was refused on the word of another account"] if is_wrong else [])


@pytest.mark.parametrize("count", [disasters.ORDERS_MAX, disasters.ORDERS_MAX + 1])
def test_a_stranger_who_holds_too_much_is_noticed(count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    orders: Any = Tables(
        "CREATE TABLE jumun_orders_order (email, state)",
        *[f"INSERT INTO jumun_orders_order VALUES ('{stranger.EMAIL}', 'placed')"] * count,
        f"INSERT INTO jumun_orders_order VALUES ('{stranger.EMAIL}', 'expired'), ('else@example.com', 'placed')",
    )
    monkeypatch.setattr(stranger, "Books", lambda _world: orders)
    seen, world = Seen(), SimpleNamespace(store_url="http://127.0.0.1")
    stranger.stockpile(world, seen, Stockpile("tea", 1, for_s=0))
    assert bool(seen.wrong) is (count > disasters.ORDERS_MAX)


LOST = Lost(
    orders={"gone", "returned"},
    events={"evt_gone"},
    held={"INV-2026-000001": "kept", "INV-2026-000002": "lost"},
    mails=["<INV-2026-000002.lost@example.com>"],
)
TRUTH = Truth(
    payments={"pi_here": ("here", 5), "pi_gone": ("gone", 7), "pi_back": ("returned", 9)},
    refunds={"re_back": ("pi_back", 9, "succeeded"), "re_failed": ("pi_gone", 7, "failed")},
    owners={"cs_gone": "gone", "pi_gone": "gone", "pi_back": "returned", "pi_here": "here"},
)


def test_money_of_an_order_that_is_gone_and_that_nobody_tells_of_is_noticed() -> None:
    assert list(unnamed(TRUTH, LOST, [])) == [
        "reconcile does not tell of 7 at Stripe for the order gone, which is gone"
    ]
    told = {"object_id": "cs_gone"}
    assert list(unnamed(TRUTH, LOST, [told])) == []
    assert is_of_gone(TRUTH, LOST, told)
    assert not is_of_gone(TRUTH, LOST, {"object_id": "pi_here"})
    assert not is_of_gone(TRUTH, LOST, {"object_id": "pi_of_nobody"})


def test_what_is_gone_is_missed_by_nobody_else() -> None:
    kept = TRUTH.without(LOST.orders)
    assert kept.payments == {"pi_here": ("here", 5)}
    assert kept.refunds == {}


TABLES = (
    "CREATE TABLE jumun_invoices_invoice (number, document_sha256, order_id)",
    "CREATE TABLE jumun_invoices_creditnote (number, document_sha256, refund_id)",
    "CREATE TABLE jumun_invoices_cancellation (number, document_sha256)",
    "INSERT INTO jumun_invoices_invoice VALUES ('INV-2026-000001', 'kept', 1)",
)


def test_a_number_that_is_given_twice_is_noticed() -> None:
    books: Any = Tables(*TABLES)
    assert list(given_twice(books, LOST)) == []
    books = Tables(*TABLES, "INSERT INTO jumun_invoices_invoice VALUES ('INV-2026-000002', 'new', 2)")
    assert list(given_twice(books, LOST)) == [
        "INV-2026-000002 was given twice: a customer holds another document with this number"
    ]


SERIES = (
    *TABLES,
    "CREATE TABLE jumun_invoices_series (id, prefix, year)",
    "INSERT INTO jumun_invoices_series VALUES (1, 'INV', 2026)",
    "CREATE TABLE jumun_invoices_skippednumbers (series_id, first_number, last_number)",
)
GAP = "INSERT INTO jumun_invoices_skippednumbers VALUES (1, 2, 3)"
AFTER_IT = "INSERT INTO jumun_invoices_invoice VALUES ('INV-2026-000004', 'new', 2)"


def test_a_gap_is_right_where_it_is_on_record_and_a_backup_was_restored() -> None:
    books: Any = Tables(*SERIES, GAP, AFTER_IT)
    assert list(numbers(books, is_restored=True)) == []
    assert list(numbers(books, is_restored=False)) == [
        "numbers were skipped though no backup was restored: {'INV-2026': {2, 3}}"
    ]
    books = Tables(*SERIES, AFTER_IT)
    assert list(numbers(books, is_restored=True)) == ["INV-2026: numbers are not consecutive: [1, 4], skipped []"]


def test_a_number_that_was_skipped_and_is_given_all_the_same_is_noticed() -> None:
    books: Any = Tables(*SERIES, GAP, "INSERT INTO jumun_invoices_invoice VALUES ('INV-2026-000003', 'new', 2)")
    assert list(numbers(books, is_restored=True)) == ["INV-2026: numbers are not consecutive: [1, 3], skipped [2, 3]"]


@pytest.mark.parametrize(
    ("sent_since", "problems"),
    [
        # Of a kept document, that it went out before is not known here any more.
        (["INV-2026-000001.kept"], []),
        ([], ["no mail for INV-2026-000001.kept"]),
        (["INV-2026-000001.kept", "INV-2026-000002.lost"], ["a mail without a cause: INV-2026-000002.lost"]),
        (
            ["INV-2026-000001.kept"] * 2,
            ["1 mails went out again, but only 0 may have: see `mails_again_max`"],
        ),
    ],
)
def test_mails_are_judged_from_the_restored_backup_on(sent_since: list[str], problems: list[str]) -> None:
    books: Any = Tables(
        *TABLES,
        "CREATE TABLE jumun_payments_payment (id, payment_intent_id, rejection_reason)",
        "CREATE TABLE jumun_payments_refund (refund_id, payment_id, booked_at)",
        "CREATE TABLE jumun_payments_dispute (payment_id, is_charge_refundable, status)",
    )
    books.world = SimpleNamespace(kills=[], clock_changes=0)
    books.mails = lambda: [*LOST.mails, *(f"<{mail}@example.com>" for mail in sent_since)]
    assert list(mails(books, LOST)) == problems


@pytest.mark.parametrize(
    ("subject", "is_in"),
    [
        ("invoices/2026/INV-2026-000002.pdf", True),
        ("invoices/2026/INV-2026-000004.pdf", False),
        ("invoices/2026/CN-2026-000002.pdf", False),
        ("INV-2026-000002", False),
    ],
)
def test_files_of_lost_documents_are_in_a_gap(subject: str, is_in: bool) -> None:
    assert is_in_gap({"INV-2026": {2, 3}}, subject) is is_in
