"""What is not at its end in our books and older than the window: only Stripe knows what has become of it."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from jumun.conf import livemode
from jumun.errors import StripeRefused
from jumun.payments import gateway
from jumun.payments.models import Difference, Dispute, Payout, Reconciliation, Refund
from jumun.payments.pacing import pace
from jumun.payments.reconcile.compare import Found, compare

Kind = Difference.Kind


def unfinished(run: Reconciliation) -> Iterator[Found]:
    """Compare open disputes, refunds on their way and payouts on theirs. Raises `StripeUnavailable`.

    Those of the other mode, test or live, are invisible to our key, and their money is none.
    """
    disputes = Dispute.open_ones().filter(payment__livemode=livemode(), opened_at__lt=run.since)
    yield from _compare(
        run, disputes.values_list("dispute_id", flat=True), gateway.retrieve_dispute, Kind.DISPUTE_DIFFERS
    )
    on_their_way = Refund.objects.filter(status__in=[Refund.Status.PENDING, Refund.Status.REQUIRES_ACTION])
    refunds = on_their_way.filter(payment__livemode=livemode(), created_at__lt=run.since)
    yield from _compare(run, refunds.values_list("refund_id", flat=True), gateway.retrieve_refund, Kind.REFUND_DIFFERS)
    payouts = Payout.unfinished().filter(livemode=livemode(), created_at__lt=run.since)
    yield from _compare(run, payouts.values_list("payout_id", flat=True), gateway.retrieve_payout, Kind.PAYOUT_DIFFERS)


def _compare(
    run: Reconciliation, known: Iterable[str | None], retrieve: Callable[[str], dict[str, Any]], kind: str
) -> Iterator[Found]:
    for object_id in map(str, known):
        pace()
        try:
            raw = retrieve(object_id)
        except StripeRefused as refusal:
            yield Found(kind=kind, object_id=object_id, problem=f"not at its end here; Stripe says: {refusal}")
        else:
            yield from compare(raw, repair=run.repair)
