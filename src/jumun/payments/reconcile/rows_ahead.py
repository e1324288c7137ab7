"""Rows of ours that are further along than Stripe's object, and so cannot have come from Stripe.

Merging only moves forward, so that an old snapshot never wins. What was fetched after our row was read is not old: if
our row is still ahead, somebody changed it behind Jumun's back, and it is put back. Documents follow from what Stripe
says and from nothing else: none is issued or cancelled because of such a row.
"""

from collections.abc import Callable
from typing import Any

from jumun import money
from jumun.payments.models import Checkout, Dispute, Payout, Refund
from jumun.payments.stripe.snapshots import DisputeSnapshot, PayoutSnapshot, RefundSnapshot, SessionSnapshot

Raw = dict[str, Any]


def is_ahead(raw: Raw) -> bool:
    """Whether a row still differs from ``raw`` now that this was merged. Raises `MalformedSnapshot`."""
    check = _AHEAD.get(str(raw.get("object")))
    return check is not None and check(raw, False)


def put_back(raw: Raw) -> None:
    """Give that row the state of ``raw``, which is Stripe's present one, under the lock on the order."""
    check = _AHEAD.get(str(raw.get("object")))
    if check is not None:
        check(raw, True)


def _refund(raw: Raw, is_put_back: bool) -> bool:
    snapshot = RefundSnapshot.parse(raw)
    row = Refund.objects.select_related("payment__order").filter(refund_id=snapshot.id).first()
    if row is None or not snapshot.is_status_known or snapshot.currency != row.currency:
        return False
    is_other = (row.status, row.amount_minor * money.stripe_scale(row.currency)) != (snapshot.status, snapshot.amount)
    if is_other and is_put_back:
        row.put_back(snapshot)
    return is_other


def _dispute(raw: Raw, is_put_back: bool) -> bool:
    snapshot = DisputeSnapshot.parse(raw)
    row = Dispute.objects.select_related("payment__order").filter(dispute_id=snapshot.id).first()
    if row is None or snapshot.currency != row.currency:
        return False
    is_other = not row.is_as(snapshot)
    if is_other and is_put_back:
        row.put_back(snapshot)
    return is_other


def _payout(raw: Raw, is_put_back: bool) -> bool:
    snapshot = PayoutSnapshot.parse(raw)
    row = Payout.objects.filter(payout_id=snapshot.id).first()
    is_other = row is not None and not row.is_as(snapshot)
    if row is not None and is_other and is_put_back:
        row.put_back(snapshot)
    return is_other


def _session(raw: Raw, is_put_back: bool) -> bool:
    session = SessionSnapshot.parse(raw)
    row = Checkout.objects.select_related("order").filter(session_id=session.id).first()
    if row is None or not session.is_status_known or not row.is_beyond(session):
        return False
    if is_put_back:
        row.put_back(session)
    return True


_AHEAD: dict[str, Callable[[Raw, bool], bool]] = {
    "refund": _refund,
    "dispute": _dispute,
    "payout": _payout,
    "checkout.session": _session,
}
