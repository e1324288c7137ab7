"""Whether the store's books equal Stripe's to the unit, and whether it kept every promise of the run."""

import json
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

import httpx

from tests.chaos.books import Books
from tests.chaos.engine import ENDED
from tests.chaos.gone import given_twice, is_in_gap, is_of_gone, unnamed
from tests.chaos.mails import mails
from tests.chaos.mistakes import REFUSED
from tests.chaos.paper import numbers, papers, skipped
from tests.chaos.people import NO_ORDER, Lost, Seen
from tests.chaos.quiesce import reconcile
from tests.chaos.steps import KillEngine
from tests.chaos.truth import Truth
from tests.chaos.world import World
from tests.conformance.said import Said

# What the store sets aside for staff to decide, by design. It is told, and nothing about it is wrong in the books.
FOR_STAFF = frozenset({"refund_failed"})
# The last line of a traceback, and the first one of an entry.
RAISED = re.compile(r"^([A-Za-z_.]+(?:Error|Exception|DoesNotExist))\b", re.MULTILINE)
LOGGED = re.compile(r"^(?:ERROR|WARNING|INFO|CRITICAL) ", re.MULTILINE)
# What Django and its driver raise for a database that is away; the last is what saving a session makes of it.
AWAY = frozenset({"OperationalError", "InterfaceError", "AdminShutdown", "CannotConnectNow", "UpdateError"})


def verdict(world: World, books: Books, seen: Seen) -> Iterator[str]:
    """Name every way in which the run went wrong; none when all is well."""
    truth = Truth.read(world.paywright_state)
    yield from _by_its_own_commands(world, truth, seen.lost)
    yield from _errors(world)
    yield from Said(world.said).problems()
    yield from seen.wrong
    yield from _told_in_vain(world)
    yield from _engines(world, seen)
    yield from compare(books, truth, seen)


def _told_in_vain(world: World) -> Iterator[str]:
    """Nothing that an operator was told of a disaster is still told after it."""
    told = httpx.get(f"{world.staff_url}/readyz", timeout=30, trust_env=False).json()
    if late := told["late_recurring"]:
        yield f"/readyz says that {', '.join(late)} have not run for long"
    if REFUSED in told.get("warnings", ()):
        yield "/readyz says that Stripe's events are refused"


def compare(books: Books, truth: Truth, seen: Seen) -> Iterator[str]:
    """Name every difference between the store's tables and mails, Stripe's truth, and what customers were shown."""
    lost = seen.lost or Lost()
    truth = truth.without(lost.orders)
    yield from _payments(books, truth)
    yield from _refunds(books, truth)
    yield from _money(books, truth)
    yield from _sessions(books, truth, seen)
    yield from _orders(books, truth)
    yield from numbers(books, is_restored=seen.lost is not None)
    yield from _invoices(books)
    yield from given_twice(books, lost)
    yield from _stock(books)
    yield from _events(books, truth, lost)
    yield from _jobs(books)
    yield from papers(books, seen)
    yield from mails(books, lost)
    yield from _promises(books, seen)


def _by_its_own_commands(world: World, truth: Truth, lost: Lost | None) -> Iterator[str]:
    audited = json.loads(world.run("-m", "django", "audit", "--files", "--json").stdout)
    gaps = skipped(Books(world))
    for finding in audited["findings"]:
        # The archive has kept the PDF of a document that the database has lost: its number is in a gap.
        if not is_in_gap(gaps, finding["subject"]):
            yield f"audit: {finding['invariant']} {finding['subject']}: {finding['problem']}"
    differences = json.loads(reconcile(world).stdout)["differences"]
    for difference in differences:
        if difference["kind"] not in FOR_STAFF and not (lost and is_of_gone(truth, lost, difference)):
            yield f"reconcile: {difference}"
    yield from unnamed(truth, lost, differences) if lost else ()


def _payments(books: Books, truth: Truth) -> Iterator[str]:
    ours = {
        intent: (reference, amount)
        for intent, reference, amount in books.rows(
            "SELECT p.payment_intent_id, o.reference, p.amount_minor FROM jumun_payments_payment p"
            " JOIN jumun_orders_order o ON o.id = p.order_id WHERE p.status = 'paid'"
        )
    }
    yield from _differences("payment", ours, truth.payments)


