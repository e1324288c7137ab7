from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class Lane(TextChoices):
    """A kind of work with its own threads, so that slow work delays only its own lane.

    There is a lane for each outside service that can be slow, and one for long work. A `QueueRunner` serves one lane of
    one table.
    """

    EVENTS = "events", _("events")
    MONEY = "money", _("refunds and expiries")
    STRIPE = "stripe", _("lookups at Stripe")
    MAIL = "mail", _("mails")
    DOCUMENTS = "documents", _("documents")
    UPKEEP = "upkeep", _("reconciliation and purge")

    @property
    def low_priority(self) -> bool:
        """Whether its rows wait a moment for due events, so that a backlog of mails and PDFs delays no payment."""
        return self not in {Lane.EVENTS, Lane.MONEY}

    @property
    def batch(self) -> int:
        """Rows per claim. Work that waits for a service is claimed singly: another thread can take the next row."""
        return 10 if self in {Lane.EVENTS, Lane.DOCUMENTS} else 1

    def threads(self, concurrency: int) -> int:
        """How many threads serve the lane; ``concurrency`` is the number for events."""
        match self:
            case Lane.EVENTS:
                return concurrency
            case Lane.UPKEEP:
                return 1
            case _:
                return -(-concurrency // 2)
