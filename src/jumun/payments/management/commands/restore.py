import argparse
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from jumun.business_day import business_day
from jumun.errors import BackupRefused, StripeError
from jumun.invoices.backup.restore import Restored, restore_backup
from jumun.invoices.numbers import NUMBER_MAX, parse_series
from jumun.payments.reconcile.after_restore import recover


class Command(BaseCommand):
    help = "Put a backup in the place of the database, and its documents into the archive. Stop the store before."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("path", type=Path, metavar="FILE", help="what manage.py backup has written")
        parser.add_argument("--replace", action="store_true", help="also where there are orders or documents already")
        parser.add_argument(
            "--series",
            type=_last_number,
            action="append",
            default=[],
            metavar="SERIES=NUMBER",
            help="the last number that a customer may hold: INV=1234 or INV-2026=1234; may be given several times",
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
        self._tell(restored)
        self._recover()

    def _tell(self, restored: Restored) -> None:
        manifest = restored.manifest
        self.stdout.write(
            f"Restored the backup of {manifest.taken_at}, and {restored.added_count} documents that the archive lacked."
        )
        if restored.kept:
            self.stdout.write(f"The database that was here is kept as {restored.kept}.")
        for name in restored.set_aside:
            self.stdout.write(f"Another document was here under that number; it is kept as {name}.")

    def _recover(self) -> None:
        """Now, since nobody can be sold anything meanwhile; else the worker does it before any number is given."""
        try:
            recover()
        except StripeError as error:
            self.stderr.write(
                f"Stripe could not be asked what has happened since ({error}). "
                "No invoice gets a number until the worker has asked."
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