def _refunds(books: Books, truth: Truth) -> Iterator[str]:
    ours = {
        refund: (intent, amount, status)
        for refund, intent, amount, status in books.rows(
            "SELECT r.refund_id, p.payment_intent_id, r.amount_minor, r.status FROM jumun_payments_refund r"
            " JOIN jumun_payments_payment p ON p.id = r.payment_id WHERE r.refund_id IS NOT NULL"
        )
    }
    yield from _differences("refund", ours, truth.refunds)
    for name, count in Counter(truth.refund_names.values()).items():
        if count > 1:
            yield f"the refund {name} was asked for once and made {count} times"


def _money(books: Books, truth: Truth) -> Iterator[str]:
    """Disputes, every movement of the balance with its fee, and payouts."""
    disputes = books.rows(
        "SELECT d.dispute_id, p.payment_intent_id, d.amount_minor, d.status FROM jumun_payments_dispute d"
        " JOIN jumun_payments_payment p ON p.id = d.payment_id"
    )
    yield from _differences("dispute", {row[0]: row[1:] for row in disputes}, truth.disputes)
    movements = books.rows(
        "SELECT transaction_id, amount_minor, fee_minor, currency, source_id FROM jumun_payments_balancetransaction"
    )
    yield from _differences("balance transaction", {row[0]: row[1:] for row in movements}, truth.movements)
    payouts = books.rows("SELECT payout_id, amount_minor, status FROM jumun_payments_payout")
    yield from _differences("payout", {row[0]: row[1:] for row in payouts}, truth.payouts)


def _sessions(books: Books, truth: Truth, seen: Seen) -> Iterator[str]:
    ours = dict(books.rows("SELECT session_id, state FROM jumun_payments_checkout WHERE session_id IS NOT NULL"))
    theirs = {session: status for session, status in truth.sessions.items() if session in ours}
    # Nobody was sent to a session of another account to pay there, and its key is in force no more.
    here = {session: state for session, state in ours.items() if session not in seen.elsewhere}
    yield from _differences("session", here, theirs)
    for session in sorted(seen.elsewhere & ours.keys()):
        if ours[session] in {"creating", "open"}:
            yield f"session {session} of another account is {ours[session]} for ever"
    for session, status in truth.sessions.items():
        if status == "open":
            yield f"session {session} can still be paid"


def _differences(noun: str, ours: dict[str, Any], theirs: dict[str, Any]) -> Iterator[str]:
    for key in sorted(ours.keys() | theirs.keys()):
        if ours.get(key) != theirs.get(key):
            yield f"{noun} {key}: {ours.get(key)} here, {theirs.get(key)} at Stripe"


def _orders(books: Books, truth: Truth) -> Iterator[str]:
    """Nobody is charged without goods or a refund, and nobody has goods without being charged.

    But for what the bank would not take back, which staff are told of, and what it has taken back itself.
    """
    kept, failed, disputed = charged_minor(truth), _left_to_staff_minor(books, truth), _at_the_bank_minor(truth)
    for reference, number, state, total in books.rows(
        "SELECT reference, number, state, total_minor FROM jumun_orders_order"
    ):
        charged, refunded = kept.get(reference, (0, 0))
        goods = total if state == "paid" else 0
        # What a paid order is refunded may be of the payment that it keeps, or of one beside that.
        least = goods or refunded
        if not least <= charged <= goods + refunded + failed[reference] + disputed[reference]:
            yield f"order {number} over {total} is {state}, but {charged} was charged and {refunded} refunded"


def _left_to_staff_minor(books: Books, truth: Truth) -> Counter[str]:
    """By order reference: refunds that failed at the bank and that staff have still to deal with."""
    failed: Counter[str] = Counter()
    for refund, reference in books.rows(
        "SELECT q.object_id, o.reference FROM jumun_payments_quarantinedsnapshot q"
        " JOIN jumun_orders_order o ON o.id = q.order_id WHERE q.reason = 'refund_failed' AND q.resolved_at IS NULL"
    ):
        _intent, amount, _status = truth.refunds.get(refund, ("", 0, ""))
        failed[reference] += amount
    return failed


def _at_the_bank_minor(truth: Truth) -> Counter[str]:
    """By order reference: what buyers dispute, or have won."""
    disputed: Counter[str] = Counter()
    for intent, amount, status in truth.disputes.values():
        reference, _paid = truth.payments.get(intent, ("", 0))
        if status not in {"won", "warning_closed", "prevented"}:
            disputed[reference] += amount
    return disputed


