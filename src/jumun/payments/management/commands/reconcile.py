import json
import sys
from dataclasses import asdict
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from jumun.cause import Actor, Cause, acting
from jumun.errors import StripeError
from jumun.payments.management.since import since as parse_since
from jumun.payments.reconcile import Difference, reconcile

WINDOW = timedelta(days=3)


class Command(BaseCommand):
    help = "Compare our books with Stripe's. Exit code 0 only when they agree (or were made to, with --repair)."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--since", help="ISO 8601 time; three days ago by default", default="")
        parser.add_argument("--repair", action="store_true", help="bring in what is missing")
        parser.add_argument("--json", action="store_true", help="print one JSON document")

    def handle(self, *_args: Any, **options: Any) -> None:
        now = timezone.now()
        since = parse_since(options["since"]) if options["since"] else now - WINDOW
        try:
            with acting(lambda: Cause(actor=Actor.COMMAND, source="manage.py reconcile")):
                found = list(reconcile(since=since, until=now, repair=options["repair"], progress=self._progress))
        except StripeError as error:
            raise CommandError(f"Stripe could not be asked: {error}") from error
        self._report(found, as_json=options["json"])
        if any(not difference.repaired for difference in found):
            sys.exit(1)

    def _progress(self, count: int) -> None:
        if self.stderr.isatty() and count % 10 == 0:
            self.stderr.write(f"\r{count} sessions", ending="")

    def _report(self, found: list[Difference], *, as_json: bool) -> None:
        agrees = all(difference.repaired for difference in found)
        if as_json:
            rows = [asdict(difference) for difference in found]
            self.stdout.write(json.dumps({"ok": agrees, "differences": rows}))
            return
        for difference in found:
            mark = "repaired" if difference.repaired else "DIFFERS"
            self.stdout.write(f"{mark}  {difference.order_number} {difference.object_id}: {difference.problem}")
        self.stdout.write("The books agree." if agrees else "The books differ.")
