"""Run the command that compares our books with Stripe, and read its report."""

import json
from io import StringIO
from typing import Any

from django.core.management import call_command


def reconcile(*options: str) -> tuple[int, dict[str, Any]]:
    out = StringIO()
    try:
        call_command("reconcile", "--json", *options, stdout=out)
    except SystemExit as ended:
        return int(str(ended.code)), json.loads(out.getvalue())
    return 0, json.loads(out.getvalue())


def kinds(report: dict[str, Any]) -> list[tuple[str, bool]]:
    return [(row["kind"], row["repaired"]) for row in report["differences"]]
