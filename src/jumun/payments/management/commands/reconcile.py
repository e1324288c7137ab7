import json
import sys
from datetime import datetime, timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from jumun.actor import Actor, Cause, acting
from jumun.conf import livemode
from jumun.errors import StripeError
from jumun.invoices.models import Restoration
from jumun.payments.management.since import since as parse_since
from jumun.payments.models import Reconciliation
from jumun.payments.reconcile import reconcile
from jumun.payments.reconcile.numbers_after_restore import recover
from jumun.payments.reconcile.problem_text import stripe_amount_text
from jumun.payments.reconcile.report import report

WINDOW = timedelta(days=3)
BAR_WIDTH = 30
# More sales would hide the differences; --json prints all of them.
SALES_LISTED_MAX = 20


class Command(BaseCommand):
    help = (
        "Compare our books with Stripe's, and name everything that --repair would change. The exit code is 0 only if "
        "they agree, or agree after --repair. Give the same command again to continue an interrupted run."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--since", help="compare from this time on (ISO 8601); by default three days ago", default=""
        )
        parser.add_argument("--repair", action="store_true", help="merge what is missing or differs")
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
        document = report(run)
        if options["json"]:
            self.stdout.write(json.dumps(document))
        else:
            self._print(document)
        if not document["ok"]:
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

    def _print(self, document: dict[str, Any]) -> None:
        for row in document["differences"]:
            self._print_difference("repaired" if row["repaired"] else "DIFFERS", row)
        self._print_sums("paid at Stripe for orders that are not here", document["money_without_order"])
        self._print_sums("not of our orders, on the same account", document["not_ours"])
        for row in document["not_ours"]["sales"][:SALES_LISTED_MAX]:
            self._print_difference("not ours", row)
        for row in document["fraud_warnings"]:
            self.stdout.write(f"fraud warning  {row['order_number']} {row['warning_id']}: {row['problem']}")
        for row in document["open_disputes"]:
            self.stdout.write(
                f"dispute  {row['order_number']} {row['dispute_id']}: {row['status']}, due {row['due_at']}"
            )
        for name, title in (("balance", "balance"), ("balance_not_ours", "not ours")):
            for currency, sums in document[name].items():
                amounts = (
                    f"{name.removesuffix('_minor')} {stripe_amount_text(amount, currency)}"
                    for name, amount in sums.items()
                )
                self.stdout.write(f"{title}  {currency}: {', '.join(amounts)}")
        self.stdout.write("The books agree." if document["ok"] else "The books differ.")

    def _print_difference(self, mark: str, row: dict[str, Any]) -> None:
        where = " ".join(filter(None, [row["order_number"], row["object_id"]]))
        what_to_do = f" {row['advice']}" if row["advice"] else ""
        self.stdout.write(f"{mark}  {row['kind']}  {where}: {row['problem'].rstrip('.')}.{what_to_do}")

    def _print_sums(self, title: str, sums: dict[str, Any]) -> None:
        if sums["count"]:
            amounts = ", ".join(stripe_amount_text(amount, currency) for currency, amount in sums["amounts"].items())
            self.stdout.write(f"{title}: {sums['count']}, {amounts}")
