"""Rows of ours that are further along than Stripe's object: they cannot come from Stripe, and its state is put back.

Merging only moves forward, so an old snapshot never wins. An object that was fetched after our row was read is not old.
If our row is still ahead of it, somebody changed the row behind Jumun's back. Documents follow only from what Stripe
reports: none is issued or canceled because of such a row.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection, transaction

from jumun import money
from jumun.payments.models import Checkout, Dispute, Payout, Refund
from jumun.payments.stripe.snapshots import DisputeSnapshot, PayoutSnapshot, RefundSnapshot, SessionSnapshot

Raw = dict[str, Any]

PAUSE_MAX_S = 0.1


@contextmanager
def transaction_with_pause() -> Iterator[None]:
    """A transaction, one of many. On SQLite, leave the database alone afterwards for as long as it took.

    SQLite has one writer at a time and no queue. A waiting writer looks for its chance only every 100 ms, so thousands
    of transactions without a pause would keep customers out until their time-out.
    """
    begun_s = time.monotonic()
    with transaction.atomic():
        yield
    if connection.vendor == "sqlite":
        time.sleep(min(PAUSE_MAX_S, time.monotonic() - begun_s))


@contextmanager
def trial(*, keep: bool) -> Iterator[None]:
    """A transaction that is rolled back at its end unless ``keep``."""
    with transaction_with_pause():
        yield
        if not keep:
            transaction.set_rollback(True)


def is_ahead(raw: Raw) -> bool:
    """Whether a row still differs from ``raw`` after ``raw`` was merged. Raises `MalformedSnapshot`."""
    check = _CHECKS.get(str(raw.get("object")))
    return check is not None and check(raw, False)


def put_back(raw: Raw) -> None:
    """Give that row the state of ``raw``, which must be Stripe's present one. The caller holds the order's lock."""
    if check := _CHECKS.get(str(raw.get("object"))):
        check(raw, True)


def _refund(raw: Raw, is_put_back: bool) -> bool:
    snapshot = RefundSnapshot.parse(raw)
    row = Refund.objects.select_related("payment__order").filter(refund_id=snapshot.id).first()
    if row is None or not snapshot.is_status_known or snapshot.currency != row.currency:
        return False
    differs = (row.status, row.amount_minor * money.stripe_scale(row.currency)) != (snapshot.status, snapshot.amount)
    if differs and is_put_back:
        row.put_back(snapshot)
    return differs


def _dispute(raw: Raw, is_put_back: bool) -> bool:
    snapshot = DisputeSnapshot.parse(raw)
    row = Dispute.objects.select_related("payment__order").filter(dispute_id=snapshot.id).first()
    if row is None or snapshot.currency != row.currency or row.is_as(snapshot):
        return False
    if is_put_back:
        row.put_back(snapshot)
    return True


def _payout(raw: Raw, is_put_back: bool) -> bool:
    snapshot = PayoutSnapshot.parse(raw)
    row = Payout.objects.filter(payout_id=snapshot.id).first()
    if row is None or row.is_as(snapshot):
        return False
    if is_put_back:
        row.put_back(snapshot)
    return True


def _session(raw: Raw, is_put_back: bool) -> bool:
    session = SessionSnapshot.parse(raw)
    row = Checkout.objects.select_related("order").filter(session_id=session.id).first()
    if row is None or not session.is_status_known or not row.is_beyond(session):
        return False
    if is_put_back:
        row.put_back(session)
    return True


_CHECKS: dict[str, Callable[[Raw, bool], bool]] = {
    "refund": _refund,
    "dispute": _dispute,
    "payout": _payout,
    "checkout.session": _session,
}
