"""What is not at its end in our books and older than the window: only Stripe knows what has become of it."""

from collections.abc import Iterator

from jumun.payments import gateway
from jumun.payments.models import Dispute, Payout, Reconciliation, Refund
from jumun.payments.pacing import pace
from jumun.payments.reconcile.compare import Found, compare


def unfinished(run: Reconciliation) -> Iterator[Found]:
    """Compare open disputes, refunds on their way and payouts on theirs. Raises `StripeUnavailable`."""
    disputes = Dispute.open_ones().filter(opened_at__lt=run.since)
    for dispute_id in disputes.values_list("dispute_id", flat=True):
        pace()
        yield from compare(gateway.retrieve_dispute(dispute_id), repair=run.repair)
    on_their_way = Refund.objects.filter(status__in=[Refund.Status.PENDING, Refund.Status.REQUIRES_ACTION])
    for refund_id in on_their_way.filter(created_at__lt=run.since).values_list("refund_id", flat=True):
        pace()
        yield from compare(gateway.retrieve_refund(str(refund_id)), repair=run.repair)
    payouts = Payout.unfinished().filter(created_at__lt=run.since)
    for payout_id in payouts.values_list("payout_id", flat=True):
        pace()
        yield from compare(gateway.retrieve_payout(payout_id), repair=run.repair)
