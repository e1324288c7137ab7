"""What happens to a payment at Stripe and at the buyer's bank, without the store being asked."""

import httpx

from tests.chaos.people import Seen
from tests.chaos.steps import DashboardRefund, Dispute
from tests.chaos.truth import payments_of
from tests.chaos.world import World


def refund_at_stripe(world: World, seen: Seen, step: DashboardRefund) -> None:
    """As in Stripe's dashboard, which knows nothing of the store."""
    for intent, amount in payments_of(world, seen.orders.get(step.buyer.number, "nobody")).items():
        part = max(1, amount * step.percent // 100)
        try:
            world.tell_paywright("POST", f"payments/{intent}/refund", {"amount": part})
            seen.outcome("refunded in the dashboard")
        except httpx.HTTPError:
            # Refunded before, or Paywright has just been killed.
            seen.outcome("not refunded in the dashboard")


def dispute(world: World, seen: Seen, step: Dispute) -> None:
    """The bank asks the money back; staff answer in the dashboard, or not."""
    for intent in payments_of(world, seen.orders.get(step.buyer.number, "nobody")):
        try:
            opened = world.tell_paywright("POST", f"payments/{intent}/dispute", {"reason": "product_not_received"})
            seen.outcome("disputed")
            if step.evidence:
                _answer(world, opened["id"], step.evidence)
                seen.outcome(f"answered with {step.evidence}")
        except httpx.HTTPError:
            # Disputed or refunded before, or a fault of the API: nobody answers then.
            seen.outcome("not disputed or not answered")


def _answer(world: World, dispute_id: str, evidence: str) -> None:
    address = f"{world.paywright_url}/v1/disputes/{dispute_id}"
    values = {"evidence[uncategorized_text]": evidence, "submit": "true"}
    key = world.configuration.environment["STRIPE_SECRET_KEY"]
    httpx.post(address, data=values, auth=(key, ""), timeout=30, trust_env=False).raise_for_status()