def charged_minor(truth: Truth) -> dict[str, tuple[int, int]]:
    """By order reference: what was charged, and what of it went back."""
    back: Counter[str] = Counter()
    for intent, amount, status in truth.refunds.values():
        if status in {"succeeded", "pending", "requires_action"}:
            back[intent] += amount
    sums: dict[str, tuple[int, int]] = {}
    for intent, (reference, amount) in truth.payments.items():
        charged, refunded = sums.get(reference, (0, 0))
        sums[reference] = (charged + amount, refunded + back[intent])
    return sums


def _invoices(books: Books) -> Iterator[str]:
    """A paid order has one invoice, and no other order has any."""
    paid = {row[0] for row in books.rows("SELECT id FROM jumun_orders_order WHERE state = 'paid'")}
    invoiced = Counter(row[0] for row in books.rows("SELECT order_id FROM jumun_invoices_invoice"))
    if invoiced != Counter(paid):
        yield f"invoices of the orders {invoiced - Counter(paid)} too many, {Counter(paid) - invoiced} too few"


def _stock(books: Books) -> Iterator[str]:
    sold = dict(
        books.rows(
            "SELECT r.product_id, sum(r.quantity) FROM jumun_storefront_reservation r"
            " JOIN jumun_orders_order o ON o.id = r.order_id WHERE o.state = 'paid' GROUP BY r.product_id"
        )
    )
    back = dict(
        books.rows(
            "SELECT l.sku, sum(b.restock_quantity) FROM jumun_payments_refundline b"
            " JOIN jumun_payments_refund r ON r.id = b.refund_id JOIN jumun_orders_orderline l ON l.id = b.line_id"
            " WHERE r.booked_at IS NOT NULL GROUP BY l.sku"
        )
    )
    for pk, sku, stock, reserved, counted in books.rows(
        "SELECT id, sku, stock_quantity, reserved_quantity, sold_quantity FROM jumun_storefront_product"
    ):
        kept = sold.get(pk, 0) - back.get(sku, 0)
        if (reserved, counted) != (0, kept) or counted > stock:
            yield f"{sku}: {reserved} reserved and {counted} sold of {stock}, but {kept} are paid and not back"


def _events(books: Books, truth: Truth, lost: Lost) -> Iterator[str]:
    """What was acknowledged is here, and done."""
    ours = dict(books.rows("SELECT event_id, state FROM jumun_payments_inboxevent"))
    for event in sorted(truth.acknowledged - ours.keys() - lost.events):
        yield f"event {event} was acknowledged and is not here"
    for event, state in ours.items():
        if state not in {"done", "ignored"}:
            yield f"event {event} is {state}"


def _jobs(books: Books) -> Iterator[str]:
    """Nothing was given up."""
    for key, error in books.rows("SELECT key, last_error FROM jumun_outbox_job WHERE state = 'parked'"):
        yield f"job {key} is parked: {error}"


def _engines(world: World, seen: Seen) -> Iterator[str]:
    """PDFs are rendered in a process of their own, which was there to be killed. In a short run it may be idle, and so
    gone, each time.
    """
    planned = sum(isinstance(step, KillEngine) for step in world.plan.steps)
    if planned > 2 and not any(outcome.startswith(ENDED) for outcome in seen.outcomes):
        yield f"no process that renders PDFs was found, {planned} times"


def _promises(books: Books, seen: Seen) -> Iterator[str]:
    """What a customer's browser showed is true ever after."""
    states = dict(books.rows("SELECT reference, state FROM jumun_orders_order"))
    for buyer, reference in seen.orders.items():
        if seen.lost and reference in seen.lost.orders:
            continue
        if reference not in states:
            yield f"buyer {buyer} was shown the order {reference}, which is not here"
        elif seen.states.get(buyer) == "paid" and states[reference] != "paid":
            yield f"buyer {buyer} was told that the order is paid; it is {states[reference]}"
        elif seen.states.get(buyer, "").startswith(NO_ORDER):
            yield f"buyer {buyer} paid, came back, and saw {seen.states[buyer]}"


def _errors(world: World) -> Iterator[str]:
    """The web server fails for want of its database alone, and SQLite is always there."""
    log = (world.folder / "web.log").read_text(encoding="utf-8")
    # Where one error led to another, the last one is what went wrong.
    raised = Counter(found[-1] for block in LOGGED.split(log) if (found := RAISED.findall(block)))
    for error, count in raised.items():
        if not world.database or error.rpartition(".")[2] not in AWAY:
            yield f"the web server raised {error} {count} times"
