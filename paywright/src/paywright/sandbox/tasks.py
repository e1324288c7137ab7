"""The tasks that run when the server's clock reaches their time."""

from collections.abc import Callable

from paywright.checkout.lifecycle import debit_answered, expire_in_time
from paywright.money.balance import make_available
from paywright.money.payouts import daily_payout, payout_arrives, payout_in_transit
from paywright.payments.disputes import deadline_passes, review_dispute
from paywright.payments.refunds import finish_refund, reference_arrives
from paywright.payments.settle import settle_charge
from paywright.state.store import Store, Transaction

TASKS: dict[str, Callable[[Transaction, str], None]] = {
    "daily_payout": daily_payout,
    "debit_answered": debit_answered,
    "dispute_deadline": deadline_passes,
    "expire_session": expire_in_time,
    "finish_refund": finish_refund,
    "make_available": make_available,
    "payout_arrives": payout_arrives,
    "payout_in_transit": payout_in_transit,
    "refund_reference": reference_arrives,
    "review_dispute": review_dispute,
    "settle_charge": settle_charge,
}


def next_due(store: Store) -> float | None:
    """When the earliest task is due, in seconds of the server's time."""
    return store.moment("SELECT min(run_at) FROM task")


def run_next(store: Store) -> None:
    """Run the earliest task; its effect and its removal are one transaction."""
    with store.transaction() as tx:
        row = tx.sql.execute("SELECT id, name, subject FROM task ORDER BY run_at, id LIMIT 1").fetchone()
        tx.sql.execute("DELETE FROM task WHERE id = ?", (row[0],))
        TASKS[row[1]](tx, row[2])
