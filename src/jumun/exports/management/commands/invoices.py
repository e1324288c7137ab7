import argparse
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from jumun.business_day import business_day
from jumun.exports.documents import INDEX_NAME, File, files, issued_between
from jumun.invoices.models import SkippedNumbers
from jumun.invoices.models.series import known_prefixes
from jumun.invoices.numbers import NUMBER_MAX, document_number, parse_series
from jumun.text import is_blank, is_damaged, normalized

BAR_CHARS = 30


class Command(BaseCommand):
    help = "Write the invoices of a period into a folder (export), or have a number series go on further (skip)."

    def add_arguments(self, parser: CommandParser) -> None:
        commands = parser.add_subparsers(dest="act", required=True)
        said = "write invoices and credit notes into a folder: PDFs, e-invoices and an index as CSV"
        export = commands.add_parser("export", help=said, description=said)
        export.add_argument("--from", dest="first", type=_day, required=True, metavar="YYYY-MM-DD", help="first day")
        export.add_argument("--to", dest="last", type=_day, required=True, metavar="YYYY-MM-DD", help="last day")
        export.add_argument("folder", type=Path, metavar="DIR", help="is made if it is not there")
        said = "have a series go on behind a number that was given elsewhere; the gap is on record"
        skip = commands.add_parser("skip", help=said, description=said)
        skip.add_argument("series", type=_series, metavar="SERIES", help="INV for this year's, or INV-2026")
        skip.add_argument("last_number", type=_number, metavar="NUMBER", help="the last number that is skipped")
        skip.add_argument("--reason", type=_reason, required=True, help="for whoever audits the books")

    def handle(self, *_args: Any, **options: Any) -> None:
        if options["act"] == "skip":
            prefix, year = options["series"]
            self._skip(prefix, year, options["last_number"], reason=options["reason"])
        else:
            self._export(options)

    def _skip(self, prefix: str, year: int, last_number: int, *, reason: str) -> None:
        if prefix not in (known := known_prefixes()):
            raise CommandError(f"There is no series {prefix}: there are {', '.join(sorted(known))}.")
        skipped = SkippedNumbers.skip_to(prefix, year, last_number, reason=reason)
        if skipped is None:
            raise CommandError(f"{prefix}-{year} has already come to {last_number} or further: nothing was skipped.")
        self.stdout.write(f"Skipped {skipped}. The next document is {document_number(prefix, year, last_number + 1)}.")

    def _export(self, options: dict[str, Any]) -> None:
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


def _series(text: str) -> tuple[str, int]:
    try:
        return parse_series(text, year=business_day().year)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _number(text: str) -> int:
    if text.isdecimal() and 0 < int(text) <= NUMBER_MAX:
        return int(text)
    raise argparse.ArgumentTypeError(f"{text} is not a number from 1 to {NUMBER_MAX}")


def _reason(text: str) -> str:
    if is_blank(text) or is_damaged(text):
        raise argparse.ArgumentTypeError("a reason is needed")
    return normalized(text)


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
