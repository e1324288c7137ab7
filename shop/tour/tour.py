"""``./run tour``: the whole job once, without a browser, by the same processes on free ports with a fresh database."""

import json
import os
import tempfile
import textwrap
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import requests

from shop.run.configuration import STAFF_NAME, Configuration, configure, free_ports
from shop.run.database import prepare
from shop.run.store import Store, StoreFailed
from shop.terminal import LANGUAGE, _, gettext_noop, padded
from shop.tour.browser import Browser, NotOnPage
from shop.tour.journey import Journey, Result, StepFailed

# Of the environment around it, the tour's store takes over nothing that is meant for another store.
FOREIGN = ("JUMUN_", "STRIPE_", "DJANGO_", "DATABASE_URL")
# Below the names of the steps.
TEXT_INDENT = 17


def tour(*, as_json: bool, keep: Path | None) -> int:
    """Do every step until one fails; return 0 only if all held."""
    folder = (keep or Path(tempfile.mkdtemp(prefix="jumun-tour-files-"))).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    report = Report(say=None if as_json else print)
    with tempfile.TemporaryDirectory(prefix="jumun-tour-", ignore_cleanup_errors=True) as data:
        _walk(_configuration(Path(data)), folder, report)
    if as_json:
        print(json.dumps(report.document, ensure_ascii=False, indent=2))
    else:
        print(report.summary(folder))
    return 0 if report.document["ok"] else 1


class Report:
    """The steps so far: as data, and as lines for a person."""

    def __init__(self, *, say: Callable[[str], None] | None) -> None:
        self.document: dict[str, Any] = {"ok": False, "steps": [], "invoice_pdf": None, "csv": None}
        self.say = say

    def step(self, name: str, action: Callable[[], Result]) -> bool:
        """Do one step, note what came of it, and return whether it held."""
        began = time.monotonic()
        try:
            outcome = {"ok": True, **action()}
        except StepFailed as failure:
            outcome = {"ok": False, "expected": failure.expected, "received": failure.received}
        except (NotOnPage, StoreFailed, requests.RequestException) as error:
            outcome = {"ok": False, "received": str(error) or repr(error)}
        step = {"name": name, "ok": outcome["ok"], "seconds": round(time.monotonic() - began, 3), **outcome}
        self.document["steps"].append(step)
        if self.say:
            self.say(_line(step))
        return bool(step["ok"])

    def summary(self, folder: Path) -> str:
        """The last lines for a person."""
        steps = self.document["steps"]
        if not self.document["ok"]:
            last = steps[-1]["name"]
            ended = _("The tour ended at step {number}: {name}.").format(number=len(steps), name=_(last))
            return "\n".join([*self.document["logs"], "", ended])
        seconds = sum(step["seconds"] for step in steps)
        done = _("All {count} steps held, in {seconds:.1f} s.").format(count=len(steps), seconds=seconds)
        return "\n" + done + "\n" + _("The invoices, the XML and the CSV file are in {folder}").format(folder=folder)


def _walk(configuration: Configuration, folder: Path, report: Report) -> None:
    store = Store(configuration)
    with ExitStack() as stack, Browser(LANGUAGE) as customer, Browser(LANGUAGE) as clerk:
        journey = Journey(configuration=configuration, folder=folder, customer=customer, clerk=clerk)

        def start() -> Result:
            journey.staff = STAFF_NAME, prepare(configuration) or ""
            stack.enter_context(store)
            return {"processes": store.names, "store": configuration.store_url}

        # Stops at the first step that does not hold: what follows builds on it.
        steps = [(gettext_noop("start the store"), start), *journey.steps()]
        held = all(report.step(name, action) for name, action in steps)
        report.document["ok"] = held
        for name, path in (("invoice_pdf", journey.invoice_pdf), ("csv", journey.csv)):
            report.document[name] = str(path) if path else None
        if not held:
            report.document["logs"] = store.last_lines().splitlines()


def _configuration(data: Path) -> Configuration:
    port, paywright_port = free_ports(2)
    given = {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN)}
    return configure(data=data, port=port, paywright_port=paywright_port, given={**given, "JUMUN_ENV_FILE": os.devnull})


def _line(step: Result) -> str:
    """The step, and what it brought back under the names that ``--json`` has."""
    facts = [f"{name}: {_plain(step[name])}" for name in step if name not in {"name", "ok", "seconds", "text"}]
    mark = _("ok") if step["ok"] else _("FAILED")
    line = f"{padded(mark, 6)}  {step['seconds']:5.2f} s  {padded(_(step['name']), 22)}  {'  '.join(facts)}"
    return line + textwrap.indent("\n" + step["text"], " " * TEXT_INDENT) if "text" in step else line


def _plain(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else " ".join(str(value).split())
