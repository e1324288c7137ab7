import json
import sys
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils.translation import gettext as _

from jumun import audit


class Command(BaseCommand):
    help = "Check that the books keep every promise; name the rows that do not. Exit code 0 only when all is well."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--files", action="store_true", help="read every archived PDF as well, however many")
        parser.add_argument("--json", action="store_true", help="print one JSON document")

    def handle(self, *_args: Any, **options: Any) -> None:
        found = list(audit.findings(files=options["files"]))
        if options["json"]:
            self.stdout.write(
                json.dumps(
                    {
                        "ok": not found,
                        "checked": audit.codes(),
                        "files": options["files"],
                        "findings": [asdict(row) for row in found],
                        "notes": list(audit.notes()),
                    }
                )
            )
        else:
            self._tell(found, files=options["files"])
        if found:
            sys.exit(1)

    def _tell(self, found: list[audit.Finding], *, files: bool) -> None:
        for number, row in enumerate(found, start=1):
            self.stdout.write(f"{row.invariant}  {row.subject}: {row.problem}")
            # Once for all that have it in common.
            if number == len(found) or found[number].remedy != row.remedy:
                self.stdout.write(f"    -> {row.remedy}")
        for note in audit.notes():
            self.stdout.write(_("Note: %s") % note)
        told = {"count": len(found), "codes": ", ".join(audit.codes())}
        self.stdout.write(_("%(count)s findings; checked %(codes)s") % told)
        if not files:
            self.stdout.write(_("The archived PDFs were not read: --files reads them too."))
