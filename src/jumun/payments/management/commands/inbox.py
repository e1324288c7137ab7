from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db.models import Count, QuerySet
from django.utils import timezone

from jumun.actor import Actor, Cause, acting
from jumun.orders.masking import masked
from jumun.outbox.lanes import Lane
from jumun.outbox.lease import State
from jumun.outbox.status import oldest_waiting_s
from jumun.payments.management.since import since
from jumun.payments.models import InboxEvent, WebhookReception


class Command(BaseCommand):
    help = "List events from Stripe, or have the worker process them again (--replay)."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("event_id", nargs="*", metavar="EVENT_ID")
        parser.add_argument("--parked", action="store_true", help="events that could not be processed")
        parser.add_argument("--since", metavar="TIME", help="events received since then (ISO 8601)")
        parser.add_argument("--replay", action="store_true", help="process them again instead of listing them")

    def handle(self, *_args: Any, **options: Any) -> None:
        chosen = self._chosen(options)
        if options["replay"]:
            if chosen is None:
                raise CommandError("--replay needs event ids, --parked or --since TIME.")
            self._replay(chosen)
        elif chosen is None:
            self._summary()
        else:
            self._list(chosen)

    def _chosen(self, options: dict[str, Any]) -> "QuerySet[InboxEvent] | None":
        if not (options["event_id"] or options["parked"] or options["since"]):
            return None
        events = InboxEvent.objects.defer("payload").select_related("order").order_by("pk")
        if ids := set(options["event_id"]):
            events = events.filter(event_id__in=ids)
            if missing := ids - set(events.values_list("event_id", flat=True)):
                raise CommandError(f"not in the inbox: {', '.join(sorted(missing))}")
        if options["parked"]:
            events = events.filter(state=State.PARKED)
        if options["since"]:
            events = events.filter(received_at__gte=since(options["since"]))
        return events

    def _replay(self, events: "QuerySet[InboxEvent]") -> None:
        with acting(lambda: Cause(actor=Actor.COMMAND, source="manage.py inbox --replay")):
            count = sum(event.requeue() for event in events.iterator())
        self.stdout.write(f"{count} will be processed again")

    def _list(self, events: "QuerySet[InboxEvent]") -> None:
        for event in events.iterator():
            line = f"{event.event_id}  {event.received_at:%Y-%m-%dT%H:%M:%SZ}  {event.type}  {event.state}"
            self.stdout.write(f"{line}  {masked(event.last_error)}".rstrip())

    def _summary(self) -> None:
        for state, count in InboxEvent.objects.order_by("state").values_list("state").annotate(Count("pk")):
            self.stdout.write(f"{state:8}{count:>10}")
        self.stdout.write(f"the oldest due event waits for {oldest_waiting_s(timezone.now(), Lane.EVENTS):.0f} s")
        reception = WebhookReception.current()
        accepted = f"{reception.accepted_at:%Y-%m-%dT%H:%M:%SZ}" if reception.accepted_at else "never"
        self.stdout.write(f"last accepted: {accepted}; refused since then: {reception.refused_count}")
