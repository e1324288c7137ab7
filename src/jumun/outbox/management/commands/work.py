import argparse
import logging
import signal
import sys
import threading
from types import FrameType
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection
from django.utils import timezone

from jumun.db.schema import schema_problem
from jumun.outbox.alone import EXIT_TEMPFAIL
from jumun.outbox.due_times import correct_due_times, late_recurring
from jumun.outbox.lanes import Lane
from jumun.outbox.models import Job
from jumun.outbox.status import LATE_S, lane_statuses
from jumun.outbox.warnings import current_warnings
from jumun.outbox.worker import drain, work, work_alone

logger = logging.getLogger("jumun.worker")


class Command(BaseCommand):
    help = "Process received events and jobs. Run one on SQLite, as many as needed on PostgreSQL."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--once", action="store_true", help="process what is due, then end")
        parser.add_argument(
            "--concurrency",
            type=int,
            metavar="N",
            help="threads for events, and half as many for each other lane (4; 1 on SQLite: it has one writer)",
        )
        parser.add_argument(
            "--lane",
            action="append",
            choices=Lane.values,
            help="serve only this lane; may be given several times. Another worker must serve the others",
        )
        parser.add_argument("--alone", nargs=3, help=argparse.SUPPRESS)
        parser.add_argument(
            "--status", action="store_true", help="tell what waits and what was given up; exit code 1 for either"
        )
        parser.add_argument(
            "--late", type=int, default=LATE_S, metavar="SECONDS", help=f"what counts as waiting too long ({LATE_S})"
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        if options["status"]:
            self._status(options["late"])
            return
        if options["alone"]:
            self._alone(*options["alone"])
            return
        if options["once"]:
            if problem := schema_problem(connection):
                raise CommandError(problem)
            Job.ensure_recurring()
            correct_due_times()
            self.stdout.write(f"{drain()} processed")
            return
        concurrency = options["concurrency"]
        if concurrency is None:
            concurrency = 1 if connection.vendor == "sqlite" else 4
        if concurrency < 1:
            raise CommandError("--concurrency takes a number of threads")
        self._work(concurrency, [Lane(name) for name in options["lane"] or Lane.values])

    def _status(self, late_s: int) -> None:
        is_well = True
        for lane in lane_statuses():
            self.stdout.write(
                f"{lane.lane.value}: the oldest waits for {lane.oldest_waiting_s:.0f} s; "
                f"{lane.in_hand} in hand, {sum(lane.parked.values())} parked"
            )
            for kind in sorted(lane.waiting | lane.parked):
                counts = f"{lane.waiting.get(kind, 0)} waiting, {lane.parked.get(kind, 0)} parked"
                self.stdout.write(f"  {kind}: {counts}")
            is_well = is_well and not lane.parked and lane.oldest_waiting_s <= late_s
        for kind in late_recurring(timezone.now()):
            self.stdout.write(f"{kind} has not run for several of its turns")
            is_well = False
        for code, sentence in current_warnings():
            self.stdout.write(f"{code}: {sentence}")
            is_well = False
        if not is_well:
            sys.exit(1)

    def _alone(self, label: str, pk: str, lease_token: str) -> None:
        stop = threading.Event()
        _set_by_signals(stop)
        try:
            work_alone(label, int(pk), lease_token, stop)
        except Exception:
            logger.exception("the row's own process could not process it")
            sys.exit(EXIT_TEMPFAIL)

    def _work(self, concurrency: int, lanes: list[Lane]) -> None:
        stop, is_told = threading.Event(), threading.Event()
        _set_by_signals(stop, is_told)
        self.stdout.write("working")
        work(stop, concurrency=concurrency, lanes=lanes)
        if not is_told.is_set():
            raise CommandError("a thread of the worker has died: see the log")


def _set_by_signals(*events: threading.Event) -> None:
    def end(_signal: int, _frame: FrameType | None) -> None:
        for event in events:
            event.set()

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
