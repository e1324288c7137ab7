import argparse
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from jumun.business_day import business_day
from jumun.errors import BackupRefused, StripeError
from jumun.invoices.backup.restore import Restored, restore_backup
from jumun.invoices.numbers import NUMBER_MAX, parse_series
from jumun.payments.reconcile.numbers_after_restore import recover


class Command(BaseCommand):
    help = "Replace the database by a backup, and add the backup's documents to the archive. Stop the store first."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("path", type=Path, metavar="FILE", help="a file that manage.py backup has written")
        parser.add_argument("--replace", action="store_true", help="even if there are orders or documents already")
        parser.add_argument(
            "--series",
            type=_last_number,
            action="append",
            default=[],
            metavar="SERIES=NUMBER",
            help="the last number that a customer may have: INV=1234 or INV-2026=1234; may be repeated",
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        try:
            restored = restore_backup(
                options["path"], replace=options["replace"], known_numbers=dict(options["series"])
            )
        except BackupRefused as refusal:
            raise CommandError(str(refusal)) from refusal
        except OSError as error:
            raise CommandError(f"The backup was not restored: {error}") from error
        self._print(restored)
        self._recover()

    def _print(self, restored: Restored) -> None:
        manifest = restored.manifest
        self.stdout.write(
            f"Restored the backup of {manifest.taken_at}, and {restored.added_count} documents that the archive lacked."
        )
        if restored.kept:
            self.stdout.write(f"The database that was here is kept as {restored.kept}.")
        for name in restored.set_aside:
            self.stdout.write(f"The archive had another document with that number; it is kept as {name}.")

    def _recover(self) -> None:
        """Now, while the store is stopped. If this fails, the worker does it before any invoice gets a number."""
        try:
            recover()
        except StripeError as error:
            self.stderr.write(
                f"Stripe could not be asked what has happened since ({error}). "
                "No invoice gets a number until the worker has asked Stripe."
            )
            return
        self.stdout.write("Every number series goes on behind what may have been issued since. Start the store now.")


def _last_number(text: str) -> tuple[str, int]:
    name, _equals, number = text.rpartition("=")
    try:
        prefix, year = parse_series(name, year=business_day().year)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error
    if not (number.isdecimal() and 0 < int(number) <= NUMBER_MAX):
        raise argparse.ArgumentTypeError(f"{number} is not a number from 1 to {NUMBER_MAX}")
    return f"{prefix}-{year}", int(number)
