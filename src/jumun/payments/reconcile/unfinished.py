"""What is not at its end in our books and older than the window: only Stripe knows what has become of it."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from jumun.conf import livemode
from jumun.errors import StripeRefused
from jumun.payments.models import Difference, Dispute, Payout, Reconciliation, Refund
from jumun.payments.reconcile.compare import Comparison
from jumun.payments.reconcile.found import Found
from jumun.payments.stripe import gateway
from jumun.payments.stripe.rate_limit import pace

Kind = Difference.Kind


def unfinished(run: Reconciliation, comparison: Comparison) -> Iterator[Found]:
    """Compare open disputes, refunds on their way and payouts on theirs. Raises `StripeUnavailable`.

    Those of the other mode, test or live, are invisible to our key, and their money is none.
    """
    disputes = Dispute.open_ones().filter(payment__livemode=livemode(), opened_at__lt=run.since)
    told = ("payment__order__number", "status")
    yield from _compare(
        comparison, disputes.values_list("dispute_id", *told), gateway.retrieve_dispute, Kind.DISPUTE_DIFFERS
    )
    on_their_way = Refund.objects.filter(status__in=[Refund.Status.PENDING, Refund.Status.REQUIRES_ACTION])
    refunds = on_their_way.filter(payment__livemode=livemode(), created_at__lt=run.since)
    ids = refunds.values_list("refund_id", *told)
    yield from _compare(comparison, ids, gateway.retrieve_refund, Kind.REFUND_DIFFERS)
    payouts = Payout.unfinished().filter(livemode=livemode(), created_at__lt=run.since)
    known = ((payout_id, "", status) for payout_id, status in payouts.values_list("payout_id", "status"))
    yield from _compare(comparison, known, gateway.retrieve_payout, Kind.PAYOUT_DIFFERS)


def _compare(
    comparison: Comparison,
    known: Iterable[tuple[str | None, str, str]],
    retrieve: Callable[[str], dict[str, Any]],
    kind: str,
) -> Iterator[Found]:
    for object_id, number, status in known:
        pace()
        try:
            raw = retrieve(str(object_id))
        except StripeRefused as refusal:
            problem = f"{status} here; Stripe, under the keys in force, says: {refusal.words}"
            yield Found(kind=kind, object_id=str(object_id), order_number=number, problem=problem)
        else:
            yield from comparison.of(raw)
