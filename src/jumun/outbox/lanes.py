from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class Lane(TextChoices):
    """What is worked on side by side: each lane has threads of its own, so what is slow holds up only its own lane.

    One lane for everything that the same outsider can make slow, and one for long work.
    """

    EVENTS = "events", _("events")
    MONEY = "money", _("refunds and expiries")
    STRIPE = "stripe", _("lookups at Stripe")
    MAIL = "mail", _("mails")
    DOCUMENTS = "documents", _("documents")
    UPKEEP = "upkeep", _("reconciliation and purge")

    @property
    def low_priority(self) -> bool:
        """Whether its rows wait a moment for events that are due: a backlog of mails and PDFs delays no payment."""
        return self not in {Lane.EVENTS, Lane.MONEY}

    @property
    def batch(self) -> int:
        """Rows of one claim. What waits for others is claimed singly: another thread may have the next row."""
        return 10 if self in {Lane.EVENTS, Lane.DOCUMENTS} else 1

    def threads(self, concurrency: int) -> int:
        """How many threads serve the lane in a worker of that ``concurrency``, which is the number for events."""
        match self:
            case Lane.EVENTS:
                return concurrency
            case Lane.UPKEEP:
                return 1
            case _:
                return -(-concurrency // 2)
