from collections.abc import Iterator

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from jumun.audit import invariant
from jumun.conf import livemode
from jumun.invoices.models import Restoration


@invariant(
    "I15",
    remedy=gettext_lazy(
        "Is a worker running? Otherwise run manage.py reconcile --repair --since a day before the backup was taken."
    ),
)
def restored_backups_were_compared_with_stripe() -> Iterator[tuple[str, str]]:
    """What was paid and refunded after a restored backup was taken has been fetched from Stripe."""
    for restoration in Restoration.objects.filter(livemode=livemode(), reconciled_at=None):
        yield (
            _("the backup of %s UTC") % restoration,
            _("was restored, and what has happened since is not in the books yet"),
        )
