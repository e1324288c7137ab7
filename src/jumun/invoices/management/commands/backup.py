from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from jumun.errors import BackupRefused
from jumun.invoices.backup.take import take_backup


class Command(BaseCommand):
    help = "Write the database and the documents into one file. The store may go on meanwhile."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("path", type=Path, metavar="FILE_OR_FOLDER", help="in a folder it is named for the time")

    def handle(self, *_args: Any, **options: Any) -> None:
        try:
            path, manifest = take_backup(options["path"])
        except BackupRefused as refusal:
            raise CommandError(str(refusal)) from refusal
        except OSError as error:
            raise CommandError(f"{options['path']} cannot be written: {error.strerror or error}") from error
        self.stdout.write(f"{path}: the database and {manifest.document_count} documents")
