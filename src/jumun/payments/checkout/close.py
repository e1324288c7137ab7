"""Close a checkout at Stripe, so that nobody can pay there any more, and learn how it ended."""

from contextlib import suppress
from datetime import timedelta

from django.utils import timezone

from jumun.conf import livemode
from jumun.errors import StripeRefused, StripeUnavailable
from jumun.payments.merge import apply
from jumun.payments.models import Checkout
from jumun.payments.stripe import gateway
from jumun.payments.stripe.snapshots import SessionSnapshot

# How far our clock and Stripe's may differ.
CLOCK_MARGIN = timedelta(minutes=5)


def close(checkout: Checkout) -> None:
    """Expire the session at Stripe and merge its final state, which is "complete" if a payment was quicker.

    Raises `StripeUnavailable`, and `StripeRefused` where Stripe does not know the session and it may still be paid
    under other keys.
    """
    if checkout.state == Checkout.State.CREATING:
        # The same key returns a session whose answer was lost. A refusal means that there never was one.
        with suppress(StripeRefused):
            create(checkout)
    if checkout.state != Checkout.State.OPEN or not checkout.session_id:
        return
    try:
        snapshot = _final_state(checkout.session_id)
    except StripeRefused as refusal:
        if not _is_gone(checkout, refusal):
            raise
        checkout.give_up(str(refusal))
        return
    apply(snapshot)
    checkout.refresh_from_db()


def create(checkout: Checkout) -> None:
    """Create the session at Stripe, always with the same key and parameters, and record the answer."""
    try:
        snapshot = gateway.create_session(checkout.params, idempotency_key=checkout.idempotency_key)
    except StripeRefused as refusal:
        checkout.refuse(str(refusal))
        raise
    except StripeUnavailable as fault:
        # Stripe repeats even a 500 for its key. If there is a session after all, nobody has its address.
        if fault.replayed:
            checkout.refuse(str(fault))
        raise
    checkout.advance(SessionSnapshot.parse(snapshot))


def _final_state(session_id: str) -> dict[str, object]:
    try:
        return gateway.expire_session(session_id)
    except StripeRefused as refusal:
        if refusal.code == "resource_missing":
            raise
        return gateway.retrieve_session(session_id)


def _is_gone(checkout: Checkout, refusal: StripeRefused) -> bool:
    """Whether a session that Stripe does not know can certainly take no real money any more.

    In test mode no money is real: the keys were Paywright's, or another sandbox's. A live session of another account
    expires within a day ("expires_at" in the API reference). Test keys cannot see it, and so prove nothing.
    """
    if refusal.code != "resource_missing":
        return False
    if not checkout.order.livemode:
        return True
    return livemode() and checkout.expires_at + CLOCK_MARGIN < timezone.now()
