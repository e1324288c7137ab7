import json
import sys
from datetime import datetime, timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from jumun.cause import Actor, Cause, acting
from jumun.conf import livemode
from jumun.errors import StripeError
from jumun.invoices.models import Restoration
from jumun.payments.management.since import since as parse_since
from jumun.payments.models import Reconciliation
from jumun.payments.reconcile import reconcile
from jumun.payments.reconcile.report import report
from jumun.payments.recover import recover

WINDOW = timedelta(days=3)
BAR_WIDTH = 30


class Command(BaseCommand):
    help = (
        "Compare our books with Stripe's. Exit code 0 only when they agree (or were made to, with --repair). "
        "A run that was interrupted goes on where it was when it is asked for again."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--since", help="ISO 8601 time; three days ago by default", default="")
        parser.add_argument("--repair", action="store_true", help="bring in what is missing")
        parser.add_argument("--json", action="store_true", help="print one JSON document")

    def handle(self, *_args: Any, **options: Any) -> None:
        since = parse_since(options["since"]) if options["since"] else None
        try:
            with acting(lambda: Cause(actor=Actor.COMMAND, source="manage.py reconcile")):
                if options["repair"]:
                    recover()
                run = self._run(since, repair=options["repair"])
                reconcile(run, progress=self._progress)
        except StripeError as error:
            raise CommandError(f"Stripe could not be asked: {error}. The same command goes on from here.") from error
        if run.repair:
            Restoration.note_reconciled(since=run.since, livemode=livemode())
        told = report(run)
        if options["json"]:
            self.stdout.write(json.dumps(told))
        else:
            self._tell(told)
        if not told["ok"]:
            sys.exit(1)

    def _run(self, since: datetime | None, *, repair: bool) -> Reconciliation:
        if interrupted := Reconciliation.interrupted(repair=repair, since=since):
            self.stderr.write(f"going on with the run of {interrupted.started_at.isoformat(timespec='seconds')}")
            return interrupted
        return Reconciliation.begin(since=since or timezone.now() - WINDOW, repair=repair)

    def _progress(self, step: str, share: float) -> None:
        if self.stderr.isatty():
            bar = "#" * round(share * BAR_WIDTH)
            ending = "\n" if share >= 1 else ""
            self.stderr.write(f"\r[{bar:.<{BAR_WIDTH}}] {share:4.0%} {step:<25}", ending=ending)

    def _tell(self, told: dict[str, Any]) -> None:
        for row in told["differences"]:
            mark = "repaired" if row["repaired"] else "DIFFERS"
            self.stdout.write(f"{mark}  {row['kind']}  {row['order_number']} {row['object_id']}: {row['problem']}")
        for row in told["open_disputes"]:
            self.stdout.write(
                f"dispute  {row['order_number']} {row['dispute_id']}: {row['status']}, due {row['due_at']}"
            )
        for currency, sums in told["balance"].items():
            sentence = ", ".join(f"{name.removesuffix('_minor')} {amount_minor}" for name, amount_minor in sums.items())
            self.stdout.write(f"balance  {currency}: {sentence}")
        self.stdout.write("The books agree." if told["ok"] else "The books differ.")
