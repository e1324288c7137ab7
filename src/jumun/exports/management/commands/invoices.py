import argparse
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from jumun.exports.documents import INDEX_NAME, File, files, issued_between

BAR_CHARS = 30


class Command(BaseCommand):
    help = "Write the invoices and credit notes of a period into a folder: PDFs, e-invoices and an index as CSV."

    def add_arguments(self, parser: CommandParser) -> None:
        commands = parser.add_subparsers(dest="act", required=True)
        export = commands.add_parser("export", help=self.help)
        export.add_argument("--from", dest="first", type=_day, required=True, metavar="YYYY-MM-DD", help="first day")
        export.add_argument("--to", dest="last", type=_day, required=True, metavar="YYYY-MM-DD", help="last day")
        export.add_argument("folder", type=Path, metavar="DIR", help="is made if it is not there")

    def handle(self, *_args: Any, **options: Any) -> None:
        first, last, folder = options["first"], options["last"], options["folder"]
        if last < first:
            raise CommandError(f"The last day, {last}, is before the first, {first}.")
        kinds = issued_between(first, last)
        total = sum(kind.count() for kind in kinds)
        try:
            # It is written last: one that is there tells that all it names is there.
            (folder / INDEX_NAME).unlink(missing_ok=True)
            for file in self._counted(files(kinds), total):
                _write(folder / file.name, file)
        except OSError as error:
            raise CommandError(f"{folder} cannot be written: {error}") from error
        except KeyboardInterrupt as error:
            raise CommandError(f"Interrupted: {folder} has no {INDEX_NAME} and is not complete.") from error

    def _counted(self, found: Iterator[File], total: int) -> Iterator[File]:
        """Pass the files on; on a terminal, show how far it has come."""
        count = 0
        shown = self.stderr.isatty()
        for file in found:
            yield file
            count += file.name.endswith(".pdf")
            if shown:
                done = BAR_CHARS * count // max(total, count, 1)
                # Django paints what goes to stderr red, and this is no error.
                self.stderr.write(f"\r{'█' * done}{'░' * (BAR_CHARS - done)} {count}/{total}", str, ending="")
        if shown:
            self.stderr.write("", str)
        self.stdout.write(f"{count} documents")


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text} is no day like 2026-12-31") from error


def _write(path: Path, file: File) -> None:
    """Under its name only when complete: an interrupted export leaves no half file that looks whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.partial")
    try:
        with partial.open("wb") as target:
            target.writelines(file.chunks)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
