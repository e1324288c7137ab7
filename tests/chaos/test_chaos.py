"""A short run of the simulator on the database that is tested; ``./test --chaos MINUTES`` makes longer ones."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest
from django.db import connection

from tests.chaos import plan
from tests.chaos.books import Books
from tests.chaos.mails import mails_again_max
from tests.chaos.people import Seen
from tests.chaos.play import Play
from tests.chaos.quiesce import quiesce
from tests.chaos.truth import Truth
from tests.chaos.verdict import compare, verdict
from tests.chaos.world import World

pytestmark = pytest.mark.long

SEED, ORDERS = 7, 12


@dataclass
class Storm:
    """What is left after one."""

    world: World
    books: Books
    seen: Seen

    @property
    def truth(self) -> Truth:
        return Truth.read(self.world.paywright_state)

    def differences(self, truth: Truth) -> list[str]:
        """What would be found if this were Stripe's truth."""
        return list(compare(self.books, truth, self.seen))


@pytest.fixture(scope="module")
def storm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Storm]:
    folder = tmp_path_factory.mktemp("storm")
    made = plan.make(SEED, ORDERS, several=connection.vendor == "postgresql")
    with World(made, folder, database=connection.vendor) as world:
        seen = Play(world, lambda _line: None).run()
        books = Books(world)
        quiesce(world, books)
        yield Storm(world, books, seen)


def test_the_books_agree_with_stripe_after_a_storm(storm: Storm) -> None:
    assert list(verdict(storm.world, storm.books, storm.seen)) == []
    assert storm.truth.payments
    assert storm.world.kills
    assert list(storm.world.said.glob("*.jsonl"))


def test_a_payment_that_is_not_in_the_books_is_noticed(storm: Storm) -> None:
    [found] = storm.differences(replace(storm.truth, payments=storm.truth.payments | {"pi_lost": ("nobody", 1)}))
    assert found == "payment pi_lost: None here, ('nobody', 1) at Stripe"


def test_an_amount_that_differs_by_one_is_noticed(storm: Storm) -> None:
    intent, (reference, amount) = next(iter(storm.truth.payments.items()))
    found = storm.differences(replace(storm.truth, payments=storm.truth.payments | {intent: (reference, amount - 1)}))
    assert any(intent in difference for difference in found)
    assert any("was charged" in difference for difference in found)


def test_a_refund_that_is_not_in_the_books_is_noticed(storm: Storm) -> None:
    intent = next(iter(storm.truth.payments))
    found = storm.differences(replace(storm.truth, refunds=storm.truth.refunds | {"re_x": (intent, 1, "failed")}))
    assert found == [f"refund re_x: None here, ('{intent}', 1, 'failed') at Stripe"]


def test_an_acknowledged_event_that_is_gone_is_noticed(storm: Storm) -> None:
    found = storm.differences(replace(storm.truth, acknowledged=storm.truth.acknowledged | {"evt_gone"}))
    assert found == ["event evt_gone was acknowledged and is not here"]


def test_a_session_that_can_still_be_paid_is_noticed(storm: Storm) -> None:
    found = storm.differences(replace(storm.truth, sessions=storm.truth.sessions | {"cs_x": "open"}))
    assert found == ["session cs_x can still be paid"]


def test_an_order_that_a_customer_was_shown_and_that_is_gone_is_noticed(storm: Storm) -> None:
    seen = replace(storm.seen, orders=storm.seen.orders | {99: "gone"})
    [found] = compare(storm.books, storm.truth, seen)
    assert found == "buyer 99 was shown the order gone, which is not here"


def test_a_customer_who_paid_and_saw_no_order_is_noticed(storm: Storm) -> None:
    buyer = next(iter(storm.seen.orders))
    seen = replace(storm.seen, states=storm.seen.states | {buyer: "no order at /payment/completed/"})
    assert list(compare(storm.books, storm.truth, seen)) == [
        f"buyer {buyer} paid, came back, and saw no order at /payment/completed/"
    ]


def test_a_mail_too_few_is_noticed(storm: Storm, monkeypatch: pytest.MonkeyPatch) -> None:
    mails = storm.books.mails()
    monkeypatch.setattr(Books, "mails", lambda _books: [mail for mail in mails if mail != mails[0]])
    [found] = storm.differences(storm.truth)
    assert found.startswith("no mail for ")


def test_mails_too_many_are_noticed(storm: Storm, monkeypatch: pytest.MonkeyPatch) -> None:
    mails = storm.books.mails()
    again = [mails[0]] * (mails_again_max(storm.world) + 1)
    monkeypatch.setattr(Books, "mails", lambda _books: [*mails, *again])
    [found] = storm.differences(storm.truth)
    assert "mails went out again" in found


def test_an_invoice_that_does_not_say_the_name_as_typed_is_noticed(storm: Storm) -> None:
    names = dict.fromkeys(storm.seen.names, "somebody else")
    found = list(compare(storm.books, storm.truth, replace(storm.seen, names=names)))
    assert found
    assert all(re.fullmatch(r".* is for '.*', not for 'somebody else'", difference) for difference in found)


def test_a_document_without_a_file_in_the_archive_is_noticed(storm: Storm) -> None:
    file = next((storm.world.folder / "documents").rglob("*.pdf"))
    away = file.rename(file.with_suffix(".away"))
    try:
        [found] = storm.differences(storm.truth)
        assert found.startswith(f"{file.stem}: the archive has no file ")
        file.write_bytes(b"%PDF-1.7")
        [found] = storm.differences(storm.truth)
        assert found.endswith(" is not what was archived")
    finally:
        away.replace(file)


def test_a_document_that_was_never_archived_and_a_job_that_was_given_up_are_noticed(
    storm: Storm, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = storm.books.rows("SELECT number FROM jumun_invoices_archivedpdf ORDER BY id LIMIT 1")[0][0]
    real = Books.rows

    def rows(books: Books, query: str) -> list[tuple[Any, ...]]:
        if "state = 'parked'" in query:
            return [("invoices.archive:1", "no room")]
        return [row for row in real(books, query) if "archivedpdf" not in query or row[0] != number]

    monkeypatch.setattr(Books, "rows", rows)
    assert storm.differences(storm.truth) == [
        "job invoices.archive:1 is parked: no room",
        f"{number} has no PDF in the archive",
    ]


def test_a_seed_makes_the_same_plan_again() -> None:
    assert plan.make(SEED, 200) == plan.make(SEED, 200)
    assert plan.make(SEED, 200) != plan.make(SEED + 1, 200)
