"""What an operator gets wrong in a deployment, and puts right in the next one."""

import time
from http import HTTPStatus

import httpx

from tests.chaos import staff
from tests.chaos.books import Books
from tests.chaos.people import Seen
from tests.chaos.steps import AnotherAccount, Buyer, Refund, WrongSecret
from tests.chaos.truth import answers_since, last_attempt, sessions_of
from tests.chaos.world import World

# From so many on, refusals of events are no longer a stranger's single tries, whichever process had them.
TOLD_FROM = 8
REFUSED = "stripe_events_refused"
# So many buyers are refunded under another account's key.
REFUNDS = 3
REFUSED_REFUNDS = "SELECT id FROM jumun_payments_refund WHERE status = 'refused'"
UNKNOWN_REFUNDS = "SELECT count(*) FROM jumun_payments_refund WHERE status = 'creating'"


def wrong_secret(world: World, seen: Seen, step: WrongSecret) -> None:
    """Stripe's events are refused, and an operator is told so."""
    with world.deployed_with(STRIPE_WEBHOOK_SECRET="whsec_of_another_endpoint"):
        first = last_attempt(world.paywright_state)
        time.sleep(step.for_s)
        answers = answers_since(world.paywright_state, first)
        warnings = _warnings(world)
    refused, accepted = answers[HTTPStatus.BAD_REQUEST], answers[HTTPStatus.OK]
    seen.outcome("events refused under a wrong secret", refused)
    if accepted:
        seen.find(f"{accepted} events were accepted under a secret that did not sign them")
    if refused >= TOLD_FROM and REFUSED not in warnings:
        seen.find(f"{refused} events were refused, and /readyz warns of nothing but {warnings}")


def _warnings(world: World) -> list[str]:
    answer = httpx.get(f"{world.staff_url}/readyz", timeout=30, trust_env=False)
    warnings: list[str] = answer.json().get("warnings", [])
    return warnings


def another_account(world: World, seen: Seen, step: AnotherAccount) -> None:
    """Nothing of the store's own account is seen, and what is new is made in the other one.

    A clerk refunds meanwhile: whether that money goes back, the other account cannot know.
    """
    books = Books(world)
    with world.another_account() as api_base, world.deployed_with(STRIPE_API_BASE=api_base):
        before = books.column(REFUSED_REFUNDS)
        until = time.monotonic() + step.for_s
        for buyer in _who_have_paid(seen, books)[:REFUNDS]:
            staff.refund(world, seen, Refund(buyer, 10, 1))
        time.sleep(max(0.0, until - time.monotonic()))
        decided = books.column(REFUSED_REFUNDS) - before
        seen.outcome("refunds asked of another account", books.count(UNKNOWN_REFUNDS))
    for refund in decided:
        seen.find(f"refund {refund} was refused on the word of another account")
    seen.elsewhere |= sessions_of(world.other_account_state)
    seen.outcome("sessions made in another account", len(seen.elsewhere))


def _who_have_paid(seen: Seen, books: Books) -> list[Buyer]:
    """Buyers of orders that are paid, by their number."""
    paid = books.column("SELECT reference FROM jumun_orders_order WHERE state = 'paid'")
    return [Buyer(number=number, basket=()) for number, reference in sorted(seen.orders.items()) if reference in paid]
